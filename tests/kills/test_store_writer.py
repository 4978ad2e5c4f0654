"""A writer killed with -9 in mid-load loses nothing it has acknowledged. The big sweep is run apart."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from opportunity.settings import Settings
from opportunity.store import open_store
from tests import servers
from tests.kills import store_writer

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def postgresql_url() -> Iterator[str]:
    with servers.postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    return Settings(home=tmp_path / "home", database=url, busy_seconds=60)


def start(settings: Settings, writer: str, first: int, to: int = 1_000_000) -> subprocess.Popen[str]:
    command = [
        sys.executable, "-m", "tests.kills.store_writer", str(settings.home), "--writer", writer,
        "--from", str(first), "--to", str(to),
    ]
    if settings.database:
        command += ["--database", settings.database]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def kill_after(process: subprocess.Popen[str], steps: int, delay: int) -> int:
    """Read so many acknowledgements, spin a little, kill -9; returns the last step acknowledged."""
    assert process.stdout is not None
    last = -1
    for _ in range(steps):
        last = int(process.stdout.readline().split()[1])
    for _ in range(delay):
        os.getpid()
    process.send_signal(signal.SIGKILL)
    for line in process.stdout:
        if line.endswith("\n"):
            last = int(line.split()[1])
    process.wait()
    return last


def test_what_was_acknowledged_survives_kill_9(settings: Settings) -> None:
    dice = random.Random(11)
    last = -1
    for _ in range(3):
        process = start(settings, "demo_a", last + 1)
        last = max(last, kill_after(process, dice.randint(1, 12), dice.randint(0, 60_000)))
        with open_store(settings) as store:
            store_writer.check(store, {"demo_a": last})
            assert store.database.clean_up()


def test_writers_in_several_processes_leave_no_gap(settings: Settings) -> None:
    with open_store(settings) as store:
        writers = {name: start(settings, name, 0, 8) for name in ("demo_a", "demo_b")}
        seen = 0
        while any(process.poll() is None for process in writers.values()):
            changes = store.changes(seen, 1000)
            assert [change.seq for change in changes] == list(range(seen + 1, seen + 1 + len(changes)))
            seen += len(changes)
            time.sleep(0.02)
        assert [process.returncode for process in writers.values()] == [0, 0]
        store_writer.check(store, dict.fromkeys(writers, 7))
    for process in writers.values():
        assert process.stdout is not None
        process.stdout.close()
