"""Helpers of the tests that run whole crawls in processes of their own.

Twisted's reactor starts once in a process, and loading everything takes seconds. So one process
loads it (``tests.crawlers.driver``) and forks itself for each crawl; the reactor is not touched
before the fork.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
QUICK: dict[str, Any] = {"timeout": 1.5, "connect_timeout": 1.0, "patience": 5.0, "attempts": 2, "back_off": 2.0}


@functools.cache
def _loaded() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crawlers.driver"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.wait(10)


@dataclass(frozen=True)
class Started:
    """A crawl under way in a process of its own."""

    pid: int
    file: Path

    def running(self) -> bool:
        return not self.file.with_suffix(".code").exists()

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, timeout: float = 60) -> int:
        """Its exit code; minus the signal that ended it."""
        end = time.monotonic() + timeout
        while self.running():
            if time.monotonic() > end:
                os.kill(self.pid, 9)
                raise AssertionError(f"the crawl has not ended after {timeout} s: {self.errors()[-3000:]}")
            time.sleep(0.02)
        return int(self.file.with_suffix(".code").read_text("ascii"))

    def errors(self) -> str:
        return self.file.with_suffix(".err").read_text("utf-8", errors="replace")


def start(home: Path, base: str, id: str = "demo_bench", **asked: Any) -> Started:
    """Start a crawl; ``asked`` as in ``tests.crawlers.driver``, with small limits by default."""
    asked = {"home": str(home), "id": id, "base": base, **asked, "limits": {**QUICK, **asked.get("limits", {})}}
    file = home.parent / f"{uuid.uuid4().hex}.json"
    file.write_text(json.dumps(asked), "utf-8")
    process = _loaded()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{file}\n")
    process.stdin.flush()
    return Started(int(process.stdout.readline()), file)


def result(started: Started, timeout: float = 60) -> dict[str, Any]:
    """The finished run (or the error) of a crawl that was started."""
    started.wait(timeout)
    out = started.file.with_suffix(".out").read_text("utf-8")
    assert out, started.errors()[-3000:]
    value: dict[str, Any] = json.loads(out)
    value["stderr"] = started.errors()
    return value


def crawl(home: Path, base: str, **asked: Any) -> dict[str, Any]:
    return result(start(home, base, **asked))


def labels(run: dict[str, Any]) -> set[str]:
    return {problem["label"] for problem in run["problems"]}
