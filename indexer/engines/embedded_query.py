"""From our query tree to tantivy's, node by node: no query text is ever parsed by tantivy.

A string of n characters is looked up as the cheapest chain of its pairs that leaves no gap: steps of one
or two from the first pair to the last, chosen by how many notices hold each pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import tantivy
from tantivy import FieldType, Occur

from indexer.engines.embedded_schema import MOMENTS, NOTICE, SCOPES
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

Tree = Any  # a tantivy.Query
Q = tantivy.Query


class Builder:
    """Builds one query's tree for one searcher (the state of the index that answers)."""

    def __init__(self, schema: Any, searcher: Any) -> None:
        self._schema = schema
        self._searcher = searcher

    # combining

    def everything(self) -> Tree:
        """Every notice: the cursor and remembered removals are of another kind."""
        return self.term("kind", NOTICE)

    def term(self, field: str, value: str) -> Tree:
        value.encode()  # a lone surrogate is refused here, as the caller's error
        return Q.term_query(self._schema, field, value, "basic")

    def scored_term(self, field: str, value: str) -> Tree:
        """A word that adds its BM25 score."""
        return Q.term_query(self._schema, field, value, "freq")

    def frequency(self, field: str, value: str) -> int:
        return int(self._searcher.doc_freq(field, value))

    def all_of(self, parts: Sequence[Tree], none_of: Sequence[Tree] = ()) -> Tree:
        if not parts:
            parts = [self.everything()]
        if len(parts) == 1 and not none_of:
            return parts[0]
        return Q.boolean_query([(Occur.Must, part) for part in parts] + [(Occur.MustNot, part) for part in none_of])

    def any_of(self, parts: Sequence[Tree]) -> Tree:
        if not parts:
            return Q.empty_query()
        return parts[0] if len(parts) == 1 else Q.boolean_query([(Occur.Should, part) for part in parts])

    # the tree

    def query(self, query: Query) -> Tree:
        """What a query matches, filters included; its scores mean nothing."""
        return self.node(And(parts=(query.root, *query.filters)))

    def node(self, node: Node) -> Tree:
        match node:
            case Everything():
                return self.everything()
            case And(parts=parts):
                wanted = [part for part in parts if not isinstance(part, Not | Everything)]
                unwanted = [part.part for part in parts if isinstance(part, Not)]
                return self.all_of([self.node(part) for part in wanted], [self.node(part) for part in unwanted])
            case Or(parts=parts):
                return self.any_of([self.node(part) for part in parts])
            case Not(part=part):
                return self.all_of([], [self.node(part)])
            case Term():
                return self._term(node)
            case Phrase():
                return self.substring(node.text, node.scope)
            case _:
                return self.filter(node)

    def _term(self, term: Term) -> Tree:
        words = dict.fromkeys(term.words)
        if term.whole:
            scopes = SCOPES if term.scope is Scope.DEFAULT else (term.scope.value,)
            return self.all_of([self.any_of([self.term(f"words_{s}", w) for s in scopes]) for w in words])
        return self.all_of([self.substring(word, term.scope) for word in words])

    # strings

    def substring(self, text: str, scope: Scope) -> Tree:
        """Notices with the normalised string inside one field of the scope; no string is in all of them."""
        if not text:
            return self.everything()
        text.encode()
        if scope is Scope.DEFAULT:
            fields = ["text_title", "text_body", "text_head", "text_attachment"]
        else:
            fields = [f"text_{scope.value}"]
        found = (self._in_field(field, text) for field in fields)
        return self.any_of([tree for tree in found if tree is not None])

    def _in_field(self, field: str, text: str) -> Tree | None:
        if len(text) == 1:
            characters = field.replace("text_", "characters_", 1)
            return self.term(characters, text) if self.frequency(characters, text) else None
        pairs = [text[start : start + 2] for start in range(len(text) - 1)]
        frequency = {pair: self._searcher.doc_freq(field, pair) for pair in set(pairs)}
        if not all(frequency.values()):
            return None
        if len(pairs) == 1:
            return Q.term_query(self._schema, field, text, "basic")
        chain = cheapest_chain([frequency[pair] for pair in pairs])
        return Q.phrase_query(self._schema, field, [(start, pairs[start]) for start in chain])

    # filters

    def filter(self, condition: Filter) -> Tree:
        match condition:
            case AmountRange(field=field, low=low, high=high):
                known = self.range(field, *amount_bounds(low, high))
                return self._with_unknown(known, condition.unknown, field)
            case MomentRange():
                return self._with_unknown(self._moment(condition), condition.unknown, condition.field)
            case Choice(field=field, values=values):
                wanted = wanted_regions(values, unknown=condition.unknown) if field == "region" else values
                known = self.any_of([self.term(field, value) for value in dict.fromkeys(wanted)])
                return self._with_unknown(known, condition.unknown, field)
            case Openness(states=states, now=now):
                return self.any_of([self.state(state, seconds(now)) for state in dict.fromkeys(states)])

    def state(self, state: str, now: int) -> Tree:
        """Notices that are open, closed or of unknown state at ``now`` (seconds)."""
        if state == "unknown":
            return self.term("missing", "gate")
        return self.range("gate", now + 1, None) if state == "open" else self.range("gate", None, now)

    def _moment(self, condition: MomentRange) -> Tree:
        """At or after low and before high; a whole day is in when any instant of it is."""
        low, high = moment_bounds(condition.low, condition.high)
        before = None if high is None else high - 1
        if condition.field not in MOMENTS:
            return self.range(condition.field, low, before)
        parts = []
        if low is not None:
            parts.append(self.range(f"{condition.field}_end", low + 1, None))
        if high is not None or low is None:
            parts.append(self.range(f"{condition.field}_start", None, before))
        return self.all_of(parts)

    def _with_unknown(self, known: Tree, unknown: bool, field: str) -> Tree:
        return self.any_of([known, self.term("missing", field)]) if unknown else known

    def range(self, field: str, low: int | None, high: int | None) -> Tree:
        """An integer column between two bounds, both inclusive; only rows that have a value."""
        low = max(-MAX_NUMBER, -MAX_NUMBER if low is None else low)
        high = min(MAX_NUMBER, MAX_NUMBER if high is None else high)
        if low > high:
            return Q.empty_query()
        return Q.range_query(self._schema, field, FieldType.Integer, low, high)

    def id_range(self, low: int, high: int) -> Tree:
        """Notices whose id_number lies between two bounds, both inclusive."""
        return Q.range_query(self._schema, "id_number", FieldType.Integer, low, high)


def cheapest_chain(costs: Sequence[int]) -> list[int]:
    """Indexes from the first pair to the last in steps of one or two, with the least sum of costs."""
    best = list(costs[:1])
    came_from = [-1]
    for index in range(1, len(costs)):
        before = index - 1 if index == 1 or best[index - 1] < best[index - 2] else index - 2
        best.append(costs[index] + best[before])
        came_from.append(before)
    chain = [len(costs) - 1]
    while came_from[chain[-1]] >= 0:
        chain.append(came_from[chain[-1]])
    return chain[::-1]


def text_leaves(node: Node) -> Iterable[Term | Phrase]:
    """The strings a query asks for (none of those under a NOT), in reading order."""
    match node:
        case Term() | Phrase():
            yield node
        case And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from text_leaves(part)
