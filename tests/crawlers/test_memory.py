"""A crawl is judged by its own memory, not by that of the process that started it."""

from __future__ import annotations

import subprocess
import sys

from crawlers.memory import own_peak
from crawlers.settings import EXTENSIONS_BASE

CHILD = """
import resource
from crawlers.memory import STATUS, own_peak
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, own_peak(STATUS.read_text("ascii")))
"""
PARENT = """
import subprocess, sys
ballast = bytearray(400 << 20)
ballast[::4096] = b"x" * len(ballast[::4096])
print(subprocess.run([sys.executable, "-c", sys.argv[1]], capture_output=True, text=True, check=True).stdout)
"""


def test_the_peak_of_the_parent_is_not_counted() -> None:
    done = subprocess.run([sys.executable, "-c", PARENT, CHILD], capture_output=True, text=True, check=True, timeout=60)
    inherited, own = map(int, done.stdout.split())
    assert own < 200 << 20
    assert inherited >= own


def test_the_guard_in_use_is_ours() -> None:
    assert "crawlers.memory.OwnMemoryUsage" in EXTENSIONS_BASE
    assert "scrapy.extensions.memusage.MemoryUsage" not in EXTENSIONS_BASE


def test_a_status_without_the_line_tells_nothing() -> None:
    assert own_peak("VmRSS:\t 12 kB\n") is None
    assert own_peak("Name:\tx\nVmHWM:\t   2048 kB\n") == 2 << 20
