"""One budget per host over instances, processes and restarts; time is a clock that waits move."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from crawlers.budgets import DayBudgetSpent, HostBudgets, HostPaused, host_key

START = dt.datetime(2026, 11, 24, 10, 0, tzinfo=dt.UTC)


class Time:
    """A clock that moves only by waiting; waits of others are let run in between."""

    def __init__(self) -> None:
        self.now = START
        self.waits: list[float] = []

    def clock(self) -> dt.datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0, "a wait of nothing would spin"
        self.waits.append(seconds)
        self.now += dt.timedelta(seconds=seconds)
        await asyncio.sleep(0)


def budgets(folder: Path, time: Time) -> HostBudgets:
    return HostBudgets(folder, clock=time.clock, sleep=time.sleep)


def test_the_gap_counts_from_the_end_of_the_last_request_over_instances(tmp_path: Path) -> None:
    time, starts = Time(), []

    async def scene() -> None:
        for _ in range(3):
            async with budgets(tmp_path, time).turn("h", gap=5, a_day=100, patience=60):
                starts.append((time.now - START).total_seconds())
                time.now += dt.timedelta(seconds=2)

    asyncio.run(scene())
    assert starts == [0, 7, 14]
    assert len(time.waits) == 2


def test_one_at_a_time_whoever_asks(tmp_path: Path) -> None:
    time, inside, most = Time(), 0, 0

    async def one(mine: HostBudgets) -> None:
        nonlocal inside, most
        async with mine.turn("h", gap=1, a_day=100, patience=600):
            inside += 1
            most = max(most, inside)
            for _ in range(5):
                await asyncio.sleep(0)
            inside -= 1

    async def scene() -> None:
        await asyncio.gather(*(one(budgets(tmp_path, time)) for _ in range(4)))

    asyncio.run(scene())
    assert most == 1
    assert budgets(tmp_path, time).state("h").requests == 4


def test_other_hosts_do_not_wait(tmp_path: Path) -> None:
    time = Time()

    async def scene() -> None:
        mine = budgets(tmp_path, time)
        async with mine.turn("a", gap=50, a_day=100, patience=60), mine.turn("b", gap=50, a_day=100, patience=60):
            pass

    asyncio.run(scene())
    assert time.waits == []


def test_retry_after_is_waited_for_or_pauses(tmp_path: Path) -> None:
    time = Time()

    async def scene() -> float:
        mine = budgets(tmp_path, time)
        async with mine.turn("h", gap=1, a_day=100, patience=60):
            mine.leave_alone("h", dt.timedelta(seconds=30))
            # A shorter wait asked for later does not shorten it.
            mine.leave_alone("h", dt.timedelta(seconds=3))
        async with mine.turn("h", gap=1, a_day=100, patience=60):
            waited = (time.now - START).total_seconds()
            mine.leave_alone("h", dt.timedelta(days=9))
        with pytest.raises(HostPaused) as caught:
            async with mine.turn("h", gap=1, a_day=100, patience=60):
                raise AssertionError("no turn")
        # Never longer than an hour.
        assert caught.value.until == time.now + dt.timedelta(hours=1)
        return waited

    assert asyncio.run(scene()) == 30


def test_the_day_has_its_budget_and_shanghai_its_midnight(tmp_path: Path) -> None:
    time = Time()
    time.now = dt.datetime(2026, 11, 24, 15, 59, tzinfo=dt.UTC)

    async def scene() -> None:
        mine = budgets(tmp_path, time)
        for _ in range(2):
            async with mine.turn("h", gap=0, a_day=2, patience=60):
                pass
        with pytest.raises(DayBudgetSpent):
            async with mine.turn("h", gap=0, a_day=2, patience=60):
                raise AssertionError("no turn")
        time.now += dt.timedelta(minutes=1)
        async with mine.turn("h", gap=0, a_day=2, patience=60):
            pass

    asyncio.run(scene())
    assert budgets(tmp_path, time).state("h").requests == 1


def test_a_clock_set_back_does_not_lengthen_waits(tmp_path: Path) -> None:
    time = Time()

    async def scene() -> None:
        mine = budgets(tmp_path, time)
        async with mine.turn("h", gap=5, a_day=100, patience=60):
            pass
        time.now -= dt.timedelta(days=30)
        async with mine.turn("h", gap=5, a_day=100, patience=60):
            pass

    asyncio.run(scene())
    assert sum(time.waits) == 5


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"last": "x"}', b"\xff\xfe", b'{"last": null, "not_before": 1}'])
def test_a_damaged_file_costs_a_full_gap_not_a_crash(tmp_path: Path, damage: bytes) -> None:
    time = Time()
    mine = budgets(tmp_path, time)
    (tmp_path / "h.json").write_bytes(damage)

    async def scene() -> None:
        async with mine.turn("h", gap=5, a_day=100, patience=60):
            pass

    asyncio.run(asyncio.wait_for(scene(), 10))
    assert sum(time.waits) >= 5


def test_a_killed_process_leaves_its_gap_and_no_lock(tmp_path: Path) -> None:
    code = """
import asyncio, datetime as dt, sys
from pathlib import Path
from crawlers.budgets import HostBudgets
async def scene():
    mine = HostBudgets(Path(sys.argv[1]), clock=lambda: dt.datetime.now(dt.UTC), sleep=asyncio.sleep)
    async with mine.turn("h", gap=5, a_day=100, patience=60):
        print("in", flush=True)
        await asyncio.sleep(60)
asyncio.run(scene())
"""
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=root, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"in\n"
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    last = json.loads((tmp_path / "h.json").read_bytes())["last"]
    time = Time()
    time.now = dt.datetime.fromtimestamp(last + 1, dt.UTC)

    async def scene() -> None:
        async with budgets(tmp_path, time).turn("h", gap=5, a_day=100, patience=60):
            pass

    asyncio.run(asyncio.wait_for(scene(), 10))
    assert sum(time.waits) == pytest.approx(4, abs=0.01)


def test_host_keys() -> None:
    assert host_key("https://www.portal.example:9000/a") == host_key("http://WWW.portal.example./b") == "www.portal.example"
    assert host_key("http://127.0.0.1:8801/") != host_key("http://127.0.0.1:8802/")
    for url in ("http://../x", "http://a%2fb/", "http://" + "a" * 300 + "/", "http://[::1]:5/", "http://门户.example/"):
        key = host_key(url)
        assert key.strip(".")
        assert "/" not in key
        assert len(key) < 130
    assert host_key("http://a_b.example/") == "a_b.example"
