"""Reading notices back: in batches, one query each, as of now or as of a change number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from opportunity.notice import Notice, NoticeRecord, notice_id
from opportunity.store import tables
from opportunity.store.codec import fields_from_json, instant
from opportunity.store.content import body_unpacker, notice_from_row
from opportunity.store.database import Database

CHUNK = 500
_n, _v, _r = tables.notice.c, tables.version.c, tables.reading.c

COLUMNS = (
    _n.number, _n.id, _n.source, _n.key, _r.version, _r.reading, _r.seq.label("reading_seq"), _n.seq, _n.first_seq,
    _n.first_seen_at, _n.last_seen_at, _n.opportunity, _v.origin, _v.title, _v.url, _v.body, _v.body_missing,
    _v.given, _v.detail, _r.reader, _r.fields, _r.withdrawn,
)
_text_of = sa.and_(_v.notice == _r.notice, _v.version == _r.version, _v.base == _r.base)
_every_reading = tables.notice.join(tables.reading, _r.notice == _n.number).join(tables.version, _text_of)
# The newest reading of the newest version of each notice.
CURRENT = (
    sa.select(*COLUMNS)
    .select_from(_every_reading)
    .where(_r.version == _n.version, _r.reading == _n.reading)
)
_EVERY = sa.select(*COLUMNS).select_from(_every_reading)
_CURRENT_BY_ID = CURRENT.where(_n.id.in_(sa.bindparam("ids", expanding=True)))


def chunks(items: Sequence[Any], size: int = CHUNK) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _record(row: Any, unpack: Any, seq: int | None = None) -> NoticeRecord:
    return NoticeRecord(
        notice=notice_from_row(row, unpack), version=row.version, reading=row.reading, reader=row.reader,
        extracted=fields_from_json(row.fields), seq=row.seq if seq is None else seq, first_seq=row.first_seq,
        first_seen_at=instant(row.first_seen_at), last_seen_at=instant(row.last_seen_at),
        opportunity_id=row.opportunity or row.id,
    )


def records(connection: Connection, ids: Sequence[str]) -> dict[str, NoticeRecord]:
    """The newest records of the ids that are stored."""
    unpack = body_unpacker()
    found = {}
    for part in chunks(list(dict.fromkeys(ids))):
        for row in connection.execute(_CURRENT_BY_ID, {"ids": list(part)}):
            found[row.id] = _record(row, unpack)
    return {id: found[id] for id in ids if id in found}


def record(connection: Connection, id: str, version: int | None = None) -> NoticeRecord | None:
    """The newest reading of a version (of the newest one when None)."""
    query = _EVERY.where(_n.id == id).order_by(_r.version.desc(), _r.reading.desc()).limit(1)
    if version is not None:
        query = query.where(_r.version == version)
    row = connection.execute(query).one_or_none()
    return None if row is None else _record(row, body_unpacker())


def record_as_of(connection: Connection, id: str, seq: int) -> NoticeRecord | None:
    """The record as it stood right after change ``seq``; None when it was not there yet or was removed."""
    query = _EVERY.where(_n.id == id, _r.seq <= seq).order_by(_r.seq.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else _record(row, body_unpacker(), seq=row.reading_seq)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One version of a notice: its number, when it was first seen and its title then."""

    version: int
    seen_at: dt.datetime
    title: str


def versions(connection: Connection, id: str) -> list[VersionRow]:
    """Every version of a notice, the newest first; empty when it is not stored."""
    query = (
        sa.select(_v.version, _v.seen_at, _v.title)
        .select_from(tables.notice.join(tables.version, _v.notice == _n.number))
        .where(_n.id == id)
        .order_by(_v.version.desc(), _v.base)
    )
    found: dict[int, VersionRow] = {}
    for row in connection.execute(query):
        found.setdefault(row.version, VersionRow(version=row.version, seen_at=instant(row.seen_at), title=row.title))
    return list(found.values())


def stored_notices(connection: Connection, ids: Sequence[str]) -> dict[str, Notice]:
    """The newest texts of notices, without their fields."""
    return {id: item.notice for id, item in records(connection, ids).items()}


def iterate(database: Database, source: str | None, batch: int) -> Iterator[NoticeRecord]:
    """Every notice in the order in which it first came; each batch in a short transaction of its own."""
    unpack = body_unpacker()
    after = 0
    while True:
        query = CURRENT.where(_n.number > after).order_by(_n.number).limit(batch)
        if source is not None:
            query = query.where(_n.source == source)
        with database.read() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            yield _record(row, unpack)
        if len(rows) < batch:
            return
        after = rows[-1].number


def count(connection: Connection) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(tables.notice)).scalar_one())


def known_keys(connection: Connection, source: str, keys: Sequence[str]) -> set[str]:
    """Which of the source's own keys are stored, or were taken down and must not be fetched again."""
    by_id = {notice_id(source, key): key for key in keys}
    known: set[str] = set()
    for column in (_n.id, tables.tombstone.c.notice):
        query = sa.select(column).where(column.in_(sa.bindparam("ids", expanding=True)))
        for part in chunks(list(by_id)):
            known.update(by_id[id] for id in connection.execute(query, {"ids": list(part)}).scalars())
    return known
