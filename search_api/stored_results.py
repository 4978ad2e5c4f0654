"""Ranked results that are fixed for paging: the first 1,000 ids, kept until their cursors expire."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import struct
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection, delete, insert, select

from opportunity.errors import BadCursor
from opportunity.results import Hit
from search_api.cursor import LIFETIME
from search_api.tables import search_result, search_secret

KEPT = 1000
_ID_BYTES = 10
_SCORE = struct.Struct("<f")
_ROW = _ID_BYTES + _SCORE.size
_MANY_EXPIRED = 200


class Database(Protocol):
    """The connections that the store lends."""

    def write(self) -> AbstractContextManager[Connection]: ...

    def read(self) -> AbstractContextManager[Connection]: ...


class StoredResults:
    """Keeps and gives back ranked lists. The same search at the same index state is kept once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, *, search: str, fingerprint: str, seq: int, now: dt.datetime, hits: Sequence[Hit]) -> str:
        """Stores ``hits`` in rank order and returns the name of the list."""
        packed = b"".join(base64.b32decode(hit.id.upper()) + _SCORE.pack(hit.score) for hit in hits)
        name = hashlib.sha256(f"{search}|{fingerprint}|{seq}|".encode() + packed).hexdigest()[:24]
        second, life = int(now.timestamp()), int(LIFETIME.total_seconds())
        expiry = select(search_result.c.expires_at).where(search_result.c.id == name)
        with self._database.read() as connection:
            if (connection.scalar(expiry) or 0) >= second + life:
                return name
        with self._database.write() as connection:
            old = select(search_result.c.id).where(search_result.c.expires_at < second).limit(_MANY_EXPIRED)
            gone = [*connection.scalars(old), name]
            connection.execute(delete(search_result).where(search_result.c.id.in_(gone)))
            # Kept for two lifetimes: a list found again within the first serves a whole cursor more.
            row = {"id": name, "seq": seq, "hits": packed, "expires_at": second + 2 * life}
            connection.execute(insert(search_result).values(**row))
        return name

    def load(self, name: str) -> list[Hit]:
        """The hits of a kept list in rank order; raises BadCursor when it has expired."""
        with self._database.read() as connection:
            packed = connection.scalar(select(search_result.c.hits).where(search_result.c.id == name))
        if packed is None:
            raise BadCursor("翻页标记已过期，请重新搜索。")
        return [_hit(packed[at : at + _ROW]) for at in range(0, len(packed), _ROW)]


def _hit(row: bytes) -> Hit:
    id_ = base64.b32encode(row[:_ID_BYTES]).decode("ascii").lower()
    return Hit(id=id_, score=float(_SCORE.unpack(row[_ID_BYTES:])[0]))


def cursor_secret(database: Database, make: Callable[[int], bytes]) -> bytes:
    """The secret that signs cursors, made once per store so that every process shares it."""
    query = select(search_secret.c.value).where(search_secret.c.name == "cursor")
    with database.read() as connection:
        known = connection.scalar(query)
    if known is not None:
        return bytes(known)
    with database.write() as connection:
        known = connection.scalar(query)
        if known is None:
            known = make(32)
            connection.execute(insert(search_secret).values(name="cursor", value=known))
    return bytes(known)
