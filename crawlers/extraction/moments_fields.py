"""Registration end, deposit due, question end, deadline, opening time, and the day of publication."""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left

from crawlers.extraction.candidates import MOST, Candidates, Mention
from crawlers.extraction.evidence import body_value
from opportunity.dates import Found, find_moments, find_period_end, with_daily_window
from opportunity.notice import SHANGHAI, FieldValue, Moment

_same = re.compile(r"^同上|^[^\d]{0,6}(?:同|与|即|按|以)(?:为)?(?:本项目|上述)?(?:投标|递交|提交|响应|开标|报价)")
_hand_in_before = re.compile(
    r"前[,，]?(?:将|在|通过|按|登录|以|使用|向|于)?[^。;；\d]{0,40}?(?:递交|提交|上传|送达|投递|密封)[^。;；\d]{0,14}?(?:投标|响应|报价|应答|申请|竞标|参选|比选|磋商|谈判)(?:[^。;；\d]{0,6}文件|材料|文件)?"
)
_ask_before = re.compile(r"前[^。;；\d]{0,40}(?:提问|提出(?:疑问|澄清|问题|答疑)|疑问|澄清)")
_other_notice = re.compile(r"(?:招标|采购|磋商|谈判|询价|首次|原)$")
_columns = re.compile(r"更正后|变更后|现内容|修改后|调整后")
_opens_there = re.compile(r"(?:\(北京时间\))?整?[,，]?在[^。;；\d]{0,60}?(?:\([^()]{0,60}\))?[^。;；\d]{0,30}?(?:开标|开启)")
_handed = re.compile(r"前[^。;；\d]{0,40}?(?:递交|提交|上传|送达|投递|寄达)")
_papers = re.compile(r"(?:投标|响应|报价|应答|竞标|比选|申请|参选)(?:文件|材料|资料)")
_paid_before = re.compile(r"前[^。;；\d]{0,40}?(?:到账|到帐|缴纳|交纳|汇入|汇至|缴至|转入|到达|递交|提交|存入)")
_sentence_end = re.compile(r"[。;；]")
_fetched = re.compile(r"[^。;；]{0,50}?(?:获取|下载|购买|领取|报名|索取)")
_day_label = re.compile(r"(?:公告|公示|发布|落款)?(?:日期|时间):?")
_signature = re.compile(r"(?:公司|局|中心|院|学校|政府|部|大学|委员会|学院|集团|站|队)$")
_not_end = re.compile(r"前(?:三|3|5|五|两|2|近)")
_before_word = re.compile(r"^[)(北京时间,，]{0,10}(?:以|之)?前")
_old = re.compile(r"原(?:公告|定|投标|开标|截止|递交|提交|招标|采购|文件|内容|为)?|更正前|变更前|调整前|延期前|修改前")
_new = re.compile(r"现(?:更正|变更|改|调整|延期|推迟)|更正(?:为|后)|(?:变|更)[更改]?(?:为|后)|变更(?:为|后|至)|调整(?:为|至|后)|延期至|推迟至|延长至|改为|现为|延至|修改(?:为|后)")


class MomentReader:
    """Reads all moments of one text; the moments themselves are found once."""

    def __init__(self, candidates: Candidates) -> None:
        self._candidates = candidates
        self._flat = candidates.flat
        self._found = find_moments(candidates.flat.text)
        self._starts = [one.start for one in self._found]
        self._deadline: tuple[Found, float] | None = None

    def read(self, kind: str) -> tuple[FieldValue, ...]:
        """The one moment of a kind, or nothing when none is stated or statements differ."""
        if not self._found:
            return ()
        reads = [read for mention in self._candidates.of(kind) if (read := self._from_mention(kind, mention))]
        if not reads:
            reads = self._without_label(kind)
        chosen = self._choose(reads)
        if chosen is None and kind == "opening_time":
            chosen = self._same_as_deadline(bool(reads))
        if kind == "deadline":
            self._deadline = chosen
        if chosen is None:
            return ()
        found, confidence = chosen
        return (body_value(self._flat, found.start, found.end, found.value, confidence),)

    def published(self) -> tuple[FieldValue, ...]:
        """The labelled day of publication, else the lone day at the foot of the notice."""
        if not self._found:
            return ()
        for mention in sorted(self._candidates.of("published"), key=lambda each: (each.rank, each.start)):
            found = self._first(mention.value, min(mention.limit, mention.value + 40))
            if _other_notice.search(self._flat.text[max(mention.start - 4, 0) : mention.start]):
                continue
            if found is not None and found.start - mention.value <= 4:
                return (body_value(self._flat, found.start, found.end, found.value, 0.9),)
        return self._foot()

    def _foot(self) -> tuple[FieldValue, ...]:
        text = self._flat.text
        for found in reversed(self._found[-4:]):
            start, end = self._flat.line_of(found.start)
            rest = text[start : found.start] + text[found.end : end]
            signed = end - start <= 50 and _signature.search(text[start : found.start]) is not None
            alone = len(rest) <= 2 or _day_label.fullmatch(rest) is not None or (signed and found.end == end)
            in_period = text[found.start - 1 : found.start] in ("至", "到", "-", "~") or text[found.end :][:1] in ("至", "到")
            at_foot = len(text) - found.end <= 250 and not in_period
            if alone and at_foot and not isinstance(found.value, dt.datetime):
                return (body_value(self._flat, found.start, found.end, found.value, 0.7),)
        return ()

    def _first(self, low: int, high: int) -> Found | None:
        index = bisect_left(self._starts, low)
        if index < len(self._found) and self._found[index].start < high:
            return self._found[index]
        return None

    def _from_mention(self, kind: str, mention: Mention) -> tuple[Found, float, int] | None:
        text = self._flat.text
        limit = min(mention.limit, mention.value + 160)
        if mention.limit - mention.value < 12 and _same.match(text[mention.value : mention.value + 12]):
            return None
        found = self._first(mention.value, limit)
        if found is None:
            return None
        gap = text[mention.value : found.start]
        if len(gap) > 60 or (not mention.strong and len(gap) > 8) or re.search(r"[。;；]", gap[:-1]):
            return None
        if re.search(r"履约|工期|交货|开工|公示期|公告期", gap):
            return None
        confidence = 0.95 if mention.strong else 0.85
        newer = self._corrected(found)
        if newer is not None:
            return newer, confidence, mention.rank
        if kind in ("registration_end", "deadline", "question_end", "deposit_due"):
            period = self._period(found, limit)
            if period is not None:
                found = period
            elif kind == "registration_end" and re.search(r"[至到~\-]$", gap):
                # 时间：/至2026年4月9日，每天…: a period whose start is not stated
                window = text[: found.end + 120]
                found = with_daily_window(window, found.start, found)
            elif kind == "registration_end" and re.match(r"[^,，。;；]{0,8}(?:起|后|开始|至)", text[found.end :][:12]):
                return None
        if _old.search(text[max(mention.start - 10, 0) : mention.start] + gap) and kind != "published":
            confidence -= 0.4
        return found, confidence, mention.rank

    def _corrected(self, found: Found) -> Found | None:
        """原…：A，现更正为：B gives B."""
        text = self._flat.text
        changed = _new.search(text, found.end, found.end + 30)
        if changed:
            return self._first(changed.end(), changed.end() + 24)
        # 更正前 | 更正后 as columns: two moments in cells side by side, the second is what holds.
        at = found.end + (text[found.end : found.end + 1] == " ")
        if at in self._flat.starts and at not in self._flat.line_starts and _columns.search(text):
            beside = self._first(at, at + 1)
            if beside is not None:
                return beside
        return None

    def _period(self, first: Found, limit: int) -> Found | None:
        """The period that begins with ``first``, ended by its daily window."""
        window = self._flat.text[first.start : max(limit, first.end) + 60]
        period = find_period_end(window)
        if period is None or period.start != 0:
            return None
        return Found(start=first.start, end=first.start + period.end, value=period.value)

    def _without_label(self, kind: str) -> list[tuple[Found, float, int]]:
        if kind == "deadline":
            return self._handed_in() or self._in_section("submit", "submit_open")
        if kind == "opening_time":
            return self._opened_at() or self._in_section("open", "submit_open")
        if kind == "registration_end":
            return self._obtain()
        if kind == "question_end":
            return self._asked()
        return self._paid() if kind == "deposit_due" else []

    def _same_as_deadline(self, differ: bool) -> tuple[Found, float] | None:
        """开标时间：同投标截止时间, or a heading for both moments with one moment below it."""
        if self._deadline is None or differ:
            return None
        text = self._flat.text
        for mention in self._candidates.of("opening_time"):
            if mention.strong and _same.match(text[mention.value : mention.value + 20]):
                return self._deadline[0], 0.85
        for start, end in self._candidates.sections.of("submit_open"):
            if start <= self._deadline[0].start < end:
                return self._deadline[0], 0.7
        return None

    def _handed_in(self) -> list[tuple[Found, float, int]]:
        """并于 2026年4月7日 13:30（北京时间）前递交投标文件."""
        out = []
        for found in self._found[:MOST]:
            after = self._flat.text[found.end : found.end + 80]
            mark = _before_word.match(after)
            if not mark or _not_end.match(after, mark.end() - 1):
                continue
            if _hand_in_before.match(after, mark.end() - 1):
                out.append((found, 0.9, 2))
            elif _handed.match(after, mark.end() - 1) and _papers.search(self._sentence_before(found)):
                out.append((found, 0.85, 2))
        return out

    def _paid(self) -> list[tuple[Found, float, int]]:
        """投标保证金须于2026年1月5日16时前到账."""
        out = []
        for found in self._found[:MOST]:
            after = self._flat.text[found.end : found.end + 60]
            mark = _before_word.match(after)
            if mark and _paid_before.match(after, mark.end() - 1) and "保证金" in self._sentence_before(found) + after:
                out.append((found, 0.8, 3))
        return out

    def _sentence_before(self, found: Found) -> str:
        before = self._flat.text[max(0, found.start - 60) : found.start]
        return _sentence_end.split(before)[-1]

    def _opened_at(self) -> list[tuple[Found, float, int]]:
        """将于2026年3月1日9时在某地公开开标."""
        text = self._flat.text
        return [
            (found, 0.75, 3) for found in self._found[:MOST]
            if isinstance(found.value, dt.datetime) and _opens_there.match(text, found.end)
        ]

    def _asked(self) -> list[tuple[Found, float, int]]:
        out = []
        for found in self._found[:MOST]:
            after = self._flat.text[found.end : found.end + 80]
            mark = _before_word.match(after)
            if mark and _ask_before.match(after, mark.end() - 1):
                out.append((found, 0.8, 3))
        return out

    def _in_section(self, *sections: str) -> list[tuple[Found, float, int]]:
        """The first moment right below a heading that promises it."""
        out = []
        for start, end in self._candidates.sections.of(*sections)[:MOST]:
            found = self._first(start, min(end, start + 80))
            if found is None:
                continue
            gap = self._flat.text[start : found.start]
            if len(gap) <= 14 and not re.search(r"公告|发布|踏勘|保证金", gap):
                out.append((self._period(found, min(end, found.end + 80)) or found, 0.75, 4))
        return out

    def _obtain(self) -> list[tuple[Found, float, int]]:
        out = []
        for start, end in self._candidates.sections.of("obtain")[:MOST]:
            found = self._first(start, min(end, start + 200))
            if found is not None:
                period = self._period(found, min(end, found.end + 60))
                if period is not None:
                    out.append((period, 0.8, 3))
        if out:
            return out
        for found in self._found[:MOST]:
            period = self._period(found, found.end + 40)
            if period is not None and _fetched.match(self._flat.text, period.end):
                out.append((period, 0.75, 4))
        return out

    def _choose(self, reads: list[tuple[Found, float, int]]) -> tuple[Found, float] | None:
        """Best label first; a day and a moment of that day agree, other differences leave it unknown."""
        if not reads:
            return None
        reads.sort(key=lambda read: (-read[1], read[2]))
        best = [read for read in reads if read[1] >= reads[0][1] - 0.12]
        values = {read[0].value for read in best}
        if len(values) == 1:
            return best[0][0], best[0][1]
        days = {_day(value) for value in values}
        exact = [read for read in best if isinstance(read[0].value, dt.datetime)]
        if len(days) == 1 and len({read[0].value for read in exact}) == 1:
            return exact[0][0], exact[0][1]
        rank = min(read[2] for read in best)
        first = [read for read in best if read[2] == rank]
        if len({read[0].value for read in first}) == 1 and len(first) < len(best):
            return first[0][0], first[0][1] - 0.2
        return None


def _day(value: Moment) -> dt.date:
    return value.astimezone(SHANGHAI).date() if isinstance(value, dt.datetime) else value
