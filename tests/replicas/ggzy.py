"""A replica in the manner of the national public resources platform: POSTed list as JSON, /a/ shell, /b/ body.

Kept from the original: DEAL_TIME is required (404 HTML without it), an "any" classification finds nothing, the total
is cut at 1000 without a word, 829 asks for a captcha when lists come too fast (``min_interval``), dates carry no
time, the platform text may be null, and many rows have no body at all.
"""

from __future__ import annotations

import base64
import datetime as dt
import html
from dataclasses import replace
from random import Random
from typing import Any

from opportunity.notice import SHANGHAI, NoticeType
from tests.replicas import wording
from tests.replicas.http_words import Request, Response, json_answer, not_found, page
from tests.replicas.invented import Invented
from tests.replicas.portal import Entry, Portal
from tests.replicas.vocabulary import NOTE

LIST = "/information/pubTradingInfo/getTradList"
CAP = 1000
_windows = {"01": 1, "02": 3, "03": 10, "04": 30, "05": 90}
_business = {"01": "工程建设", "02": "政府采购", "05": "国有产权"}
_stages = {
    "0101": "招标/资审公告", "0104": "交易结果公示", "0105": "招标/资审文件澄清",
    "0201": "采购/资审公告", "0202": "中标公告", "0203": "采购合同", "0204": "更正事项", "0501": "挂牌披露",
}
_works = {
    NoticeType.TENDER: "0101", NoticeType.TERMINATION: "0101", NoticeType.CANDIDATE: "0104", NoticeType.AWARD: "0104",
    NoticeType.CORRECTION: "0105",
}
_procurement = {
    **dict.fromkeys(
        (NoticeType.TENDER, NoticeType.PREQUALIFICATION, NoticeType.NEGOTIATION, NoticeType.CONSULTATION, NoticeType.INQUIRY,
         NoticeType.SINGLE_SOURCE), "0201"),
    NoticeType.AWARD: "0202", NoticeType.CONTRACT: "0203", NoticeType.CORRECTION: "0204", NoticeType.TERMINATION: "0204",
}


class Ggzy(Portal):
    demo_id = "demo_national_public_resources"
    markup = {
        '"records"': '"rows"', '"title"': '"noticeTitle"', 'id="mycontent"': 'id="detail-content"', 'class="p_o"': 'class="time"',
        'class="h4_o"': 'class="headline"',
    }
    min_interval = 0.0
    page_size = 20
    cap = CAP
    _last_list: float | None = None

    def accepts(self, notice: Invented) -> bool:
        return notice.type in (_works if notice.works else _procurement)

    def enter(self, notice: Invented, at: dt.datetime, serial: int, rng: Random) -> Entry:
        province = notice.place.code[:2]
        stage = (_works if notice.works else _procurement)[notice.type]
        missing = rng.random() < 0.11
        if serial % 29 == 0:
            notice, stage, missing = _asset(notice), "0501", True
        elif stage == "0203":
            notice = replace(notice, html=_contract(notice))
        day = at.astimezone(SHANGHAI)
        key = f"00{province}{rng.getrandbits(128):032x}"
        path = f"/information/deal/html/a/{province}0000/{stage}/{day:%Y%m%d}/{key}.html"
        return Entry(key=key, path=path, notice=notice, published=at, category=stage, body_missing=missing)

    def answer(self, request: Request) -> Response:
        path = request.path
        if path == LIST:
            return self._list(request) if request.method == "POST" else not_found("list")
        if path.startswith("/information/deal/html/a/"):
            entry = self.found(path)
            return page(self._shell(entry), purpose="notice") if entry else not_found("notice")
        if path.startswith("/information/deal/html/b/"):
            entry = self.found(path.replace("/html/b/", "/html/a/"))
            return page(_body(entry), purpose="notice") if entry else not_found("notice")
        if path.startswith("/information/file/"):
            return self.paper_answer(path.rsplit("/", 1)[-1])
        if path in ("/", "/deal/dealList.html"):
            return page(f"<html><head><title>交易公开</title></head><body><div id=\"toview\"></div><p>{NOTE}</p></body></html>", purpose="other")
        return not_found()

    def _list(self, request: Request) -> Response:
        form = request.form
        if not form.get("DEAL_TIME"):
            return not_found("list")
        with self.lock:
            hasty = self._last_list is not None and request.monotonic - self._last_list < self.min_interval
            self._last_list = request.monotonic
        if hasty:
            image = base64.b64encode(b"demonstration").decode()
            return json_answer({"code": 829, "message": "请输入验证码", "captchaToken": "0000", "captchaImage": image, "data": None})
        try:
            number = int(form.get("PAGENUMBER", "1"))
            first, last = _span(form, request.at.astimezone(SHANGHAI).date())
        except ValueError:
            return json_answer({"code": 801, "message": "参数错误", "data": None})
        if number < 1:
            return json_answer({"code": 801, "message": "参数错误", "data": None})
        entries = self.newest_first(lambda entry: first <= entry.day <= last and _wanted(entry, form))
        size = 10 if self.faults.take("page_size_10", "list") else self.page_size
        window = self.window(entries[: self.cap], (number - 1) * size, size)
        data = {
            "records": [_record(entry) for entry in window.rows], "total": window.total, "size": size, "current": number,
            "pages": -(-window.total // size),
        }
        if self.faults.take("next_missing", "list"):
            del data["pages"], data["total"]
        return json_answer({"code": 200, "message": "success", "data": data})

    def _shell(self, entry: Entry) -> str:
        notice = entry.notice
        related = self.newest_first(lambda other: other.notice.project_name == notice.project_name)
        tabs = "".join(
            f'<li><a href="{other.path}" title="{html.escape(other.notice.title)}">{_stages[other.category]}</a></li>' for other in related
        )
        number = f"项目编号：{notice.project_number}" if notice.project_number else ""
        return f"""<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>全国公共资源交易平台（演示副本）</title></head><body>
<div class="detail"><h4 class="h4_o">{html.escape(notice.title)}</h4><p class="p_o"><span>{number}</span></p>
<p class="p_t">来源平台：<label id="platformName">{_platform(entry) or ""}</label></p>
<ul class="ul_toggle">{tabs}</ul><div id="detailContent"></div></div>
<script>var firstLastUrl = "{entry.path.replace('/html/a/', '/html/b/')}";</script><p>{NOTE}</p></body></html>"""


def _span(form: dict[str, str], today: dt.date) -> tuple[dt.date, dt.date]:
    """The days a query asks for; raises ValueError where a parameter is bad."""
    code = form["DEAL_TIME"]
    if code == "06":
        return dt.date.fromisoformat(form.get("TIMEBEGIN", "")), dt.date.fromisoformat(form.get("TIMEEND", ""))
    if code not in _windows:
        raise ValueError(code)
    return today - dt.timedelta(days=_windows[code] - 1), today


def _wanted(entry: Entry, form: dict[str, str]) -> bool:
    classify, stage, province = form.get("DEAL_CLASSIFY"), form.get("DEAL_STAGE"), form.get("DEAL_PROVINCE")
    if classify is not None and entry.category[:2] != classify:
        return False
    if stage and not stage.endswith("00") and entry.category != stage:
        return False
    if stage and stage.endswith("00") and stage != "0000" and entry.category[:2] != stage[:2]:
        return False
    if province and province != "0" and entry.notice.place.code[:2] != province[:2]:
        return False
    if form.get("SOURCE_TYPE", "1") not in ("", "0", "1"):
        return False
    return form.get("FINDTXT", "") in entry.notice.title


def _platform(entry: Entry) -> str | None:
    # the original leaves this null for some provinces
    return None if entry.key[-1] in "05" else f"{entry.notice.place.city or entry.notice.place.province}公共资源交易中心"


def _record(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.key, "title": entry.notice.title, "publishTime": entry.day.isoformat(), "provinceText": entry.notice.place.province,
        "transactionSourcesPlatformText": _platform(entry), "businessTypeText": _business[entry.category[:2]],
        "informationTypeText": _stages[entry.category], "url": entry.path,
    }


def _body(entry: Entry) -> str:
    notice = entry.notice
    inner = "" if entry.body_missing else notice.html
    links = "".join(f'<p><a href="/information/file/{paper.id}">{html.escape(paper.name)}</a></p>' for paper in notice.attachments)
    files = f'<div class="attach">{links}</div>' if links and not entry.body_missing else ""
    return f"""<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>{html.escape(notice.title)}</title></head><body>
<div class="detail"><h4 class="h4_o">{html.escape(notice.title)}</h4>
<p class="p_o"><span>发布时间：{entry.published.astimezone(SHANGHAI):%Y-%m-%d %H:%M}</span>&nbsp;信息来源：{_platform(entry) or ""}</p>
<div class="detail_content"><div id="mycontent">{inner}{files}</div></div></div><p>{NOTE}</p></body></html>"""


def _asset(notice: Invented) -> Invented:
    """A sale of property of the same buyer: a row with metadata only."""
    return Invented(
        title=f"{notice.known_buyer}闲置资产转让公告", html="", layout="none", type=NoticeType.OTHER, works=False, central=False,
        project_name=f"{notice.known_buyer}闲置资产转让", place=notice.place, region=notice.region, published=notice.published,
        project=notice.project,
    )


def _contract(notice: Invented) -> str:
    rows = [("合同编号", f"HT-{notice.published.year}-{notice.place.code}"), ("合同名称", f"{notice.project_name}合同")]
    if notice.project_number:
        rows.append(("项目编号", notice.project_number))
    rows += [("项目名称", notice.project_name), ("采购人名称", notice.known_buyer), ("中标（成交）供应商名称", "、".join(notice.suppliers))]
    if notice.award_amount is not None:
        rows.append(("合同金额（万元）", wording.ten_thousands(notice.award_amount)))
    if notice.agency:
        rows.append(("代理机构", notice.agency))
    rows.append(("合同签署时间", f"{notice.published.astimezone(SHANGHAI):%Y-%m-%d}"))
    cells = "".join(f"<tr><th>{label}</th><td>{html.escape(value)}</td></tr>" for label, value in rows)
    return f'<table class="detail_Table"><tbody>{cells}</tbody></table><p class="demonstration">{NOTE}</p>'
