"""中国政府采购网: all government purchasing notices, central (zygg) and local (dfgg), from the static lists.

The portal keeps about 25 pages of a list, for local notices less than a day: hence every 30 minutes. The
search host refuses crawlers after one query and is not used. Nothing here has been checked against the
live portal; its robots.txt was reported as 404 (no restriction by RFC 9309) in August 2026.
"""

from __future__ import annotations

from crawlers.platforms.ccgp import Ccgp
from opportunity.source import Basis, Expectation, Politeness, Source, Timetable

PLATFORM = Ccgp(channels=("dfgg", "zygg"))

SOURCE = Source(
    id="national_government_procurement",
    title="中国政府采购网",
    publisher="财政部国库司",
    official=True,
    region=None,
    home="http://www.ccgp.gov.cn/xxgg/",
    base="http://www.ccgp.gov.cn/",
    platform="ccgp",
    kind="government_procurement",
    timetable=Timetable(minutes=30, overlap_hours=48, time_limit_minutes=28),
    politeness=Politeness(delay_seconds=5.0, requests_a_run=320, requests_a_day=14_000),
    expect=Expectation(rows_a_run=20, body_share=0.95),
    basis=Basis(
        terms="财政部指定的政府采购信息发布媒体，信息依法公开；尚未在线核对网站声明",
        robots="2026-08-19 有记录为 404（无限制）；每次运行前读取并遵守",
        read_on="2026-11-24",
        attribution="来源：中国政府采购网（www.ccgp.gov.cn）",
    ),
)
