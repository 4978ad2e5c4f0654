"""The text as the readers of fields see it: no white space, half-width marks, and the way back.

Portals break a label or a date over several lines (投标\n文件), and spread names (名 称). Without white
space these read as one; line and cell starts are kept apart, and every flat offset leads back to the
plain text, so that evidence stays exact. Between two ASCII letters or digits one space stays.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

_piece = re.compile(r"\S+")
_full_digits = re.compile(r"[０-９Ａ-Ｚａ-ｚ]+")
_digits = {0xFF10 + n: 0x30 + n for n in range(10)} | {
    0xFF21 + n: 0x41 + n for n in range(26)} | {0xFF41 + n: 0x61 + n for n in range(26)}
_ascii = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_marks = tuple(zip("：（）￥／％〔〕［］－．", ":()¥/%[][]-.", strict=True))


@dataclass(slots=True)
class Flat:
    """``text`` is the flat text; ``lines``/``cells`` are sorted flat offsets at which a line/cell starts.

    A line start is also a cell start. ``wide`` is the plain text with half-width marks, same offsets as
    the plain text.
    """

    plain: str
    wide: str
    text: str
    lines: list[int]
    cells: list[int]
    starts: set[int]
    line_starts: set[int]
    _flat: list[int] = field(default_factory=list)
    _plain: list[int] = field(default_factory=list)

    def to_plain(self, start: int, end: int) -> tuple[int, int]:
        """The plain [start, end) of a flat [start, end) that is not empty."""
        return self._one(start), self._one(end - 1) + 1

    def to_flat(self, at: int) -> int:
        """The flat offset of a plain offset (of the next character that is not white space)."""
        piece = bisect_right(self._plain, at) - 1
        if piece < 0:
            return 0
        offset = self._flat[piece] + at - self._plain[piece]
        return min(offset, self._flat[piece + 1] if piece + 1 < len(self._flat) else len(self.text))

    def line_of(self, at: int) -> tuple[int, int]:
        """The flat [start, end) of the line that holds ``at``."""
        index = bisect_right(self.lines, at)
        return self.lines[index - 1] if index else 0, self.lines[index] if index < len(self.lines) else len(self.text)

    def cell_end(self, at: int) -> int:
        """Where the cell (or line) that holds ``at`` ends."""
        index = bisect_right(self.cells, at)
        return self.cells[index] if index < len(self.cells) else len(self.text)

    def line_number(self, at: int) -> int:
        return bisect_right(self.lines, at)

    def next_line(self, at: int) -> int:
        index = bisect_left(self.lines, at)
        return self.lines[index] if index < len(self.lines) else len(self.text)

    def _one(self, at: int) -> int:
        piece = bisect_right(self._flat, at) - 1
        return self._plain[piece] + at - self._flat[piece]


def half_width(text: str) -> str:
    """Full-width letters, digits and common marks to half-width, one for one."""
    for wide, narrow in _marks:
        text = text.replace(wide, narrow)
    return _full_digits.sub(_narrow, text)


def _narrow(found: re.Match[str]) -> str:
    """A run of full-width letters and digits; the whole text would take translate ten times as long."""
    return found[0].translate(_digits)


def flatten(plain: str) -> Flat:
    """Make the flat view of a plain text; time and memory are linear."""
    wide = half_width(plain)
    parts: list[str] = []
    lines, cells, flat_starts, plain_starts = [0], [0], [], []
    at = previous = 0
    for match in _piece.finditer(wide):
        start, end = match.span()
        if parts:
            gap = wide[previous:start]
            if wide[start] in _ascii and wide[previous - 1] in _ascii:
                parts.append(" ")
                flat_starts.append(at)
                plain_starts.append(previous)
                at += 1
            if "\n" in gap:
                lines.append(at)
                cells.append(at)
            elif "\t" in gap:
                cells.append(at)
        parts.append(match[0])
        flat_starts.append(at)
        plain_starts.append(start)
        at += end - start
        previous = end
    return Flat(plain, wide, "".join(parts), lines, cells, set(cells), set(lines), flat_starts, plain_starts)
