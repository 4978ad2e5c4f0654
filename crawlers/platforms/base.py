"""What every platform offers, and the strict helpers that readers share.

A platform is sans-IO: it turns (source, page) into rows, notices and further requests, and knows
no network, clock or framework. The Scrapy driver, ``market source check`` and the tests drive the
same code. Readers get every answer that came whole, whatever its status.

Strict reading: a helper raises ``ReadingError`` on zero or two matches. ``Blocked`` is raised when
the portal answers with a challenge or a refusal in place of content; nothing here works around it.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from parsel import Selector, SelectorList

from crawlers.challenges import challenge
from opportunity.dates import parse_moment
from opportunity.errors import Blocked, ReadingError
from opportunity.notice import SHANGHAI, FieldValue, Moment, Notice, NoticeType, Region, Value
from opportunity.page import Listing, Page, PageRequest, Row
from opportunity.region import contains, find_region
from opportunity.source import Source

Kind = TypeVar("Kind")


class Platform(Protocol):
    """One family of portals. Instances hold the per-site options; methods are pure functions."""

    @property
    def name(self) -> str:
        """The name used in ``Source.platform``."""

    def first_requests(
        self, source: Source, window_start: dt.datetime, now: dt.datetime
    ) -> tuple[PageRequest, ...]:
        """The first page of every list chain that together cover the window."""

    def read_list(self, source: Source, page: Page) -> Listing:
        """The rows of one list page; raises ``ReadingError`` or ``Blocked``."""

    def notice_requests(self, source: Source, row: Row) -> tuple[PageRequest, ...]:
        """The pages a notice is read from; () when the row itself is the notice.

        Raises ``ReadingError`` for a row that cannot be read (an unknown notice type), so that it
        is quarantined before anything is fetched for it.
        """

    def read_notice(self, source: Source, row: Row, pages: Sequence[Page]) -> Notice:
        """The notice of one row; raises ``ReadingError`` or ``Blocked``."""


def refuse_challenge(page: Page) -> None:
    """Raise ``Blocked`` when the answer is a refusal or a challenge rather than content.

    An error page that says 200 is unreadable; one that says 404 is for the platform to understand.
    """
    found = challenge(page)
    if found is None:
        return
    if found.label == "blocked":
        raise Blocked(found.sentence, url=page.url, status=page.status)
    if page.status == 200:
        raise ReadingError(found.sentence, url=page.url)


def need_content(page: Page) -> None:
    """Raise unless the answer is status 200 with a body and is no challenge."""
    refuse_challenge(page)
    if page.status != 200:
        raise ReadingError(f"页面状态为 {page.status}，应为 200", url=page.url, status=page.status)
    if not page.text.strip():
        raise ReadingError("页面状态为 200，但内容为空", url=page.url)


def html(page: Page) -> Selector:
    """The document of a page that has content."""
    need_content(page)
    return Selector(text=page.text, type="html")


def json_answer(page: Page) -> Any:
    """The JSON value of a page; HTML where JSON is due is a ``ReadingError``."""
    need_content(page)
    try:
        return json.loads(page.text)
    except (ValueError, RecursionError) as error:
        raise ReadingError("应为 JSON，得到的却不是", url=page.url, start=page.text[:80]) from error


def one(node: Selector, css: str, what: str) -> Selector:
    """The only match of a CSS selector; zero or several are a ``ReadingError``."""
    return only(node.css(css), what, css)


def only(found: SelectorList[Selector], what: str, how: str) -> Selector:
    """The only member of a selection; zero or several are a ``ReadingError``."""
    if len(found) != 1:
        raise ReadingError(f"{what}：应恰有一处，实有 {len(found)} 处", selector=how, count=len(found))
    return found[0]


def at_most_one(node: Selector, css: str, what: str) -> Selector | None:
    """The only match of a CSS selector or None; several are a ``ReadingError``."""
    found = node.css(css)
    return only(found, what, css) if found else None


def text_of(node: Selector) -> str:
    """All text under a node in one line, white space (with no-break and full-width) folded."""
    return " ".join("".join(node.xpath(".//text()").getall()).split())


def attribute(node: Selector, name: str, what: str) -> str:
    """A non-empty attribute, stripped."""
    value = (node.attrib.get(name) or "").strip()
    if not value:
        raise ReadingError(f"{what}：缺少属性 {name}", attribute=name)
    return str(value)


def member(mapping: Any, key: str, kind: type[Kind], what: str) -> Kind:
    """``mapping[key]`` of the stated type; anything else is a ``ReadingError``.

    A bool never passes for an int.
    """
    if not isinstance(mapping, Mapping):
        raise ReadingError(f"{what}：应为对象", key=key)
    if key not in mapping:
        raise ReadingError(f"{what}：缺少 {key}", key=key)
    value = mapping[key]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ReadingError(f"{what}：{key} 应为 {kind.__name__}，实为 {type(value).__name__}", key=key)
    return value


def whole_number(value: Any, what: str) -> int:
    """A count that portals print as a number or as digits in a string."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value.strip()):
        return int(value)
    raise ReadingError(f"{what}：应为非负整数，实为 {value!r}")


def stated_moment(text: str, what: str) -> Moment:
    """A date or a date and time that a portal's own field states (UTC+8); a day stays a day."""
    moment = parse_moment(text)
    if moment is None:
        raise ReadingError(f"{what}：不是日期", text=text[:40])
    return moment


def given(value: Value, text: str) -> tuple[FieldValue, ...]:
    """A field as the source's own structured data state it."""
    return (FieldValue(value=value, where="given", start=0, end=0, text=text),)


# Words of a title that tell one type from another, most telling first. They only *withhold* a
# column's type: portals file corrections and failed tenders under 招标公告 and 中标公告.
TITLE_WORDS: tuple[tuple[NoticeType, tuple[str, ...]], ...] = (
    (NoticeType.TERMINATION, ("终止", "废标", "流标", "中止", "失败", "撤销", "作废")),
    (NoticeType.CORRECTION, ("更正", "变更", "澄清", "补遗", "答疑", "延期")),
    (NoticeType.CANDIDATE, ("候选人",)),
    (NoticeType.ACCEPTANCE, ("验收",)),
    (NoticeType.CONTRACT, ("合同公告", "合同公示")),
    (NoticeType.AWARD, ("中标", "成交", "结果公", "入围")),
    (NoticeType.SINGLE_SOURCE, ("单一来源",)),
    (NoticeType.PREQUALIFICATION, ("资格预审",)),
    (NoticeType.INTENTION, ("采购意向",)),
    (NoticeType.CONSULTATION, ("磋商",)),
    (NoticeType.NEGOTIATION, ("谈判",)),
    (NoticeType.INQUIRY, ("询价",)),
)


def given_type(column: NoticeType | None, title: str) -> NoticeType | None:
    """The type of a notice's column, unless the column is mixed or the title speaks of another type.

    None leaves the type to the text: a wrong given type would overrule what the text says.
    """
    if column is None:
        return None
    for kind, words in TITLE_WORDS:
        if any(word in title for word in words):
            return column if kind is column else None
    return column


def given_region(place: str, title: str) -> Region | None:
    """The division that a column states, unless the title names a narrower one inside it.

    A column often says the province alone. Given facts overrule what is read from the text, so a
    coarse one is withheld where the text is known to say more.
    """
    stated = find_region(place) if place.strip() else None
    if stated is None:
        return None
    named = find_region(title, within=stated.code)
    narrower = named is not None and named.code != stated.code and contains(stated.code, named.code)
    return None if narrower else stated


def hashes(pages: Sequence[Page]) -> tuple[str, ...]:
    return tuple(page.sha256 for page in pages)


def row_json(row: Row) -> dict[str, Any]:
    """A row as plain JSON values, kept with its notice so that a re-reading has every input."""
    published = None if row.published is None else row.published.isoformat()
    return {
        "key": row.key, "title": row.title, "url": row.url, "published": published,
        "facts": dict(row.facts),
    }


def row_from_json(value: Mapping[str, Any]) -> Row:
    """The inverse of ``row_json``."""
    stated = value["published"]
    published: dt.date | dt.datetime | None = None
    if stated is not None:
        published = dt.datetime.fromisoformat(stated) if "T" in stated else dt.date.fromisoformat(stated)
        if isinstance(published, dt.datetime) and published.utcoffset() == dt.timedelta(hours=8):
            published = published.replace(tzinfo=SHANGHAI)
    return Row(
        key=value["key"], title=value["title"], url=value["url"], published=published,
        facts=value["facts"],
    )
