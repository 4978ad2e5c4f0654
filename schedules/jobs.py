"""Jobs: each crawl is a subprocess with a time limit; a crawl can die, hang or leak and nothing else does."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from opportunity.settings import Settings
from schedules.slots import Claim

GRACE_SECONDS = 15.0


class CrawlLauncher:
    """Starts ``market crawl SOURCE --slot SLOT`` and waits for it."""

    def __init__(self, settings: Settings, *, command: tuple[str, ...] = (sys.executable, "-m", "market"),
                 poll_seconds: float = 1.0, life_seconds: float = 10.0) -> None:
        self.settings, self.command = settings, command
        self.poll_seconds, self.life_seconds = poll_seconds, life_seconds
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def run(self, claimed: Claim, limit: dt.timedelta, alive: Callable[[], bool]) -> tuple[str, int | None, str]:
        """Run one crawl: (state, exit code, reason). States: done, failed, timeout, stopped."""
        if self._stopping.is_set():
            return "stopped", None, "调度器正在停止"
        logs = self.settings.home / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        with (logs / f"crawl-{claimed.source}.log").open("ab") as output:
            process = subprocess.Popen(
                [*self.command, "crawl", claimed.source, "--slot", claimed.slot],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env=self.settings.child_environment(), start_new_session=True,
            )
        with self._lock:
            self._running.add(process)
        try:
            return self._watch(process, limit, alive)
        finally:
            with self._lock:
                self._running.discard(process)

    def _watch(self, process: subprocess.Popen[bytes], limit: dt.timedelta,
               alive: Callable[[], bool]) -> tuple[str, int | None, str]:
        deadline = time.monotonic() + limit.total_seconds()
        next_life = time.monotonic() + self.life_seconds
        while process.poll() is None:
            if self._stopping.is_set():
                return "stopped", end(process), "调度器停止，采集提前结束"
            if time.monotonic() >= deadline:
                return "timeout", end(process), f"超过时间上限 {limit.total_seconds() / 60:g} 分钟，已结束"
            if time.monotonic() >= next_life:
                next_life = time.monotonic() + self.life_seconds
                # The slot has been given to another scheduler; the crawl itself may go on (whoever
                # runs the slot again joins it), but this claim records nothing any more.
                alive()
            self._stopping.wait(self.poll_seconds)
        code = process.returncode
        if code == 0:
            return "done", code, "完成"
        return "failed", code, f"采集进程退出码 {code}" if code > 0 else f"采集进程被信号 {signal.Signals(-code).name} 结束"

    def stop(self) -> None:
        """Tell every running crawl to end; returns at once, ``run`` waits for the ends."""
        self._stopping.set()


def end(process: subprocess.Popen[bytes], grace: float = GRACE_SECONDS) -> int | None:
    """End a child politely, then for good; its exit code."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return process.returncode
