"""Contestants: one file each, with a class ``Contestant``; found by file name, like engines.

A contestant gets the same documents and the same queries as every other. What it does not offer
it says with NotOffered, and the table shows a dash: nothing is emulated for it.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from indexer.document import Document
from indexer.words import Cutter
from opportunity.query import Query


class NotOffered(Exception):
    """The contestant has nothing of this kind (facets, NOT, ranges …)."""


class Contest(Protocol):
    def __init__(self, home: Path, cutter: Cutter) -> None: ...

    def add(self, documents: Sequence[Document]) -> None:
        """Index a batch; everything the contestant does to the text counts."""
        ...

    def finish(self) -> None:
        """Make all of it searchable and durable."""
        ...

    def first_page(self, query: Query, limit: int) -> int:
        """The first hits in the query's order, and the exact total, which is returned."""
        ...

    def facets(self, query: Query) -> Any:
        """Counts by type, province and source over all hits."""
        ...

    def ids(self, query: Query) -> set[str]:
        """Every matching id (for recall; not timed)."""
        ...

    def close(self) -> None: ...


def names() -> tuple[str, ...]:
    return tuple(sorted(file.stem for file in Path(__file__).parent.glob("[a-z]*.py")))


def enter(name: str, home: Path, cutter: Cutter) -> Contest:
    module = importlib.import_module(f"{__name__}.{name}")
    contest: Contest = module.Contestant(home, cutter)
    return contest
