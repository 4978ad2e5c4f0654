"""江苏省公共资源交易网: tenders for works (建设工程·招标公告/资审公告), all cities of the province.

Only the one category code below is attested. The portal has others (交通工程 003002…, 水利工程 003003…,
政府采购 003004…) whose meanings must be read off live pages before they are added: codes are never
inferred by pattern. The portal serves http only. Nothing here has been checked against the live portal.
"""

from __future__ import annotations

from crawlers.platforms.epoint import Category, Detail, Epoint
from opportunity.notice import NoticeType, Region
from opportunity.source import Basis, Expectation, Politeness, Source, Timetable

PLATFORM = Epoint(
    categories=(Category(code="003001001", name="建设工程·招标公告/资审公告", type=NoticeType.TENDER),),
    sort_field="infodatepx",
    detail=Detail(
        title="h2.ewb-trade-h",
        info="div.ewb-trade-info",
        body=".ewb-trade-con .ewb-trade-right",
        attachments=".ewb-trade-right .attach, #attach",
    ),
)

SOURCE = Source(
    id="jiangsu_public_resources",
    title="江苏省公共资源交易网",
    publisher="江苏省公共资源交易中心",
    official=True,
    region=Region(code="320000", name="江苏省"),
    home="http://jsggzy.jszwfw.gov.cn/",
    base="http://jsggzy.jszwfw.gov.cn/",
    platform="epoint",
    kind="public_resources",
    timetable=Timetable(minutes=60, overlap_hours=48, time_limit_minutes=30),
    politeness=Politeness(delay_seconds=3.0, requests_a_run=500, requests_a_day=6_000),
    expect=Expectation(rows_a_run=5, body_share=0.9),
    basis=Basis(
        terms="依法公开的交易信息；尚未在线核对网站声明",
        robots="尚未在线核对，每次运行前读取并遵守",
        read_on="2026-11-24",
        attribution="来源：江苏省公共资源交易网（jsggzy.jszwfw.gov.cn）",
    ),
)
