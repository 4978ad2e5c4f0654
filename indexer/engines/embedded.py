"""The embedded engine: tantivy in this process, its indexes in the home folder. The default."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import IO

from indexer.engine import Index, WordCutter
from indexer.engines.embedded_files import IndexFolders, disk_told, fingerprint_of
from indexer.engines.embedded_guard import damaged_file
from indexer.engines.embedded_index import EmbeddedIndex
from indexer.engines.embedded_schema import SCHEMA_VERSION, build_schema
from indexer.engines.embedded_writing import EmbeddedWritingIndex, create
from opportunity.errors import ConfigurationError, EngineError, EngineUnavailable, IndexBusy, RebuildNeeded
from opportunity.settings import Settings
from opportunity.text import NORMALISATION

_COMMIT_WHEN_BUILDING = 20_000  # documents
_THREADS_WHEN_BUILDING = 2


def open_engine(settings: Settings, cutter: WordCutter, *, home_id: str) -> EmbeddedEngine:
    """The engine over ``settings.home``; nothing is written before a writer or a build is asked for."""
    return EmbeddedEngine(settings, cutter, home_id=home_id)


class EmbeddedEngine:
    """Indexes in home/index. Any process may read; each index has one writer; one build at a time."""

    name = "embedded"

    def __init__(self, settings: Settings, cutter: WordCutter, *, home_id: str) -> None:
        self._folders = IndexFolders(settings.home)
        self._memory = settings.index_memory_mb
        self._cutter = cutter
        made_by = [SCHEMA_VERSION, version("tantivy"), NORMALISATION, cutter.fingerprint, home_id]
        self.fingerprint = hashlib.sha256(json.dumps(made_by).encode()).hexdigest()[:12]
        self._lock = threading.Lock()
        self._reading: EmbeddedIndex | None = None
        self._checked: dict[str, set[str]] = {}
        self._writers: list[EmbeddedWritingIndex] = []

    @disk_told()
    def current(self) -> EmbeddedIndex | None:
        with self._lock:
            return self._current()

    @disk_told()
    def writer(self) -> EmbeddedWritingIndex:
        with self._lock:
            name = self._current_name()
            if name is None:
                with self._folders.hold_build():
                    name = self._folders.new_name(self.fingerprint)
                    create(self._folders.root / name, build_schema())
                    self._folders.point_to(name)
            for index in [index for index in self._writers if index.is_open]:
                if index.folder.name == name:
                    return index
            self._close_replaced()
            if self._folders.held(name):
                raise IndexBusy("另一个进程正在写入索引；请先停止它，或等它结束。")
            self._check(name)
            index = self._open_writing(name, memory_mb=self._memory, threads=1, commit_every=1)
            self._drop_unless_building()
            index.collect_garbage()
            return index

    @disk_told()
    def build_beside(self) -> EmbeddedWritingIndex:
        with self._lock:
            lock = self._folders.hold_build()
            try:
                self._folders.drop_left_over(self._in_use())
                name = self._folders.new_name(self.fingerprint)
                create(self._folders.root / name, build_schema())
                return self._open_writing(
                    name, memory_mb=max(self._memory, 256), threads=_THREADS_WHEN_BUILDING,
                    commit_every=_COMMIT_WHEN_BUILDING, build_lock=lock,
                )
            except BaseException:
                lock.close()
                raise

    @disk_told()
    def switch(self, built: Index) -> None:
        if not isinstance(built, EmbeddedWritingIndex):
            raise ConfigurationError("只能切换到本引擎新建的索引。")
        built.finish()
        with self._lock:
            self._folders.point_to(built.folder.name)
            self._close_replaced()
            self._folders.drop_left_over(self._in_use())
        built.close()

    def close(self) -> None:
        """Closes every writer; an unfinished build is left for the next one to drop."""
        with self._lock:
            for index in self._writers:
                index.close()
            self._writers.clear()

    def _current(self) -> EmbeddedIndex | None:
        name = self._current_name()
        if name is None:
            self._reading = None
        elif self._reading is None or self._reading.folder.name != name:
            try:
                self._check(name)
                self._reading = self._open(name)
            except EngineUnavailable:
                if self._current_name() == name:
                    raise
                return self._current()  # replaced and dropped just now
        return self._reading

    def _drop_unless_building(self) -> None:
        """Drops left-over indexes; a build that has just ended may not have switched yet, so not beside one."""
        with suppress(IndexBusy), self._folders.hold_build():
            self._folders.drop_left_over(self._in_use())

    def _close_replaced(self) -> None:
        """Gives back the writers of indexes that another process has replaced meanwhile."""
        for index in self._writers:
            if not index.building:
                index.close()
        self._writers = [index for index in self._writers if index.is_open]

    def _current_name(self) -> str | None:
        name = self._folders.current_name()
        if name is not None and fingerprint_of(name) != self.fingerprint:
            raise RebuildNeeded(
                "索引由另一版分词或结构建立，不能用来回答；请运行 market rebuild。", index=name, wanted=self.fingerprint
            )
        return name

    def _open(self, name: str) -> EmbeddedIndex:
        try:
            return EmbeddedIndex(self._folders.root / name, self.fingerprint, self._cutter)
        except EngineUnavailable:
            raise
        except EngineError as problem:
            raise self._broken(str(problem)) from problem

    def _open_writing(
        self, name: str, *, memory_mb: int, threads: int, commit_every: int,
        build_lock: IO[bytes] | None = None,
    ) -> EmbeddedWritingIndex:
        try:
            index = EmbeddedWritingIndex(
                self._folders.root / name, self.fingerprint, self._cutter,
                memory_mb=memory_mb, threads=threads, commit_every=commit_every, build_lock=build_lock,
            )
        except (IndexBusy, EngineUnavailable):
            raise
        except EngineError as problem:
            raise self._broken(str(problem)) from problem
        self._writers.append(index)
        return index

    def _check(self, name: str) -> None:
        """Every file of an index is read once against its checksum before the index answers."""
        folder: Path = self._folders.root / name
        bad = damaged_file(folder, self._checked.setdefault(name, set()))
        if bad is not None:
            raise self._broken(f"文件 {bad} 缺失或损坏")

    def _broken(self, what: str) -> EngineUnavailable:
        return EngineUnavailable(f"索引不能打开：{what}。请运行 market rebuild 重建（公告数据不受影响）。")

    def _in_use(self) -> set[str]:
        return {index.folder.name for index in self._writers if index.is_open}
