"""A notice as an index sees it: normalised texts, words, codes and integers. No engine's type here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One notice ready for any engine.

    ``texts``: scope name (opportunity.query.Scope value, never "default") -> the normalised strings of
    that scope; each string is a field of its own, so no phrase crosses two. ``words``: the
    jieba words of each scope in reading order. Amounts are integers of 分; moments are
    integers of seconds since 1970 UTC as [start, end) pairs (a day without an hour is its whole
    day). ``region`` is the GB/T 2260 code.
    """

    id: str
    seq: int
    first_seq: int
    opportunity_id: str
    texts: Mapping[str, tuple[str, ...]]
    words: Mapping[str, tuple[str, ...]]
    type: str | None
    region: str | None
    source: str
    origin: str
    amounts: Mapping[str, int]
    moments: Mapping[str, tuple[int, int]]
    published: tuple[int, int] | None
    enter_until: int | None
    closed_by_type: bool
    first_seen: int
