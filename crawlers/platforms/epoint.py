"""新点 (Epoint) portals: one search interface, ``getFullTextDataNew``, behind many provinces and cities.

Facts (read from public crawlers, not from live portals):

* POST with a raw JSON body. ``pn`` is a **row offset**. ``sort`` is a JSON *string*; "0" = newest first.
* A sort field that a site does not know is silently ignored and the oldest rows come first. So the
  first row must be recent, or the page raises.
* Of several conditions on one field only the first applies: one list chain for each category code that
  lies in no other one (the search is by prefix, so a tree of codes is one chain).
* Some sites wrap the answer: ``{"code": 200, "content": "<JSON string>"}``.
* Titles contain ``<em>``; ``linkurl`` may be empty: the key is ``id``, never the address.
* Some sites stop at a number of rows (``ceiling``): the time window is halved there.
* Some detail pages are unrendered mustache templates: they raise rather than pass for a body.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from parsel import Selector

from crawlers.extraction.plain import html_to_plain
from crawlers.platforms import base
from crawlers.platforms.documents import every_link, joined, linked_documents
from opportunity.errors import ReadingError
from opportunity.notice import SHANGHAI, Attachment, FieldValue, Moment, Notice, NoticeType, gate_end
from opportunity.page import Listing, Page, PageRequest, Row
from opportunity.source import Source

# How old the first row of a list may be before the sort field must be taken for wrong.
RECENT = dt.timedelta(days=60)
SMALLEST_WINDOW = dt.timedelta(hours=1)
MUSTACHE = re.compile(r"\{\{[{#/]?\s*[A-Za-z_.]+\s*\}?\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """One category code of a site: its Chinese name and the type of what is filed there (None: mixed).

    A code stands for its whole tree; the longest code that fits a row is the one that speaks of it. ``read``
    False: these rows are no notices of ours; they are counted by the category's name and not fetched.
    """

    code: str
    name: str
    type: NoticeType | None
    read: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """Where a site's notice pages keep what is read: CSS selectors that must match exactly once.

    ``info`` holds ``信息发布时间：…``; it is preferred to the page's PubDate, which prints a twelve-hour clock.
    ``attachments`` may match any number of boxes.
    """

    title: str
    info: str
    body: str
    attachments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoint:
    """One Epoint site. ``path`` and the names of fields differ from site to site: never assume them."""

    categories: tuple[Category, ...]
    sort_field: str
    detail: Detail
    path: str = "/inteligentsearch/rest/esinteligentsearch/getFullTextDataNew"
    index: str = ""
    rows_a_page: int = 20
    content_type: str = "application/json;charset=utf-8"
    ceiling: int | None = None
    no_words: bool = True
    ignored_titles: tuple[tuple[str, str], ...] = (("[已作废]", "已作废"),)
    name: str = field(default="epoint")

    def first_requests(
        self, source: Source, window_start: dt.datetime, now: dt.datetime
    ) -> tuple[PageRequest, ...]:
        begin = window_start.astimezone(SHANGHAI).strftime("%Y-%m-%d 00:00:00")
        end = now.astimezone(SHANGHAI).strftime("%Y-%m-%d 23:59:59")
        return tuple(self.query(source, code, begin, end) for code in self._trees())

    def _trees(self) -> tuple[str, ...]:
        """The codes that lie in no other code: what has to be asked for."""
        codes = [item.code for item in self.categories]
        return tuple(
            code for code in codes if not any(code != other and code.startswith(other) for other in codes)
        )

    def query(self, source: Source, code: str, begin: str, end: str, offset: int = 0) -> PageRequest:
        """One list request; ``offset`` counts rows."""
        body = {
            "token": "", "pn": offset, "rn": self.rows_a_page, "sdt": "", "edt": "", "wd": "",
            "inc_wd": "", "exc_wd": "", "fields": "", "cnum": self.index,
            "sort": json.dumps({self.sort_field: "0"}, separators=(",", ":")), "ssort": "",
            "cl": 10000, "terminal": "",
            "condition": [{
                "fieldName": "categorynum", "equal": code, "notEqual": None, "equalList": None,
                "notEqualList": None, "isLike": True, "likeType": 2,
            }],
            "time": [{"fieldName": self.sort_field, "startTime": begin, "endTime": end}],
            "highlights": "", "statistics": None, "unionCondition": None, "accuracy": "",
            "noParticiple": "1", "searchRange": None, "noWd": self.no_words,
        }
        return PageRequest(
            url=urljoin(source.base, self.path), purpose="list", method="POST",
            headers={"Content-Type": self.content_type, "Accept": "application/json"},
            body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
            state={"chain": f"{code} {begin}", "code": code, "begin": begin, "end": end, "offset": offset},
        )

    def read_list(self, source: Source, page: Page) -> Listing:
        state = page.request.state
        offset = int(state["offset"])
        result = _result(page)
        records = base.member(result, "records", list, "列表")
        total = base.whole_number(result.get("totalcount"), "列表 totalcount")
        due = max(0, min(self.rows_a_page, total - offset))
        if len(records) != due:
            raise ReadingError(f"本页应有 {due} 条，只有 {len(records)} 条", url=page.url)
        rows, ignored = [], []
        for record in records:
            row = self._row(page, record)
            reason = self._ignored(row)
            if reason is None:
                rows.append(row)
            else:
                ignored.append((row.key, reason))
        if offset == 0:
            self._first_row_is_recent(page, rows)
        capped = self.ceiling is not None and total > self.ceiling
        end = offset + self.rows_a_page
        following = None
        if end < total:
            following = self.query(source, state["code"], state["begin"], state["end"], end)
        reasons = [reason for _, reason in ignored]
        return Listing(
            rows=tuple(rows), next=following, total=total, total_capped=capped,
            proved_empty=total == 0 and not records,
            ignored={reason: reasons.count(reason) for reason in sorted(set(reasons))},
            ignored_keys=tuple(key for key, _ in ignored),
            split=self._halves(source, state) if capped else (),
        )

    def _row(self, page: Page, record: Any) -> Row:
        what = "列表行"
        key = base.member(record, "id", str, what).strip()
        raw = next((v for v in (record.get("titlenew"), record.get("title")) if isinstance(v, str) and v.strip()), "")
        title = _plain_title(raw)
        if not key or not title:
            raise ReadingError(f"{what}：标题或编号为空")
        published = next((v for n in self._date_fields() if isinstance(v := record.get(n), str) and v.strip()), "")
        link = base.member(record, "linkurl", str, what).strip()
        category = base.member(record, "categorynum", str, what).strip()
        facts = {"categorynum": category, "published": published.strip(), "linkurl": link}
        for name in ("categoryname", "zhuanzai", "xiaquname"):
            facts[name] = _plain_title(str(record.get(name) or ""))
        if not link:
            facts["content"] = str(record.get("content") or "")
        return Row(
            key=key, title=title, url=urljoin(page.url, link) if link else None,
            published=base.stated_moment(published, "发布时间"), facts=facts,
        )

    def _date_fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.sort_field, "webdate", "infodate")))

    def _first_row_is_recent(self, page: Page, rows: Sequence[Row]) -> None:
        """A sort field that the site does not know brings the oldest rows first."""
        if not rows or rows[0].published is None:
            return
        if gate_end(rows[0].published) < page.fetched_at - RECENT:
            raise ReadingError(
                f"首行发布于 {rows[0].published}：排序字段 {self.sort_field} 很可能被网站忽略了", url=page.url
            )

    def _halves(self, source: Source, state: Mapping[str, Any]) -> tuple[PageRequest, ...]:
        """The window in two halves, the newer first; () when it is as small as it may be."""
        form = "%Y-%m-%d %H:%M:%S"
        begin, end = (dt.datetime.strptime(state[name], form) for name in ("begin", "end"))  # noqa: DTZ007
        if end - begin <= SMALLEST_WINDOW:
            return ()
        middle = (begin + (end - begin) / 2).replace(microsecond=0)
        newer = ((middle + dt.timedelta(seconds=1)).strftime(form), state["end"])
        older = (state["begin"], middle.strftime(form))
        return tuple(self.query(source, state["code"], *half) for half in (newer, older))

    def _ignored(self, row: Row) -> str | None:
        """Why a row is no notice of ours, or None."""
        category = self._category(row)
        if category is not None and not category.read:
            return category.name
        return next((why for mark, why in self.ignored_titles if mark in row.title), None)

    def _category(self, row: Row) -> Category | None:
        code = row.facts["categorynum"]
        fitting = [item for item in self.categories if code.startswith(item.code)]
        return max(fitting, key=lambda item: len(item.code), default=None)

    def _type(self, row: Row) -> NoticeType | None:
        category = self._category(row)
        if category is None:
            raise ReadingError(f"未知的栏目：{row.facts['categorynum']} {row.facts['categoryname']}", key=row.key)
        return base.given_type(category.type, row.title)

    def notice_requests(self, source: Source, row: Row) -> tuple[PageRequest, ...]:
        self._type(row)
        if row.url is None:
            return ()
        return (PageRequest(url=row.url, purpose="notice", row_key=row.key),)

    def read_notice(self, source: Source, row: Row, pages: Sequence[Page]) -> Notice:
        (page,) = pages
        title, moment, stated, extra = row.title, row.published, row.facts["published"], _extra(row)
        attachments: tuple[Attachment, ...] = ()
        if row.url is None:
            body = html_to_plain(row.facts["content"])
        else:
            shown, stated, body, attachments = self._detail(page)
            title = _title(row.title, shown)
            if shown != title:
                extra["公告页标题"] = shown
            moment = base.stated_moment(stated, "发布时间")
        return Notice(
            source=source.id, key=row.key, title=title, body=body, url=row.url,
            origin=page.origin, given=self._given(row, moment, stated), extra=extra, attachments=attachments,
            pages=base.hashes(pages), row=base.row_json(row), body_missing=not body,
        )

    def _detail(self, page: Page) -> tuple[str, str, str, tuple[Attachment, ...]]:
        """Title, the time of publishing as printed, plain text and documents of a notice page."""
        document = base.html(page)
        title = base.text_of(base.one(document, self.detail.title, "标题"))
        content = base.one(document, self.detail.body, "正文")
        info = base.text_of(base.one(document, self.detail.info, "发布信息"))
        stated = re.search(r"发布时间[：:]\s*(\d{4}-\d{1,2}-\d{1,2}(?: \d{1,2}:\d{2}(?::\d{2})?)?)", info)
        if MUSTACHE.search(title) or MUSTACHE.search(base.text_of(content)[:2000]):
            raise ReadingError("页面是没有填写的模板（{{…}}），不是公告", url=page.url)
        if not title or stated is None:
            raise ReadingError("公告页没有标题或发布时间", url=page.url)
        return title, stated[1], html_to_plain(content.get()), self._attachments(document, content, page)

    def _attachments(self, document: Selector, content: Selector, page: Page) -> tuple[Attachment, ...]:
        boxes = every_link(document.css(self.detail.attachments), page.url)
        return joined(boxes, linked_documents(content, page.url))

    def _given(
        self, row: Row, moment: Moment | None, stated: str
    ) -> dict[str, tuple[FieldValue, ...]]:
        fields: dict[str, tuple[FieldValue, ...]] = {}
        kind = self._type(row)
        if kind is not None:
            fields["type"] = base.given(kind, row.facts["categoryname"] or row.facts["categorynum"])
        if moment is not None:
            fields["published"] = base.given(moment, stated)
        region = base.given_region(row.facts["xiaquname"], row.title)
        if region is not None:
            fields["region"] = base.given(region, row.facts["xiaquname"])
        return fields


def _title(listed: str, shown: str) -> str:
    """The title of the list, which is the notice's own, unless the list cuts it short.

    Pages put words of the portal before it (``(市交易中心) …``); those are no part of the title.
    """
    begun = listed.rstrip("….")
    if begun != listed:
        return shown if begun in shown else listed
    return shown if shown.startswith(listed) else listed


def _plain_title(raw: str) -> str:
    """A title without the highlight's tags; entities undone."""
    if "<" in raw or "&" in raw:
        return base.text_of(Selector(text=f"<p>{raw}</p>", type="html"))
    return " ".join(raw.split())


def _result(page: Page) -> Mapping[str, Any]:
    """The ``result`` of an answer, unwrapped where a site wraps it in a JSON string."""
    answer = base.json_answer(page)
    if isinstance(answer, Mapping) and "result" not in answer and isinstance(answer.get("content"), str):
        if str(answer.get("code")) != "200":
            raise ReadingError(f"列表答复代码为 {answer.get('code')}，应为 200", url=page.url)
        try:
            answer = json.loads(answer["content"])
        except (ValueError, RecursionError) as error:
            raise ReadingError("包在字符串里的答复不是 JSON", url=page.url) from error
    if not isinstance(answer, Mapping) or not isinstance(answer.get("result"), Mapping):
        raise ReadingError("列表答复没有 result", url=page.url)
    result: Mapping[str, Any] = answer["result"]
    return result


def _extra(row: Row) -> dict[str, str]:
    names = {"categoryname": "栏目", "zhuanzai": "转载来源", "xiaquname": "辖区"}
    return {chinese: row.facts[name] for name, chinese in names.items() if row.facts[name]}
