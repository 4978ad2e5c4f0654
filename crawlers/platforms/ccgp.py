"""中国政府采购网 (www.ccgp.gov.cn): static list pages and notice pages. The search host is no source.

Facts (read from public crawlers and one real notice page, not from the live portal):

* Channel ``/cggg/<scope>/``: ``index.htm``, then ``index_1.htm`` (page 2), … The page carries
  ``Pager({size:25, current:0, …})``; ``size`` counts pages. The portal keeps about 25 pages: rows scroll
  out, and a 404 past the last page is that limit, not a failure.
* Rows ``ul.c_list_bid > li``; where a page mixes types an extra ``<em rel="bxlx">`` (type) comes first.
  Older pages: ``ul.ulst`` or ``ul.ul_compa`` with ``span`` cells. Links are relative to the channel's folder.
* Notice page: a summary table of label and value pairs (values may be empty, labels repeat), body
  ``div.vF_detail_content`` or, older, ``div.vT_detail_main div.vT_detail_content``.
* The summary's sums can differ from the body's; the notices themselves say that the body rules. So a sum
  of the summary counts as given only where the body speaks of none.
* Documents stand in the summary (``a.bizDownload``, by id) and often again below the body (``.fjxx``) under
  the address of the system that the notice came from: one document.
* The lists state no count of rows. A page that is not the last and has fewer than ``rows_a_page`` rows is
  doubted: its rows are read, but the run does not pass for a whole one.
* With status 200: 安全验证 (blocked) and 错误页面 (unreadable); ``crawlers.challenges`` knows both.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from parsel import Selector

from crawlers.extraction.plain import html_to_plain
from crawlers.platforms import base
from crawlers.platforms.documents import attachment, every_link, joined, linked_documents
from opportunity.errors import ReadingError
from opportunity.money import parse_amount
from opportunity.notice import Attachment, FieldValue, Notice, NoticeType
from opportunity.page import Listing, Page, PageRequest, Row
from opportunity.source import Source

ROWS = "ul.c_list_bid > li"
OLD_ROWS = "ul.ulst > li, ul.ul_compa > li"
LISTS = "ul.c_list_bid, ul.ulst, ul.ul_compa"
PAGER = re.compile(r"Pager\(\{\s*size\s*:\s*(\d{1,4})\s*,\s*current\s*:\s*(\d{1,4})")
NOTICE_URL = re.compile(r"/(?P<folder>[a-z]+)/\d{6}/(?P<key>t\d{1,8}(?:_\d+)?)\.s?html?$")

BODY_START = re.compile(r"""<div[^<>]{0,200}class=["']vF_detail_content["'][^<>]{0,200}>""")
BODY_END = "<!--vF_detail_content_container-->"

# Folder of a channel -> type of all notices in it; None: mixed, the text must say.
FOLDERS: dict[str, NoticeType | None] = {
    "gkzb": NoticeType.TENDER, "yqzbgg": NoticeType.TENDER, "xjgg": NoticeType.INQUIRY,
    "jzxtpgg": NoticeType.NEGOTIATION, "jzxcs": NoticeType.CONSULTATION, "dylygg": NoticeType.SINGLE_SOURCE,
    "zgysgg": NoticeType.PREQUALIFICATION, "zbgg": NoticeType.AWARD, "cjgg": NoticeType.AWARD,
    "gzgg": NoticeType.CORRECTION, "fblbgg": NoticeType.TERMINATION, "qtgg": None,
}
# What the list's type cell says, without a closing 公告.
TYPE_NAMES: dict[str, NoticeType | None] = {
    "公开招标": NoticeType.TENDER, "邀请招标": NoticeType.TENDER, "询价": NoticeType.INQUIRY,
    "竞争性谈判": NoticeType.NEGOTIATION, "竞争性磋商": NoticeType.CONSULTATION,
    "单一来源": NoticeType.SINGLE_SOURCE, "资格预审": NoticeType.PREQUALIFICATION,
    "中标": NoticeType.AWARD, "成交": NoticeType.AWARD, "更正": NoticeType.CORRECTION,
    "废标": NoticeType.TERMINATION, "终止": NoticeType.TERMINATION, "废标/终止": NoticeType.TERMINATION,
    "废标、终止": NoticeType.TERMINATION, "其他": None, "其它": None,
}
# Summary label -> field. Sums stand apart: the body rules.
TEXT_LABELS = {"采购单位": "buyer", "代理机构名称": "agency"}
SUM_LABELS = {"预算金额": "budget", "总中标金额": "award_amount", "总成交金额": "award_amount"}
SUM_WORDS = {"budget": "预算", "award_amount": "金额"}
# Labels whose values are persons, numbers of telephones or addresses: in the body as published, not kept apart.
PERSONAL = ("联系人", "电话", "联系方式", "地址")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ccgp:
    """The static lists. ``channels`` are folders under ``/cggg/`` (``dfgg``: all local notices).

    ``rows_a_page`` is how many rows every page but the last has.
    """

    channels: tuple[str, ...]
    rows_a_page: int = 20
    name: str = "ccgp"

    def first_requests(
        self, source: Source, window_start: dt.datetime, now: dt.datetime
    ) -> tuple[PageRequest, ...]:
        return tuple(list_request(source, channel, 0) for channel in self.channels)

    def read_list(self, source: Source, page: Page) -> Listing:
        state = page.request.state
        number, most = int(state["page"]), int(state["rows"])
        base.refuse_challenge(page)
        if page.status == 404 and number > 0:
            return Listing(rows=(), next=None, total_capped=True, proved_empty=True)
        document = base.html(page)
        if not document.css(LISTS):
            raise ReadingError("没有找到列表容器，网站可能改版", url=page.url)
        size, current = _pager(page)
        if current != number:
            raise ReadingError(f"要的是第 {number} 页，给的是第 {current} 页", url=page.url)
        nodes = document.css(ROWS)
        rows = [_row(page, node) for node in nodes] or [_old_row(page, node) for node in document.css(OLD_ROWS)]
        last = number + 1 >= size
        if len(rows) < most and not last:
            raise ReadingError(f"本页只有 {len(rows)} 条，首页有 {most} 条", url=page.url)
        if not rows and size > 1:
            raise ReadingError(f"列表称有 {size} 页，却没有一行", url=page.url)
        following = None if last else list_request(source, state["channel"], number + 1, len(rows) if number == 0 else most)
        doubts = () if last or len(rows) >= self.rows_a_page else (
            f"有的页不足 {self.rows_a_page} 条（第 {number + 1} 页 {len(rows)} 条），可能漏行",
        )
        return Listing(
            rows=tuple(rows), next=following, total_capped=last and bool(rows), proved_empty=not rows, doubts=doubts,
        )

    def notice_requests(self, source: Source, row: Row) -> tuple[PageRequest, ...]:
        _type(row)
        if row.url is None:
            raise ReadingError("行没有链接", key=row.key)
        return (PageRequest(url=row.url, purpose="notice", row_key=row.key),)

    def read_notice(self, source: Source, row: Row, pages: Sequence[Page]) -> Notice:
        (page,) = pages
        document = base.html(page)
        title = base.text_of(base.one(document, "h2.tc", "标题"))
        if not title:
            raise ReadingError("公告页标题为空", url=page.url)
        content = _body(document, page.text)
        body = html_to_plain(content.get())
        pairs = summary_pairs(document)
        extra = {label: value for label, value in pairs if value and not any(w in label for w in PERSONAL)}
        return Notice(
            source=source.id, key=row.key, title=title, body=body, url=row.url, origin=page.origin,
            given=_given(row, document, pairs, body), extra=extra,
            attachments=_attachments(document, content, page), pages=base.hashes(pages),
            row=base.row_json(row), body_missing=not body,
        )


def list_request(source: Source, channel: str, page: int, rows: int = 0) -> PageRequest:
    """Page ``page`` (from 0) of a channel; ``rows`` is how many the first page had."""
    name = "index.htm" if page == 0 else f"index_{page}.htm"
    return PageRequest(
        url=urljoin(source.base, f"/cggg/{channel}/{name}"), purpose="list",
        state={"chain": channel, "channel": channel, "page": page, "rows": rows},
    )


def _pager(page: Page) -> tuple[int, int]:
    found = PAGER.findall(page.text)
    if len(found) != 1:
        raise ReadingError(f"页码 Pager：应恰有一处，实有 {len(found)} 处", url=page.url)
    size, current = found[0]
    return int(size), int(current)


def _link(page: Page, node: Selector) -> tuple[str, str, str, str]:
    """(key, title, url, folder) of the one link of a row."""
    link = base.one(node, "a[href]", "列表行链接")
    url = urljoin(page.url, base.attribute(link, "href", "列表行链接"))
    shape = NOTICE_URL.search(urlsplit(url).path)
    if shape is None:
        raise ReadingError("列表行链接形状不对", link=url[:120])
    title = " ".join((link.attrib.get("title") or "").split()) or base.text_of(link)
    if not title:
        raise ReadingError("列表行没有标题", link=url[:120])
    return shape["key"], title, url, shape["folder"]


def _row(page: Page, node: Selector) -> Row:
    key, title, url, folder = _link(page, node)
    kind = base.at_most_one(node, 'em[rel="bxlx"]', "公告类型")
    cells = [base.text_of(cell) for cell in node.css("em:not([rel])")]
    if len(cells) != 3:
        raise ReadingError(f"列表行应有时间、地域、采购人三格，实有 {len(cells)} 格", link=url[:120])
    published, region, buyer = cells
    facts = {
        "published": published, "region": region, "buyer": buyer, "folder": folder,
        "type": "" if kind is None else base.text_of(kind),
    }
    return Row(
        key=key, title=title, url=url, published=base.stated_moment(published, "发布时间"), facts=facts
    )


def _old_row(page: Page, node: Selector) -> Row:
    """A row of the older markup: of its cells only the one that is a date is sure."""
    key, title, url, folder = _link(page, node)
    cells = [base.text_of(cell) for cell in node.css("span")]
    dates = [cell for cell in cells if re.fullmatch(r"\d{4}[-./年]\d{1,2}[-./月]\d{1,2}.*", cell)]
    if len(dates) != 1:
        raise ReadingError(f"旧式列表行应有一个日期，实有 {len(dates)} 个", link=url[:120])
    facts = {"published": dates[0], "region": "", "buyer": "", "folder": folder, "type": ""}
    return Row(
        key=key, title=title, url=url, published=base.stated_moment(dates[0], "发布时间"), facts=facts
    )


def _type(row: Row) -> NoticeType | None:
    """The type that folder and type cell state; they must not disagree, and one must be known."""
    folder, name = row.facts["folder"], row.facts["type"]
    short = name.removesuffix("公告").removesuffix("公示")
    if (name and short not in TYPE_NAMES) or (not name and folder not in FOLDERS):
        raise ReadingError(f"未知的公告类型：{name or folder}", key=row.key)
    stated = {table[item] for table, item in ((FOLDERS, folder), (TYPE_NAMES, short)) if item in table}
    if len(stated) != 1:
        raise ReadingError(f"公告类型互相矛盾：栏目 {folder}，列表称 {name}", key=row.key)
    return base.given_type(stated.pop(), row.title)


def _body(document: Selector, text: str) -> Selector:
    """The body, new markup tried first.

    Bodies come from many systems and may close more tags than they open, which would cut them short;
    so where the page marks the end of the body by its comment, everything up to there belongs to it.
    """
    found = document.css("div.vF_detail_content") or document.css("div.vT_detail_main div.vT_detail_content")
    node = base.only(found, "正文", "div.vF_detail_content | div.vT_detail_content")
    start, end = BODY_START.search(text), text.find(BODY_END)
    if start is None or end < start.end():
        return node
    return Selector(text=f"<div>{text[start.end():end]}</div>", type="html")


def summary_pairs(document: Selector) -> list[tuple[str, str]]:
    """The label and value pairs of the summary (公告概要), in order; labels may repeat, values be empty."""
    table = base.at_most_one(document, "div.table table", "公告概要")
    if table is None:
        return []
    pairs: list[tuple[str, str]] = []
    for row in BeautifulSoup(table.get(), "lxml").find_all("tr"):
        cells = [cell for cell in row.find_all("td", recursive=False) if isinstance(cell, Tag)]
        at = 0
        while at < len(cells):
            if "title" not in (cells[at].get("class") or []):
                at += 1
                continue
            if at + 1 >= len(cells):
                raise ReadingError("公告概要里有标签没有值", label=cells[at].get_text()[:20])
            pairs.append((_cell(cells[at]), _cell(cells[at + 1])))
            at += 2
    return pairs


def _cell(cell: Tag) -> str:
    return " ".join(cell.get_text(" ").split())


def _stated(pairs: Sequence[tuple[str, str]], label: str) -> str:
    """The one value of a label; a label that repeats with different values is a ``ReadingError``."""
    values = {value for name, value in pairs if name == label and value}
    if len(values) > 1:
        raise ReadingError(f"公告概要的“{label}”有 {len(values)} 个不同的值")
    return values.pop() if values else ""


def _given(
    row: Row, document: Selector, pairs: Sequence[tuple[str, str]], body: str
) -> dict[str, tuple[FieldValue, ...]]:
    fields: dict[str, tuple[FieldValue, ...]] = {}
    kind = _type(row)
    if kind is not None:
        fields["type"] = base.given(kind, row.facts["type"] or row.facts["folder"])
    stated = _stated(pairs, "公告时间") or base.text_of(base.one(document, "#pubTime", "发布时间"))
    fields["published"] = base.given(base.stated_moment(stated, "发布时间"), stated)
    for label, name in TEXT_LABELS.items():
        value = _stated(pairs, label)
        if value:
            fields[name] = base.given(value, value)
    if "buyer" not in fields and row.facts["buyer"]:
        fields["buyer"] = base.given(row.facts["buyer"], row.facts["buyer"])
    place = _stated(pairs, "行政区域") or row.facts["region"]
    region = base.given_region(place, row.title)
    if region is not None:
        fields["region"] = base.given(region, place)
    opening = _stated(pairs, "开标时间")
    if opening:
        fields["opening_time"] = base.given(base.stated_moment(opening, "开标时间"), opening)
    for label, name in SUM_LABELS.items():
        value = _stated(pairs, label)
        amount = parse_amount(value) if value and SUM_WORDS[name] not in body else None
        if amount is not None:
            fields[name] = base.given(amount, value)
    return fields


def _attachments(document: Selector, content: Selector, page: Page) -> tuple[Attachment, ...]:
    """Documents of the summary (by their id), of the box below the body, and those the body links."""
    summary = [
        attachment(base.text_of(link), urljoin(page.url, f"/oss/download?uuid={base.attribute(link, 'id', '附件')}"))
        for link in document.css("a.bizDownload")
    ]
    return joined(summary, every_link(document.css(".fjxx"), page.url), linked_documents(content, page.url))
