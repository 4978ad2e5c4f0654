"""Ranges as typed: what they mean, what is text, and that what is written is read back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opportunity.errors import BadQuery
from opportunity.notice import SHANGHAI
from search_api.query_ranges import read_amounts, read_times, write_amounts, write_times

NOW = dt.datetime(2026, 11, 24, 12, 30, 15, tzinfo=SHANGHAI)  # a Tuesday


def day(month: int, number: int, hour: int = 0, minute: int = 0, second: int = 0) -> dt.datetime:
    return dt.datetime(2026, month, number, hour, minute, second, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("100万..500万", (1_000_000, 5_000_000)), ("100..500万", (1_000_000, 5_000_000)), ("1000000..500万", (1_000_000, 5_000_000)),
        ("100万元~1.5亿元", (1_000_000, 150_000_000)), ("100万-500万", (1_000_000, 5_000_000)), ("3,750,000..400万", (3_750_000, 4_000_000)),
        (">=100万", (1_000_000, None)), ("<=500万", (None, 5_000_000)), ("≥100万", (1_000_000, None)),
        (">100万", (Decimal("1000000.01"), None)), ("<100万", (None, Decimal("999999.99"))),
        ("..500万", (None, 5_000_000)), ("100万..", (1_000_000, None)), ("0..5000", (0, 5000)), ("贰万元整..", (20_000, None)),
    ],
)
def test_amounts(value: str, expected: tuple[int | None, int | None]) -> None:
    assert read_amounts(value) == expected


@pytest.mark.parametrize("value", ["", "..", "很多", "100万", "100万元", "约100万..200万", ">=", ">=很多", "100万..美元", "1e5..", "-", "１００.."])
def test_what_is_no_range_of_amounts_is_text(value: str) -> None:
    assert read_amounts(value) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-01..2026-11-30", (day(11, 1), day(12, 1))), ("2026/11/1~2026/11/30", (day(11, 1), day(12, 1))),
        ("2026年11月1日至2026年11月30日", (day(11, 1), day(12, 1))), ("2026-11-01", (day(11, 1), day(11, 2))),
        ("2026-11-01..", (day(11, 1), None)), ("..2026-11-30", (None, day(12, 1))), ("<=2026-11-30", (None, day(12, 1))),
        ("<2026-11-30", (None, day(11, 30))), (">2026-11-30", (day(12, 1), None)),
        ("2026-11-01T09:00..2026-11-01T17:30", (day(11, 1, 9), day(11, 1, 17, 30))), (">=2026-11-01T09:00", (day(11, 1, 9), None)),
        ("今天", (day(11, 24), day(11, 25))), ("昨天", (day(11, 23), day(11, 24))), ("明天", (day(11, 25), day(11, 26))),
        ("本周", (day(11, 23), day(11, 30))), ("上周", (day(11, 16), day(11, 23))), ("下周", (day(11, 30), day(12, 7))),
        ("本月", (day(11, 1), day(12, 1))), ("上月", (day(10, 1), day(11, 1))), ("7天内", (day(11, 17), day(11, 25))),
    ],
)
def test_times(value: str, expected: tuple[dt.datetime | None, dt.datetime | None]) -> None:
    assert read_times(value, NOW, past=True) == expected


def test_days_ahead_begin_now_and_end_with_their_last_day() -> None:
    assert read_times("7天内", NOW, past=False) == (NOW, day(12, 2))
    assert read_times("0天内", NOW, past=False) == (NOW, day(11, 25))


def test_today_is_that_of_shanghai() -> None:
    late = dt.datetime(2026, 11, 24, 20, tzinfo=dt.UTC)
    assert read_times("今天", late, past=True) == (day(11, 25), day(11, 26))


@pytest.mark.parametrize(
    "value", ["", "..", "很久", "2026-13-01", "2026-02-30", "2026-11-01前", "2026-11-01T09:00", "2026-11-01T25:00..", "2026", "9999-12-31", ">=明年"]
)
def test_what_is_no_time_is_text(value: str) -> None:
    assert read_times(value, NOW, past=True) is None


def test_a_range_that_runs_backwards_is_refused() -> None:
    with pytest.raises(BadQuery, match="下限大于上限"):
        read_amounts("500万..100万")
    with pytest.raises(BadQuery, match="开始晚于结束"):
        read_times("2026-12-01..2026-11-01", NOW, past=True)


instants = st.datetimes(dt.datetime(1990, 1, 2), dt.datetime(2100, 1, 1), timezones=st.just(SHANGHAI)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
bounds = st.one_of(instants, instants.map(lambda moment: moment.replace(hour=0, minute=0, second=0)))


@given(st.one_of(st.none(), bounds), st.one_of(st.none(), bounds))
def test_written_times_are_read_back(low: dt.datetime | None, high: dt.datetime | None) -> None:
    if (low is None and high is None) or (low and high and low > high):
        return
    assert read_times(write_times(low, high), NOW, past=True) == (low, high)


money = st.decimals(0, 10**13, places=2)


@given(st.one_of(st.none(), money), st.one_of(st.none(), money))
def test_written_amounts_are_read_back(low: Decimal | None, high: Decimal | None) -> None:
    if (low is None and high is None) or (low is not None and high is not None and low > high):
        return
    assert read_amounts(write_amounts(low, high)) == (low, high)
