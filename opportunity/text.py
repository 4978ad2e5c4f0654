"""Normalised text: the one form in which documents and queries meet, and the way back to the original.

The rules, by base character with its combining marks (a cluster):
1. NFKC, case-folding, NFKC again; traditional to simplified by a one-to-one table (simplified.txt).
2. Letters and digits of every script are kept. White space, control and format characters
   (zero-width spaces, variation selectors) vanish. Combining marks that NFKC cannot compose
   vanish where they are accents (U+0300…); vowel signs (Tibetan, Indic) are kept. A mark without a
   base, or whose base is dropped, is dropped.
3. Every other character is a mark (punctuation, symbol, private use, lone surrogate): dropped, except
   that a run of marks between two decimal digits becomes one ``.``: 1-8号线 is ``1.8号线``, not 18号线.
4. A thousands comma is dropped: one comma between digits, followed by exactly three digits and no
   fourth: 3,750,000 is ``3750000``; 1,2,3号楼 is ``1.2.3号楼``.

Rules 1 to 3 look at neighbours only, so a piece of a text normalises to a piece of the normalised
text. Rule 4 looks three digits ahead: a piece that ends inside such a group (``750,00``, or ``1,234`` of
1,2345) has two readings; ``readings`` gives both, and a search asks for either.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

# Part of the fingerprint of every index: what changes a normalised text changes this.
NORMALISATION = f"1/{unicodedata.unidata_version}"

_SLOW = "\ue000"  # stands for "needs the slow path"; private use never survives folding
_GAP = " "
_MARKS = re.compile(r"[ ,]+")
_SEVERAL_MARKS = re.compile(r"[ ,]{2,}")
_THOUSANDS = re.compile(r",(?<=\d,)(?=\d{3}(?!\d))")
_BETWEEN_DIGITS = re.compile(r" (?<=\d )(?=\d)")
_UNDECIDED = re.compile(r",(?<=\d,)(?=\d{1,3}\Z)")
_HALF_WIDTH_VOICING = "\uff9e\uff9f"
# Combining classes of vowel signs, viramas and nuktas, and of Thai, Lao and Tibetan signs.
_KEPT_CLASSES = frozenset({0, 7, 9, *range(84, 133)})
_LATER_IDEOGRAPHS = range(0x20000, 0x3FFFE)


def _read_simplified() -> dict[str, str]:
    """Traditional -> simplified, as shipped: pairs of characters; ``#`` begins a comment line."""
    lines = Path(__file__).with_name("simplified.txt").read_text(encoding="utf-8").splitlines()
    pairs = "".join(line for line in lines if not line.startswith("#"))
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


SIMPLIFIED = _read_simplified()


def _is_combining(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or character in _HALF_WIDTH_VOICING


def _kept_combining(character: str) -> bool:
    """A combining mark that is part of the spelling (vowel sign), not an accent or a selector."""
    if unicodedata.category(character) == "Me" or 0xFE00 <= ord(character) <= 0xFE0F:
        return False
    if 0xE0100 <= ord(character) <= 0xE01EF or 0x180B <= ord(character) <= 0x180F or character == "\u034f":
        return False
    return unicodedata.combining(character) in _KEPT_CLASSES


def _fold_once(cluster: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", cluster).casefold())
    kept: list[str] = []
    after_kept = False
    for character in folded:
        category = unicodedata.category(character)
        if category[0] == "M":
            if after_kept and _kept_combining(character):
                kept.append(character)
            continue
        after_kept = category[0] in "LN" or ord(character) in _LATER_IDEOGRAPHS
        if after_kept:
            kept.append(SIMPLIFIED.get(character, character))
        elif character == ",":
            kept.append(",")
        elif category[0] != "Z" and category not in ("Cc", "Cf") and not character.isspace():
            kept.append(_GAP)
    return "".join(kept)


def _fold(cluster: str) -> str:
    """One cluster folded, until folding changes it no more: letters, digits, ``,`` and gaps."""
    folded = _fold_once(cluster)
    while (again := "".join(part if part in (",", _GAP) else _fold_once(part) for part in _pieces(folded))) != folded:
        folded = again
    return folded


def _pieces(folded: str) -> list[str]:
    return re.findall(r"[ ,]|[^ ,]+", folded)


class _Characters(dict[int, str]):
    """Code point -> its folding, computed when first met; what depends on neighbours is ``_SLOW``."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        folded = _SLOW if _is_combining(character) else _fold(character)
        self[code] = folded
        return folded


_CHARACTERS = _Characters()


class _Runs(dict[str, str]):
    """A run of characters that change -> its folding; the short ones are kept, up to a bound."""

    def __missing__(self, run: str) -> str:
        folded = _SEVERAL_MARKS.sub(_GAP, run.translate(_CHARACTERS))
        if len(run) <= 8:
            if len(self) >= 50_000:
                self.clear()
            self[run] = folded
        return folded


_RUNS = _Runs()


def _changing() -> re.Pattern[str]:
    """Finds runs of characters outside those that surely stay as they are (a test checks that they do)."""
    ideographs = "".join(chr(code) for code in range(0x4E00, 0x9FA6) if chr(code) not in SIMPLIFIED)
    return re.compile(f"([^0-9a-z{ideographs}]+)")


_CHANGING = _changing()


def _clusters(text: str) -> Iterable[tuple[int, int]]:
    """The [start, end) of every base character with its combining marks."""
    start = 0
    for position in range(1, len(text)):
        if not _is_combining(text[position]):
            yield start, position
            start = position
    if text:
        yield start, len(text)


def _fold_cluster(cluster: str) -> str:
    """As ``_fold``, but combining marks at the start of a text have no base and are dropped."""
    return "" if _is_combining(cluster[0]) else _fold(cluster)


def _folded(text: str) -> str:
    """Rules 1 and 2: letters, digits, a ``,`` that stands alone, and a gap for any other run of marks."""
    parts = _CHANGING.split(text)
    parts[1::2] = map(_RUNS.__getitem__, parts[1::2])
    folded = "".join(parts)
    return folded_slowly(text) if _SLOW in folded else folded


def folded_slowly(text: str) -> str:
    """The reference for ``_folded``, cluster by cluster; the fast path must give the same."""
    return _SEVERAL_MARKS.sub(_GAP, "".join(_fold_cluster(text[start:end]) for start, end in _clusters(text)))


def bounded(text: str) -> str:
    """Normalised, but with one space where a run of marks was dropped: what the cutter gets.

    ``bounded(text).replace(" ", "") == normalise(text)``. White space of the original leaves nothing.
    """
    return _numbers(_folded(text))


def _numbers(folded: str) -> str:
    """Rules 3 and 4."""
    if "," in folded:
        folded = "".join(_THOUSANDS.split(folded)).replace(",", _GAP)
    return ".".join(_BETWEEN_DIGITS.split(folded))


def normalise(text: str) -> str:
    """The normalised form: letters, digits and the ``.`` of numbers. Idempotent."""
    return bounded(text).replace(_GAP, "")


def bounded_readings(text: str) -> tuple[str, ...]:
    """``bounded`` of a query in each form it may have inside a longer text; the likelier first.

    Two only when it ends with a comma between digits and one to three digits (rule 4).
    """
    folded = _folded(text)
    likely = _numbers(folded)
    undecided = _UNDECIDED.search(folded)
    if undecided is None:
        return (likely,)
    head, tail = _numbers(folded[: undecided.start()]), folded[undecided.end() :]
    return tuple(dict.fromkeys((likely, head + tail, head + "." + tail)))


def readings(text: str) -> tuple[str, ...]:
    """``normalise`` of a query in each form it may have inside a longer text; the likelier first."""
    return tuple(form.replace(_GAP, "") for form in bounded_readings(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalised:
    """A normalised text and, for each of its characters, the original code points [start, end)."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


def normalise_with_offsets(text: str) -> Normalised:
    """As ``normalise``, with the way back; ``.text == normalise(text)``.

    A character that became several (㎡ → m2) gives each of them its own place; the ``.`` between
    digits stands for the marks it replaces.
    """
    parts = list(map(_CHARACTERS.__getitem__, map(ord, text)))
    if _SLOW in parts:
        places = list(_clusters(text))
        parts = [_fold_cluster(text[start:end]) for start, end in places]
        starts = [start for (start, _), part in zip(places, parts, strict=True) for _ in part]
        ends = [end for (_, end), part in zip(places, parts, strict=True) for _ in part]
    else:
        starts = [index for index, part in enumerate(parts) for _ in part]
        ends = [start + 1 for start in starts]
    return _without_marks("".join(parts), starts, ends)


def _without_marks(folded: str, starts: Sequence[int], ends: Sequence[int]) -> Normalised:
    """Rules 3 and 4 on folded text whose marks still stand one by one."""
    texts: list[str] = []
    kept_starts, kept_ends = array("L"), array("L")
    thousands = {found.start() for found in _THOUSANDS.finditer(folded)}
    position = 0
    for marks in _MARKS.finditer(folded):
        start, end = marks.span()
        texts.append(folded[position:start])
        kept_starts.extend(starts[position:start])
        kept_ends.extend(ends[position:start])
        digits = start > 0 and folded[start - 1].isdecimal() and folded[end : end + 1].isdecimal()
        if digits and start not in thousands:
            texts.append(".")
            kept_starts.append(starts[start])
            kept_ends.append(ends[end - 1])
        position = end
    texts.append(folded[position:])
    kept_starts.extend(starts[position:])
    kept_ends.extend(ends[position:])
    return Normalised(text="".join(texts), starts=kept_starts, ends=kept_ends)


def spans(original: str, needle: str) -> list[tuple[int, int]]:
    """Where a normalised needle stands in an original text: [start, end) code points, overlaps merged."""
    return find_spans(normalise_with_offsets(original), (needle,))


def find_spans(normalised: Normalised, needles: Iterable[str]) -> list[tuple[int, int]]:
    """Where any of the normalised needles stands: original [start, end), in order, overlaps merged."""
    found: list[tuple[int, int]] = []
    for needle in filter(None, needles):
        position = normalised.text.find(needle)
        while position >= 0:
            found.append((normalised.starts[position], normalised.ends[position + len(needle) - 1]))
            position = normalised.text.find(needle, position + 1)
    return _merged(found)


def _merged(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
