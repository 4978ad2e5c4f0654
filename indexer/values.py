"""Facts as an index holds them, the same for every engine: checked numbers and codes, and regions as terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from indexer.order import MAX_NUMBER
from opportunity.facts import region_prefix, regions_above

WHOLE_COUNTRY = "*"


def checked_number(value: Any) -> int:
    """An integer that every engine can hold; TypeError or ValueError, so that no other value reaches one."""
    if type(value) is not int:
        raise TypeError(f"不是整数：{value!r:.80}")
    if not -MAX_NUMBER <= value <= MAX_NUMBER:
        raise ValueError(f"数值超出范围：{value!r:.80}")
    return value


def checked_code(value: Any, most_bytes: int) -> str:
    """A code or id that fits into one term of the engine (``most_bytes`` of UTF-8); TypeError or ValueError."""
    if type(value) is not str:
        raise TypeError(f"不是文字：{value!r:.80}")
    if not value or len(value.encode()) > most_bytes:
        raise ValueError(f"编码为空或过长：{value[:40]!r}")
    return value


def region_terms(code: str) -> list[str]:
    """330203 -> the whole country, 33, 3302, 330203: a search for a division looks for its own digits."""
    return [WHOLE_COUNTRY, code[:2], code[:4], code]


def wanted_regions(codes: Sequence[str], *, unknown: bool) -> list[str]:
    """The terms of ``region_terms`` that a search for divisions accepts, each once.

    With ``unknown`` also the divisions above them, as they stand: those are too coarse to answer.
    """
    terms = [region_prefix(code) or WHOLE_COUNTRY for code in codes]
    if unknown:
        terms += [above for code in codes for above in regions_above(code)]
    return list(dict.fromkeys(terms))
