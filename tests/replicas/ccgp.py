"""A replica in the manner of the national government procurement site: static list pages and notice pages.

Kept from the original: index.htm then index_1.htm …, a script line Pager({size: pages …}), 404 past the last page,
hrefs relative to the channel folder, ``<em rel="bxlx">`` first on lists that mix types, a summary table with
repeated labels and empty values, nested divs, a style block at the start of the body, attachments in two places.
"""

from __future__ import annotations

import datetime as dt
import html
import re
from random import Random

from opportunity.notice import SHANGHAI, NoticeType
from tests.replicas.http_words import Request, Response, not_found, page
from tests.replicas.invented import Invented
from tests.replicas.portal import Entry, Portal
from tests.replicas.vocabulary import NOTE, PEOPLE, PHONE

CHANNELS = {
    "gkzb": "公开招标", "xjgg": "询价公告", "jzxtpgg": "竞争性谈判", "jzxcs": "竞争性磋商", "dylygg": "单一来源", "zgysgg": "资格预审",
    "yqzbgg": "邀请招标", "zbgg": "中标公告", "cjgg": "成交公告", "gzgg": "更正公告", "fblbgg": "终止公告", "qtgg": "其他公告",
}
_channels = {
    NoticeType.TENDER: "gkzb", NoticeType.INQUIRY: "xjgg", NoticeType.NEGOTIATION: "jzxtpgg", NoticeType.CONSULTATION: "jzxcs",
    NoticeType.SINGLE_SOURCE: "dylygg", NoticeType.PREQUALIFICATION: "zgysgg", NoticeType.CORRECTION: "gzgg",
    NoticeType.TERMINATION: "fblbgg", NoticeType.ACCEPTANCE: "qtgg", NoticeType.INTENTION: "qtgg", NoticeType.OTHER: "qtgg",
}
_list = re.compile(r"/cggg/(zygg|dfgg)/(?:([a-z]+)/)?(?:index(?:_(\d+))?\.htm)?")


class Ccgp(Portal):
    demo_id = "demo_national_government_procurement"
    markup = {
        "c_list_bid": "news_list_v2", "vF_detail_content": "article_body", "vF_detail_header": "article_head", "pubTime": "publishedAt",
        "class='title'": "class='label'",
    }
    robots = None  # the original has none
    page_size = 20
    most_pages = 25

    def accepts(self, notice: Invented) -> bool:
        return not notice.works and (notice.type in _channels or notice.type is NoticeType.AWARD)

    def enter(self, notice: Invented, at: dt.datetime, serial: int, rng: Random) -> Entry:
        if notice.type is NoticeType.AWARD:
            channel = "zbgg" if notice.deal == "中标" else "cjgg"
        else:
            channel = _channels[notice.type]
        scope = "zygg" if notice.central else "dfgg"
        key = f"t{at.astimezone(SHANGHAI):%Y%m%d}_{27000000 + serial * 7 + rng.randrange(7)}"
        path = f"/cggg/{scope}/{channel}/{at.astimezone(SHANGHAI):%Y%m}/{key}.htm"
        return Entry(key=key, path=path, notice=notice, published=at, category=f"{scope}/{channel}")

    def answer(self, request: Request) -> Response:
        listed = _list.fullmatch(request.path)
        if listed:
            scope, channel, number = listed.groups()
            if channel is not None and channel not in CHANNELS:
                return not_found("list")
            return self._list(scope, channel, int(number or 0))
        if request.path.startswith("/cggg/"):
            entry = self.found(request.path)
            return page(_detail(entry), purpose="notice") if entry else not_found("notice")
        if request.path == "/oss/download":
            return self.paper_answer(request.query.get("uuid", ""))
        if request.path.startswith("/open-doc/"):
            return self.paper_answer(request.path.rsplit("/", 1)[-1].split(".")[0])
        return not_found()

    def _list(self, scope: str, channel: str | None, number: int) -> Response:
        wanted = f"{scope}/{channel}" if channel else f"{scope}/"
        size = 10 if self.faults.take("page_size_10", "list") else self.page_size
        entries = self.newest_first(lambda entry: entry.category.startswith(wanted))[: size * self.most_pages]
        window = self.window(entries, number * size, size)
        pages = max(1, -(-window.total // size))
        if number >= pages:
            return not_found("list")
        items = "\n".join(_row(entry, mixed=channel is None) for entry in window.rows)
        pager = "" if self.faults.take("next_missing", "list") else (
            f"<script>Pager({{size:{pages}, current:{number}, prefix:'index',suffix:'htm'}});</script>"
        )
        name = CHANNELS[channel] if channel else "全部公告"
        return page(f"""<!doctype html>
<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<meta name="SiteName" content="中国政府采购网（演示副本）" /><title>{name}</title></head><body>
<div class="main"><div class="main_container"><div class="vT_z w760"><div class="list_head"><h2>{name}</h2></div>
<ul class="c_list_bid">
{items}
</ul>
<p class="pager">{pager}</p></div></div></div><div class="footer"><p>{NOTE}</p></div></body></html>""", purpose="list")


def _area(notice: Invented) -> str:
    name = notice.place.province
    for end in ("壮族自治区", "回族自治区", "维吾尔自治区", "自治区", "省", "市"):
        name = name.removesuffix(end)
    return name


def _row(entry: Entry, *, mixed: bool) -> str:
    notice, (scope, channel) = entry.notice, entry.category.split("/")
    href = "./" + entry.path.removeprefix(f"/cggg/{scope}/" if mixed else f"/cggg/{scope}/{channel}/")
    title = html.escape(notice.title)
    kind = f'<em rel="bxlx">{CHANNELS[channel]}</em>' if mixed else ""
    return (
        f'<li><a href="{href}" title="{title}">{title}</a>{kind}'
        f"发布时间：<em>{entry.published.astimezone(SHANGHAI):%Y-%m-%d %H:%M}</em> 地域：<em>{_area(notice)}</em> "
        f"采购人：<em>{notice.known_buyer}</em></li>"
    )


def _summary(entry: Entry) -> str:
    """The 公告概要: label and value cells; some values are empty and 采购单位 comes twice."""
    notice, at = entry.notice, entry.published.astimezone(SHANGHAI)
    wide = [("采购项目名称", notice.project_name), ("品目", "<p></p>"), ("采购单位", notice.known_buyer)]
    later: list[tuple[str, str]] = []
    if isinstance(notice.opening_time, dt.datetime):
        later.append(("开标时间", f"{notice.opening_time.astimezone(SHANGHAI):%Y年%m月%d日  %H:%M}"))
    if notice.budget is not None:
        later.append(("预算金额", f"￥{notice.budget / 10000:.6f}万元（人民币）"))
    if notice.award_amount is not None:
        later.append(("总中标金额" if notice.deal == "中标" else "总成交金额", f"￥{notice.award_amount / 10000:.6f} 万元（人民币）"))
    people = [
        ("项目联系人", PEOPLE[0]), ("项目联系电话", PHONE), ("采购单位", notice.known_buyer), ("采购单位地址", notice.place.full),
        ("采购单位联系方式", PHONE),
    ]
    if notice.known_agency:
        people += [("代理机构名称", notice.known_agency), ("代理机构地址", ""), ("代理机构联系方式", PHONE)]
    papers = [
        (f"附件{index}", f"<a class='bizDownload' href='' id='{paper.id}' title='点击下载'>{html.escape(paper.name)}</a>")
        for index, paper in enumerate(notice.attachments, 1)
    ]

    def rows(pairs: list[tuple[str, str]]) -> str:
        return "".join(f"<tr><td class='title'>{label}</td><td colspan='3'>{value}</td></tr>" for label, value in pairs)

    where = (
        f"<tr><td class='title'>行政区域</td><td width='168'>{notice.place.province}</td><td class='title' width='128'>公告时间</td>"
        f"<td width='168'>{at:%Y年%m月%d日  %H:%M}</td></tr>"
    )
    files = f"<tr><td colspan='4'><b>附件：</b></td></tr>{rows(papers)}" if papers else ""
    return (
        "<div class='table'><h5>公告概要：</h5><table width='600' border='0' cellspacing='1'><tr><td colspan='4'><b>公告信息：</b></td></tr>"
        f"{rows(wide)}{where}{rows(later)}<tr><td colspan=\"4\"><b>联系人及联系方式：</b></td></tr>{rows(people)}{files}</table></div>"
    )


def _detail(entry: Entry) -> str:
    notice, at = entry.notice, entry.published.astimezone(SHANGHAI)
    title = html.escape(notice.title)
    channel = CHANNELS[entry.category.split("/")[1]]
    links = "".join(
        f'<li><p style="display:inline-block"><a href="/open-doc/{paper.id}.docx" ignore=1>{html.escape(paper.name)}</a></p></li>'
        for paper in notice.attachments
    )
    files = f"<p class='fjxx'>附件信息：</p><ul class=\"fjxx\">{links}</ul>" if links else ""
    # award pages of the original hold a whole form with more closing divs than a careless pattern expects
    wrap = ('<form id="aspnetForm"><div><div>', "</div></div></form>") if notice.type is NoticeType.AWARD else ("<div><div>", "</div></div>")
    return f"""<!doctype html>
<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<meta name="SiteName" content="中国政府采购网（演示副本）" /><meta name="ArticleTitle" content="{title}" />
<meta name="PubDate" content="{at:%Y-%m-%d %H:%M}" /><meta name="ContentSource" content="演示平台" /><title>{title}</title></head>
<body id="detail"><div class="main"><div class="main_container">
<div class="vF_deail_currentloc mt10"><p>当前位置：<a href="../../../../">首页</a>&nbsp;&raquo;&nbsp;<a href="../">{channel}</a></p></div>
<div class="vF_deail_maincontent"><div class="vF_detail_main"><div class="vF_detail_header"><h2 class="tc">{title}</h2>
<p class="tc"><span id="pubTime">{at:%Y年%m月%d日 %H:%M}</span> 来源：<span id="sourceName"></span> 【<span id="printBtn">打印</span>】</p></div>
<!--contentTable-->
{_summary(entry)}
<!--contentTable-->
<div class="vF_detail_content_container"><div class="vF_detail_content">
<style type="text/css">th,td {{border:1px solid #DDD;padding: 5px 10px;}}</style>{wrap[0]}{notice.html}{wrap[1]}{files}
</div></div><!--vF_detail_content_container-->
</div><!--vF_detail_main--></div><!--vF_deail_maincontent-->
<div class="vF_detail_relcontent mt13"><h2><p>相关公告</p></h2><ul class="c_list_tat"></ul></div>
</div></div><div class="footer mt13"><p>{NOTE}</p></div></body></html>"""
