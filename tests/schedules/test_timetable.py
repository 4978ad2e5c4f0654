"""Planned times: aligned, spread, by weekday names only; a bad row is parked and the others run."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opportunity.errors import ScheduleError
from opportunity.notice import SHANGHAI
from opportunity.settings import Settings
from opportunity.store import Store
from schedules.timetable import Entry, newest_slot, offset_seconds, slots_between, synchronise, trigger

NOW = dt.datetime(2026, 11, 24, 10, 7, 30, tzinfo=SHANGHAI)


def entry(minutes: int = 60, cron: str | None = None, source: str = "somewhere_site") -> Entry:
    return Entry(source=source, minutes=minutes, cron=cron, time_limit_minutes=30)


@given(minutes=st.integers(1, 2880), seconds=st.integers(0, 400 * 86400))
def test_an_interval_has_exactly_one_newest_slot(minutes: int, seconds: int) -> None:
    now = dt.datetime(2026, 1, 1, tzinfo=SHANGHAI) + dt.timedelta(days=3, seconds=seconds)
    row = entry(minutes)
    slot = newest_slot(row, now)
    assert slot is not None
    assert slot <= now < slot + dt.timedelta(minutes=minutes)
    assert newest_slot(row, slot) == slot
    assert newest_slot(row, slot - dt.timedelta(seconds=1)) == slot - dt.timedelta(minutes=minutes)


def test_the_bell_and_our_arithmetic_agree() -> None:
    row = entry(45)
    slot = newest_slot(row, NOW)
    assert slot is not None
    assert trigger(row).get_next_fire_time(None, NOW) == slot + dt.timedelta(minutes=45)


def test_sources_are_spread_over_the_interval() -> None:
    offsets = {offset_seconds(f"place_{number}", 60) for number in range(200)}
    assert len(offsets) > 150


def test_cron_counts_by_weekday_names_in_shanghai() -> None:
    row = entry(cron="30 8 * * mon-fri")
    assert newest_slot(row, NOW) == dt.datetime(2026, 11, 24, 8, 30, tzinfo=SHANGHAI)
    monday_early = dt.datetime(2026, 11, 23, 7, 0, tzinfo=SHANGHAI)
    assert newest_slot(row, monday_early) == dt.datetime(2026, 11, 20, 8, 30, tzinfo=SHANGHAI)
    assert slots_between(
        row, dt.datetime(2026, 11, 19, 8, 30, tzinfo=SHANGHAI), dt.datetime(2026, 11, 24, 8, 30, tzinfo=SHANGHAI)
    ) == 2


@pytest.mark.parametrize("cron", ["30 8 * * 1-5", "30 8 * *", "99 8 * * mon", "x", "0 0 30 2 * *"])
def test_what_cannot_be_understood_is_an_error(cron: str) -> None:
    with pytest.raises(ScheduleError):
        trigger(entry(cron=cron))


def test_leap_day_and_year_end() -> None:
    row = entry(cron="0 9 29 2 *")
    assert newest_slot(row, dt.datetime(2028, 3, 1, tzinfo=SHANGHAI)) == dt.datetime(2028, 2, 29, 9, tzinfo=SHANGHAI)
    assert newest_slot(row, dt.datetime(2027, 3, 5, tzinfo=SHANGHAI)) is None
    daily = entry(cron="0 0 * * *")
    assert newest_slot(daily, dt.datetime(2027, 1, 1, 0, 0, tzinfo=SHANGHAI)) == dt.datetime(
        2027, 1, 1, tzinfo=SHANGHAI
    )


def facts(minutes: object, cron: str | None = None) -> dict[str, object]:
    return {"title": "某地", "timetable": {"minutes": minutes, "cron": cron, "overlap_hours": 48, "time_limit_minutes": 5}}


def test_a_bad_row_is_parked_and_the_others_run(store: Store, settings: Settings) -> None:
    store.set_source_state("good_place", enabled=True, facts_json=facts(30))
    store.set_source_state("bad_cron", enabled=True, facts_json=facts(30, "0 8 * * 1"))
    store.set_source_state("bad_minutes", enabled=True, facts_json=facts("often"))
    store.set_source_state("switched_off", enabled=False, facts_json=facts(30))
    rows = {row.source: row for row in synchronise(store, NOW)}
    assert rows.keys() == {"good_place", "bad_cron", "bad_minutes"}
    assert rows["good_place"].parked is None
    assert "英文缩写" in (rows["bad_cron"].parked or "")
    assert "不完整" in (rows["bad_minutes"].parked or "")
    store.set_source_state("good_place", enabled=False)
    assert {row.source for row in synchronise(store, NOW)} == {"bad_cron", "bad_minutes"}


def test_a_paused_source_waits_until_its_pause_ends(store: Store) -> None:
    store.set_source_state("good_place", enabled=True, facts_json=facts(30), paused_until=NOW + dt.timedelta(hours=1))
    assert synchronise(store, NOW) == []
    assert [row.source for row in synchronise(store, NOW + dt.timedelta(hours=1))] == ["good_place"]
