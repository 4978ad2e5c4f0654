"""The engine port: a ``Query`` tree in, a ``ResultPage`` out. No engine dict or exception crosses it.

An engine is one file in ``indexer/engines`` found by its name; every engine passes the one contract
suite (tests/test_every_engine.py) on the real server.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Protocol

from indexer.document import Document
from opportunity.errors import EngineError
from opportunity.query import Query
from opportunity.results import AsOf, Facets, Hit, ResultPage

# The facets every engine counts. ``region`` counts provinces (six-digit code, 330000); ``state``
# counts open and closed at the query's ``now`` and puts what has no known gate under unknown.
FACET_NAMES = ("type", "region", "source", "state")


class DocumentRefused(EngineError):
    """One document holds a value that no index can hold; nothing of its batch was applied.

    ``details["id"]`` names it: the feeder sets it aside and applies the rest of the batch.
    """

    code: ClassVar[str] = "document_refused"


class WordCutter(Protocol):
    """What an engine needs of indexer.words.Cutter: the words of a raw text and its own fingerprint."""

    @property
    def fingerprint(self) -> str: ...

    def words(self, text: str) -> list[str]: ...


class Index(Protocol):
    """One built index. Opened for reading by anyone, for writing by one feeder at a time."""

    fingerprint: str

    def cursor(self) -> int:
        """The change number up to which this index holds everything; 0 for a new one."""
        ...

    def as_of(self) -> AsOf:
        """The cursor and the time at which that change was committed in the store."""
        ...

    def apply(
        self, documents: Sequence[Document], removed: Mapping[str, int], cursor: int, at: str
    ) -> None:
        """Replace ``documents`` by id, remove ids and set the cursor, all in one commit.

        ``removed``: id -> number of the change that removed it. A document or a removal whose number is
        below the one the index already holds for that id changes nothing, whatever the order in
        which they come; a removal is remembered, so an older document cannot come back. Of several
        documents with one id the newest wins. The cursor never goes back. Applying a batch twice
        changes nothing. ``at`` is the ISO time at which change ``cursor`` was committed in
        the store. Raises DocumentRefused before anything of the batch is applied.
        """
        ...

    def search(self, query: Query, *, limit: int, after: Hit | None = None) -> ResultPage:
        """The first ``limit`` hits in the query's order (indexer/order.py), after ``after``, and the total.

        ``after`` is a hit of an earlier page of the same query; its id, score and key say where it
        stood, so paging goes on even when that notice has changed or gone.
        """
        ...

    def facets(self, query: Query, names: Sequence[str], *, size: int = 50) -> Facets:
        """Exact counts per value of FACET_NAMES over all hits: most frequent first, ties by value."""
        ...

    def every_id(self, query: Query) -> Iterator[str]:
        """Every matching id, ordered by id; exact; for export, ledger and proofs."""
        ...

    def count(self) -> int:
        """How many notices the index holds (the cursor and remembered removals are none)."""
        ...

    def close(self) -> None: ...


class Engine(Protocol):
    """Where indexes live: which one answers now, and how a new one is built beside it."""

    name: str

    def current(self) -> Index | None:
        """The index that answers searches now, opened for reading; None before the first build.

        Raises RebuildNeeded when it was made by another cutter or schema and EngineUnavailable when it
        cannot be opened. Owned by the engine: do not close it.
        """
        ...

    def writer(self) -> Index:
        """The current index opened for writing (made when there is none); raises IndexBusy if held.

        Cheap to ask again: the same index comes back while it is current and open, the new one once
        another process has switched.
        """
        ...

    def build_beside(self) -> Index:
        """A new empty index beside the current one, opened for writing.

        It may put off commits until it is read, switched to or closed. What an interrupted build left behind
        is dropped. Raises IndexBusy while another build goes on.
        """
        ...

    def switch(self, built: Index) -> None:
        """Make ``built`` the current index atomically, close it and drop the one it replaces."""
        ...

    def close(self) -> None:
        """Close every index this engine has opened."""
        ...
