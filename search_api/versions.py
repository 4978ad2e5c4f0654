"""The versions of a notice: when each was first seen and how it was titled. Read only."""

from __future__ import annotations

import datetime as dt
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection, select

from opportunity.store import tables
from opportunity.store.codec import instant


class Reader(Protocol):
    """The connection that the store lends."""

    def read(self) -> AbstractContextManager[Connection]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One version: its number, when it was first seen and its title then."""

    version: int
    seen_at: dt.datetime
    title: str


def versions(store: Reader, id: str) -> list[VersionRow]:
    """Every version of a notice, the newest first; empty when it is not stored."""
    table = tables.version
    query = (
        select(table.c.version, table.c.seen_at, table.c.title)
        .join(tables.notice, tables.notice.c.number == table.c.notice)
        .where(tables.notice.c.id == id)
        .order_by(table.c.version.desc(), table.c.base)
    )
    found: dict[int, VersionRow] = {}
    with store.read() as connection:
        for row in connection.execute(query):
            entry = VersionRow(version=row.version, seen_at=instant(row.seen_at), title=row.title)
            found.setdefault(row.version, entry)
    return list(found.values())
