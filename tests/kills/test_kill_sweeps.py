"""Every kind of process is killed with -9, over and over, while notices flow; then the books are checked.

The short sweep belongs to every run of the tests, the long one to ``make test-long``: 200 kills at random times of each
kind and 60 at the k-th write, sync or rename of each, traced.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from opportunity.notice import SHANGHAI
from opportunity.store import open_store
from tests.kills.ledger import Ledger, account
from tests.kills.workers import PLACE_MINUTES, PLACES, WORKERS, settings_of
from tests.replicas.replica import Replica

ROOT = Path(__file__).parents[2]
NEVER_LATER = 3600.0  # seconds a lane may take before the test gives up


class StoppableClock:
    """The real time until it is stopped: then the portals publish nothing more."""

    def __init__(self) -> None:
        self._stopped: dt.datetime | None = None

    def __call__(self) -> dt.datetime:
        return self._stopped or dt.datetime.now(SHANGHAI)

    def stop(self) -> None:
        self._stopped = self()


class Sweep:
    """A home, three portals that publish on, and one lane for each kind of process."""

    def __init__(self, folder: Path, replica: Replica, *, loud: bool) -> None:
        self.folder, self.replica, self.loud = folder, replica, loud
        self.bases = ",".join(f"{name}={base}" for name, base in replica.bases.items())
        self.settings = settings_of(folder / "home", self.bases)
        with open_store(self.settings) as store:
            for place in PLACES:
                store.set_source_state(place, enabled=True, facts_json={
                    "title": place, "timetable": {
                        "minutes": PLACE_MINUTES, "cron": None, "overlap_hours": 48, "time_limit_minutes": 5,
                    },
                })

    def lane(self, kind: str, kills: int, traced: int, finish: int = 1) -> subprocess.Popen[str]:
        errors = None if self.loud else (self.folder / f"{kind}.err").open("ab")
        command = [
            sys.executable, "-m", "tests.kills.lane", kind, str(self.settings.home), "--replicas", self.bases,
            "--kills", str(kills), "--traced", str(traced), "--finish", str(finish),
        ]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=ROOT
        )
        if errors is not None:
            errors.close()
        return process

    def storm(self, kills: Mapping[str, int], traced: Mapping[str, int]) -> dict[str, dict[str, Any]]:
        """All lanes at once; kind -> its report."""
        lanes = {kind: self.lane(kind, kills[kind], traced[kind]) for kind in kills}
        try:
            return {kind: self._report(kind, lane) for kind, lane in lanes.items()}
        finally:
            for lane in lanes.values():
                if lane.poll() is None:
                    lane.kill()
                    lane.wait()

    def _report(self, kind: str, lane: subprocess.Popen[str]) -> dict[str, Any]:
        output, _ = lane.communicate(timeout=NEVER_LATER)
        told = "" if self.loud else (self.folder / f"{kind}.err").read_text("utf-8")[-3000:]
        assert lane.returncode == 0, f"{kind}: {told}"
        return dict(json.loads(output.splitlines()[-1]))

    def rest(self) -> None:
        """What was cut short is done again, unkilled: the crawl of each portal, then the feeder."""
        self._report("crawl", self.lane("crawl", 0, 0, finish=3))
        self._report("feeder", self.lane("feeder", 0, 0))


def told(reports: Mapping[str, Mapping[str, Any]], ledger: Ledger, seconds: float) -> str:
    """The printed figures."""
    kills = sum(report["kills"] for report in reports.values())
    inside = sum(report["inside"] for report in reports.values())
    each = ", ".join(f"{kind} {report['kills']}" for kind, report in reports.items())
    lines = [
        f"\n{kills} kills -9 in {seconds:.0f} s ({each}), "
        f"{inside} inside a transaction, commit, page frame or index write; {ledger.notices} notices, {ledger.changes} "
        f"changes, {ledger.pages} pages, {ledger.slots} slots; lost {ledger.lost}, twice {ledger.twice}, gaps "
        f"{ledger.gaps}, index≠store {ledger.missing_in_index + ledger.stale_in_index + ledger.left_in_index}, bad pages "
        f"{ledger.bad_pages}, slots lost {ledger.slots_lost} twice {ledger.slots_twice}; 95 % bound {3 / kills:.2%}"
    ]
    lines += [f"  {kind}: {json.dumps(report['phases'])} at calls {report['at_calls']}" for kind, report in reports.items()]
    return "\n".join(lines)


def sweep(folder: Path, kills: Mapping[str, int], traced: Mapping[str, int], *, loud: bool) -> dict[str, dict[str, Any]]:
    clock = StoppableClock()
    with Replica(seed=7, notices=30, days=5, pace=(1.0, 3.0), clock=clock) as replica:
        began = time.monotonic()
        made = Sweep(folder, replica, loud=loud)
        reports = made.storm(kills, traced)
        clock.stop()
        made.rest()
        ledger = account(made.settings, replica, reports["writer"]["acknowledged"], folder / "crawls.log")
        print(told(reports, ledger, time.monotonic() - began))
        assert ledger.faults == {}
    for kind, report in reports.items():
        assert report["kills"] >= kills[kind], report
    web = reports["web"]
    assert web["wrong_answers"] == [] and web["cursors_lost"] == 0
    return reports


def test_a_few_kills_of_every_kind_lose_nothing(tmp_path: Path) -> None:
    kills = {"writer": 6, "feeder": 6, "crawl": 3, "scheduler": 5, "web": 4}
    traced = {"writer": 4, "feeder": 3, "crawl": 2, "scheduler": 3, "web": 2}
    sweep(tmp_path, kills, traced, loud=False)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_two_hundred_kills_of_every_kind_lose_nothing(tmp_path: Path) -> None:
    reports = sweep(tmp_path, dict.fromkeys(WORKERS, 200), dict.fromkeys(WORKERS, 60), loud=True)
    assert sum(report["inside"] for report in reports.values()) >= 150
    calls: Counter[str] = Counter()
    for report in reports.values():
        calls.update(report["at_calls"])
    assert sum(calls.values()) >= 150, calls
