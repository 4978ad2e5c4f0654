"""What operators decide about a source, and its standing facts for those who cannot import crawlers."""

from __future__ import annotations

import datetime as dt
import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from opportunity.store import tables
from opportunity.store.codec import dump, instant_number, instant_or_none


class Keep(enum.Enum):
    """Stands for "leave it as it is" where None has a meaning of its own."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """One registered source: enabled or not, paused until when and why, and ``source_json`` facts."""

    id: str
    enabled: bool = False
    paused_until: dt.datetime | None = None
    reason: str = ""
    contact: str = ""
    base: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def source_states(connection: Connection) -> dict[str, SourceState]:
    """Every registered source by id."""
    rows = connection.execute(sa.select(tables.source_state).order_by(tables.source_state.c.id))
    return {
        row.id: SourceState(
            id=row.id, enabled=row.enabled, paused_until=instant_or_none(row.paused_until), reason=row.reason,
            contact=row.contact, base=row.base, facts=json.loads(row.facts),
        )
        for row in rows
    }


def set_source_state(
    connection: Connection, id: str, *, enabled: bool | None = None,
    paused_until: dt.datetime | Keep | None = KEEP, pause_reason: str | None = None, contact: str | None = None,
    base: str | None = None, facts_json: Mapping[str, Any] | str | None = None,
) -> None:
    """Register a source or change what is given; what is None stays (``paused_until=None`` ends a pause)."""
    values: dict[str, Any] = {}
    if enabled is not None:
        values["enabled"] = enabled
    if not isinstance(paused_until, Keep):
        values["paused_until"] = None if paused_until is None else instant_number(paused_until)
    for name, value in (("reason", pause_reason), ("contact", contact), ("base", base)):
        if value is not None:
            values[name] = value
    if facts_json is not None:
        values["facts"] = facts_json if isinstance(facts_json, str) else dump(facts_json)
    table = tables.source_state
    if connection.execute(sa.select(table.c.id).where(table.c.id == id)).first() is None:
        start = {
            "id": id, "enabled": False, "paused_until": None, "reason": "", "contact": "", "base": "", "facts": "{}",
        }
        connection.execute(sa.insert(table), {**start, **values})
    elif values:
        connection.execute(sa.update(table).where(table.c.id == id).values(values))
