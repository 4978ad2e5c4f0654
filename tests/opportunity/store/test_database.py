"""The write lock, full disks and failed syncs; many writers at once."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from opportunity.errors import StoreBusy, StoreError
from opportunity.settings import Settings
from opportunity.store import Store, open_store
from tests.opportunity.store.samples import incoming, page

ROOT = Path(__file__).parents[3]


def test_writers_leave_no_gap_and_every_answer_names_its_change(opened: Callable[[], Store]) -> None:
    """Two threads on each of two stores, which know of each other only through the database."""
    store, other = opened(), opened()

    def work(name: int) -> list[tuple[str, int | None]]:
        saved = []
        for number in range(8):
            for one in (store, other)[name % 2].save([incoming(f"{name}.{number}"), incoming(f"shared {number}")]):
                saved.append((one.id, one.seq))
        return saved

    with ThreadPoolExecutor(4) as pool:
        answers = [one for saved in pool.map(work, range(4)) for one in saved if one[1] is not None]
    changes = {change.seq: change.notice for change in store.changes(0, 1000)}
    assert list(changes) == list(range(1, 4 * 8 + 8 + 1))
    assert {seq: id for id, seq in answers} == changes


def test_a_commit_is_on_the_disk_before_it_is_acknowledged(store: Store) -> None:
    with store.write() as connection:
        if connection.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        else:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"


def test_a_page_is_synced_before_its_row_commits(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync
    seen: list[tuple[str, int, int]] = []

    def sync(file: int) -> None:
        with store.read() as connection:
            rows = connection.execute(sa.text("SELECT count(*) FROM page")).scalar_one()
        seen.append((os.readlink(f"/proc/self/fd/{file}"), os.fstat(file).st_size, rows))
        real(file)

    monkeypatch.setattr(os, "fsync", sync)
    store.save_page(page())
    assert {rows for _, _, rows in seen} == {0}
    [(_, size, _)] = [one for one in seen if one[0].endswith(".pack")]
    assert size > 0, "the frame is in the pack when the pack is synced; syncing its folder is not enough"


def test_a_failing_transaction_leaves_nothing_and_takes_no_number(store: Store) -> None:
    store.save([incoming()])
    with pytest.raises(ZeroDivisionError), store.write() as connection:
        connection.execute(sa.text("DELETE FROM notice"))
        raise ZeroDivisionError
    assert store.count() == 1
    assert store.save([incoming("b")])[0].seq == 2


def test_nothing_can_be_written_through_a_reading_connection(store: Store) -> None:
    with pytest.raises(StoreError), store.read() as connection:
        connection.execute(sa.text("DELETE FROM counter"))
    assert store.watermark() == 0


def test_a_snapshot_does_not_move_while_others_write(store: Store) -> None:
    store.save([incoming()])
    count = sa.text("SELECT count(*) FROM change")
    with store.read() as connection:
        assert connection.execute(count).scalar_one() == 1
        store.save([incoming("b")])
        assert connection.execute(count).scalar_one() == 1


def test_writes_do_not_nest(store: Store) -> None:
    with pytest.raises(StoreError), store.write():
        store.save([incoming()])
    assert store.save([incoming()])[0].outcome == "new"


def hold_lock(settings: Settings, home_id: str) -> Callable[[], None]:
    """Take the write lock as another program would; returns what gives it back."""
    if not settings.database:
        other = sqlite3.connect(settings.home / "market.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        return other.close
    server = psycopg.connect(settings.database.replace("+psycopg", ""))
    server.execute(f"SELECT value FROM market_{home_id}.counter WHERE name = 'change' FOR UPDATE")
    return server.close


def test_a_lock_held_by_another_is_busy_then_all_goes_on(settings: Settings) -> None:
    hasty = settings.model_copy(update={"busy_seconds": 0.2})
    with open_store(hasty) as store:
        store.save([incoming()])
        give_back = hold_lock(settings, store.home_id)
        for _ in range(2):
            with pytest.raises(StoreBusy):
                store.save([incoming("b")])
        assert store.record(incoming().notice.id) is not None
        with open_store(hasty) as other:
            assert other.watermark() == 1
        give_back()
        assert store.save([incoming("b")])[0].seq == 2


def test_a_thread_that_waits_for_another_is_busy_too(settings: Settings) -> None:
    with open_store(settings.model_copy(update={"busy_seconds": 0.1})) as store:
        inside, leave = threading.Event(), threading.Event()

        def hold() -> None:
            with store.write():
                inside.set()
                leave.wait()

        holder = threading.Thread(target=hold)
        holder.start()
        inside.wait()
        with pytest.raises(StoreBusy):
            store.save([incoming()])
        leave.set()
        holder.join()
        assert store.save([incoming()])[0].outcome == "new"


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from opportunity.errors import StoreError
from opportunity.settings import Settings
from opportunity.store import open_store
from tests.kills.store_writer import take
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with open_store(Settings(home=Path(sys.argv[1]))) as store:
    take(store, "demo_a", 0)
    print("acked 0", flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
    step = 1
    try:
        while step < 400:
            take(store, "demo_a", step)
            print("acked", step, flush=True)
            step += 1
    except StoreError as error:
        print("refused", error.code, flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    take(store, "demo_a", step)
    print("acked", step, flush=True)
"""


@pytest.mark.parametrize("limit", [420_000, 500_001])
def test_a_full_disk_refuses_loudly_loses_nothing_and_heals_by_itself(tmp_path: Path, limit: int) -> None:
    from tests.kills.store_writer import check

    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "home"), str(limit)],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "refused store_error" in lines
    last = int(lines[-1].split()[1])
    assert last > 1
    with open_store(Settings(home=tmp_path / "home")) as store:
        check(store, {"demo_a": last})


def test_a_page_whose_sync_failed_is_not_acknowledged_nor_any_after_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save_page(page(b"before"))

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "injected")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail)
        with pytest.raises(StoreError, match="磁盘"):
            store.save_page(page(b"lost"))
    with pytest.raises(StoreError, match="重新启动"):
        store.save_page(page(b"after"))
    assert store.load_page(page(b"before").sha256) == b"before"



def test_an_unknown_kind_of_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="PostgreSQL"):
        open_store(Settings(home=tmp_path, database="mysql://127.0.0.1/x"))


def test_a_server_that_is_not_there_is_a_store_error(tmp_path: Path) -> None:
    url = f"postgresql+psycopg://market@/postgres?host={tmp_path}"
    with pytest.raises(StoreError, match="无法连接"):
        open_store(Settings(home=tmp_path / "home", database=url))
