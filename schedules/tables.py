"""Tables of the timetable (采集时间表). Times are seconds since 1970 UTC."""

from __future__ import annotations

from sqlalchemy import Column, Float, Integer, String, Table, Text

from opportunity.store.database import metadata

# One row a source. ``parked`` holds the reason why a row cannot be understood; the others run.
timetable = Table(
    "timetable",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("minutes", Integer, nullable=False),
    Column("cron", String(100)),
    Column("time_limit_minutes", Integer, nullable=False),
    Column("parked", Text),
    Column("changed_at", Float, nullable=False),
)

# One row a (source, slot): the unique key is what makes a slot run once. ``token`` is the lease's
# fencing token of the scheduler that claimed it. ``merged`` counts earlier slots that were missed
# and are caught up by this one.
slot = Table(
    "slot",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("slot", String(40), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("token", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("merged", Integer, nullable=False),
    Column("claimed_at", Float, nullable=False),
    Column("alive_at", Float, nullable=False),
    Column("finished_at", Float),
    Column("exit_code", Integer),
    Column("reason", Text),
)

# The one scheduler. ``token`` grows with every new holder, so a holder that slept past its lease
# is refused by number, not by clock.
lease = Table(
    "lease",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("holder", String(100), nullable=False),
    Column("token", Integer, nullable=False),
    Column("expires_at", Float, nullable=False),
)
