"""Ranked results that are fixed for paging: the first 1,000 ids, kept until their cursors expire."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import struct
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection, delete, insert, select

from opportunity.errors import BadCursor, StoreBusy, StoreError
from opportunity.results import Hit
from search_api.cursor import LIFETIME
from search_api.tables import search_result, search_secret

KEPT = 1000
_ID_BYTES = 10
_SCORE = struct.Struct("<f")
_ROW = _ID_BYTES + _SCORE.size
_MANY_EXPIRED = 200
# Lists of 14 kB at most: some 7 MB while the store lets nobody write.
MOST_WAITING = 500


class Database(Protocol):
    """The connections that the store lends."""

    def write(self) -> AbstractContextManager[Connection]: ...

    def read(self) -> AbstractContextManager[Connection]: ...


class StoredResults:
    """Keeps and gives back ranked lists. The same search at the same index state is kept once.

    A list is written beside the search, by one clerk: no search waits for the store's write lock, which
    an import or a crawl may hold. Until it is written it is answered from memory; a process that dies
    before that loses the list, and its cursor says that it has expired.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._clerk = ThreadPoolExecutor(1, thread_name_prefix="stored-results")

    def flush(self) -> None:
        """Wait until all that was kept so far is written."""
        self._clerk.submit(lambda: None).result()

    def close(self) -> None:
        """Write what still waits and end; a store that stays locked is waited for once."""
        self._closing.set()
        self._clerk.shutdown(wait=True)

    def keep(self, *, search: str, fingerprint: str, seq: int, now: dt.datetime, hits: Sequence[Hit]) -> str:
        """Stores ``hits`` in rank order and returns the name of the list."""
        packed = b"".join(base64.b32decode(hit.id.upper()) + _SCORE.pack(hit.score) for hit in hits)
        name = hashlib.sha256(f"{search}|{fingerprint}|{seq}|".encode() + packed).hexdigest()[:24]
        second, life = int(now.timestamp()), int(LIFETIME.total_seconds())
        expiry = select(search_result.c.expires_at).where(search_result.c.id == name)
        with self._database.read() as connection:
            if (connection.scalar(expiry) or 0) >= second + life:
                return name
        with self._lock:
            if name in self._waiting:
                return name
            self._waiting[name] = packed
            while len(self._waiting) > MOST_WAITING:
                self._waiting.popitem(last=False)
        self._clerk.submit(self._write, name, seq, packed, second, life)
        return name

    def _write(self, name: str, seq: int, packed: bytes, second: int, life: int) -> None:
        """Put one list into the store, as soon as it lets us; a store that refuses keeps it in memory."""
        while True:
            with self._lock:
                if name not in self._waiting:
                    return
            try:
                self._insert(name, seq, packed, second, life)
            except StoreBusy:
                if self._closing.is_set():
                    return
                continue
            except StoreError as error:
                import structlog  # seldom needed, and it brings twisted along

                structlog.get_logger("search_api").warning("list_not_kept", code=error.code, message=error.message)
                return
            with self._lock:
                self._waiting.pop(name, None)
            return

    def _insert(self, name: str, seq: int, packed: bytes, second: int, life: int) -> None:
        with self._database.write() as connection:
            old = select(search_result.c.id).where(search_result.c.expires_at < second).limit(_MANY_EXPIRED)
            gone = [*connection.scalars(old), name]
            connection.execute(delete(search_result).where(search_result.c.id.in_(gone)))
            # Kept for two lifetimes: a list found again within the first serves a whole cursor more.
            row = {"id": name, "seq": seq, "hits": packed, "expires_at": second + 2 * life}
            connection.execute(insert(search_result).values(**row))

    def load(self, name: str) -> list[Hit]:
        """The hits of a kept list in rank order; raises BadCursor when it has expired."""
        with self._lock:
            packed = self._waiting.get(name)
        if packed is None:
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
