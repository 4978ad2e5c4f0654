"""The scheduler process as it runs: real APScheduler, real store, real child processes."""

from __future__ import annotations

import datetime as dt
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from opportunity.settings import Settings
from opportunity.store import Store
from schedules import slots
from schedules.jobs import CrawlLauncher
from schedules.scheduler import Scheduler
from schedules.slots import Claim

MINUTE = dt.timedelta(minutes=1)


class Clock:
    """Real time plus a shift that the test moves."""

    def __init__(self) -> None:
        self.shift = dt.timedelta()

    def __call__(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + self.shift


class Recorder:
    """A launcher that notes what it was asked to run; a source named ``raises_*`` raises."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.runs: list[tuple[str, str]] = []
        self.lock = threading.Lock()
        self.stopping = threading.Event()

    def run(self, claimed: Claim, limit: dt.timedelta, alive: Callable[[], bool]) -> tuple[str, int | None, str]:
        with self.lock:
            self.runs.append((claimed.source, claimed.slot))
        if claimed.source.startswith("raises"):
            raise SystemExit(3)
        self.stopping.wait(self.seconds)
        return "done", 0, "完成"

    def stop(self) -> None:
        self.stopping.set()


def enable(store: Store, *sources: str, minutes: int = 30) -> None:
    for source in sources:
        store.set_source_state(source, enabled=True, facts_json={
            "title": source,
            "timetable": {"minutes": minutes, "cron": None, "overlap_hours": 48, "time_limit_minutes": 5},
        })


def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def quick(settings: Settings) -> Settings:
    return settings.model_copy(update={"lease_seconds": 1.5, "busy_seconds": 0.5})


def test_each_slot_runs_once_with_three_schedulers(store: Store, quick: Settings) -> None:
    enable(store, "place_one", "place_two", "place_three")
    clock, recorder = Clock(), Recorder()
    schedulers = [Scheduler(store, quick, recorder, clock) for _ in range(3)]
    for scheduler in schedulers:
        scheduler.start()
    try:
        eventually(lambda: len(recorder.runs) == 3)
        clock.shift += 30 * MINUTE
        eventually(lambda: len(recorder.runs) == 6)
        time.sleep(1.0)
    finally:
        for scheduler in schedulers:
            scheduler.stop()
    assert len(recorder.runs) == len(set(recorder.runs)) == 6


def test_three_days_down_is_one_catch_up_run_that_counts_the_rest(store: Store, quick: Settings) -> None:
    enable(store, "place_one")
    clock, recorder = Clock(), Recorder()
    first = Scheduler(store, quick, recorder, clock)
    first.start()
    eventually(lambda: len(recorder.runs) == 1)
    first.stop()
    clock.shift += dt.timedelta(days=3)
    second = Scheduler(store, quick, recorder, clock)
    second.start()
    try:
        eventually(lambda: len(recorder.runs) == 2)
        time.sleep(0.7)
    finally:
        second.stop()
    assert len(recorder.runs) == 2
    assert slots.newest(store, "place_one")[0].merged == 143


def test_a_locked_store_does_not_stop_the_ticking(store: Store, quick: Settings) -> None:
    """The fault that kills APScheduler's own job store for good: a writer that holds the lock."""
    enable(store, "place_one")
    clock, recorder = Clock(), Recorder()
    scheduler = Scheduler(store, quick, recorder, clock)
    scheduler.start()
    try:
        eventually(lambda: len(recorder.runs) == 1)
        before = scheduler.last_tick
        with store.write():
            time.sleep(2.5)
        eventually(lambda: scheduler.last_tick is not None and before is not None and scheduler.last_tick > before)
        clock.shift += 30 * MINUTE
        eventually(lambda: len(recorder.runs) == 2)
    finally:
        scheduler.stop()


def test_a_job_that_raises_base_exception_takes_nothing_with_it(store: Store, quick: Settings) -> None:
    enable(store, "raises_exit", "place_one")
    clock, recorder = Clock(), Recorder()
    scheduler = Scheduler(store, quick, recorder, clock)
    scheduler.start()
    try:
        eventually(lambda: {source for source, _ in recorder.runs} == {"raises_exit", "place_one"})
        clock.shift += 30 * MINUTE
        eventually(lambda: [source for source, _ in recorder.runs].count("place_one") == 2)
    finally:
        scheduler.stop()


def test_a_source_switched_on_later_is_picked_up_and_one_switched_off_stops(store: Store, quick: Settings) -> None:
    clock, recorder = Clock(), Recorder()
    scheduler = Scheduler(store, quick, recorder, clock)
    scheduler.start()
    try:
        time.sleep(0.3)
        assert recorder.runs == []
        enable(store, "place_one")
        eventually(lambda: len(recorder.runs) == 1)
        store.set_source_state("place_one", enabled=False)
        time.sleep(1.2)
        clock.shift += 90 * MINUTE
        time.sleep(1.2)
        assert len(recorder.runs) == 1
    finally:
        scheduler.stop()


def crawl_script(tmp_path: Path, text: str) -> tuple[str, ...]:
    script = tmp_path / "crawl.py"
    script.write_text(text, encoding="utf-8")
    return sys.executable, str(script)


CLAIM = Claim(source="place_one", slot="2026-11-24T02:00:00+00:00", token=1, attempt=1, merged=0)


@pytest.mark.parametrize(
    ("code", "state", "exit_code"),
    [
        ("import sys; assert sys.argv[1:3] == ['crawl', 'place_one']", "done", 0),
        ("raise SystemExit(3)", "failed", 3),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "failed", -9),
        ("import time; time.sleep(60)", "timeout", -15),
    ],
)
def test_the_end_of_a_crawl_is_told_as_it_was(
    settings: Settings, tmp_path: Path, code: str, state: str, exit_code: int
) -> None:
    launcher = CrawlLauncher(settings, command=crawl_script(tmp_path, code), poll_seconds=0.02)
    limit = dt.timedelta(seconds=1.5 if state == "timeout" else 30)
    assert launcher.run(CLAIM, limit, lambda: True)[:2] == (state, exit_code)


def test_stopping_ends_the_running_crawls(settings: Settings, tmp_path: Path) -> None:
    ready = tmp_path / "pid"
    command = crawl_script(tmp_path, f"import os, time; open({str(ready)!r}, 'w').write(str(os.getpid())); time.sleep(60)")
    launcher = CrawlLauncher(settings, command=command, poll_seconds=0.02)
    ends: list[tuple[str, int | None, str]] = []
    thread = threading.Thread(target=lambda: ends.append(launcher.run(CLAIM, dt.timedelta(minutes=5), lambda: True)))
    thread.start()
    eventually(lambda: ready.exists() and ready.read_text() != "")
    pid = int(ready.read_text())
    launcher.stop()
    thread.join(20)
    assert ends[0][0] == "stopped"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_running_crawl_shows_life(settings: Settings, tmp_path: Path) -> None:
    command = crawl_script(tmp_path, "import time; time.sleep(1)")
    launcher = CrawlLauncher(settings, command=command, poll_seconds=0.02, life_seconds=0.1)
    beats: list[int] = []

    def alive() -> bool:
        beats.append(1)
        return True

    assert launcher.run(CLAIM, dt.timedelta(minutes=1), alive)[0] == "done"
    assert len(beats) >= 3
