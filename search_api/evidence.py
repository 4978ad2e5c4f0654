"""Text cut into pieces for marking: highlights of a search, and evidence of fields. No markup here."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of text; ``names`` are the fields whose evidence covers it, ``anchors`` those that begin here."""

    text: str
    names: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Evidence: ``anchor`` is a unique name, ``name`` the field, [start, end) code points of the text."""

    anchor: str
    name: str
    start: int
    end: int


def pieces(text: str, marks: Sequence[Mark]) -> list[Piece]:
    """``text`` cut at every border of ``marks``, which may overlap; joined, the pieces give it back."""
    valid = [mark for mark in marks if 0 <= mark.start < mark.end <= len(text)]
    borders = sorted({0, len(text), *(mark.start for mark in valid), *(mark.end for mark in valid)})
    cut: list[Piece] = []
    for start, end in itertools.pairwise(borders):
        names = dict.fromkeys(mark.name for mark in valid if mark.start <= start and end <= mark.end)
        anchors = tuple(mark.anchor for mark in valid if mark.start == start)
        cut.append(Piece(text=text[start:end], names=tuple(names), anchors=anchors))
    return cut


def marked(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    """``text`` as (run, is marked); spans may touch or overlap."""
    runs: list[tuple[str, bool]] = []
    at = 0
    for start, end in merged(spans, len(text)):
        if start > at:
            runs.append((text[at:start], False))
        runs.append((text[start:end], True))
        at = end
    if at < len(text):
        runs.append((text[at:], False))
    return runs


def merged(spans: Sequence[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    """Spans in order, inside of the text, those that touch or overlap made one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        start, end = max(0, start), min(end, length)
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined
