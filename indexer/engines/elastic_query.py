"""From our query tree to Elasticsearch's, node by node: no query text is ever parsed by it.

Only plain clauses: term, terms, match_phrase over pairs, range, exists, bool. Everything is
in filter context; scores are elastic_ranking.py's. The tree is flattened first, so that its depth stays
under the server's limit whatever was typed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from indexer.engines.elastic_mapping import MOMENTS, NOTICE, SCOPES, pairs, word_token
from indexer.order import MAX_NUMBER
from indexer.values import wanted_regions
from opportunity.facts import amount_bounds, moment_bounds, seconds
from opportunity.query import (
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

Clause = dict[str, Any]

ALL: Clause = {"match_all": {}}
NONE: Clause = {"match_none": {}}


def matched(query: Query, *more: Clause) -> Clause:
    """What a query matches: notices only (removals are of another kind), filters and ``more`` included."""
    return {"bool": {"filter": [term("kind", NOTICE), tree(And(parts=(query.root, *query.filters))), *more]}}


def term(field: str, value: str) -> Clause:
    return {"term": {field: value}}


def all_of(parts: Sequence[Clause], none_of: Sequence[Clause] = ()) -> Clause:
    """The conjunction, simplified; conjunctions inside it are taken apart."""
    wanted, unwanted = list[Clause](), list(none_of)
    for part in parts:
        inner = part.get("bool", {})
        if set(inner) <= {"filter", "must_not"} and inner:
            wanted += inner.get("filter", [])
            unwanted += inner.get("must_not", [])
        elif part != ALL:
            wanted.append(part)
    if NONE in wanted or ALL in unwanted:
        return NONE
    unwanted = [part for part in unwanted if part != NONE]
    if len(wanted) == 1 and not unwanted:
        return wanted[0]
    if not wanted and not unwanted:
        return ALL
    return {"bool": {"filter": wanted, "must_not": unwanted}}


def any_of(parts: Iterable[Clause]) -> Clause:
    """The disjunction, simplified; disjunctions inside it are taken apart."""
    wanted = list[Clause]()
    for part in parts:
        inner = part.get("bool", {})
        if set(inner) == {"should"}:
            wanted += inner["should"]
        elif part != NONE:
            wanted.append(part)
    if ALL in wanted:
        return ALL
    if not wanted:
        return NONE
    return wanted[0] if len(wanted) == 1 else {"bool": {"should": wanted}}


def opposite(part: Clause) -> Clause:
    """The complement; twice is the same again."""
    if part in (ALL, NONE):
        return NONE if part == ALL else ALL
    inner = part.get("bool", {})
    if set(inner) == {"filter", "must_not"} and not inner["filter"]:
        return any_of(inner["must_not"])
    return {"bool": {"filter": [], "must_not": [part]}}


def tree(node: Node) -> Clause:
    """What one node matches, among notices."""
    match node:
        case Everything():
            return ALL
        case And(parts=parts):
            return all_of([tree(part) for part in parts])
        case Or(parts=parts):
            return any_of(tree(part) for part in parts)
        case Not(part=part):
            return opposite(tree(part))
        case Term():
            return _term(node)
        case Phrase():
            return substring(node.text, node.scope)
        case _:
            return _filter(node)


def _term(node: Term) -> Clause:
    words = dict.fromkeys(node.words)
    if not node.whole:
        return all_of([substring(word, node.scope) for word in words])
    scopes = SCOPES if node.scope is Scope.DEFAULT else (node.scope.value,)
    return all_of([
        any_of(term(f"words_{scope}", word_token(word)) for scope in scopes) if word else NONE for word in words
    ])


def substring(text: str, scope: Scope) -> Clause:
    """Notices with the normalised string inside one string of the scope; no string is in all of them."""
    if not text:
        return ALL
    text.encode()  # a lone surrogate is refused here, as the caller's error
    if any(character.isspace() or unicodedata.category(character) == "Cc" for character in text):
        return NONE  # stands in no normalised text, and would be taken for a boundary between pairs
    if scope is Scope.DEFAULT:
        fields = ["title", "body", "head", "attachment"]
    else:
        fields = [scope.value]
    return any_of(_in_field(field, text) for field in fields)


def _in_field(field: str, text: str) -> Clause:
    if len(text) == 1:
        return term(f"characters_{field}", text)
    if len(text) == 2:
        return term(f"text_{field}", text)
    return {"match_phrase": {f"text_{field}": pairs(text)}}


def _filter(condition: Filter) -> Clause:
    match condition:
        case AmountRange(field=field, low=low, high=high):
            return _with_unknown(between(field, *amount_bounds(low, high)), condition.unknown, field)
        case MomentRange():
            field = f"{condition.field}_start" if condition.field in MOMENTS else condition.field
            return _with_unknown(_moment(condition), condition.unknown, field)
        case Choice(field=field, values=values):
            wanted = wanted_regions(values, unknown=condition.unknown) if field == "region" else values
            known = {"terms": {field: list(dict.fromkeys(wanted))}} if wanted else NONE
            return _with_unknown(known, condition.unknown, field)
        case Openness(states=states, now=now):
            return any_of(in_state(state, seconds(now)) for state in dict.fromkeys(states))


def in_state(state: str, now: int) -> Clause:
    """Notices that are open, closed or of unknown state at ``now`` (seconds)."""
    if state == "unknown":
        return unknown("gate")
    return between("gate", now + 1, None) if state == "open" else between("gate", None, now)


def _moment(condition: MomentRange) -> Clause:
    """At or after low and before high; a whole day is in when any instant of it is."""
    low, high = moment_bounds(condition.low, condition.high)
    before = None if high is None else high - 1
    if condition.field not in MOMENTS:
        return between(condition.field, low, before)
    parts = []
    if low is not None:
        parts.append(between(f"{condition.field}_end", low + 1, None))
    if high is not None or low is None:
        parts.append(between(f"{condition.field}_start", None, before))
    return all_of(parts)


def _with_unknown(known: Clause, also: bool, field: str) -> Clause:
    return any_of([known, unknown(field)]) if also else known


def unknown(field: str) -> Clause:
    """Notices without a value."""
    return opposite({"exists": {"field": field}})


def between(field: str, low: int | None, high: int | None) -> Clause:
    """An integer field between two bounds, both inclusive; only notices that have a value."""
    if (low is not None and low > MAX_NUMBER) or (high is not None and high < -MAX_NUMBER):
        return NONE
    if low is not None and high is not None and low > high:
        return NONE
    bounds = {}
    if low is not None and low > -MAX_NUMBER:
        bounds["gte"] = low
    if high is not None and high < MAX_NUMBER:
        bounds["lte"] = high
    return {"range": {field: bounds}} if bounds else {"exists": {"field": field}}


def text_leaves(node: Node) -> Iterable[Term | Phrase]:
    """The strings a query asks for (none of those under a NOT), in reading order."""
    match node:
        case Term() | Phrase():
            yield node
        case And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from text_leaves(part)


def every_leaf(node: Node) -> Iterable[Term | Phrase]:
    """All strings of a query, those under a NOT too."""
    match node:
        case Term() | Phrase():
            yield node
        case And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from every_leaf(part)
        case Not(part=part):
            yield from every_leaf(part)
