"""Saving notices: many in one transaction, each compared by hash with what is stored.

New content is a version, another reading of the same content a reading, and what is the same in
every way only moves the time of last sight. A taken-down notice stays down.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from opportunity.change import ChangeKind
from opportunity.notice import Notice
from opportunity.store import tables
from opportunity.store.changes import Counters
from opportunity.store.content import (
    Incoming,
    Outcome,
    Prepared,
    Saved,
    attachments_differ,
    body_packer,
    same_content,
)
from opportunity.store.database import Database
from opportunity.store.records import chunks, stored_notices
from opportunity.store.removal import forget_pages

_n, _v, _r = tables.notice.c, tables.version.c, tables.reading.c
_STATES = (
    sa.select(
        _n.number, _n.id, _n.version, _n.reading, _n.seq, _n.last_seen_at, _r.base, _r.reader, _r.fields,
        _r.fields_hash, _r.withdrawn, _v.raw_hash, _v.input_hash,
    )
    .select_from(
        tables.notice
        .join(tables.reading, sa.and_(_r.notice == _n.number, _r.version == _n.version, _r.reading == _n.reading))
        .join(tables.version, sa.and_(_v.notice == _n.number, _v.version == _r.version, _v.base == _r.base))
    )
    .where(_n.id.in_(sa.bindparam("ids", expanding=True)))
)
_TOMBSTONES = sa.select(tables.tombstone.c.notice).where(
    tables.tombstone.c.notice.in_(sa.bindparam("ids", expanding=True))
)
_RAW = sa.select(_n.id, _v.raw_hash).select_from(
    tables.notice
    .join(tables.reading, sa.and_(_r.notice == _n.number, _r.version == _n.version, _r.reading == _n.reading))
    .join(tables.version, sa.and_(_v.notice == _n.number, _v.version == _r.version, _v.base == _r.base))
).where(_n.id.in_(sa.bindparam("ids", expanding=True)))
_TOUCH = (
    sa.update(tables.notice).where(_n.number == sa.bindparam("which"))
    .values(
        version=sa.bindparam("now_version"), reading=sa.bindparam("now_reading"), seq=sa.bindparam("now_seq"),
        last_seen_at=sa.bindparam("now_seen"),
    )
)


@dataclass(slots=True, kw_only=True)
class State:
    """What is stored of one notice, as it stands inside the transaction."""

    number: int
    version: int
    reading: int
    seq: int
    last_seen_at: int
    base: int
    reader: str
    fields: str
    fields_hash: bytes
    withdrawn: bool
    raw_hash: bytes
    input_hash: bytes


@dataclass(slots=True, kw_only=True)
class Plan:
    """The rows that one call of ``save`` will write, in the order in which they were decided."""

    counters: Counters
    states: dict[str, State]
    tombstones: set[str]
    notices: list[dict[str, Any]] = field(default_factory=list)
    versions: list[dict[str, Any]] = field(default_factory=list)
    readings: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    links: dict[tuple[int, bytes], None] = field(default_factory=dict)
    new: dict[str, dict[str, Any]] = field(default_factory=dict)
    touched: dict[str, State] = field(default_factory=dict)
    unwanted_pages: dict[str, tuple[str, ...]] = field(default_factory=dict)
    stored: dict[str, Notice] = field(default_factory=dict)


def save(
    database: Database, incoming: Sequence[Incoming], clock: Callable[[], dt.datetime]
) -> tuple[list[Saved], bool]:
    """One transaction. Also says whether pages of taken-down notices now wait to be erased."""
    pack = body_packer()
    prepared = [Prepared(item, pack) for item in incoming]
    if not prepared:
        return [], False
    _prepare_outside_the_lock(database, prepared)
    with database.write() as connection:
        plan = _load(connection, prepared, clock())
        saved = [_decide(plan, item) for item in prepared]
        _write(connection, plan)
        erase = [
            forget_pages(connection, pages, notice=id, lists=False) for id, pages in plan.unwanted_pages.items()
        ]
    return saved, any(erase)


def _prepare_outside_the_lock(database: Database, prepared: Sequence[Prepared]) -> None:
    """Hash and compress what looks new before the lock is taken; the lock decides again."""
    raw: dict[str, bytes] = {}
    with database.read() as connection:
        for part in chunks(list(dict.fromkeys(item.id for item in prepared))):
            raw.update(connection.execute(_RAW, {"ids": list(part)}).tuples().all())
    for item in prepared:
        item.fields_hash  # noqa: B018 - made once and kept
        if raw.get(item.id) != item.raw_hash:
            item.version_row()


def _load(connection: Connection, prepared: Sequence[Prepared], now: dt.datetime) -> Plan:
    states: dict[str, State] = {}
    tombstones: set[str] = set()
    for part in chunks(list(dict.fromkeys(item.id for item in prepared))):
        for row in connection.execute(_STATES, {"ids": list(part)}):
            values = dict(row._mapping)
            id = values.pop("id")
            states[id] = State(**values)
        tombstones.update(connection.execute(_TOMBSTONES, {"ids": list(part)}).scalars())
    plan = Plan(counters=Counters.load(connection, now), states=states, tombstones=tombstones)
    differing = [item.id for item in prepared if item.id in states and states[item.id].raw_hash != item.raw_hash]
    plan.stored = stored_notices(connection, differing)
    return plan


def _decide(plan: Plan, item: Prepared) -> Saved:
    if item.id in plan.tombstones:
        plan.unwanted_pages[item.id] = (*plan.unwanted_pages.get(item.id, ()), *item.notice.pages)
        return Saved(id=item.id, outcome="removed", version=0, seq=None)
    state = plan.states.get(item.id)
    if state is None:
        return _add(plan, item)
    _link_pages(plan, state.number, item)
    if item.notice.withdrawn:
        if state.withdrawn:
            return Saved(id=item.id, outcome="unchanged", version=state.version, seq=None)
        return _read_again(plan, item, state, withdrawn=True, keep=True)
    if item.seen_at > state.last_seen_at:
        state.last_seen_at = item.seen_at
        plan.touched[item.id] = state
    if item.raw_hash == state.raw_hash:
        same_reading = item.fields_hash == state.fields_hash and item.incoming.reader == state.reader
        if same_reading and not state.withdrawn:
            return Saved(id=item.id, outcome="unchanged", version=state.version, seq=None)
        return _read_again(plan, item, state, withdrawn=False)
    return _compare(plan, item, state, plan.stored[item.id])


def _compare(plan: Plan, item: Prepared, state: State, stored: Notice) -> Saved:
    """The text is not byte for byte the same: is it another publication or only another reading?"""
    same_input = bool(item.notice.pages) and item.input_hash == state.input_hash
    if same_input and not attachments_differ(stored.attachments, item.notice.attachments):
        return _read_again(plan, item, state, withdrawn=False, text=True)
    if same_content(stored, item.notice):
        return _read_again(plan, item, state, withdrawn=False, text=True)
    state.version += 1
    state.reading = state.base = 1
    plan.stored[item.id] = item.notice
    _put_text(plan, item, state)
    return _put_reading(plan, item, state, ChangeKind.PUBLISHED, "changed")


def _add(plan: Plan, item: Prepared) -> Saved:
    plan.counters.notice += 1
    state = State(
        number=plan.counters.notice, version=1, reading=1, seq=0, last_seen_at=item.seen_at, base=1, reader="",
        fields="", fields_hash=b"", withdrawn=item.notice.withdrawn, raw_hash=b"", input_hash=b"",
    )
    plan.states[item.id] = state
    plan.stored[item.id] = item.notice
    _link_pages(plan, state.number, item)
    _put_text(plan, item, state)
    saved = _put_reading(plan, item, state, ChangeKind.PUBLISHED, "new")
    plan.new[item.id] = {
        "number": state.number, "id": item.id, "source": item.notice.source, "key": item.notice.key,
        "first_seq": state.seq, "first_seen_at": item.seen_at, "opportunity": None,
    }
    return saved


def _read_again(
    plan: Plan, item: Prepared, state: State, *, withdrawn: bool, text: bool = False, keep: bool = False
) -> Saved:
    """A reading of the same version; with ``text`` it brings its own text, with ``keep`` all stays as it is."""
    state.reading += 1
    state.withdrawn = withdrawn
    if text:
        state.base = state.reading
        plan.stored[item.id] = item.notice
        _put_text(plan, item, state)
    return _put_reading(plan, item, state, ChangeKind.REREAD, "reread", keep=keep)


def _put_text(plan: Plan, item: Prepared, state: State) -> None:
    row = item.version_row()
    state.raw_hash, state.input_hash = item.raw_hash, item.input_hash
    plan.versions.append({**row, "notice": state.number, "version": state.version, "base": state.base})


def _put_reading(
    plan: Plan, item: Prepared, state: State, kind: ChangeKind,
    outcome: Outcome, *, keep: bool = False,
) -> Saved:
    plan.counters.change += 1
    state.seq = plan.counters.change
    if not keep:
        state.reader, state.fields, state.fields_hash = item.incoming.reader, item.fields_json, item.fields_hash
        state.withdrawn = item.notice.withdrawn
    plan.touched[item.id] = state
    plan.readings.append({
        "notice": state.number, "version": state.version, "reading": state.reading, "base": state.base,
        "seq": state.seq, "reader": state.reader, "fields": state.fields, "fields_hash": state.fields_hash,
        "withdrawn": state.withdrawn,
    })
    plan.changes.append({
        "seq": state.seq, "kind": kind.value, "notice": item.id, "version": state.version,
        "cause": item.incoming.cause, "at": plan.counters.at,
    })
    return Saved(id=item.id, outcome=outcome, version=state.version, seq=state.seq)


def _link_pages(plan: Plan, number: int, item: Prepared) -> None:
    """Every page a notice was ever read from is tied to it, so that a take-down finds them all."""
    for sha256 in item.notice.pages:
        plan.links[(number, bytes.fromhex(sha256))] = None


def _write(connection: Connection, plan: Plan) -> None:
    for id, row in plan.new.items():
        state = plan.states[id]
        row.update(version=state.version, reading=state.reading, seq=state.seq, last_seen_at=state.last_seen_at)
    updates = [
        {
            "which": state.number, "now_version": state.version, "now_reading": state.reading,
            "now_seq": state.seq, "now_seen": state.last_seen_at,
        }
        for id, state in plan.touched.items() if id not in plan.new
    ]
    links = [{"notice": number, "sha256": sha256} for number, sha256 in plan.links]
    for table, rows in (
        (tables.notice, list(plan.new.values())), (tables.version, plan.versions),
        (tables.reading, plan.readings), (tables.change, plan.changes),
    ):
        if rows:
            connection.execute(sa.insert(table), rows)
    if updates:
        connection.execute(_TOUCH, updates)
    if links:
        connection.execute(ignoring_conflicts(connection, tables.notice_page), links)
    if plan.changes:
        plan.counters.store(connection)


def ignoring_conflicts(connection: Connection, table: sa.Table) -> Any:
    """An insert that leaves rows which are already there."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert

        return sqlite_insert(table).on_conflict_do_nothing()
    from sqlalchemy.dialects.postgresql import insert as postgresql_insert

    return postgresql_insert(table).on_conflict_do_nothing()
