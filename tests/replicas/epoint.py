"""A replica in the manner of an Epoint portal (Jiangsu): one full-text search as JSON, detail pages by linkurl.

Kept from the original: ``pn`` is a row offset; ``sort`` is a JSON string, and a field other than ``sort_field`` is
ignored without a word, with the oldest rows first; of several conditions on one field only the first applies;
titles carry <em> when a keyword is given; the ArticleTitle meta is empty and PubDate runs on a 12-hour clock.
"""

from __future__ import annotations

import datetime as dt
import html
import json
from random import Random
from typing import Any
from uuid import UUID

from opportunity.notice import SHANGHAI, NoticeType
from tests.replicas.http_words import Request, Response, json_answer, not_found, page
from tests.replicas.invented import Invented
from tests.replicas.portal import Entry, Portal
from tests.replicas.vocabulary import NOTE

LIST = "/inteligentsearch/rest/esinteligentsearch/getFullTextDataNew"
_names = {
    "001": "招标公告/资审公告", "005": "答疑澄清", "007": "中标候选人公示", "008": "中标结果公告", "009": "异常公告",
}
_procurement_names = {
    "001": "采购意向", "002": "采购公告", "003": "更正公告", "004": "单一来源公示", "006": "结果公告", "007": "合同公告", "008": "其他公告",
}
_works = {
    NoticeType.TENDER: "001", NoticeType.CORRECTION: "005", NoticeType.CANDIDATE: "007", NoticeType.AWARD: "008",
    NoticeType.TERMINATION: "009",
}
_procurement = {
    NoticeType.INTENTION: "001", NoticeType.SINGLE_SOURCE: "004", NoticeType.CORRECTION: "003", NoticeType.AWARD: "006",
    NoticeType.TERMINATION: "006", NoticeType.CONTRACT: "007", NoticeType.ACCEPTANCE: "008", NoticeType.OTHER: "008",
    **dict.fromkeys(
        (NoticeType.TENDER, NoticeType.PREQUALIFICATION, NoticeType.NEGOTIATION, NoticeType.CONSULTATION, NoticeType.INQUIRY), "002"),
}
_business = {"003001": "建设工程", "003002": "交通工程", "003003": "水利工程", "003004": "政府采购"}


class Epoint(Portal):
    demo_id = "demo_jiangsu_public_resources"
    markup = {
        '"records"': '"list"', '"linkurl"': '"href"', "ewb-trade-right": "trade-article", "ewb-trade-h": "trade-title",
        "ewb-trade-info": "trade-note",
    }
    sort_field = "infodatepx"
    largest_page = 50

    def accepts(self, notice: Invented) -> bool:
        return notice.type in (_works if notice.works else _procurement)

    def enter(self, notice: Invented, at: dt.datetime, serial: int, rng: Random) -> Entry:
        if notice.works:
            business = "003002" if "公路" in notice.project_name or "桥梁" in notice.project_name else "003001"
            business = "003003" if "河道" in notice.project_name or "农田" in notice.project_name else business
            category = business + _works[notice.type]
        else:
            category = "003004" + _procurement[notice.type]
        key = str(UUID(int=rng.getrandbits(128), version=4))
        day = at.astimezone(SHANGHAI)
        path = f"/jyxx/{category[:6]}/{category}/{day:%Y%m%d}/{key}.html"
        return Entry(key=key, path=path, notice=notice, published=at, category=category)

    def answer(self, request: Request) -> Response:
        if request.path == LIST:
            return self._list(request) if request.method == "POST" else not_found("list")
        if request.path.startswith("/jyxx/"):
            entry = self.found(request.path)
            return page(_detail(entry), purpose="notice") if entry else not_found("notice")
        if request.path == "/attach/preview":
            return self.paper_answer(request.query.get("attachId", ""))
        if request.path in ("/", "/jyxx/tradeInfonew.html"):
            return page(f"<html><head><title>交易信息</title></head><body><div id=\"showList\"></div><p>{NOTE}</p></body></html>", purpose="other")
        return not_found()

    def _list(self, request: Request) -> Response:
        try:
            asked = json.loads(request.body)
            offset, size = int(asked["pn"]), max(1, min(int(asked["rn"]), self.largest_page))
            sort = json.loads(asked.get("sort") or "{}")
        except (ValueError, KeyError, TypeError):
            return page("<html><body>HTTP Status 500</body></html>", purpose="list", status=500)
        if self.faults.take("page_size_10", "list"):
            size = min(size, 10)
        entries = self.newest_first(lambda entry: _wanted(entry, asked))
        if sort.get(self.sort_field) != "0":
            entries.reverse()
        window = self.window(entries, offset, size)
        records = [_record(entry, asked.get("wd") or "") for entry in window.rows]
        result: dict[str, Any] = {"totalcount": window.total, "records": records}
        if self.faults.take("next_missing", "list"):
            del result["totalcount"]
        return json_answer({"result": result})


def _wanted(entry: Entry, asked: dict[str, Any]) -> bool:
    seen: set[str] = set()
    for condition in asked.get("condition") or ():
        field = condition.get("fieldName")
        if field in seen:  # only the first condition on a field applies
            continue
        seen.add(field)
        value = {"categorynum": entry.category, "titlenew": entry.notice.title, "title": entry.notice.title,
                 "xiaquname": entry.notice.place.city, "infoc": entry.notice.place.city}.get(field, "")
        if not _meets(value, condition):
            return False
    for period in asked.get("time") or ():
        stamp = f"{entry.published.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
        if not (period.get("startTime") or "") <= stamp <= (period.get("endTime") or "9"):
            return False
    return (asked.get("wd") or "") in entry.notice.title + entry.notice.html


def _meets(value: str, condition: dict[str, Any]) -> bool:
    options = condition.get("equalList") or [condition.get("equal") or ""]
    if condition.get("isLike"):
        met = any(option in value if condition.get("likeType") == 0 else value.startswith(option) for option in options)
    else:
        met = value in options or options == [""]
    denied = condition.get("notEqualList") or ([condition["notEqual"]] if condition.get("notEqual") else [])
    return met and not any(value.startswith(item) for item in denied)


def _category_name(entry: Entry) -> str:
    names = _procurement_names if entry.category.startswith("003004") else _names
    return names[entry.category[6:]]


def _record(entry: Entry, keyword: str) -> dict[str, Any]:
    stamp = f"{entry.published.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
    title = entry.notice.title
    shown = title.replace(keyword, f"<em>{keyword}</em>") if keyword else title
    return {
        "id": entry.key, "infoid": entry.key, "title": shown, "titlenew": shown, "categorynum": entry.category,
        "categoryname": _category_name(entry), "webdate": stamp, "infodate": stamp, "infodatepx": stamp, "infodateformat": stamp[:10],
        "linkurl": entry.path, "content": entry.notice.title[:40], "zhuanzai": f"{entry.notice.place.city}云平台",
        "xiaquname": entry.notice.place.county, "fieldvalue": entry.notice.place.city, "syscategory": _business[entry.category[:6]],
    }


def _detail(entry: Entry) -> str:
    notice, at = entry.notice, entry.published.astimezone(SHANGHAI)
    prefix = "(市交易中心) " if entry.category.startswith("003001") and entry.key[0] in "0123" else ""
    links = "".join(
        f'<p style="height: 30px;"><a href="/attach/preview?attachId={paper.id}" target="_blank">{html.escape(paper.name)}</a></p>'
        for paper in notice.attachments
    )
    attach = f'<div class="attach" style="line-height: 1.5;">{links}</div>' if links else ""
    return f"""<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="UTF-8">
<meta name="SiteName" content="江苏省公共资源交易网（演示副本）"><meta name="ColumnName" content="{_category_name(entry)}">
<meta name="ArticleTitle" content="">
<meta name="PubDate" content="{at:%Y-%m-%d %I:%M:%S}">
<meta name="ContentSource" content="演示平台"><title>江苏省公共资源交易网（演示副本）</title></head>
<body><div id="head"></div><div class="ewb-trade-mid"><div class="ewb-page-wrap">
<div class="ewb-bread"><a href="/">首页</a>&nbsp;&gt; <span>{_business[entry.category[:6]]}</span>&nbsp;&gt; <span id="viewGuid" value="cms_{entry.key}">
{_category_name(entry)}</span></div><div style="display:none"><a href="javascript:void(0);" id="catenum">{entry.category}</a></div>
<div class="ewb-trade-main"><div class="ewb-trade-process"><div class="ewb-trade-left clearfix" id="leftcontent"></div></div>
<h2 class="ewb-trade-h">{prefix}{html.escape(notice.title)}</h2>
<div class="ewb-trade-info">信息发布时间：{at:%Y-%m-%d %H:%M:%S}<span></span>来源：{notice.place.city}云平台<span></span>
阅读次数：<span id="infoViewCount"></span><a href="javascript:window.print();">【我要打印】</a>
<span id="fbdate" style="display:none;">{at:%Y-%m}</span></div>
<div class="ewb-trade-con clearfix">
<!-- <div class="ewb-trade-left l" id="leftcontent"></div> -->
<div class="ewb-trade-right l">
<!doctype html>
<html lang="en"><head><meta charset="UTF-8"><title>Title</title><style>*{{margin:0;padding:0}}body{{margin:0 1.89cm}}</style></head>
<body>{notice.html}{attach}</body></html></div>
</div><div id="attach" class="con"></div><div id="detailztbbs" style="display:none;">{entry.key[:8]}</div></div></div></div>
<div id="foot"></div><p>{NOTE}</p></body></html>"""
