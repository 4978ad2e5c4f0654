"""Our embedded engine, through its port as every part of the service uses it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from indexer.document import Document
from indexer.engine import Index
from indexer.engines import open_engine
from indexer.words import Cutter
from opportunity.query import Query
from opportunity.results import Facets
from opportunity.settings import Settings
from tests.corpus import NOW


class Contestant:
    def __init__(self, home: Path, cutter: Cutter) -> None:
        self._engine = open_engine(Settings(home=home), cutter, home_id="benchmark")
        self._built: Index | None = self._engine.build_beside()
        self._done = 0

    def add(self, documents: Sequence[Document]) -> None:
        assert self._built is not None
        self._done += len(documents)
        self._built.apply(documents, {}, self._done, NOW.isoformat())

    def finish(self) -> None:
        assert self._built is not None
        self._engine.switch(self._built)
        self._built = None

    @property
    def _index(self) -> Index:
        index = self._engine.current()
        assert index is not None
        return index

    def first_page(self, query: Query, limit: int) -> int:
        return self._index.search(query, limit=limit).total.value

    def facets(self, query: Query) -> Facets:
        return self._index.facets(query, ("type", "region", "source"))

    def ids(self, query: Query) -> set[str]:
        return set(self._index.every_id(query))

    def close(self) -> None:
        self._engine.close()
