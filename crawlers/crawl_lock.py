"""One run of a source at a time, whoever starts it; a second one joins the first and reports its result."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path


class CrawlLock:
    """The file lock of one source (``home/run/crawls/<source>.lock``); the holder writes its run's id into it.

    The lock goes with the process: a killed holder leaves none behind.
    """

    def __init__(self, folder: Path, source: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(folder / f"{source}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.held = False

    def take(self) -> bool:
        """Take the lock if nobody holds it."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        os.ftruncate(self._descriptor, 0)
        self.held = True
        return True

    def name_run(self, run_id: int) -> None:
        """Say which run is in progress."""
        os.pwrite(self._descriptor, f"{run_id:<20}".encode("ascii"), 0)

    def named_run(self) -> int | None:
        """The run in progress as its holder wrote it; None while it has not yet."""
        text = os.pread(self._descriptor, 20, 0).decode("ascii", errors="replace").strip()
        return int(text) if text.isdecimal() else None

    def wait(self, *, sleep: Callable[[float], None] = time.sleep) -> int | None:
        """Wait until the holder is gone; the id of its run, if it got so far as to have one."""
        named = self.named_run()
        while not self.take():
            named = self.named_run() or named
            sleep(0.2)
        return named

    def close(self) -> None:
        os.close(self._descriptor)


@contextlib.contextmanager
def crawl_lock(folder: Path, source: str) -> Iterator[CrawlLock]:
    """The lock of a source, given back at the end whether it was taken or not."""
    lock = CrawlLock(folder, source)
    try:
        yield lock
    finally:
        lock.close()
