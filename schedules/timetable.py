"""The timetable (采集时间表): which sources are due, and which slot of theirs is the newest.

Schedules live in our own table and are rebuilt in memory at start: a row that cannot be understood
is parked with its reason and the others run (APScheduler's own job store deletes such rows).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import delete, insert, select, update

from opportunity.errors import ScheduleError
from opportunity.notice import SHANGHAI
from opportunity.store import Store
from schedules.tables import timetable

EPOCH = dt.datetime(2026, 1, 1, tzinfo=SHANGHAI)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the timetable. ``minutes`` is the interval; ``cron`` replaces it where given."""

    source: str
    minutes: int
    cron: str | None
    time_limit_minutes: int
    parked: str | None = None


def offset_seconds(source: str, minutes: int) -> int:
    """A fixed offset inside the interval, so that two hundred sources are not all due at 00:00."""
    digest = hashlib.sha256(source.encode()).digest()
    return int.from_bytes(digest[:4], "big") % (minutes * 60)


def trigger(entry: Entry) -> BaseTrigger:
    """The APScheduler trigger of a row; ScheduleError when the row cannot be understood."""
    if entry.cron is None:
        if entry.minutes < 1:
            raise ScheduleError(f"来源 {entry.source} 的采集间隔必须至少 1 分钟")
        start = EPOCH + dt.timedelta(seconds=offset_seconds(entry.source, entry.minutes))
        return IntervalTrigger(minutes=entry.minutes, start_date=start, timezone=SHANGHAI)
    fields = entry.cron.split()
    # APScheduler 3 counts 0 as Monday where cron counts Sunday: only names are unambiguous.
    if len(fields) == 5 and re.search(r"\d", fields[4]):
        raise ScheduleError(f"来源 {entry.source} 的 cron 表达式中星期只能写英文缩写（mon、tue…）：{entry.cron}")
    try:
        return CronTrigger.from_crontab(entry.cron, timezone=SHANGHAI)
    except ValueError as error:
        raise ScheduleError(f"来源 {entry.source} 的 cron 表达式无法识别：{entry.cron}（{error}）") from error


def newest_slot(entry: Entry, now: dt.datetime) -> dt.datetime | None:
    """The latest planned time at or before ``now``; None when there was none in the last 40 days."""
    rule = trigger(entry)
    if entry.cron is None:
        start = EPOCH + dt.timedelta(seconds=offset_seconds(entry.source, entry.minutes))
        interval = dt.timedelta(minutes=entry.minutes)
        return start + ((now - start) // interval) * interval
    for back in (dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(days=8), dt.timedelta(days=40)):
        found: dt.datetime | None = None
        moment = now - back
        while (following := rule.get_next_fire_time(None, moment)) is not None and following <= now:
            found, moment = following, following + dt.timedelta(seconds=1)
        if found is not None:
            return found
    return None


def slots_between(entry: Entry, earlier: dt.datetime, later: dt.datetime) -> int:
    """How many planned times lie strictly between two slots (what one catch-up run merges)."""
    if entry.cron is None:
        return max(0, round((later - earlier) / dt.timedelta(minutes=entry.minutes)) - 1)
    rule, count, moment = trigger(entry), 0, earlier + dt.timedelta(seconds=1)
    while (following := rule.get_next_fire_time(None, moment)) is not None and following < later and count < 10_000:
        count, moment = count + 1, following + dt.timedelta(seconds=1)
    return count


def synchronise(store: Store, now: dt.datetime) -> list[Entry]:
    """Bring the table in line with the enabled sources and give its rows; a bad row is parked.

    A source that is paused (a portal asked us to wait) has no row until the pause ends; then its
    newest slot is due at once.
    """
    wanted = {
        state.id: _entry(state.id, state.facts)
        for state in store.source_states().values()
        if state.enabled and state.facts.get("timetable")
        and (state.paused_until is None or state.paused_until <= now)
    }
    with store.write() as connection:
        present = {row.source: row for row in connection.execute(select(timetable))}
        for gone in present.keys() - wanted.keys():
            connection.execute(delete(timetable).where(timetable.c.source == gone))
        for source, entry in wanted.items():
            values = {"minutes": entry.minutes, "cron": entry.cron,
                      "time_limit_minutes": entry.time_limit_minutes, "parked": entry.parked}
            row = present.get(source)
            if row is None:
                connection.execute(insert(timetable).values(source=source, changed_at=now.timestamp(), **values))
            elif any(getattr(row, name) != value for name, value in values.items()):
                connection.execute(
                    update(timetable).where(timetable.c.source == source)
                    .values(changed_at=now.timestamp(), **values)
                )
    return [wanted[source] for source in sorted(wanted)]


def _entry(source: str, facts: Mapping[str, Any]) -> Entry:
    """A row from a source's facts, parked with its reason when the facts make no timetable."""
    given = facts["timetable"]
    try:
        entry = Entry(
            source=source,
            minutes=int(given["minutes"]),
            cron=given.get("cron") or None,
            time_limit_minutes=int(given.get("time_limit_minutes") or 30),
        )
    except (KeyError, TypeError, ValueError) as error:
        return Entry(source=source, minutes=0, cron=None, time_limit_minutes=30, parked=f"时间表数据不完整：{error}")
    try:
        trigger(entry)
    except ScheduleError as error:
        return Entry(source=source, minutes=entry.minutes, cron=entry.cron,
                     time_limit_minutes=entry.time_limit_minutes, parked=error.message)
    return entry
