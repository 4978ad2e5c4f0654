"""Where values may stand: behind labels, in cells beside or below them. No meaning is judged here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawlers.extraction.flat import Flat
from crawlers.extraction.labels import LABELS, MOMENT_PHRASES, Label, label_pattern
from crawlers.extraction.sections import Sections, lot_mark
from crawlers.extraction.tables import Column, find_columns
from opportunity.money import unit_of

_tail = re.compile(
    r"(?:全称|单位全称)?(?:[、和及与](?:地点|方式|方法|要求|期限|地址|时间地点)){0,3}(?P<bracket>\([^()]{0,30}\))?"
    r"(?P<trail>[、和及与](?:地点|方式|要求))?(?P<unit>[/]?(?:万元|元))?约?(?P<mark>:|[为是由](?!否):?)?"
)
_may_follow = frozenset(":(约全为是由、和及与/以暨同万元¥人2壹贰叁肆伍陆柒捌玖0123456789")
_longer = frozenset("金数名价总额编号公机")
_joiner = re.compile(r"[、和及与/(]|以及|暨|同时也是")
_phrase_end = re.compile(r"[。;；,，:\[\]【】“”\"!?？]")
_value_follows = re.compile(r"约?[¥\d]|人民币|[壹贰叁肆伍陆柒捌玖]")
_amounts = frozenset(("budget", "ceiling_price", "award_amount", "deposit"))
_moments = frozenset(("deadline", "opening_time", "registration_end", "question_end", "deposit_due", "published"))
_unread = frozenset(("stop", "method", "unit", "name", "amount"))  # they end values and have none of their own
_sectioned = {
    "buyer": {"name": "buyer"}, "agency": {"name": "agency"}, "supplier": {"name": "suppliers"}, "deposit": {"amount": "deposit", "time": "deposit_due"},
    "obtain": {"time": "registration_end"}, "submit": {"time": "deadline"}, "open": {"time": "opening_time"},
    "submit_open": {"time": "deadline"}, "question": {"time": "question_end"},
}


MOST = 300


@dataclass(slots=True)
class Mention:
    """One label with the place where its value begins (``value``) and must end (``limit``), flat offsets.

    ``strong``: marked by a colon or by being a cell or line of its own. ``unit`` is what the label states.
    ``lot`` names the lot it stands in.
    """

    kind: str
    rank: int
    start: int
    end: int
    value: int
    limit: int
    strong: bool
    unit: str | None
    section: str
    lot: str | None


@dataclass(slots=True)
class Candidates:
    flat: Flat
    sections: Sections
    mentions: dict[str, list[Mention]]
    columns: dict[str, list[Column]]

    def of(self, kind: str) -> list[Mention]:
        """The mentions of a kind, at most MOST of them: where more stand, no one of them is the notice's own."""
        return self.mentions.get(kind, [])[:MOST]


def find_candidates(flat: Flat, sections: Sections) -> Candidates:
    """All labels of a text with their places; linear time."""
    columns, header_spans = find_columns(flat)
    scan = _Scan(flat, sections)
    text = flat.text
    search = label_pattern().search
    header = iter((*header_spans, (1 << 60, 1 << 60)))
    low, high = next(header)
    match = search(text)
    while match is not None:
        start, end = match.span()
        while start >= high:
            low, high = next(header)
        # Most words of the table stand in running text: a glance at what follows spares the rest.
        if low <= start:
            pass
        elif end < len(text) and text[end] not in _may_follow and end not in flat.starts:
            if not (scan.pending and start < scan.pending[-1][1]):
                scan.pending = []
            if text[end] in _longer:  # 响应保证金|金额: a label that begins later may be the longer one
                end = start + 1
        elif not scan.take(match):
            # …改造项目⏎招标编号: a label must not begin in the line before and so be lost.
            inner = flat.next_line(start + 1)
            end = inner if inner < end else end
        match = search(text, end)
    return Candidates(flat, sections, _limit(scan.mentions, sorted(scan.strong_starts), len(text)), columns)


class _Scan:
    """Takes labels in order; ``pending`` are those that share the value of a label to come (开标时间和…)."""

    def __init__(self, flat: Flat, sections: Sections) -> None:
        self.mentions: list[Mention] = []
        self.strong_starts: list[int] = []
        self.pending: list[tuple[int, int, tuple[Label, ...]]] = []
        self._flat = flat
        self._sections = sections

    def take(self, match: re.Match[str]) -> bool:
        """Keep the label if a value can follow it; else keep it as pending if a joiner follows, or say no."""
        flat, text = self._flat, self._flat.text
        start, end = match.span()
        if self.pending and start < self.pending[-1][1]:
            return True
        labels = _resolve(flat, self._sections, match, LABELS[match[0]])
        tail = _tail.match(text, end)
        assert tail is not None  # every part of the pattern is optional
        value, strong = _value_start(flat, start, tail, labels, joined=bool(self.pending))
        if value < 0:
            joined = _joiner.match(text, tail.end("bracket") if tail["bracket"] else end)
            self.pending = [*self.pending[-3:], (start, joined.end(), labels)] if joined else []
            return joined is not None
        shared = [*labels, *_bracketed(tail["bracket"])]
        for before, joined_end, earlier in reversed(self.pending):
            if joined_end < start - 6:
                break
            shared += earlier
            self.strong_starts.append(before)
        self.pending = []
        if strong:
            self.strong_starts.append(start)
        shared = [label for label in shared if label.kind not in _unread]
        if not shared:
            return True
        money = any(label.kind in _amounts for label in shared)
        unit = unit_of(text[start : tail.end()]) if money else None
        lot = _lot_of(flat, self._sections, start) if money else None
        section = self._sections.at(start)
        self.mentions += [
            Mention(label.kind, label.rank, start, tail.end(), value, 0, strong, unit, section, lot) for label in shared
        ]
        return True


def _limit(mentions: list[Mention], strong: list[int], length: int) -> dict[str, list[Mention]]:
    out: dict[str, list[Mention]] = {}
    index = 0
    for mention in mentions:
        while index < len(strong) and strong[index] < mention.value:
            index += 1
        mention.limit = strong[index] if index < len(strong) else length
        out.setdefault(mention.kind, []).append(mention)
    return out


def _resolve(
    flat: Flat, sections: Sections, match: re.Match[str], labels: tuple[Label, ...]
) -> tuple[Label, ...]:
    """Give 时间/名称/金额 the meaning of their phrase or section; others stay as they are."""
    kind = labels[0].kind
    if kind == "time":
        found = _moment_kind(flat, match.start())
        if found is None:
            found = _sectioned.get(sections.at(match.start()), {}).get("time")
            return (Label(found, 5),) if found else (Label("stop", 0),)
        return tuple(Label(each, 0 if match[0] != "时间" else 1) for each in found.split("+"))
    kind = next((label.kind for label in labels if label.kind in ("name", "amount")), "")
    if kind:
        if match.start() not in flat.starts and not _numbered(flat, match.start()):
            return labels
        found = _sectioned.get(sections.at(match.start()), {}).get(kind)
        return (Label(found, 0),) if found else labels
    return labels


def _moment_kind(flat: Flat, at: int) -> str | None:
    # A phrase may be broken over lines, so a line start cuts it only where the line is long enough.
    line = flat.line_of(at)[0]
    low = max(at - 30, line if at - line >= 4 else at - 14, 0)
    phrase = flat.text[low:at]
    for cut in _phrase_end.finditer(phrase):
        low = at - len(phrase) + cut.end()
    phrase = flat.text[low:at]
    if not phrase:
        return None
    for kind, pattern in MOMENT_PHRASES:
        if pattern.search(phrase):
            if kind == "opening_time" and re.search(r"截止|投标文件(?:递交|提交)|递交|提交", phrase):
                return "deadline+opening_time"
            return kind
    return None


def _numbered(flat: Flat, at: int) -> bool:
    start = flat.line_of(at)[0]
    return at - start <= 6 and re.fullmatch(r"[\d.、()一二三四五六七八九十]{1,6}", flat.text[start:at]) is not None


def _value_start(
    flat: Flat, start: int, tail: re.Match[str], labels: tuple[Label, ...], *, joined: bool
) -> tuple[int, bool]:
    """(where the value begins, whether the label is marked); (-1, False) when it is no label here."""
    end = tail.end()
    if tail["mark"] and tail["mark"].endswith(":"):
        return end, True
    kinds = {label.kind for label in labels}
    alone = start in flat.starts or _numbered(flat, start)
    bare = end - 1 if tail["mark"] else end
    if alone and bare in flat.starts and not tail["mark"]:
        return bare, True
    if tail["mark"] and (joined or kinds & (_amounts | _moments | {"buyer", "agency", "suppliers", "project_number"})):
        return end, False
    if kinds & _amounts and _value_follows.match(flat.text, end):
        return end, False
    if kinds & _moments and flat.text.startswith("20", end):
        return end, False
    return -1, False


def _bracketed(bracket: str | None) -> list[Label]:
    """预算金额（最高限价）: a label in the bracket shares the value."""
    if not bracket:
        return []
    inner = bracket[1:-1]
    if inner in LABELS and LABELS[inner][0].kind in (_amounts | _moments):
        return list(LABELS[inner])
    if "开标时间" in inner:
        return [Label("opening_time", 1)]
    return []


def _lot_of(flat: Flat, sections: Sections, at: int) -> str | None:
    line_start = flat.line_of(at)[0]
    if 0 < at - line_start <= 30:
        mark = lot_mark(flat.text[line_start:at])
        if mark:
            return mark
    return sections.lot_at(at)
