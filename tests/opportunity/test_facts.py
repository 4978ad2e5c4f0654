"""Facts: whole 分, whole seconds, regions by prefix; the bounds say exactly what the ranges say."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opportunity.facts import amount_bounds, cents, facts_of, moment_bounds, moment_span, region_prefix, seconds
from opportunity.notice import SHANGHAI, gate_state
from opportunity.region import contains
from tests.opportunity.records import record

FROM, TO = dt.datetime(1960, 1, 1), dt.datetime(2100, 1, 1)  # noqa: DTZ001 (the strategy adds the zone)
instants = st.datetimes(FROM, TO, timezones=st.just(SHANGHAI))
amounts = st.decimals(-10**12, 10**12, places=2)


@pytest.mark.parametrize(
    ("outer", "inner", "holds"),
    [
        ("330000", "330200", True), ("330000", "330203", True), ("330200", "330203", True),
        ("330200", "330000", False), ("330203", "330200", False), ("330200", "330100", False),
        ("469000", "469001", True),
        ("330000", "320000", False),
    ],
)
def test_a_province_holds_its_counties(outer: str, inner: str, holds: bool) -> None:
    assert contains(outer, inner) is holds
    assert inner.startswith(region_prefix(outer)) is holds


@given(amounts, st.decimals(-10**12, 10**12, places=4), st.decimals(-10**12, 10**12, places=4))
def test_amount_bounds_say_what_the_range_says(amount: Decimal, low: Decimal, high: Decimal) -> None:
    lowest, highest = amount_bounds(low, high)
    value = cents(amount)
    assert value is not None and lowest is not None and highest is not None
    assert (low <= amount <= high) == (lowest <= value <= highest)


@given(instants.map(lambda moment: moment.replace(microsecond=0)), instants, instants)
def test_moment_bounds_say_what_the_range_says(moment: dt.datetime, low: dt.datetime, high: dt.datetime) -> None:
    low, high = low.replace(microsecond=0), high.replace(microsecond=0)
    span = moment_span(moment)
    earliest, latest = moment_bounds(low, high)
    assert span is not None and earliest is not None and latest is not None
    assert (low <= moment < high) == (span[1] > earliest and span[0] < latest)


@given(st.dates(dt.date(1960, 1, 1), dt.date(2100, 1, 1)), instants, instants)
def test_a_day_is_in_when_any_instant_of_it_is(day: dt.date, low: dt.datetime, high: dt.datetime) -> None:
    begin = dt.datetime.combine(day, dt.time(0), SHANGHAI)
    span = moment_span(day)
    earliest, latest = moment_bounds(low, high)
    assert span is not None and earliest is not None and latest is not None
    if low.microsecond == 0:
        met = low < begin + dt.timedelta(days=1) and begin < high
        assert met == (span[1] > earliest and span[0] < latest)


@given(instants, instants)
def test_entry_agrees_with_the_gate_at_whole_seconds(deadline: dt.datetime, now: dt.datetime) -> None:
    now = now.replace(microsecond=0)
    kept = record(deadline=deadline)
    until = facts_of(kept).enter_until
    assert until is not None
    assert (until > seconds(now)) == (gate_state(kept.fields, now) == "open")


def test_what_is_not_a_number_of_cents_is_unknown() -> None:
    assert cents(Decimal("Infinity")) is None
    assert cents(Decimal("1e30")) is None
    assert cents(None) is None
    assert cents(Decimal("0.005")) == 0
    assert cents(Decimal("0.015")) == 2
