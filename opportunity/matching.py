"""The oracle: what a query means, without any engine. Every engine must agree with it exactly.

A term or phrase is a plain substring test over normalised text, field by field; NOT is the
complement; a filter has three answers and unknown is in unless switched off.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

from opportunity.facts import Facts, amount_bounds, facts_of, moment_bounds
from opportunity.notice import NoticeRecord, gate_state
from opportunity.query import (
    DEFAULT_SCOPE,
    AmountRange,
    And,
    Choice,
    Everything,
    Filter,
    MomentRange,
    Node,
    Not,
    Openness,
    Or,
    Phrase,
    Query,
    Scope,
    Term,
)
from opportunity.region import contains
from opportunity.text import normalise

Answer = Literal["in", "unknown", "out"]
State = Literal["open", "closed", "unknown"]
WordsOf = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchText:
    """What the oracle looks at: the raw strings of each scope, each a field of its own, and the facts.

    The record is kept because whether a firm can still enter is asked of its fields (``notice.gate_state``).
    """

    texts: Mapping[Scope, tuple[str, ...]]
    facts: Facts
    record: NoticeRecord

    def strings(self, scope: Scope) -> tuple[str, ...]:
        """The raw strings a term of this scope looks at; DEFAULT is all of them."""
        if scope is not Scope.DEFAULT:
            return self.texts.get(scope, ())
        return tuple(string for part in DEFAULT_SCOPE for string in self.texts.get(part, ()))


def search_text(record: NoticeRecord) -> SearchText:
    """A stored notice as the oracle sees it."""
    return SearchText(texts=texts_of(record), facts=facts_of(record), record=record)


def texts_of(record: NoticeRecord) -> dict[Scope, tuple[str, ...]]:
    """The raw strings of every scope of a notice; empty ones are left out."""
    notice, fields = record.notice, record.fields

    def values(name: str) -> Iterable[str]:
        return (field.value for field in fields.get(name, ()) if isinstance(field.value, str))

    found: dict[Scope, Iterable[str]] = {
        Scope.TITLE: (notice.title,),
        Scope.BODY: (notice.body,),
        Scope.ATTACHMENT: (attachment.name for attachment in notice.attachments),
        Scope.NUMBER: values("project_number"),
        Scope.BUYER: values("buyer"),
        Scope.AGENCY: values("agency"),
        Scope.SUPPLIER: values("suppliers"),
    }
    kept = {scope: tuple(filter(None, strings)) for scope, strings in found.items()}
    return {scope: strings for scope, strings in kept.items() if strings}


def matches(query: Query, text: SearchText, words_of: WordsOf) -> bool:
    """Whether a notice answers a query. ``words_of`` is ``Cutter.words`` of the query's fingerprint."""
    return accepts(query.root, text, words_of) and all(admits(part, text) for part in query.filters)


def accepts(node: Node, text: SearchText, words_of: WordsOf) -> bool:
    """Whether a notice answers one node of a query's tree."""
    match node:
        case Everything():
            return True
        case And(parts=parts):
            return all(accepts(part, text, words_of) for part in parts)
        case Or(parts=parts):
            return any(accepts(part, text, words_of) for part in parts)
        case Not(part=part):
            return not accepts(part, text, words_of)
        case Phrase():
            return any(node.text in _normalised(string) for string in text.strings(node.scope))
        case Term():
            return _accepts_term(node, text.strings(node.scope), words_of)
        case _:
            return admits(node, text)


def _accepts_term(term: Term, strings: Sequence[str], words_of: WordsOf) -> bool:
    """Each word somewhere in the fields, not necessarily all in the same one."""
    if term.whole:
        seen = {word for string in strings for word in words_of(string)}
        return seen.issuperset(term.words)
    return all(any(word in _normalised(string) for string in strings) for word in term.words)


@functools.lru_cache(maxsize=8192)
def _normalised(string: str) -> str:
    return normalise(string)


def admits(part: Filter, text: SearchText) -> bool:
    """Whether a filter lets a notice through: in, or unknown where unknown is not switched off."""
    if isinstance(part, Openness):
        return gate_of(text, part) in part.states
    answer = filter_state(part, text)
    return answer == "in" or (answer == "unknown" and part.unknown)


def filter_state(part: Filter, text: SearchText) -> Answer:
    """The three answers of a filter, before its own switch for unknown is asked."""
    match part:
        case AmountRange():
            return _amount_state(part, text.facts.amounts.get(part.field))
        case MomentRange():
            return _moment_state(part, _span(part.field, text.facts))
        case Choice():
            return _choice_state(part, text.facts)
        case Openness():
            state = gate_of(text, part)
            return "unknown" if state == "unknown" else "in" if state in part.states else "out"
        case _:
            assert_never(part)


def gate_of(text: SearchText, part: Openness) -> State:
    """Whether a firm can still enter: ``notice.gate_state`` at the filter's time."""
    return gate_state(text.record.fields, part.now)


def _amount_state(part: AmountRange, amount: int | None) -> Answer:
    if amount is None:
        return "unknown"
    low, high = amount_bounds(part.low, part.high)
    return "in" if (low is None or low <= amount) and (high is None or amount <= high) else "out"


def _span(field: str, facts: Facts) -> tuple[int, int] | None:
    """The span of a moment field: published, first_seen, enter_until or one of the five moments."""
    if field == "published":
        return facts.published
    if field == "first_seen":
        return facts.first_seen, facts.first_seen + 1
    if field == "enter_until":
        return None if facts.enter_until is None else (facts.enter_until, facts.enter_until + 1)
    return facts.moments.get(field)


def _moment_state(part: MomentRange, span: tuple[int, int] | None) -> Answer:
    if span is None:
        return "unknown"
    low, high = moment_bounds(part.low, part.high)
    return "in" if (low is None or span[1] > low) and (high is None or span[0] < high) else "out"


def _choice_state(part: Choice, facts: Facts) -> Answer:
    value: str | None = {
        "type": facts.type, "region": facts.region, "source": facts.source, "origin": facts.origin,
    }[part.field]
    if value is None:
        return "unknown"
    if part.field == "region":
        if any(contains(outer, value) for outer in part.values):
            return "in"
        # 浙江省 says of a search for 宁波 neither yes nor no: a value too coarse to answer is unknown.
        return "unknown" if any(contains(value, inner) for inner in part.values) else "out"
    return "in" if value in part.values else "out"


def contains_plainly(text: SearchText, piece: str, scope: Scope = Scope.DEFAULT) -> bool:
    """The second, independent check: plain ``in`` with only white space removed, inside one field.

    Whatever it accepts, the phrase of the same string must accept too.
    """
    wanted = "".join(piece.split())
    return any(wanted in "".join(string.split()) for string in text.strings(scope))
