"""Where embedded indexes lie: home/index/<fingerprint>-<n>, one of them named by the file ``current``.

``current`` is replaced by one rename, so at every instant it names a whole index. A folder whose writer's
lock is held is in use; any other that ``current`` does not name is left over and is dropped.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from opportunity.errors import EngineUnavailable, IndexBusy

_NAME = re.compile(r"([0-9a-f]{12})-(\d+)")
_WRITER_LOCK = ".tantivy-writer.lock"


@contextmanager
def disk_told() -> Iterator[None]:
    """An error of the disk, or no descriptor left, as EngineUnavailable: the next call tries again."""
    try:
        yield
    except OSError as problem:
        raise EngineUnavailable(f"索引目录暂时不能使用：{problem.strerror}。") from problem


class IndexFolders:
    """The folder ``index`` of one home."""

    def __init__(self, home: Path) -> None:
        self.root = home / "index"
        self.pointer = self.root / "current"

    def current_name(self) -> str | None:
        """The name of the index that answers now; None before the first one."""
        try:
            return self.pointer.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None

    def new_name(self, fingerprint: str) -> str:
        numbers = [int(found[2]) for found in map(_NAME.fullmatch, self._names()) if found]
        return f"{fingerprint}-{max(numbers, default=0) + 1}"

    def point_to(self, name: str) -> None:
        """Makes ``name`` the current index: written beside, synced, renamed, the folder synced."""
        beside = self.root / f".current-{os.getpid()}"
        with beside.open("w", encoding="utf-8") as handle:
            handle.write(name)
            handle.flush()
            os.fsync(handle.fileno())
        beside.replace(self.pointer)
        folder = os.open(self.root, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def drop_left_over(self, keep: set[str]) -> list[str]:
        """Drops every index folder that is neither current nor in ``keep`` nor held by a writer."""
        dropped = []
        for name in self._names():
            if name in keep or name == self.current_name() or self.held(name):
                continue
            shutil.rmtree(self.root / name, ignore_errors=True)
            dropped.append(name)
        return dropped

    def held(self, name: str) -> bool:
        """Whether a writer holds the index (tantivy locks a file in its folder)."""
        try:
            with (self.root / name / _WRITER_LOCK).open("rb") as handle:
                return not _locked(handle)
        except FileNotFoundError:
            return False

    def hold_build(self) -> IO[bytes]:
        """The lock of the one build that may go on; closing what is returned gives it back."""
        self.root.mkdir(parents=True, exist_ok=True)
        handle = (self.root / ".build.lock").open("ab")
        if not _locked(handle):
            handle.close()
            raise IndexBusy("另一个进程正在重建索引；请等它结束。")
        return handle

    def _names(self) -> list[str]:
        if not self.root.is_dir():
            return []
        return sorted(folder.name for folder in self.root.iterdir() if _NAME.fullmatch(folder.name))


def fingerprint_of(name: str) -> str:
    """The fingerprint in an index folder's name; empty when the name is not ours."""
    found = _NAME.fullmatch(name)
    return found[1] if found else ""


def _locked(handle: IO[bytes]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
