"""Removing for good: a take-down leaves a tombstone and nothing else; a demonstration leaves nothing.

Rows go in one transaction that also names the pack ranges to overwrite, so a crash in between only
postpones the overwriting to the next opening of the store.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from opportunity.change import ChangeKind
from opportunity.errors import BadInput, NotFound
from opportunity.store import tables
from opportunity.store.changes import Counters
from opportunity.store.codec import instant, instant_number
from opportunity.store.database import Database
from opportunity.store.packs import Packs

_n = tables.notice.c
_CHUNK = 500
# An erasure of this name stands for the database's own leftovers: log and dead rows.
_LEFTOVERS = ""


def take_down(
    database: Database, packs: Packs, id: str, *, reason: str, at: dt.datetime, clock: Callable[[], dt.datetime]
) -> None:
    """Delete every version, reading and own page of a notice and leave a tombstone.

    Doing it again changes nothing. Raises NotFound for an id that was never stored.
    """
    with database.write(secure=True) as connection:
        row = connection.execute(
            sa.select(_n.number, _n.source, _n.key, _n.version).where(_n.id == id)
        ).one_or_none()
        if row is None:
            known = sa.select(tables.tombstone.c.notice).where(tables.tombstone.c.notice == id)
            if connection.execute(known).first() is None:
                raise NotFound("没有这条公告", id=id)
            return
        seq = _remove(connection, [(row.number, id, row.version)], cause=f"take_down: {reason}", now=clock())
        forget_pages(connection, _pages_of(connection, [row.number]), owner=row.number, notice=id)
        _delete_rows(connection, [row.number])
        mine = (tables.quarantine.c.source == row.source) & (tables.quarantine.c.key == row.key)
        connection.execute(sa.delete(tables.quarantine).where(mine))
        connection.execute(sa.insert(tables.tombstone), {
            "notice": id, "source": row.source, "reason": reason, "at": instant_number(at), "seq": seq,
        })
        if not _waits(connection, _LEFTOVERS):
            erase_later(connection, _LEFTOVERS, 0, 0)
    finish_erasures(database, packs)


def remove_source(
    database: Database, packs: Packs, source: str, *, at: dt.datetime, clock: Callable[[], dt.datetime]
) -> int:
    """Remove everything of a demonstration source; returns how many notices went. No tombstones."""
    if not source.startswith("demo_"):
        raise BadInput("只有演示来源（demo_ 开头）可以整体删除", source=source)
    del at  # the change stream keeps its own time
    removed = 0
    while True:
        with database.write() as connection:
            query = sa.select(_n.number, _n.id, _n.version).where(_n.source == source).limit(_CHUNK)
            rows = [(row.number, row.id, row.version) for row in connection.execute(query)]
            if not rows:
                forget_pages(connection, _pages_of_runs(connection, source))
                connection.execute(sa.delete(tables.run).where(tables.run.c.source == source))
                connection.execute(sa.delete(tables.quarantine).where(tables.quarantine.c.source == source))
                connection.execute(sa.delete(tables.source_state).where(tables.source_state.c.id == source))
                break
            _remove(connection, rows, cause="source removed", now=clock())
            numbers = [number for number, _, _ in rows]
            pages = _pages_of(connection, numbers)
            _delete_rows(connection, numbers)
            forget_pages(connection, pages)
            removed += len(rows)
    finish_erasures(database, packs)
    return removed


def forget_pages(
    connection: Connection, pages: Sequence[str], *, owner: int | None = None, notice: str | None = None,
    lists: bool = True,
) -> bool:
    """Delete the rows of pages that no other notice uses and name their ranges for erasure.

    ``owner`` is the notice (number) whose own links do not count. With ``notice`` (its id) what was
    asked for to get its own pages is remembered, so that they are not stored again; a list page
    is asked for on behalf of others too and is never remembered, and kept when ``lists`` is false.
    """
    page, link = tables.page.c, tables.notice_page.c
    erased = False
    for sha256 in dict.fromkeys(bytes.fromhex(item) for item in pages):
        others = sa.select(link.notice).where(link.sha256 == sha256)
        if owner is not None:
            others = others.where(link.notice != owner)
        if connection.execute(others.limit(1)).first() is not None:
            continue
        row = connection.execute(sa.select(tables.page).where(page.sha256 == sha256)).one_or_none()
        if row is None:
            continue
        own = json.loads(row.meta)["request"]["purpose"] == "notice"
        if not own and not lists:
            continue
        erase_later(connection, row.pack, row.position, row.length)
        connection.execute(sa.delete(tables.page).where(page.sha256 == sha256))
        if notice is not None and own:
            remember_request(connection, row.request, notice)
        erased = True
    return erased


def erase_later(connection: Connection, pack: str, position: int, length: int) -> None:
    """Name a range of a pack to be overwritten; it is, after the commit or at the next opening."""
    connection.execute(sa.insert(tables.erasure), {"pack": pack, "position": position, "length": length})


def remember_request(connection: Connection, request: bytes, notice: str) -> None:
    """What is asked for in these words is not kept again: it brings a taken-down notice."""
    table = tables.tombstone_request
    if connection.execute(sa.select(table.c.notice).where(table.c.request == request)).first() is None:
        connection.execute(sa.insert(table), {"request": request, "notice": notice})


def finish_erasures(database: Database, packs: Packs) -> int:
    """Overwrite every named range, then forget it; returns how many. Runs after a removal and at opening.

    The log of SQLite cannot be emptied while somebody reads an old snapshot: then it stays named.
    """
    with database.read() as connection:
        rows = list(connection.execute(sa.select(tables.erasure)))
    for row in rows:
        if row.pack != _LEFTOVERS:
            packs.erase(row.pack, row.position, row.length)
    if any(row.pack == _LEFTOVERS for row in rows) and not database.clean_up():
        rows = [row for row in rows if row.pack != _LEFTOVERS]
    if rows:
        table = tables.erasure
        with database.write() as connection:
            for row in rows:
                connection.execute(
                    sa.delete(table).where(table.c.pack == row.pack, table.c.position == row.position)
                )
    return len(rows)


def _remove(
    connection: Connection, rows: Sequence[tuple[int, str, int]], *, cause: str, now: dt.datetime
) -> int:
    counters = Counters.load(connection, now)
    changes = []
    for _, id, version in rows:
        counters.change += 1
        changes.append({
            "seq": counters.change, "kind": ChangeKind.REMOVED.value, "notice": id, "version": version,
            "cause": cause, "at": counters.at,
        })
    connection.execute(sa.insert(tables.change), changes)
    counters.store(connection)
    return counters.change


def _pages_of(connection: Connection, numbers: Sequence[int]) -> list[str]:
    link = tables.notice_page.c
    query = sa.select(link.sha256).where(link.notice.in_(numbers)).distinct()
    return [sha256.hex() for sha256 in connection.execute(query).scalars()]


def _pages_of_runs(connection: Connection, source: str) -> list[str]:
    """Pages that runs of a source brought, for the lists that belong to no notice."""
    runs = sa.select(tables.run.c.id).where(tables.run.c.source == source)
    query = sa.select(tables.page.c.sha256).where(tables.page.c.run.in_(runs))
    return [sha256.hex() for sha256 in connection.execute(query).scalars()]


def _waits(connection: Connection, pack: str) -> bool:
    table = tables.erasure.c
    return connection.execute(sa.select(table.pack).where(table.pack == pack)).first() is not None


def _delete_rows(connection: Connection, numbers: Sequence[int]) -> None:
    for table, column in (
        (tables.version, tables.version.c.notice), (tables.reading, tables.reading.c.notice),
        (tables.notice_page, tables.notice_page.c.notice), (tables.notice, tables.notice.c.number),
    ):
        connection.execute(sa.delete(table).where(column.in_(numbers)))


def taken_down(connection: Connection, id: str) -> tuple[str, dt.datetime] | None:
    """The reason and time of a take-down, or None."""
    table = tables.tombstone.c
    row = connection.execute(sa.select(table.reason, table.at).where(table.notice == id)).one_or_none()
    return None if row is None else (row.reason, instant(row.at))
