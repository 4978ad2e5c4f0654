"""What a killed process was doing, and what it had acknowledged: a page of memory shared with its killer.

The memory is mapped before the fork, so what the killed process wrote last is there after SIGKILL. The
wrappers only note where the code is; what they wrap runs unchanged.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any

_SLOT = struct.Struct("<q")


class Phase(IntEnum):
    """Where a process is. ``inside`` are the places in which a kill could leave something half done."""

    STARTING = 0
    OUTSIDE = 1
    IDLE = 2
    WAITING = 3  # for the write lock
    TRANSACTION = 4
    COMMIT = 5
    PACK = 6  # writing and syncing a page frame
    INDEX_WRITE = 7
    INDEX_COMMIT = 8
    INDEX_MERGE = 9  # waiting for merges to end
    INDEX_SWITCH = 10
    FETCHING = 11
    SEARCHING = 12
    CRAWL_RUNS = 13  # a scheduler whose child runs

    @property
    def inside(self) -> bool:
        return self in _INSIDE


_INSIDE = {
    Phase.TRANSACTION, Phase.COMMIT, Phase.PACK, Phase.INDEX_WRITE, Phase.INDEX_COMMIT, Phase.INDEX_MERGE,
    Phase.INDEX_SWITCH,
}


class Board:
    """Shared numbers: the phase, the last acknowledged step, whether the worker is ready, a shift of its clock."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, mmap.PAGESIZE)

    def _get(self, slot: int) -> int:
        return int(_SLOT.unpack_from(self._memory, slot * 8)[0])

    def _set(self, slot: int, value: int) -> None:
        _SLOT.pack_into(self._memory, slot * 8, value)

    @property
    def phase(self) -> Phase:
        return Phase(self._get(0))

    def enter(self, phase: Phase) -> None:
        self._set(0, phase)

    @property
    def acknowledged(self) -> int:
        """The last step whose effects were told to be durable; -1 before the first."""
        return self._get(1) - 1

    def acknowledge(self, step: int) -> None:
        self._set(1, step + 1)

    @property
    def ready(self) -> bool:
        return bool(self._get(2))

    def set_ready(self, ready: bool) -> None:
        self._set(2, int(ready))

    @property
    def shift_seconds(self) -> int:
        return self._get(3)

    def move_clock(self, seconds: int) -> None:
        self._set(3, self.shift_seconds + seconds)


def _noted(board: Board, owner: Any, name: str, phase: Phase) -> None:
    """Wrap a method so that the board shows ``phase`` while it runs, and what it showed before afterwards."""
    original: Callable[..., Any] = getattr(owner, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        before = board.phase
        board.enter(phase)
        try:
            return original(*arguments, **named)
        finally:
            board.enter(before)

    setattr(owner, name, wrapped)


def note_store(board: Board) -> None:
    """Note transactions and page frames in this process from now on."""
    from opportunity.store.database import Database
    from opportunity.store.packs import Packs

    original = Database.write

    @contextmanager
    def write(self: Database, *, secure: bool = False) -> Iterator[Any]:
        before = board.phase
        board.enter(Phase.WAITING)
        try:
            with original(self, secure=secure) as connection:
                board.enter(Phase.TRANSACTION)
                yield connection
                board.enter(Phase.COMMIT)
        finally:
            board.enter(before)

    Database.write = write  # type: ignore[method-assign]
    _noted(board, Packs, "append", Phase.PACK)


def note_index(board: Board) -> None:
    """Note the writing, committing, merging and switching of embedded indexes."""
    from indexer.engines.embedded_files import IndexFolders
    from indexer.engines.embedded_writing import EmbeddedWritingIndex

    _noted(board, EmbeddedWritingIndex, "_write", Phase.INDEX_WRITE)
    _noted(board, EmbeddedWritingIndex, "_commit", Phase.INDEX_COMMIT)
    _noted(board, EmbeddedWritingIndex, "finish", Phase.INDEX_MERGE)
    _noted(board, IndexFolders, "point_to", Phase.INDEX_SWITCH)


def note_search(board: Board) -> None:
    """Note the searches of a web server."""
    from search_api.service import Search

    _noted(board, Search, "search", Phase.SEARCHING)
