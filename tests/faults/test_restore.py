"""Restoring: a backup taken while writers write, put into an empty home, is a whole state of the past."""

from __future__ import annotations

import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from opportunity.errors import RebuildNeeded
from opportunity.settings import Settings
from opportunity.store import Store, open_store
from tests.faults.processes import ROOT
from tests.kills import store_writer
from tests.search_api.conftest import Market, open_market


def writer(home: Path, steps: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.kills.store_writer", str(home), "--writer", "demo_a", "--to", str(steps)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def back_up(home: Path, to: Path) -> None:
    """As docs/operating.md says: first the database by SQLite's own backup, then the pages."""
    to.mkdir()
    source, target = sqlite3.connect(home / "market.db"), sqlite3.connect(to / "market.db")
    with target:
        source.backup(target)
    source.close()
    target.close()
    shutil.copytree(home / "pages", to / "pages")
    shutil.copy2(home / "home-id", to / "home-id")


def state(store: Store) -> dict[str, tuple[int, str, str]]:
    return {record.id: (record.version, record.notice.title, record.notice.body) for record in store.iterate()}


def last_step(store: Store) -> int:
    """The last step of which a notice is there; -1 when there is none."""
    return max((int(r.notice.key.split(".")[0]) for r in store.iterate() if r.notice.key.endswith(".2")), default=-1)


def answers(market: Market) -> list[str]:
    queries = ("公告", '"正文"', "公告 NOT 更正", "更正 OR 正文")
    found = [market.client.get("/api/v1/search", params={"q": q, "limit": 100}).json() for q in queries]
    return [json.dumps([one["total"], sorted(hit["id"] for hit in one["hits"])]) for one in found]


def test_a_backup_taken_under_load_is_restored_and_its_index_rebuilt(tmp_path: Path) -> None:
    home, saved, empty = tmp_path / "home", tmp_path / "backup", tmp_path / "restored"
    process = writer(home, 40)
    assert process.stdout is not None
    before = [process.stdout.readline() for _ in range(12)][-1]
    back_up(home, saved)
    rest = process.stdout.read()
    assert process.wait() == 0 and rest
    shutil.copytree(saved, empty)
    acknowledged = int(before.split()[1])
    for market in open_market(empty):
        store_writer.check(market.store, {"demo_a": acknowledged})
        market.index()
        assert market.engine.current().count() == market.store.count() > 0  # type: ignore[union-attr]
        restored, first = state(market.store), answers(market)
        # Replaying what came later brings it to where the original is.
        for step in range(last_step(market.store), 40):
            store_writer.take(market.store, "demo_a", step)
        market.index()
        final, after = state(market.store), answers(market)
    with open_store(Settings(home=home)) as store:
        assert final == state(store) != restored
    for market in open_market(home):
        market.index()
        assert answers(market) == after != first


def test_an_older_backup_under_a_newer_index_is_told_and_mended(tmp_path: Path) -> None:
    home, saved = tmp_path / "home", tmp_path / "backup"
    for market in open_market(home):
        for step in range(3):
            store_writer.take(market.store, "demo_a", step)
        market.index()
        back_up(home, saved)
        for step in range(3, 6):
            store_writer.take(market.store, "demo_a", step)
        market.index()
    for name in ("market.db", "market.db-wal", "market.db-shm"):
        (home / name).unlink(missing_ok=True)
    shutil.copy2(saved / "market.db", home / "market.db")
    for market in open_market(home):
        with pytest.raises(RebuildNeeded):
            market.index()
    done = subprocess.run(
        [sys.executable, "-m", "market", "feed", "--once"], cwd=ROOT, capture_output=True, text=True,
        env={"MARKET_HOME": str(home), "PATH": "/usr/bin:/bin"}, timeout=240, check=False,
    )
    assert done.returncode == 0, done.stderr
    for market in open_market(home):
        assert market.engine.current().count() == market.store.count() == 15  # type: ignore[union-attr]


@pytest.mark.parametrize("seed", range(4))
def test_a_torn_tail_of_the_log_leaves_a_whole_state(tmp_path: Path, seed: int) -> None:
    """Power loss, roughly: the log and the pack lose an unsynced tail of any length, or end in garbage."""
    dice, home = random.Random(seed), tmp_path / "home"
    process = writer(home, 400)
    assert process.stdout is not None
    for _ in range(dice.randint(3, 9)):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.stdout.close()
    process.wait()
    log = home / "market.db-wal"
    content = log.read_bytes()
    kept = dice.randint(0, len(content))
    log.write_bytes(content[:kept] + (bytes(dice.randbytes(777)) if seed % 2 else b""))
    (home / "market.db-shm").unlink(missing_ok=True)
    # A log torn at the very first commits may lose the schema itself: then there is nothing to hold.
    with open_store(Settings(home=home)) as store:
        changes = store.changes(0, 1_000_000)
        assert [change.seq for change in changes] == list(range(1, store.watermark() + 1))
        steps = last_step(store)
        store_writer.check(store, {"demo_a": steps - 1} if steps > 0 else {})
        store_writer.take(store, "demo_a", steps + 1)
