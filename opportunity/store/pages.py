"""Pages: the bytes as they came, kept by their hash, with where and when they were had."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from opportunity.errors import NotFound
from opportunity.notice import Origin
from opportunity.page import Page, PageRequest
from opportunity.store import tables
from opportunity.store.codec import dump, dump_sorted, instant, instant_number, storable_json
from opportunity.store.database import Database
from opportunity.store.notices import ignoring_conflicts
from opportunity.store.packs import Packs
from opportunity.store.removal import erase_later, finish_erasures

_p = tables.page.c


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMeta:
    """Everything about a stored page but its bytes; ``size`` in bytes before compression."""

    sha256: str
    url: str
    status: int
    headers: Mapping[str, str]
    encoding: str
    replaced: int
    fetched_at: dt.datetime
    origin: Origin
    request: PageRequest
    size: int
    run: int | None


def request_hash(request: PageRequest) -> bytes:
    """Names what was asked for: method, address and body."""
    return hashlib.sha256(f"{request.method} {request.url}\n".encode() + request.body).digest()


def save_page(database: Database, packs: Packs, page: Page, run: int | None) -> str:
    """Keep a page; the same bytes twice are one page, with the circumstances of the first time.

    A page of a notice that was taken down is not kept.
    """
    sha256 = bytes.fromhex(page.sha256)
    asked = request_hash(page.request)
    with database.read() as connection:
        if _present(connection, sha256) or _taken_down(connection, asked):
            return page.sha256
    pack, position, length = packs.append(page.content, sha256)
    row = {
        "sha256": sha256, "pack": pack, "position": position, "length": length, "size": len(page.content),
        "origin": page.origin.value, "request": asked, "meta": dump(storable_json(_meta(page))),
        "fetched_at": instant_number(page.fetched_at), "run": run,
    }
    with database.write() as connection:
        if _taken_down(connection, asked):
            erase_later(connection, pack, position, length)
        else:
            connection.execute(ignoring_conflicts(connection, tables.page), row)
            return page.sha256
    finish_erasures(database, packs)
    return page.sha256


def load_page(database: Database, packs: Packs, sha256: str) -> bytes:
    """The bytes of a page, verified. Raises NotFound, or StoreError when the disk lost them."""
    row = _row(database, sha256)
    return packs.read(row.pack, row.position, row.length, row.sha256)


def page_meta(database: Database, sha256: str) -> PageMeta:
    """Where and when a page was had. Raises NotFound."""
    row = _row(database, sha256)
    meta = json.loads(row.meta)
    request = meta["request"]
    return PageMeta(
        sha256=sha256, url=meta["url"], status=meta["status"], headers=meta["headers"], encoding=meta["encoding"],
        replaced=meta["replaced"], fetched_at=instant(row.fetched_at), origin=Origin(row.origin), size=row.size,
        run=row.run, request=PageRequest(**{**request, "body": bytes.fromhex(request["body"])}),
    )


def load_whole_page(database: Database, packs: Packs, sha256: str) -> Page:
    """The page as it was saved, its text decoded again in the same way."""
    meta = page_meta(database, sha256)
    content = load_page(database, packs, sha256)
    try:
        text = content.decode(meta.encoding, errors="replace")
    except LookupError:
        text = content.decode("utf-8", errors="replace")
    return Page(
        request=meta.request, url=meta.url, status=meta.status, headers=meta.headers, content=content, text=text,
        encoding=meta.encoding, replaced=meta.replaced, fetched_at=meta.fetched_at, origin=meta.origin,
    )


def _meta(page: Page) -> dict[str, Any]:
    request = page.request
    return {
        "url": page.url, "status": page.status, "headers": dict(page.headers), "encoding": page.encoding,
        "replaced": page.replaced,
        "request": {
            "url": request.url, "purpose": request.purpose, "method": request.method,
            "headers": dict(request.headers), "body": request.body.hex(), "row_key": request.row_key,
            "state": json.loads(dump_sorted(request.state)),
        },
    }


def _row(database: Database, sha256: str) -> Any:
    try:
        digest = bytes.fromhex(sha256)
    except ValueError:
        raise NotFound("没有这个页面", sha256=sha256) from None
    with database.read() as connection:
        row = connection.execute(sa.select(tables.page).where(_p.sha256 == digest)).one_or_none()
    if row is None:
        raise NotFound("没有这个页面", sha256=sha256)
    return row


def _present(connection: Connection, sha256: bytes) -> bool:
    return connection.execute(sa.select(_p.size).where(_p.sha256 == sha256)).first() is not None


def _taken_down(connection: Connection, asked: bytes) -> bool:
    table = tables.tombstone_request
    return connection.execute(sa.select(table.c.notice).where(table.c.request == asked)).first() is not None
