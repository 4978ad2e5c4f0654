"""Highlights: where the words of a search stand in the original text of a hit.

Long bodies are read in overlapping blocks: the fast normalisation finds the block, and only there is
the way back to the original characters worked out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from opportunity.excerpt import excerpt
from opportunity.notice import NoticeRecord
from opportunity.query import DEFAULT_SCOPE, And, Node, Or, Phrase, Query, Scope, Term
from opportunity.text import find_spans, normalise, normalise_with_offsets
from search_api.answers import Fragment
from search_api.evidence import merged

BLOCK = 400
OVERLAP = 120
LEAD = 40
FRAGMENT = 150
MAX_FRAGMENTS = 2
MAX_NEEDLES = 64

Needles = Mapping[Scope, tuple[str, ...]]


def needles(query: Query) -> Needles:
    """What to mark in each scope: the words and phrases that are asked for, not those under NOT."""
    found: dict[Scope, dict[str, None]] = {}
    for leaf in _asked(query.root):
        words = leaf.words if isinstance(leaf, Term) else (leaf.text,)
        for scope in DEFAULT_SCOPE if leaf.scope is Scope.DEFAULT else (leaf.scope,):
            found.setdefault(scope, {}).update(dict.fromkeys(word for word in words if word))
    return {scope: tuple(sorted(words, key=len, reverse=True))[:MAX_NEEDLES] for scope, words in found.items()}


def _asked(node: Node) -> Iterator[Term | Phrase]:
    if isinstance(node, (Term, Phrase)):
        yield node
    elif isinstance(node, (And, Or)):
        yield from chain.from_iterable(_asked(part) for part in node.parts)


def highlights(record: NoticeRecord, wanted: Needles) -> dict[str, list[Fragment]]:
    """Per field the marked fragments: title and names whole, body and attachments in excerpts."""
    marked: dict[str, list[Fragment]] = {}
    for name, text in _short_texts(record):
        spans = _spans(text, wanted.get(Scope(name), ()))
        if spans:
            marked.setdefault(name, []).append(Fragment(text=text, marks=spans))
    body = excerpts(record.notice.body, wanted.get(Scope.BODY, ()))
    if body:
        marked["body"] = body
    return marked


def _short_texts(record: NoticeRecord) -> Iterator[tuple[str, str]]:
    yield "title", record.notice.title
    yield from (("attachment", attachment.name) for attachment in record.notice.attachments[:50])
    for name in ("project_number", "buyer", "agency", "suppliers"):
        values = record.fields.get(name, ())
        yield from ((name, value.value) for value in values[:20] if isinstance(value.value, str))


def _spans(text: str, wanted: Sequence[str]) -> list[tuple[int, int]]:
    if not wanted or len(text) > 20 * BLOCK:
        return []
    bare = normalise(text)
    if not any(word in bare for word in wanted):
        return []
    return merged(find_spans(normalise_with_offsets(text), wanted), len(text))


def excerpts(text: str, wanted: Sequence[str], most: int = MAX_FRAGMENTS) -> list[Fragment]:
    """The first places of ``text`` where the words stand, each with some text around it.

    Longer words come first in ``wanted``; a block that holds more different words is preferred.
    """
    if not wanted:
        return []
    blocks = [(-count, start) for start, count in _blocks(text, wanted) if count]
    found: list[Fragment] = []
    for _, start in sorted(blocks)[:most]:
        piece, spans = excerpt(text[max(0, start - LEAD) : start + BLOCK + OVERLAP], wanted, FRAGMENT)
        fragment = squeeze(piece, spans)
        if fragment.marks and fragment not in found:
            found.append(fragment)
    return found


def _blocks(text: str, wanted: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Start of each block and how many of the words begin in it; they may end in the text behind it."""
    for start in range(0, len(text), BLOCK):
        core = normalise(text[start : start + BLOCK])
        bare = core + normalise(text[start + BLOCK : start + BLOCK + OVERLAP])
        yield start, sum(0 <= bare.find(word) < len(core) for word in wanted)


def squeeze(text: str, spans: Sequence[tuple[int, int]]) -> Fragment:
    """The fragment with each run of white space as one space, marks moved along."""
    places: list[int] = []
    kept: list[str] = []
    for character in text:
        places.append(len(kept))
        if not character.isspace():
            kept.append(character)
        elif kept and kept[-1] != " ":
            kept.append(" ")
    places.append(len(kept))
    marks = merged([(places[a], places[b]) for a, b in spans], len(kept))
    return Fragment(text="".join(kept), marks=marks)


def opening(text: str, length: int = 120) -> str:
    """The beginning of a body, for a hit without a mark in it."""
    return squeeze(text[: length * 2], ()).text[:length]
