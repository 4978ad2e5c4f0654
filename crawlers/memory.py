"""Scrapy's memory guard, measuring this crawl alone.

Scrapy asks ``ru_maxrss``. On Linux a child begins with the peak of the process that started it (the kernel
carries it over exec), so a crawl started by a large process would be ended for memory it never
used. The peak of /proc/self/status is that of this program.
"""

from __future__ import annotations

import re
from pathlib import Path

from scrapy.extensions.memusage import MemoryUsage

STATUS = Path("/proc/self/status")


def own_peak(status: str) -> int | None:
    """The peak resident memory (VmHWM) in bytes that /proc/<pid>/status tells; None where it does not."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return None if found is None else int(found[1]) * 1024


class OwnMemoryUsage(MemoryUsage):
    """Ends a crawl that grows beyond its limit, whatever its parent used."""

    def get_virtual_size(self) -> int:
        try:
            peak = own_peak(STATUS.read_text("ascii"))
        except OSError:
            peak = None
        return super().get_virtual_size() if peak is None else peak
