"""全国公共资源交易平台 (www.ggzy.gov.cn): POST ``getTradList`` and the body pages under ``/b/``.

Facts (read from public crawlers and the list page's own script, not from the live portal):

* ``DEAL_TIME`` must always be there (without it: an HTML 404); 06 is a range of days.
* ``DEAL_CLASSIFY`` must be concrete: 00 gives no rows. Parameters that mean "any" are left out, as
  the page's own script does.
* 20 rows a page, ``PAGENUMBER`` from 1. ``total`` is cut at 1,000 without a word: such a query is
  replaced by one for each province, then each stage, then each day.
* Answer codes: 200; 829 wants a captcha and 800 says too often (both: blocked, never worked around);
  804 wants a narrower query and gets narrower ones; 801 says that our request is wrong.
* A row's ``url`` (``/a/``) is a shell; the body is at the same path under ``/b/``. Only that is fetched:
  half the load, at the price of the shell's project code. Many rows have no body: they are kept, marked.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin

from crawlers.extraction.plain import html_to_plain
from crawlers.platforms import base
from crawlers.platforms.documents import linked_documents
from opportunity.errors import Blocked, ReadingError
from opportunity.notice import SHANGHAI, Attachment, FieldValue, Notice, NoticeType
from opportunity.page import Listing, Page, PageRequest, Row
from opportunity.source import Source

LIST_PATH = "/information/pubTradingInfo/getTradList"
REFERER_PATH = "/deal/dealList.html"
PAGE_SIZE = 20
CAP = 1000

CLASSES: Mapping[str, str] = {
    "01": "工程建设", "02": "政府采购", "03": "土地使用权", "04": "矿业权", "05": "国有产权",
    "21": "碳排放权", "22": "排污权", "90": "其他",
}
# (class, what the list calls the information type) -> the type of all notices filed there, or None
# where the portal mixes types and the text must say. Anything not listed is quarantined.
STAGES: Mapping[tuple[str, str], NoticeType | None] = {
    ("工程建设", "招标/资审公告"): NoticeType.TENDER,
    ("工程建设", "交易结果公示"): None,
    ("工程建设", "招标/资审文件澄清"): NoticeType.CORRECTION,
    ("政府采购", "采购/资审公告"): None,
    ("政府采购", "中标公告"): NoticeType.AWARD,
    ("政府采购", "采购合同"): NoticeType.CONTRACT,
    ("政府采购", "更正事项"): NoticeType.CORRECTION,
    ("其他", "交易公告"): None,
    ("其他", "成交公示"): None,
}
# Rows that are no notices: counted by this reason, never fetched.
IGNORED_STAGES: Mapping[tuple[str, str], str] = {("工程建设", "开标记录"): "开标记录"}
STAGE_CODES: Mapping[str, tuple[str, ...]] = {
    "01": ("0101", "0102", "0104", "0105"),
    "02": ("0201", "0202", "0203", "0204"),
    "90": ("9001", "9002"),
}
PROVINCES: tuple[str, ...] = (
    "110000", "120000", "130000", "140000", "150000", "210000", "220000", "230000", "310000",
    "320000", "330000", "340000", "350000", "360000", "370000", "410000", "420000", "430000",
    "440000", "450000", "460000", "500000", "510000", "520000", "530000", "540000", "610000",
    "620000", "630000", "640000", "650000", "660000",
)
URL_SHAPE = re.compile(r"/information/deal/html/(?P<part>[ab])/(?P<province>\d{6})/(?P<stage>\d{4})/.+\.html?")
PUBLISHED = re.compile(r"发布时间[：:]\s*(\d{4}[\d\-/年月日 :：]+\d日?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ggzy:
    """The national platform. ``classes`` are the codes of the trade classes that are read."""

    classes: tuple[str, ...]
    name: str = "ggzy"

    def first_requests(
        self, source: Source, window_start: dt.datetime, now: dt.datetime
    ) -> tuple[PageRequest, ...]:
        begin, end = (moment.astimezone(SHANGHAI).date().isoformat() for moment in (window_start, now))
        return tuple(
            query(source, {"class": code, "begin": begin, "end": end}) for code in self.classes
        )

    def read_list(self, source: Source, page: Page) -> Listing:
        state = page.request.state
        answer = _answer(page)
        if str(answer.get("code")) == "804":
            return _too_wide(source, page)
        data = _data(answer, page)
        records = base.member(data, "records", list, "列表")
        total = base.whole_number(data.get("total"), "列表 total")
        pages = base.whole_number(data.get("pages"), "列表 pages")
        current = base.whole_number(data.get("current"), "列表 current")
        size = base.whole_number(data.get("size"), "列表 size")
        _whole_page(records, total=total, pages=pages, current=current, size=size, asked=state["page"])
        rows, ignored = [], []
        for record in records:
            row = _row(page, record)
            stage = (row.facts["businessTypeText"], row.facts["informationTypeText"])
            reason = IGNORED_STAGES.get(stage)
            if reason is None:
                rows.append(row)
            else:
                ignored.append((row.key, reason))
        reasons = [reason for _, reason in ignored]
        capped = total >= CAP
        following = None
        if current < pages:
            following = query(source, state["query"], page=current + 1)
        return Listing(
            rows=tuple(rows),
            next=following,
            total=total,
            total_capped=capped,
            proved_empty=total == 0 and not records,
            ignored={reason: reasons.count(reason) for reason in sorted(set(reasons))},
            ignored_keys=tuple(key for key, _ in ignored),
            split=narrower(source, state["query"]) if capped else (),
        )

    def notice_requests(self, source: Source, row: Row) -> tuple[PageRequest, ...]:
        _type(row)
        return (
            PageRequest(url=body_url(row), purpose="notice", headers=_headers(source), row_key=row.key),
        )

    def read_notice(self, source: Source, row: Row, pages: Sequence[Page]) -> Notice:
        (page,) = pages
        stated = row.facts["publishTime"]
        body = ""
        attachments: tuple[Attachment, ...] = ()
        if page.status != 404:
            stated, body, attachments = _body_page(page)
        return Notice(
            source=source.id, key=row.key, title=row.title, body=body, url=row.url,
            origin=page.origin, given=_given(row, stated), extra=_extra(row), attachments=attachments,
            pages=base.hashes(pages), row=base.row_json(row), body_missing=not body,
        )


def query(source: Source, wanted: Mapping[str, str], page: int = 1) -> PageRequest:
    """One list request. ``wanted``: class, begin, end and, where narrowed, province and stage."""
    form = {
        "SOURCE_TYPE": "1",
        "DEAL_TIME": "06",
        "TIMEBEGIN": wanted["begin"],
        "TIMEEND": wanted["end"],
        "DEAL_CLASSIFY": wanted["class"],
        "DEAL_PROVINCE": wanted.get("province", "0"),
        "DEAL_STAGE": wanted.get("stage", "0000"),
        "PAGENUMBER": str(page),
    }
    form = {name: value for name, value in form.items() if not _any_code(name, value)}
    parts = [CLASSES[wanted["class"]], wanted.get("province", ""), wanted.get("stage", "")]
    if "day" in wanted:
        parts.append(wanted["begin"])
    return PageRequest(
        url=urljoin(source.base, LIST_PATH), purpose="list", method="POST",
        headers={**_headers(source), "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"},
        body=urlencode(form).encode("ascii"),
        state={"chain": " ".join(part for part in parts if part), "query": dict(wanted), "page": page},
    )


def _any_code(name: str, value: str) -> bool:
    """Whether a parameter has its "any" code; the portal wants it left out then."""
    if name == "DEAL_STAGE":
        return value.endswith("00")
    return (name, value) in {("DEAL_CLASSIFY", "00"), ("DEAL_PROVINCE", "0")}


def narrower(source: Source, wanted: Mapping[str, str]) -> tuple[PageRequest, ...]:
    """The queries that together cover one that the portal cuts; () when it cannot be cut further."""
    if "province" not in wanted:
        return tuple(query(source, {**wanted, "province": code}) for code in PROVINCES)
    if "stage" not in wanted and wanted["class"] in STAGE_CODES:
        return tuple(query(source, {**wanted, "stage": code}) for code in STAGE_CODES[wanted["class"]])
    begin, end = dt.date.fromisoformat(wanted["begin"]), dt.date.fromisoformat(wanted["end"])
    if begin == end:
        return ()
    days = [(end - dt.timedelta(days=back)).isoformat() for back in range((end - begin).days + 1)]
    return tuple(query(source, {**wanted, "begin": day, "end": day, "day": "1"}) for day in days)


def _headers(source: Source) -> dict[str, str]:
    return {"Referer": urljoin(source.base, REFERER_PATH), "Accept": "application/json, text/html"}


def _answer(page: Page) -> Mapping[str, Any]:
    answer = base.json_answer(page)
    if not isinstance(answer, Mapping):
        raise ReadingError("列表答复不是对象", url=page.url)
    return answer


def _too_wide(source: Source, page: Page) -> Listing:
    """The portal refuses the query as too wide: narrower ones take its place, if there are any."""
    split = narrower(source, page.request.state["query"])
    if not split:
        raise ReadingError("网站要求缩小查询范围（代码 804），而查询已不能再缩小", url=page.url)
    return Listing(rows=(), next=None, total_capped=True, split=split)


def _data(answer: Mapping[str, Any], page: Page) -> Mapping[str, Any]:
    code = str(answer.get("code"))
    if code in {"829", "800"}:
        meaning = "要求验证码" if code == "829" else "称访问过于频繁"
        raise Blocked(f"网站{meaning}（代码 {code}），本次运行停止", url=page.url, reply=code)
    if code != "200":
        told = str(answer.get("message", ""))[:60]
        raise ReadingError(f"列表答复代码为 {code}，应为 200：{told}", url=page.url, reply=code)
    data = answer.get("data")
    if not isinstance(data, Mapping):
        raise ReadingError("列表答复没有 data", url=page.url)
    return data


def _whole_page(records: list[Any], *, total: int, pages: int, current: int, size: int, asked: int) -> None:
    """Half a list raises: the page must hold exactly the rows that its own count says."""
    if current != asked:
        raise ReadingError(f"要的是第 {asked} 页，给的是第 {current} 页")
    if size != PAGE_SIZE:
        raise ReadingError(f"每页应为 {PAGE_SIZE} 条，网站给 {size} 条")
    if pages != math.ceil(total / size):
        raise ReadingError(f"总数 {total} 与页数 {pages} 不符")
    due = max(0, min(size, total - (current - 1) * size))
    if len(records) != due:
        raise ReadingError(f"本页应有 {due} 条，只有 {len(records)} 条")


def _row(page: Page, record: Any) -> Row:
    what = "列表行"
    url = base.member(record, "url", str, what)
    if URL_SHAPE.fullmatch(url.split("?")[0].removeprefix(_root(page.url))) is None:
        raise ReadingError(f"{what}：链接形状不对", link=url[:120])
    title = " ".join(base.member(record, "title", str, what).split())
    key = base.member(record, "id", str, what).strip()
    if not title or not key:
        raise ReadingError(f"{what}：标题或编号为空")
    names = ("businessTypeText", "informationTypeText", "publishTime")
    facts = {name: base.member(record, name, str, what).strip() for name in names}
    for name in ("provinceText", "transactionSourcesPlatformText"):
        facts[name] = str(record.get(name) or "").strip()
    return Row(
        key=key, title=title, url=urljoin(page.url, url), facts=facts,
        published=base.stated_moment(facts["publishTime"], "发布时间"),
    )


def _root(url: str) -> str:
    return urljoin(url, "/").rstrip("/")


def body_url(row: Row) -> str:
    """The address of the body page of a row: the same path under ``/b/``."""
    if row.url is None or row.url.count("/html/a/") + row.url.count("/html/b/") != 1:
        raise ReadingError("行的链接不能换成正文地址", key=row.key)
    return row.url.replace("/html/a/", "/html/b/")


def _type(row: Row) -> NoticeType | None:
    stage = (row.facts["businessTypeText"], row.facts["informationTypeText"])
    if stage not in STAGES:
        raise ReadingError(f"未知的公告类型：{stage[0]} / {stage[1]}", key=row.key)
    return base.given_type(STAGES[stage], row.title)


def _body_page(page: Page) -> tuple[str, str, tuple[Attachment, ...]]:
    """When it was published, its plain text ("" when the portal has none) and its documents."""
    document = base.html(page)
    content = base.one(document, "#mycontent", "正文")
    lines = [base.text_of(line) for line in document.css("p.p_o")]
    stated = [found[1] for line in lines if (found := PUBLISHED.search(line))]
    if len(stated) != 1:
        raise ReadingError(f"发布时间：应恰有一处，实有 {len(stated)} 处", url=page.url)
    return stated[0].strip(), html_to_plain(content.get()), linked_documents(content, page.url)


def _given(row: Row, published: str) -> dict[str, tuple[FieldValue, ...]]:
    fields: dict[str, tuple[FieldValue, ...]] = {}
    kind = _type(row)
    if kind is not None:
        fields["type"] = base.given(kind, row.facts["informationTypeText"])
    fields["published"] = base.given(base.stated_moment(published, "发布时间"), published)
    region = base.given_region(row.facts["provinceText"], row.title)
    if region is not None:
        fields["region"] = base.given(region, row.facts["provinceText"])
    return fields


def _extra(row: Row) -> dict[str, str]:
    names = {
        "businessTypeText": "业务类型", "informationTypeText": "信息类型",
        "transactionSourcesPlatformText": "来源平台", "provinceText": "省份",
    }
    return {chinese: row.facts[name] for name, chinese in names.items() if row.facts[name]}
