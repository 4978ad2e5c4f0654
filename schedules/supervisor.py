"""``market up``: web, worker and scheduler as supervised children that stop cleanly together."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from opportunity.settings import Settings
from schedules.jobs import end

SIGTERM = 15
PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask the kernel (Linux) to end this child when the supervisor dies, even by kill -9."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGTERM)


@dataclass(slots=True, kw_only=True)
class Child:
    """One supervised process: restarted when it ends, with a growing pause while it keeps failing."""

    name: str
    argv: Sequence[str]
    log: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    next_start: float = field(default=0.0)

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env=self.environment, start_new_session=True, preexec_fn=die_with_parent,
            )
        self.started = time.monotonic()

    def check(self, say: Callable[[str], None]) -> None:
        """Start what is not running; after a crash wait 1, 2, 4 … 30 s, and forget failures after a quiet minute."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.next_start:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            if now - self.started > 60:
                self.failures = 0
            return
        self.failures += 1
        pause = min(30.0, 2.0 ** (self.failures - 1))
        self.process, self.next_start = None, now + pause
        say(f"{self.name} 意外退出（{code}），{pause:g} 秒后重启；日志：{self.log}")


class Supervisor:
    """Keeps its children running until told to stop. Children are started from the main thread."""

    def __init__(self, children: Sequence[Child], say: Callable[[str], None]) -> None:
        self.children, self.say = list(children), say
        self.stopping = threading.Event()

    def run(self, each_second: Callable[[], None] = lambda: None) -> None:
        try:
            while not self.stopping.is_set():
                for child in self.children:
                    child.check(self.say)
                each_second()
                self.stopping.wait(0.5)
        finally:
            self.stop()

    def stop(self) -> None:
        """End all children: the last started first, politely, then for good."""
        running = [child for child in reversed(self.children) if child.process is not None]
        for child in running:
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        for child in running:
            if child.process is not None:
                end(child.process)
                child.process = None


def market_child(settings: Settings, name: str, *arguments: str, environment: dict[str, str]) -> Child:
    """A child that runs ``market …`` with this interpreter."""
    return Child(
        name=name, argv=(sys.executable, "-m", "market", *arguments),
        log=settings.home / "logs" / f"{name}.log", environment=environment,
    )
