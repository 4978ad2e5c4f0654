"""Documents made ahead: the same index as without, whatever becomes of the worker, and no process left behind."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.ahead import Ahead, Batch, batch_after, packed, unpacked
from indexer.engine import Engine
from indexer.engines import open_engine
from indexer.feed import Feeder
from indexer.words import Cutter, cutter
from opportunity.store import Store, open_store
from tests.corpus import NOW
from tests.kills.feed_worker import BATCH, check, clock, load, notice_of, settings_of

ROOT = Path(__file__).parents[2]


class Bench:
    """A home whose feeder uses a second process from the first change on."""

    def __init__(self, home: Path) -> None:
        self.settings = settings_of(home)
        self.store: Store = open_store(self.settings)
        self.words: Cutter = cutter()
        self.engine: Engine = open_engine(self.settings, self.words, home_id=self.store.home_id)
        self.feeder = Feeder(self.store, self.engine, self.words, self.settings, clock, long_backlog=1)

    @property
    def ahead(self) -> Ahead:
        assert self.feeder._ahead is not None
        return self.feeder._ahead

    def start(self) -> int:
        """Feeds one batch and waits until the worker has made the next; returns the worker's id."""
        self.feeder.step()
        deadline = time.monotonic() + 60
        while not self.ahead._asked:
            assert time.monotonic() < deadline
            self.ahead.ask(self.engine.writer().cursor(), 3 * BATCH)
            time.sleep(0.05)
        assert self.ahead._process is not None
        return self.ahead._process.pid


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "home")
    yield made
    made.feeder.close()
    made.engine.close()
    made.store.close()


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_packing_changes_nothing(bench: Bench) -> None:
    load(bench.store, 0, 20)
    bench.store.take_down(notice_of(3, 0).id, reason="test", at=NOW)
    batch = batch_after(bench.store, bench.words, 0, 15)
    assert batch is not None and batch.removed and batch.documents[0].words
    assert unpacked(packed(batch)) == batch
    assert unpacked(packed(None)) is None
    assert batch_after(bench.store, bench.words, 21, 15) is None


def test_a_backlog_is_fed_through_the_worker_and_the_worker_ends_when_idle(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(bench.store, 0, 9 * BATCH)
    load(bench.store, 0, 10, version=1)
    bench.store.take_down(notice_of(4, 0).id, reason="test", at=NOW)
    worker = bench.start()
    taken: list[Batch] = []
    take = bench.ahead.take

    def noted(after: int, limit: int) -> Batch | None:
        batch = take(after, limit)
        taken.extend([batch] if batch else [])
        return batch

    monkeypatch.setattr(bench.ahead, "take", noted)
    bench.feeder.run_until_idle()
    assert len(taken) >= 3
    assert gone(worker)
    bench.engine.close()
    newest = {**dict.fromkeys(range(9 * BATCH), 0), **dict.fromkeys(range(10), 1)}
    check(bench.settings, newest, (4,))


def test_a_worker_that_dies_costs_nothing_and_is_not_started_again(bench: Bench) -> None:
    load(bench.store, 0, 5 * BATCH)
    os.kill(bench.start(), signal.SIGKILL)
    bench.feeder.run_until_idle()
    assert bench.ahead._process is None
    bench.ahead.start()
    assert bench.ahead._process is None
    bench.engine.close()
    check(bench.settings, dict.fromkeys(range(5 * BATCH), 0), ())


def test_a_batch_that_the_index_refuses_is_made_again_by_the_feeder(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(bench.store, 0, 4 * BATCH)
    bench.start()
    take = bench.ahead.take
    spoiled: list[str] = []

    def spoiling(after: int, limit: int) -> Batch | None:
        batch = take(after, limit)
        if batch is not None and not spoiled:
            spoiled.append(batch.documents[3].id)
            batch.documents[3] = dataclasses.replace(batch.documents[3], amounts={"budget": 2**70})
        return batch

    monkeypatch.setattr(bench.ahead, "take", spoiling)
    bench.feeder.run_until_idle()
    assert spoiled and not bench.store.quarantined()
    bench.engine.close()
    check(bench.settings, dict.fromkeys(range(4 * BATCH), 0), ())


FEEDER = """
import sys
from pathlib import Path
from tests.indexer.test_ahead import Bench
bench = Bench(Path(sys.argv[1]))
print(bench.start(), flush=True)
sys.stdin.read()
"""


def test_no_worker_outlives_a_killed_feeder(bench: Bench) -> None:
    load(bench.store, 0, 4 * BATCH)
    feeder = subprocess.Popen(
        [sys.executable, "-c", FEEDER, str(bench.settings.home)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert feeder.stdout is not None and feeder.stdin is not None
    worker = int(feeder.stdout.readline())
    feeder.kill()
    feeder.wait()
    feeder.stdout.close()
    feeder.stdin.close()
    assert gone(worker)
    assert bench.feeder.run_until_idle() > 0
    bench.engine.close()
    check(bench.settings, dict.fromkeys(range(4 * BATCH), 0), ())
