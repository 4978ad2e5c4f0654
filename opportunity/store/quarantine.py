"""Quarantine: what could not be read or stored, kept with the reason, so that nothing vanishes."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

import sqlalchemy as sa
import zstandard
from sqlalchemy.engine import Connection

from opportunity.notice import notice_id
from opportunity.store import tables
from opportunity.store.codec import instant, instant_number, storable

_q = tables.quarantine.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """One refused item; ``at`` is the first time, ``last_at`` the latest of ``times`` times."""

    id: int
    source: str
    key: str | None
    url: str | None
    reason: str
    detail: str
    payload: bytes
    run: int | None
    at: dt.datetime
    last_at: dt.datetime
    times: int


def put(
    connection: Connection, *, source: str, key: str | None, url: str | None, reason: str, detail: str,
    payload: bytes, run: int | None, at: dt.datetime,
) -> int:
    """Keep a refused item; the same one again only counts. Nothing of a taken-down notice is kept (0)."""
    if key is not None and storable(key) == key:
        mark = tables.tombstone.c.notice
        if connection.execute(sa.select(mark).where(mark == notice_id(source, key))).first() is not None:
            return 0
    texts = [storable(text or "") for text in (source, key, url, reason)]
    digest = hashlib.sha256("\x1f".join(texts).encode() + b"\x1f" + payload).digest()
    known = connection.execute(sa.select(_q.id).where(_q.digest == digest)).scalar_one_or_none()
    if known is not None:
        again = {"times": _q.times + 1, "last_at": instant_number(at), "detail": storable(detail), "run": run}
        connection.execute(sa.update(tables.quarantine).where(_q.id == known).values(again))
        return int(known)
    row = {
        "digest": digest, "source": texts[0], "key": None if key is None else texts[1],
        "url": None if url is None else texts[2], "reason": texts[3], "detail": storable(detail),
        "payload": zstandard.ZstdCompressor(level=6).compress(payload), "run": run, "at": instant_number(at),
        "last_at": instant_number(at), "times": 1,
    }
    return int(connection.execute(sa.insert(tables.quarantine).values(row).returning(_q.id)).scalar_one())


def newest(connection: Connection, source: str | None, limit: int) -> list[Quarantined]:
    """The newest refused items first."""
    query = sa.select(tables.quarantine).order_by(_q.id.desc()).limit(limit)
    if source is not None:
        query = query.where(_q.source == source)
    unpack = zstandard.ZstdDecompressor()
    return [
        Quarantined(
            id=row.id, source=row.source, key=row.key, url=row.url, reason=row.reason, detail=row.detail,
            payload=unpack.decompress(row.payload), run=row.run, at=instant(row.at), last_at=instant(row.last_at),
            times=row.times,
        )
        for row in connection.execute(query)
    ]
