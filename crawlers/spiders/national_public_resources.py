"""全国公共资源交易平台: works tenders (工程建设), government purchases (政府采购) and 其他, all provinces.

Land, mining rights, state property, carbon and emission rights are trades in rights, not tenders; they
are not read. Nothing here has been checked against the live portal.
"""

from __future__ import annotations

from crawlers.platforms.ggzy import Ggzy
from opportunity.source import Basis, Expectation, Politeness, Source, Timetable

PLATFORM = Ggzy(classes=("01", "02", "90"))

SOURCE = Source(
    id="national_public_resources",
    title="全国公共资源交易平台",
    publisher="国家发展和改革委员会（国家信息中心承办）",
    official=True,
    region=None,
    home="https://www.ggzy.gov.cn/deal/dealList.html",
    base="https://www.ggzy.gov.cn/",
    platform="ggzy",
    kind="public_resources",
    timetable=Timetable(minutes=60, overlap_hours=48, time_limit_minutes=55),
    politeness=Politeness(delay_seconds=3.0, requests_a_run=900, requests_a_day=20_000),
    expect=Expectation(rows_a_run=20, body_share=0.3),
    basis=Basis(
        terms="依法公开的交易信息；尚未在线核对网站声明",
        robots="尚未在线核对，每次运行前读取并遵守",
        read_on="2026-11-24",
        attribution="来源：全国公共资源交易平台（www.ggzy.gov.cn）",
    ),
)
