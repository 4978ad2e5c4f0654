"""The engine port: a ``Query`` tree in, a ``ResultPage`` out. No engine dict or exception crosses it.

An engine is one file in ``indexer/engines`` found by its name; every engine passes the one contract
suite (tests/test_every_engine.py) on the real server.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from indexer.document import Document
from opportunity.query import Query
from opportunity.results import Facets, Hit, ResultPage


class Index(Protocol):
    """One built index. Opened for reading by anyone, for writing by one feeder at a time."""

    fingerprint: str

    def cursor(self) -> int:
        """The change number up to which this index holds everything; 0 for a new one."""
        ...

    def apply(self, documents: Sequence[Document], removed: Sequence[str], cursor: int, at: str) -> None:
        """Replace ``documents`` by id, delete ``removed`` and set the cursor, all in one commit.

        Idempotent: applying the same batch again changes nothing. ``at`` is the ISO time at which
        change ``cursor`` was committed in the store.
        """
        ...

    def search(self, query: Query, *, limit: int, after: Hit | None = None) -> ResultPage:
        """The first ``limit`` hits in the query's order (after ``after`` for list orders) and the total."""
        ...

    def facets(self, query: Query, names: Sequence[str], *, size: int = 50) -> Facets:
        """Exact counts per value of type, region (province level), source, state over all hits."""
        ...

    def every_id(self, query: Query) -> Iterator[str]:
        """Every matching id, ordered by id; exact; for export, ledger and proofs."""
        ...

    def count(self) -> int:
        """How many notices the index holds."""
        ...

    def close(self) -> None: ...


class Engine(Protocol):
    """Where indexes live: which one answers now, and how a new one is built beside it."""

    name: str

    def current(self) -> Index | None:
        """The index that answers searches now, opened for reading; None before the first build."""
        ...

    def writer(self) -> Index:
        """The current index opened for writing (made when there is none); raises IndexBusy if held."""
        ...

    def build_beside(self) -> Index:
        """A new empty index beside the current one, opened for writing."""
        ...

    def switch(self, built: Index) -> None:
        """Make ``built`` the current index atomically and drop the one it replaces."""
        ...
