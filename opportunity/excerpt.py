"""Snippets: the piece of an original text that shows where the searched strings stand."""

from __future__ import annotations

from collections.abc import Iterable

from opportunity.text import find_spans, normalise_with_offsets

Span = tuple[int, int]


def excerpt(original: str, needles: Iterable[str], width: int = 160) -> tuple[str, list[Span]]:
    """The ``width`` code points of ``original`` that hold the most different needles, and where they stand.

    ``needles`` are normalised. The spans count code points of the excerpt, are in order and do not
    overlap; a hit that the excerpt cuts off is marked as far as it is shown. Nothing found gives the beginning.
    The text is a piece of the original as it is: whoever shows it escapes it.
    """
    wanted = tuple(dict.fromkeys(filter(None, needles)))
    normalised = normalise_with_offsets(original)
    hits = [(start, end, needle) for needle in wanted for start, end in find_spans(normalised, (needle,))]
    if not hits:
        return original[:width], []
    start = _best_start(sorted(hits), width, len(original))
    marked = find_spans(normalised, wanted)
    end = start + width
    shown = [(max(a, start) - start, min(b, end) - start) for a, b in marked if a < end and b > start]
    return original[start:end], shown


def _best_start(hits: list[tuple[int, int, str]], width: int, length: int) -> int:
    """Where the window begins that holds most needles; a little context before its first hit."""
    best, best_count = hits[0], 0
    first = 0
    for last in range(len(hits)):
        while hits[last][1] - hits[first][0] > width and first < last:
            first += 1
        count = len({needle for _, _, needle in hits[first : last + 1]})
        if count > best_count:
            best, best_count, span_end = hits[first], count, hits[last][1]
    room = max(0, width - (span_end - best[0]))
    start = best[0] - min(room // 2, width // 4)
    return max(0, min(start, length - width))
