"""What must be true of a home after a sweep, counted: lost 0, twice 0, index equals store, no gap, packs verify."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import sqlalchemy as sa

from indexer.engines import open_engine
from indexer.words import cutter
from opportunity.change import ChangeKind
from opportunity.query import Everything, Phrase, Query, Scope
from opportunity.settings import Settings
from opportunity.store import Store, open_store, tables
from opportunity.text import normalise
from schedules import slots
from schedules import tables as schedule_tables
from tests.kills import store_writer
from tests.kills.workers import IMPORT_ROWS, PLACES, WRITER
from tests.replicas.replica import Replica
from tests.test_readers_on_replicas import UNREAD


@dataclass(kw_only=True)
class Ledger:
    """Counts of what went wrong; all nought is the promise. ``notices``, ``changes`` and ``pages`` say over how much."""

    lost: int = 0  # acknowledged or shown by a portal, and not stored
    twice: int = 0  # stored or published a second time without a change
    gaps: int = 0  # numbers missing from the change stream
    missing_in_index: int = 0
    stale_in_index: int = 0
    left_in_index: int = 0  # in the index and not in the store
    bad_pages: int = 0
    slots_lost: int = 0  # the newest slot of a place did not come to its end
    slots_twice: int = 0  # more runs than attempts, or two at once
    notices: int = 0
    changes: int = 0
    pages: int = 0
    slots: int = 0

    @property
    def faults(self) -> dict[str, int]:
        counted = {"notices", "changes", "pages", "slots"}
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in counted and getattr(self, f.name)}


def account(settings: Settings, replica: Replica, acknowledged: int, crawls_log: Path) -> Ledger:
    """Reads the whole home once every kind of process has come to rest."""
    ledger = Ledger()
    with open_store(settings) as store:
        _changes(store, ledger)
        store_writer.check(store, {WRITER: acknowledged})
        _imports(store, acknowledged, ledger)
        _portals(store, replica, ledger)
        _index(store, settings, ledger)
        _packs(store, ledger)
        _slots(store, crawls_log.read_text("utf-8").splitlines() if crawls_log.exists() else [], ledger)
    return ledger


def _changes(store: Store, ledger: Ledger) -> None:
    changes = store.changes(0, 10_000_000)
    ledger.changes = len(changes)
    ledger.gaps = store.watermark() - len({change.seq for change in changes})
    published = Counter((c.notice, c.version) for c in changes if c.kind is ChangeKind.PUBLISHED)
    ledger.twice += sum(count - 1 for count in published.values())
    with store.read() as connection:
        keys = connection.execute(sa.select(tables.notice.c.source, tables.notice.c.key)).tuples().all()
    ledger.notices = len(keys)
    ledger.twice += len(keys) - len(set(keys))


def _imports(store: Store, acknowledged: int, ledger: Ledger) -> None:
    wanted = {f"{step}-{row}" for step in range(acknowledged + 1) for row in range(IMPORT_ROWS)}
    kept = {record.notice.key: record for record in store.iterate(source="import")}
    ledger.lost += len(wanted - kept.keys())
    ledger.twice += sum(record.version != 1 for record in kept.values())


def _portals(store: Store, replica: Replica, ledger: Ledger) -> None:
    """Everything that a portal shows since the begin of the window is stored, once, in one version."""
    begin = dt.datetime.now(dt.UTC) - dt.timedelta(days=6, hours=12)
    for served in replica.all:
        shown = {entry.key for entry in served.truth if entry.published >= begin and entry.category != UNREAD}
        versions = {
            record.notice.key: record.version for record in store.iterate(source=served.demo_id)
        }
        # A portal's key may be only part of the key under which the reader keeps a notice.
        lost = [key for key in shown if not any(key in name for name in versions)]
        ledger.lost += len(lost)
        ledger.twice += sum(version != 1 for version in versions.values())
        ledger.twice += max(0, len(versions) - len(served.truth))


def _index(store: Store, settings: Settings, ledger: Ledger) -> None:
    words = cutter()
    engine = open_engine(settings, words, home_id=store.home_id)
    index = engine.current()
    assert index is not None and index.cursor() == store.watermark(), "the feeder has not come to rest"

    def ids(root: Everything | Phrase) -> list[str]:
        return list(index.every_id(Query(root=root, fingerprint=words.fingerprint, now=dt.datetime.now(dt.UTC))))

    found = ids(Everything())
    newest = {record.id: record for record in store.iterate()}
    ledger.missing_in_index = len(newest.keys() - set(found))
    ledger.left_in_index = len(set(found) - newest.keys())
    ledger.twice += len(found) - len(set(found))
    held = engine.writer()._held(found)  # type: ignore[attr-defined]
    ledger.stale_in_index = sum(held[id] != newest[id].seq for id in found if id in newest)
    for record in list(newest.values())[:: max(1, len(newest) // 40)]:
        title = Phrase(raw=record.notice.title, text=normalise(record.notice.title), scope=Scope.TITLE)
        ledger.missing_in_index += record.id not in ids(title)
    engine.close()


def _packs(store: Store, ledger: Ledger) -> None:
    with store.read() as connection:
        names = [sha256.hex() for sha256 in connection.execute(sa.select(tables.page.c.sha256)).scalars()]
    for name in names:
        ledger.pages += 1
        try:
            store.load_page(name)
        except Exception:
            ledger.bad_pages += 1


def _slots(store: Store, log: Iterable[str], ledger: Ledger) -> None:
    """A slot is run at least once and no oftener than it was claimed, and never twice at the same time."""
    begun: Counter[tuple[str, str]] = Counter()
    running: dict[str, str] = {}
    for line in log:
        what, place, slot = line.split()
        if what == "begin":
            ledger.slots_twice += place in running
            running[place] = slot
            begun[place, slot] += 1
        else:
            running.pop(place, None)
    with store.read() as connection:
        rows = connection.execute(sa.select(schedule_tables.slot)).all()
    ledger.slots = len(rows)
    attempts = {(row.source, row.slot): row.attempt for row in rows}
    ledger.slots_twice += sum(count > attempts.get(key, 0) for key, count in begun.items())
    for place in PLACES:
        last = slots.newest(store, place)
        ledger.slots_lost += not last or (last[0].state != "done" and last[0].attempt < slots.ATTEMPTS)
