"""``market up --demo`` as a user runs it: everything starts, heals, and ends together."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opportunity.heartbeat import read_heartbeat

pytestmark = pytest.mark.xdist_group("up")


def eventually(condition: Callable[[], Any], what: str, seconds: float = 120.0) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"did not happen in time: {what}"
        time.sleep(0.2)


class Service:
    """One running ``market up --demo`` with a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.output = home.parent / "up.log"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MARKET_")}
        environment |= {"MARKET_HOME": str(home), "MARKET_PORT": "0", "MARKET_LEASE_SECONDS": "6"}
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "market", "up", "--demo"], env=environment,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )

    def get(self, path: str) -> Any:
        beat = read_heartbeat(self.home, "address")
        if beat is None:
            return None
        try:
            with urllib.request.urlopen(f"{beat['url']}{path}", timeout=10) as answer:
                return json.load(answer)
        except OSError:
            return None

    def notices(self) -> int:
        answer = self.get("/api/v1/search?q=&limit=1&facets=false")
        return 0 if answer is None else int(answer["total"]["value"])

    def children(self) -> dict[int, str]:
        """pid -> command line of every process that belongs to this service."""
        found = {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and int(folder.name) != self.process.pid:
                try:
                    environment = (folder / "environ").read_bytes()
                    command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                except OSError:
                    continue
                if f"MARKET_HOME={self.home}".encode() in environment and command:
                    found[int(folder.name)] = command
        return found

    def pid_of(self, name: str) -> int | None:
        return next((pid for pid, command in self.children().items() if f"market {name}" in command), None)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    running = Service(tmp_path / "home")
    yield running
    if running.process.poll() is None:
        running.process.terminate()
        running.process.wait(60)


def test_it_starts_heals_and_stops_clean(service: Service) -> None:
    eventually(lambda: service.notices() > 0, service.output.read_text(errors="replace"))
    worker = eventually(lambda: service.pid_of("feed"), "the worker runs")
    os.kill(worker, signal.SIGKILL)
    eventually(lambda: service.pid_of("feed") not in (None, worker), "the worker is started again")
    before = service.notices()
    eventually(lambda: service.notices() > before, "what is crawled meanwhile is indexed")
    service.process.send_signal(signal.SIGINT)
    assert service.process.wait(60) == 0
    assert service.children() == {}
    text = service.output.read_text()
    assert "意外退出" in text
    assert "已全部停止" in text
    assert "本机演示数据" in text


def test_a_killed_supervisor_leaves_nothing_behind(service: Service) -> None:
    eventually(lambda: service.pid_of("web") and service.pid_of("schedule"), "the children run")
    service.process.kill()
    service.process.wait(10)
    # A crawl in progress may finish its page and its ledger; then it is gone too.
    eventually(lambda: service.children() == {}, f"left: {service.children()}", 90)
