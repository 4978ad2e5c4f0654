"""Fields by name, in Chinese and English, and the filters their values make."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from opportunity.notice import AMOUNT_FIELDS, MOMENT_FIELDS, SHANGHAI, Origin, type_table
from opportunity.query import AmountRange, Choice, Filter, MomentRange, Openness
from opportunity.region import region
from search_api.query_fields import (
    AMOUNTS,
    CHOICES,
    FIELD_NAMES,
    FILTER_NAMES,
    MOMENTS,
    SCOPES,
    STATE_NAMES,
    WHOLE,
    read_filter,
    write_filter,
)

NOW = dt.datetime(2026, 11, 24, 12, 30, 15, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("类型", "招标公告", Choice(field="type", values=("tender",))), ("type", "AWARD", Choice(field="type", values=("award",))),
        ("类型", "中标|竞争性磋商,更正", Choice(field="type", values=("award", "consultation", "correction"))),
        ("地区", "浙江，330203!", Choice(field="region", values=("330000", "330203"), unknown=False)),
        ("地区", "浙江省宁波市", Choice(field="region", values=("330200",))),
        ("来源", "demo_a,demo_b", Choice(field="source", values=("demo_a", "demo_b"))),
        ("取得方式", "实时,import", Choice(field="origin", values=("live", "import"))),
        ("预算", ">=100万!", AmountRange(field="budget", low=Decimal(1_000_000), unknown=False)),
        ("award", "..5", AmountRange(field="award_amount", high=Decimal(5))),
        ("发布", "2026-11-01", MomentRange(field="published", low=dt.datetime(2026, 11, 1, tzinfo=SHANGHAI), high=dt.datetime(2026, 11, 2, tzinfo=SHANGHAI))),
        ("开标", "0天内", MomentRange(field="opening_time", low=NOW, high=dt.datetime(2026, 11, 25, tzinfo=SHANGHAI))),
        ("状态", "可参与", Openness(states=("open", "unknown"), now=NOW)), ("状态", "可参与!", Openness(states=("open",), now=NOW)),
        ("state", "Closed,open!", Openness(states=("open", "closed"), now=NOW)), ("状态", "未知", Openness(states=("unknown",), now=NOW)),
    ],
)
def test_filters_are_read_and_written_back(name: str, value: str, expected: Filter) -> None:
    assert read_filter(name, value, NOW) == expected
    written_name, _, written = write_filter(expected).partition(":")
    assert read_filter(written_name, written, NOW) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("类型", "某某"), ("类型", "招标,某某"), ("类型", ""), ("类型", "!"), ("地区", "宁波某局"), ("地区", "999999"), ("地区", "朝阳区"),
        ("来源", "某 站"), ("取得方式", "手抄"), ("预算", "100万"), ("发布", "昨夜"), ("状态", "开放"), ("没有", "这样"),
    ],
)
def test_what_cannot_be_read_is_text(name: str, value: str) -> None:
    assert read_filter(name, value, NOW) is None


def test_every_field_has_a_chinese_name_and_no_name_means_two_things() -> None:
    assert set(AMOUNTS.values()) == set(AMOUNT_FIELDS)
    assert set(MOMENTS.values()) == {*MOMENT_FIELDS, "published", "first_seen", "enter_until"}
    tables = (SCOPES, CHOICES, AMOUNTS, MOMENTS, STATE_NAMES, WHOLE)
    names = [name for table in tables for name in table]
    assert len(names) == len(set(names)) == len(FILTER_NAMES) + len(SCOPES) + len(WHOLE)
    assert not any(name.isascii() for name in FIELD_NAMES.values())
    assert all(name == name.lower() for name in names)


def test_every_type_region_and_origin_is_read_by_its_official_name() -> None:
    for code, chinese in type_table.items():
        assert read_filter("类型", chinese, NOW) == Choice(field="type", values=(code,))
    for origin in Origin:
        assert read_filter("origin", origin.value, NOW) == Choice(field="origin", values=(origin.value,))
    for code in ("110000", "330000", "330200", "330203", "650000"):
        known = region(code)
        assert known is not None
        assert read_filter("地区", known.name, NOW) == Choice(field="region", values=(code,))
