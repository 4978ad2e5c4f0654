"""Results: what an engine gives back, in our own words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """How many notices match; ``exact`` is false only where the screen says so."""

    value: int
    exact: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One notice that matches: its id, score and the sort key it stands at (for paging)."""

    id: str
    score: float
    key: tuple[int | float | str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """The state of the index an answer speaks of: the change number and when that was committed."""

    seq: int
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetCount:
    value: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPage:
    """One page of hits in a stable order."""

    hits: tuple[Hit, ...]
    total: Total
    as_of: AsOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """Counts per facet over the whole result; ``unknown`` counts notices without a value."""

    counts: Mapping[str, tuple[FacetCount, ...]]
    unknown: Mapping[str, int] = field(default_factory=dict)
