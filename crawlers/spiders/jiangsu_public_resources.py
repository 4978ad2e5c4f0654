"""江苏省公共资源交易网: works (建设, 交通, 水利), government purchases and the rest of the tree 003, all cities.

One chain asks for the whole tree (the search is by prefix). What the codes under it mean is attested for the
business (003001 建设工程, 003002 交通工程, 003003 水利工程, 003004 政府采购, 003006 国有产权, 003013 土地矿业交易) and for one kind
of notice (003001001); elsewhere the type is left to the text. Land, mining and state property are trades in
rights, not tenders; they are counted and not read.

The whole volume of a busy day may be more than one run's requests; the run then says so and is incomplete, and the next
goes on from there. The portal serves http only. Nothing here has been checked against the live portal.
"""

from __future__ import annotations

from crawlers.platforms.epoint import Category, Detail, Epoint
from opportunity.notice import NoticeType, Region
from opportunity.source import Basis, Expectation, Politeness, Source, Timetable

PLATFORM = Epoint(
    categories=(
        Category(code="003", name="交易信息", type=None),
        Category(code="003001001", name="建设工程·招标公告/资审公告", type=NoticeType.TENDER),
        Category(code="003006", name="国有产权", type=None, read=False),
        Category(code="003013", name="土地矿业交易", type=None, read=False),
    ),
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
    timetable=Timetable(minutes=60, overlap_hours=48, time_limit_minutes=55),
    politeness=Politeness(delay_seconds=3.0, requests_a_run=1_000, requests_a_day=20_000),
    expect=Expectation(rows_a_run=5, body_share=0.9),
    basis=Basis(
        terms="依法公开的交易信息；尚未在线核对网站声明",
        robots="尚未在线核对，每次运行前读取并遵守",
        read_on="2026-11-24",
        attribution="来源：江苏省公共资源交易网（jsggzy.jszwfw.gov.cn）",
    ),
)
