"""The Elasticsearch engine: a server (or cluster) that runs elsewhere. ``elasticsearch:http(s)://host:port``."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import suppress
from typing import IO

from indexer.engine import Index, WordCutter
from indexer.engines.elastic_bulk import Bulk
from indexer.engines.elastic_connection import Connection
from indexer.engines.elastic_index import ElasticIndex, current_build
from indexer.engines.elastic_mapping import SCHEMA_VERSION
from indexer.engines.elastic_names import BASE, POSITION, Build, Locks, home_alias
from indexer.engines.elastic_writing import ElasticWritingIndex, add_month, indices_of, position_row
from opportunity.errors import ConfigurationError, EngineError, IndexBusy, RebuildNeeded
from opportunity.settings import Settings
from opportunity.text import NORMALISATION

_BEGINNING = "1970-01-01T00:00:00+00:00"


def open_engine(settings: Settings, cutter: WordCutter, *, home_id: str) -> ElasticEngine:
    """The engine over the server that ``settings.engine`` names; nothing is sent before it is asked."""
    return ElasticEngine(settings, cutter, home_id=home_id)


class ElasticEngine:
    """Builds on a server. Any process may read; each build has one writer; one build at a time.

    ``connection`` and ``bulk`` replace how long the server may take and how writes are repeated.
    """

    name = "elastic"

    def __init__(
        self, settings: Settings, cutter: WordCutter, *, home_id: str, connection: Connection | None = None,
        bulk: Bulk | None = None,
    ) -> None:
        self.connection = connection or Connection(settings)
        self._bulk = bulk
        self._cutter = cutter
        self._locks = Locks(settings.home)
        self._home = home_alias(home_id)
        made_by = [SCHEMA_VERSION, NORMALISATION, cutter.fingerprint, home_id]
        self.fingerprint = hashlib.sha256(json.dumps(made_by).encode()).hexdigest()[:12]
        self._lock = threading.Lock()  # of what this engine keeps; never held while a search waits for the server
        self._writing = threading.RLock()
        self._reading: ElasticIndex | None = None
        self._writers: list[ElasticWritingIndex] = []

    def current(self) -> ElasticIndex | None:
        build = self._checked(self._current_build())
        with self._lock:
            if build is None:
                self._reading = None
            elif self._reading is None or self._reading.build != build:
                self._reading = ElasticIndex(self.connection, build, self.fingerprint, self._cutter)
            return self._reading

    def writer(self) -> ElasticWritingIndex:
        with self._writing:
            build = self._checked(self._current_build())
            if build is None:
                with self._locks.hold_building():
                    build = self._create()
                    self._point_to(build)
            for index in self._writers:
                if index.is_open and index.build == build:
                    return index
            self._close_replaced()
            index = self._open_writing(build)
            with suppress(IndexBusy), self._locks.hold_building():  # not beside a build: it may not have switched yet
                self._drop_left_over(build)
            return index

    def build_beside(self) -> ElasticWritingIndex:
        with self._writing:
            lock = self._locks.hold_building()
            try:
                self._drop_left_over(self._current_build())
                return self._open_writing(self._create(), building_lock=lock)
            except BaseException:
                lock.close()
                raise

    def switch(self, built: Index) -> None:
        if not isinstance(built, ElasticWritingIndex):
            raise ConfigurationError("只能切换到本引擎新建的索引。")
        built.finish()
        with self._writing:
            self._point_to(built.build)
            built.close()
            self._close_replaced()
            with suppress(EngineError):  # what is left over now is dropped by the next writer or build
                self._drop_left_over(built.build)

    def close(self) -> None:
        """Closes every writer; an unfinished build is left for the next one to drop."""
        with self._writing:
            for index in self._writers:
                index.close()
            self._writers.clear()

    def _current_build(self) -> Build | None:
        return current_build(self.connection, self._home)

    def _checked(self, build: Build | None) -> Build | None:
        if build is not None and build.fingerprint != self.fingerprint:
            raise RebuildNeeded(
                "索引由另一版分词或结构建立，不能用来回答；请运行 market rebuild。", index=build.name, wanted=self.fingerprint
            )
        return build

    def _create(self) -> Build:
        """A new empty build, numbered after every build there is."""
        numbers = (build.number for build in indices_of(self.connection, self._home).values())
        build = Build(home=self._home, fingerprint=self.fingerprint, number=max(numbers, default=0) + 1)
        add_month(self.connection, build, BASE)
        self.connection.tell(
            "PUT", f"/{build.base}/_doc/{POSITION}", position_row(0, _BEGINNING, ""),
            timeout=self.connection.waiting.write,
        )
        return build

    def _point_to(self, build: Build) -> None:
        """Moves the home's alias to a build, in one step of the cluster's state."""
        old = self.connection.ask("GET", f"/_alias/{self._home}", missing=True) or {}
        actions = [{"remove": {"index": index, "alias": self._home}} for index in old if index != build.base]
        actions.append({"add": {"index": build.base, "alias": self._home}})
        self.connection.tell("POST", "/_aliases", {"actions": actions}, timeout=self.connection.waiting.write)

    def _open_writing(self, build: Build, *, building_lock: IO[bytes] | None = None) -> ElasticWritingIndex:
        lock = self._locks.hold_writer(build)
        try:
            index = ElasticWritingIndex(
                self.connection, build, self.fingerprint, self._cutter, lock=lock, building_lock=building_lock, bulk=self._bulk,
            )
        except BaseException:
            lock.close()
            raise
        self._writers.append(index)
        return index

    def _close_replaced(self) -> None:
        """Gives back the writers of builds that another process has replaced meanwhile."""
        for index in self._writers:
            if not index.building:
                index.close()
        self._writers = [index for index in self._writers if index.is_open]

    def _drop_left_over(self, keep: Build | None) -> None:
        """Drops every build of this home that is neither ``keep`` nor written by a process of this machine."""
        builds = indices_of(self.connection, self._home)
        for build in set(builds.values()):
            if build == keep or self._locks.is_written(build):
                continue
            names = [index for index, owner in builds.items() if owner == build]
            self.connection.ask(
                "DELETE", f"/{','.join(names)}", missing=True, timeout=self.connection.waiting.write
            )
            self._locks.forget(build)
