"""The store: the record of truth. A thin face; each part lives in a module of its own.

Nothing is acknowledged before it is on the disk. Errors: StoreBusy when another writer keeps the lock
too long (try again), StoreError for everything else; then nothing was half written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from opportunity.change import Change, ChangeKind
from opportunity.errors import StoreError
from opportunity.notice import NoticeRecord
from opportunity.page import Page
from opportunity.run import Run, RunCounts
from opportunity.settings import Settings
from opportunity.store import (
    changes,
    database,
    home,
    notices,
    pages,
    quarantine,
    records,
    removal,
    runs,
    sources,
    tables,
)
from opportunity.store.codec import instant_number
from opportunity.store.content import Incoming, Saved
from opportunity.store.migrate import check_schema, migrate
from opportunity.store.packs import Packs
from opportunity.store.quarantine import Quarantined
from opportunity.store.records import VersionRow
from opportunity.store.sources import KEEP, Keep, SourceState

Clock = Callable[[], dt.datetime]


def system_clock() -> dt.datetime:
    """Now, in UTC."""
    return dt.datetime.now(dt.UTC)


def open_store(settings: Settings, *, create: bool = True, clock: Clock = system_clock) -> Store:
    """Open the store of a home; with ``create`` the folder and schema are made or brought up to date.

    Raises StoreError when there is nothing to open, when a newer program made the schema or when
    the database belongs to another home; StoreBusy when another process is migrating too long.
    """
    home_id = home.make_home_id(settings.home) if create else home.read_home_id(settings.home)
    if home_id is None:
        raise StoreError("数据目录中还没有数据", path=str(settings.home))
    opened = database.Database(settings, home.schema_name(home_id))
    try:
        if create:
            migrate(opened)
        else:
            _check(opened)
        _claim(opened, home_id, clock, create=create)
        store = Store(opened, Packs(settings.home / "pages"), home_id, clock)
        if create:
            removal.finish_erasures(opened, store.packs)
        return store
    except BaseException:
        opened.close()
        raise


def _check(opened: database.Database) -> None:
    if opened.sqlite and not _file_exists(opened.url):
        raise StoreError("数据库文件不存在", path=opened.url.database)
    with opened.read() as connection:
        if not check_schema(connection):
            raise StoreError("数据库结构需要升级，请先运行一次会写入的命令（例如 market status）")


def _file_exists(url: sa.URL) -> bool:
    return bool(url.database) and Path(str(url.database)).exists()


def _claim(opened: database.Database, home_id: str, clock: Clock, *, create: bool) -> None:
    """Write the home's id into its database once; a database of another home is refused."""
    with opened.read() as connection:
        owner = connection.execute(sa.select(tables.home.c.id)).scalar_one_or_none()
    if owner is None and create:
        with opened.write() as connection:
            owner = connection.execute(sa.select(tables.home.c.id)).scalar_one_or_none()
            if owner is None:
                row = {"id": home_id, "made_at": instant_number(clock())}
                connection.execute(sa.insert(tables.home), row)
                owner = home_id
    if owner != home_id:
        raise StoreError("这个数据库属于另一个数据目录", database=owner, home=home_id)


class Store:
    """Notices, pages, changes, runs and sources of one home. Safe to share between threads."""

    metadata = database.metadata

    def __init__(self, opened: database.Database, packs: Packs, home_id: str, clock: Clock) -> None:
        self.database = opened
        self.packs = packs
        self.home_id = home_id
        self.clock = clock

    # --- connections for other packages' tables

    def write(self) -> AbstractContextManager[Connection]:
        """One write transaction under the write lock; see ``Database.write``."""
        return self.database.write()

    def read(self) -> AbstractContextManager[Connection]:
        """One snapshot for reading."""
        return self.database.read()

    # --- pages

    def save_page(self, page: Page, *, run: int | None = None) -> str:
        """Keep a page by its SHA-256, which is returned; durable when this returns."""
        return pages.save_page(self.database, self.packs, page, run)

    def load_page(self, sha256: str) -> bytes:
        """The bytes of a page, verified by their hash. Raises NotFound, StoreError when damaged."""
        return pages.load_page(self.database, self.packs, sha256)

    def page_meta(self, sha256: str) -> pages.PageMeta:
        """Where, when and how a page was had. Raises NotFound."""
        return pages.page_meta(self.database, sha256)

    def page(self, sha256: str) -> Page:
        """The whole page, for re-reading."""
        return pages.load_whole_page(self.database, self.packs, sha256)

    # --- notices

    def save(self, incoming: Sequence[Incoming]) -> list[Saved]:
        """Save notices in one transaction; one answer each, in order. Idempotent."""
        saved, erase = notices.save(self.database, incoming, self.clock)
        if erase:
            removal.finish_erasures(self.database, self.packs)
        return saved

    def record(self, id: str, version: int | None = None) -> NoticeRecord | None:
        """The newest reading of the newest (or the named) version; None when it is not stored."""
        with self.read() as connection:
            return records.record(connection, id, version)

    def records(self, ids: Sequence[str]) -> dict[str, NoticeRecord]:
        """The newest records of those ids that are stored, in the order asked for."""
        with self.read() as connection:
            return records.records(connection, ids)

    def record_as_of(self, id: str, seq: int) -> NoticeRecord | None:
        """The record as it stood right after change ``seq``."""
        with self.read() as connection:
            return records.record_as_of(connection, id, seq)

    def versions(self, id: str) -> list[VersionRow]:
        """Every version of a notice, the newest first: number, when first seen, title."""
        with self.read() as connection:
            return records.versions(connection, id)

    def known_keys(self, source: str, keys: Sequence[str]) -> set[str]:
        """Which of a source's own keys are stored or taken down."""
        with self.read() as connection:
            return records.known_keys(connection, source, keys)

    def iterate(self, *, source: str | None = None, batch: int = 500) -> Iterator[NoticeRecord]:
        """Every notice, in the order in which it first came; constant memory."""
        return records.iterate(self.database, source, batch)

    def count(self) -> int:
        """How many notices are stored."""
        with self.read() as connection:
            return records.count(connection)

    def take_down(self, id: str, *, reason: str, at: dt.datetime) -> None:
        """Remove a notice for good: texts, readings, its own pages; a tombstone stays. Raises NotFound."""
        removal.take_down(self.database, self.packs, id, reason=reason, at=at, clock=self.clock)

    def taken_down(self, id: str) -> tuple[str, dt.datetime] | None:
        """The reason and time of a take-down, or None."""
        with self.read() as connection:
            return removal.taken_down(connection, id)

    # --- quarantine

    def quarantine(
        self, *, source: str, key: str | None, url: str | None, reason: str, detail: str, payload: bytes,
        run: int | None, at: dt.datetime,
    ) -> int:
        """Keep what was refused, with the reason; returns its id (0 when a take-down forbids keeping it)."""
        with self.write() as connection:
            return quarantine.put(
                connection, source=source, key=key, url=url, reason=reason, detail=detail, payload=payload,
                run=run, at=at,
            )

    def quarantined(self, source: str | None = None, limit: int = 100) -> list[Quarantined]:
        """The newest refused items first."""
        with self.read() as connection:
            return quarantine.newest(connection, source, limit)

    # --- changes

    def watermark(self) -> int:
        """The last change number; 0 for an empty store."""
        with self.read() as connection:
            return changes.watermark(connection)

    def changes(self, after: int, limit: int) -> list[Change]:
        """Changes after a number, in order, without gaps."""
        with self.read() as connection:
            return changes.changes(connection, after, limit)

    def committed_at(self, seq: int) -> dt.datetime:
        """When a change was committed; for 0 when the store was made. Raises NotFound."""
        with self.read() as connection:
            return changes.committed_at(connection, seq)

    def changed_since(self, seq: int, limit: int) -> dict[str, tuple[ChangeKind, ...]]:
        """Notices changed after ``seq`` with the kinds of their changes; at most ``limit`` of them."""
        with self.read() as connection:
            return changes.changed_since(connection, seq, limit)

    # --- runs and sources

    def start_run(
        self, source: str, *, slot: str | None, started_at: dt.datetime, window_start: dt.datetime | None
    ) -> int:
        """A new run; returns its id."""
        with self.write() as connection:
            return runs.start_run(
                connection, source, slot=slot, started_at=started_at, window_start=window_start
            )

    def heartbeat_run(self, run_id: int, at: dt.datetime, counts: RunCounts) -> None:
        """The run is alive and has come this far."""
        with self.write() as connection:
            runs.heartbeat_run(connection, run_id, at, counts)

    def finish_run(self, run: Run) -> None:
        """Write down how a run ended."""
        with self.write() as connection:
            runs.finish_run(connection, run)

    def run(self, id: int) -> Run | None:
        """One run by id."""
        with self.read() as connection:
            return runs.run(connection, id)

    def runs(self, source: str | None = None, limit: int = 50) -> list[Run]:
        """The newest runs first."""
        with self.read() as connection:
            return runs.runs(connection, source, limit)

    def unfinished_runs(self) -> dict[int, dt.datetime]:
        """Runs without an end -> their last sign of life."""
        with self.read() as connection:
            return runs.unfinished(connection)

    def source_states(self) -> dict[str, SourceState]:
        """Every registered source."""
        with self.read() as connection:
            return sources.source_states(connection)

    def set_source_state(
        self, id: str, *, enabled: bool | None = None, paused_until: dt.datetime | Keep | None = KEEP,
        pause_reason: str | None = None, contact: str | None = None, base: str | None = None,
        facts_json: Mapping[str, Any] | str | None = None,
    ) -> None:
        """Register a source or change what is given."""
        with self.write() as connection:
            sources.set_source_state(
                connection, id, enabled=enabled, paused_until=paused_until, pause_reason=pause_reason,
                contact=contact, base=base, facts_json=facts_json,
            )

    def remove_source(self, id: str, *, at: dt.datetime) -> int:
        """Remove everything of a demonstration source; returns how many notices went."""
        return removal.remove_source(self.database, self.packs, id, at=at, clock=self.clock)

    def close(self) -> None:
        """Give back connections and the pack lock."""
        self.packs.close()
        self.database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
