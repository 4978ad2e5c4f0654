"""The change stream: numbers without gaps, in the order of the commits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from opportunity.change import Change, ChangeKind
from opportunity.errors import NotFound
from opportunity.store import tables
from opportunity.store.codec import instant, instant_number


@dataclass(slots=True, kw_only=True)
class Counters:
    """The two counters inside one write transaction; ``store`` writes them back, last of all."""

    change: int
    notice: int
    at: int

    @classmethod
    def load(cls, connection: Connection, now: dt.datetime) -> Counters:
        """Read under the write lock. The time never runs backwards, whatever the clock does."""
        rows = {row.name: row for row in connection.execute(sa.select(tables.counter))}
        at = max(instant_number(now), rows["change"].at)
        return cls(change=rows["change"].value, notice=rows["notice"].value, at=at)

    def store(self, connection: Connection) -> None:
        statement = (
            sa.update(tables.counter)
            .where(tables.counter.c.name == sa.bindparam("which"))
            .values(value=sa.bindparam("now_value"), at=sa.bindparam("now_at"))
        )
        connection.execute(statement, [
            {"which": "notice", "now_value": self.notice, "now_at": self.at},
            {"which": "change", "now_value": self.change, "now_at": self.at},
        ])


def append(
    connection: Connection, items: Sequence[tuple[ChangeKind, str, int, str]], now: dt.datetime
) -> list[int]:
    """Add changes (kind, notice id, version, cause) inside a write transaction; returns their numbers.

    For linking and other packages; ``save`` does the same for many notices at once.
    """
    counters = Counters.load(connection, now)
    rows = []
    for kind, notice, version, cause in items:
        counters.change += 1
        rows.append({
            "seq": counters.change, "kind": kind.value, "notice": notice, "version": version, "cause": cause,
            "at": counters.at,
        })
    if rows:
        connection.execute(sa.insert(tables.change), rows)
        update = sa.update(tables.notice).where(tables.notice.c.id == sa.bindparam("which"))
        connection.execute(
            update.values(seq=sa.bindparam("now_seq")),
            [{"which": row["notice"], "now_seq": row["seq"]} for row in rows],
        )
        counters.store(connection)
    return [int(row["seq"]) for row in rows]


def watermark(connection: Connection) -> int:
    """The last number of the change stream; 0 when it is empty."""
    query = sa.select(tables.counter.c.value).where(tables.counter.c.name == "change")
    return int(connection.execute(query).scalar_one())


def changes(connection: Connection, after: int, limit: int) -> list[Change]:
    """At most ``limit`` changes with a number above ``after``, in order."""
    table = tables.change.c
    query = sa.select(table.seq, table.kind, table.notice, table.version, table.cause)
    rows = connection.execute(query.where(table.seq > after).order_by(table.seq).limit(limit))
    return [
        Change(seq=row.seq, kind=ChangeKind(row.kind), notice=row.notice, version=row.version, cause=row.cause)
        for row in rows
    ]


def committed_at(connection: Connection, seq: int) -> dt.datetime:
    """When a change was committed (UTC); for 0 the time the store was made. Raises NotFound."""
    if seq == 0:
        return instant(connection.execute(sa.select(tables.home.c.made_at)).scalar_one())
    query = sa.select(tables.change.c.at).where(tables.change.c.seq == seq)
    at = connection.execute(query).scalar_one_or_none()
    if at is None:
        raise NotFound("没有这个变更号", seq=seq)
    return instant(at)


def changed_since(connection: Connection, seq: int, limit: int) -> dict[str, tuple[ChangeKind, ...]]:
    """The notices that changed after ``seq`` with the kinds of their changes, first change first.

    At most ``limit`` notices; as many as that may mean there are more. For stable paging: a result
    as of ``seq`` differs from one of now only in these.
    """
    table = tables.change.c
    query = sa.select(table.notice, table.kind).where(table.seq > seq).order_by(table.seq)
    found: dict[str, list[ChangeKind]] = {}
    with connection.execution_options(yield_per=1000).execute(query) as rows:
        for notice, kind in rows:
            if notice not in found and len(found) == limit:
                break
            found.setdefault(notice, []).append(ChangeKind(kind))
    return {notice: tuple(dict.fromkeys(kinds)) for notice, kinds in found.items()}
