"""Too few descriptors, too little memory, too large a backlog, a lock held long: told, and over when the cause is."""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from opportunity.settings import Settings
from opportunity.store import open_store
from schedules.scheduler import Scheduler
from tests.faults.processes import ROOT, run_code
from tests.kills import feed_worker
from tests.schedules.test_scheduler import Recorder, enable
from tests.search_api.conftest import open_market
from tests.search_api.notices import invented

DESCRIPTORS = """
import json, os, resource, sys
from pathlib import Path
from opportunity.errors import MarketError
from search_api.request import SearchRequest
from tests.search_api.conftest import open_market
from tests.search_api.notices import invented
for market in open_market(Path(sys.argv[1])):
    market.save([invented(n) for n in range(30)])
    told = []

    def ask():
        return market.search.search(SearchRequest(text="公告"), limit=50).total.value

    def attempt(what):
        try:
            what()
            told.append("done")
        except MarketError as error:
            told.append(error.code)

    good, held = ask(), []
    resource.setrlimit(resource.RLIMIT_NOFILE, (90, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    try:
        while True:
            held.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    for spare in (0, 1, 2, 3, 4):
        if spare:
            os.close(held.pop())
        for what in (lambda: market.save([invented(100 + spare)]), market.index, ask):
            attempt(what)
    for file in held:
        os.close(file)
    market.save([invented(100 + spare) for spare in range(5)])
    print(json.dumps({"told": told, "good": good, "after": ask(), "count": market.store.count(),
                      "indexed": market.engine.current().count()}))
"""


def test_without_descriptors_it_refuses_and_recovers(tmp_path: Path) -> None:
    done = run_code(DESCRIPTORS, tmp_path / "home")
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert set(told["told"]) > {"done"}, "nothing was refused: the limit was not met"
    assert set(told["told"]) <= {"done", "store_error", "engine_error", "engine_unavailable", "index_busy"}
    assert told["count"] == told["indexed"] == 35
    assert told["after"] >= told["good"] > 0


MEMORY = """
import dataclasses, json, resource, sys
from pathlib import Path
from indexer.engines import open_engine
from indexer.feed import Feeder
from indexer.words import cutter
from opportunity.store import Incoming, open_store
from tests.corpus import NOW
from tests.kills.feed_worker import load, notice_of, settings_of
cutter()
settings = settings_of(Path(sys.argv[1]))
with open_store(settings) as store:
    load(store, 0, 20)
    large = dataclasses.replace(notice_of(20, 0), body="采购课桌椅及配套设施若干批。" * (int(sys.argv[2]) // 40))
    store.save([Incoming(notice=large, extracted={}, reader="given", seen_at=NOW, cause="load")])
    load(store, 21, 20)
    engine = open_engine(settings, cutter(), home_id=store.home_id)
    Feeder(store, engine, cutter(), settings, lambda: NOW).run_until_idle()
    index = engine.current()
    print(json.dumps({"indexed": index.count(), "behind": store.watermark() - index.cursor(),
                      "aside": len(store.quarantined()), "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))
    engine.close()
"""


def test_the_largest_notice_that_can_come_in_is_indexed_in_bounded_memory(tmp_path: Path) -> None:
    """A page may have 8 MiB: so much text is indexed whole, stops nobody, and takes less than 1 GiB."""
    done = run_code(MEMORY, tmp_path / "home", 8 * 1024 * 1024)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    print(f"\nan 8 MiB notice: {told}")
    assert (told["indexed"], told["behind"], told["aside"]) == (41, 0, 0)
    assert told["rss_mb"] < 1024


BACKLOG = """
import json, sys, time
from pathlib import Path
from indexer.engines import open_engine
from indexer.feed import Feeder
from indexer.words import cutter
from opportunity.store import open_store
from tests.corpus import NOW
from tests.kills.feed_worker import load, settings_of
def own_memory_mb():  # without the mapped files of the index, which grow with the index and not with the backlog
    return int(Path("/proc/self/status").read_text().split("RssAnon:")[1].split()[0]) // 1024

settings = settings_of(Path(sys.argv[1]), batch=500)
parts = [int(part) for part in sys.argv[2].split(",")]
cutter()
told = []
with open_store(settings) as store:
    engine = open_engine(settings, cutter(), home_id=store.home_id)
    feeder = Feeder(store, engine, cutter(), settings, lambda: NOW)
    first = 0
    for part in parts:
        load(store, first, part)
        first += part
        began, most = time.monotonic(), 0
        while feeder.step():
            most = max(most, own_memory_mb())
        told.append({"backlog": part, "seconds": round(time.monotonic() - began, 1), "own_mb": most})
    told.append({"indexed": engine.current().count(), "behind": store.watermark() - engine.current().cursor()})
    engine.close()
print(json.dumps(told))
"""


@pytest.mark.parametrize(("parts", "growth_mb"), [
    pytest.param((1_000, 3_000), 64, id="4000"),
    # What does grow is the merging of larger segments, with the index and not with the backlog.
    pytest.param((20_000, 80_000), 200, id="100000", marks=[pytest.mark.long, pytest.mark.timeout(1800)]),
])
def test_a_backlog_is_worked_off_in_memory_that_does_not_grow_with_it(
    tmp_path: Path, parts: tuple[int, ...], growth_mb: int
) -> None:
    done = run_code(BACKLOG, tmp_path / "home", ",".join(map(str, parts)), timeout=1500)
    assert done.returncode == 0, done.stderr[-3000:]
    first, second, end = json.loads(done.stdout.splitlines()[-1])
    print(f"\nbacklog: {first}, then {second}")
    assert end == {"indexed": sum(parts), "behind": 0}
    assert second["own_mb"] - first["own_mb"] < growth_mb


# --- a lock that is held


@contextmanager
def held_lock(home: Path, seconds: float) -> Iterator[threading.Thread]:
    """Another program that keeps the database's write lock for so long."""
    connection = sqlite3.connect(home / "market.db", isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")

    def leave() -> None:
        time.sleep(seconds)
        connection.execute("ROLLBACK")
        connection.close()

    thread = threading.Thread(target=leave)
    thread.start()
    try:
        yield thread
    finally:
        thread.join()


@pytest.mark.parametrize("seconds", [
    1.0, 7.0, *(pytest.param(long, marks=pytest.mark.long) for long in (30.0, 120.0)),
])
def test_a_lock_held_long_kills_nothing(tmp_path: Path, seconds: float) -> None:
    """Searches that fit on a page, the feeder and reading go on; writing waits or is busy; the scheduler ticks on after."""
    home = tmp_path / "home"
    for market in open_market(home, busy_seconds=0.4, lease_seconds=1.5):
        market.save([invented(number) for number in range(30)])
        recorder = Recorder()
        enable(market.store, "place_one")
        scheduler = Scheduler(market.store, market.settings, recorder, lambda: dt.datetime.now(dt.UTC))
        scheduler.start()
        try:
            market.store.save([invented(30)])
            with held_lock(home, seconds) as holder:
                while holder.is_alive():
                    market.index()
                    found = market.client.get("/api/v1/search", params={"q": "公告", "limit": 100})
                    assert found.status_code == 200
                    time.sleep(0.05)
            after = dt.datetime.now(dt.UTC)
            deadline = time.monotonic() + 30
            while scheduler.last_tick is None or scheduler.last_tick <= after:
                assert time.monotonic() < deadline, "the scheduler has not ticked again"
                time.sleep(0.05)
            assert market.store.save([invented(31)])[0].outcome == "new"
            market.index()
            assert market.engine.current().count() == 32  # type: ignore[union-attr]
        finally:
            scheduler.stop()


def test_a_second_feeder_is_told_and_harms_nothing(tmp_path: Path) -> None:
    """Fault 12, as two processes: the first has the index, the second says so and changes nothing."""
    home = tmp_path / "home"
    settings = feed_worker.settings_of(home)
    with open_store(settings) as store:
        feed_worker.load(store, 0, 60)
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith("MARKET_")}, "MARKET_HOME": str(home)}
    first = subprocess.Popen([sys.executable, "-m", "market", "feed"], cwd=ROOT, env=environment, stderr=subprocess.PIPE)
    try:
        beat = home / "run" / "feeder.json"
        deadline = time.monotonic() + 60
        while not (beat.exists() and json.loads(beat.read_text("utf-8")).get("cursor") == 60):
            assert first.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        second = subprocess.run(
            [sys.executable, "-m", "market", "feed", "--once"], cwd=ROOT, env=environment, capture_output=True, text=True,
            timeout=120, check=False,
        )
        assert second.returncode == 1
        assert "另一个进程正在写入索引" in second.stderr
    finally:
        first.terminate()
        first.communicate(timeout=60)
    feed_worker.check(Settings(home=home), dict.fromkeys(range(60), 0))
