"""Ranking: BM25 over jieba's words, whole-string bonuses, freshness and whether one can still enter.

Every part is an optional clause beside the match, so ranking never changes what is found. All times count
from the query's ``now``: the same query on the same index state always gives the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import tantivy
from tantivy import Occur

from indexer.engines.embedded_query import Builder, text_leaves
from indexer.engines.embedded_schema import HEAD, SCOPES
from opportunity.query import DEFAULT_SCOPE, Phrase, Query, Scope, Term
from opportunity.text import normalise

Q = tantivy.Query

# Weight of a word by where it stands.
WORD_WEIGHTS = {"title": 3.0, "body": 1.0, "attachment": 0.5, **dict.fromkeys(HEAD, 1.5)}
# The whole string, as typed, in one piece: in the title, or anywhere else it was looked for.
WHOLE_IN_TITLE, WHOLE_ELSEWHERE = 5.0, 1.5
# Published at most so many days before now: each step adds this much.
FRESHNESS = ((7, 0.8), (30, 0.6), (90, 0.4), (365, 0.4))
STILL_OPEN, GATE_UNKNOWN = 1.5, 0.5
MAX_WORDS = 32  # of one query, in reading order; more only repeats what the first ones say


def ranked(builder: Builder, query: Query, matched: Any, words_of: Callable[[str], Iterable[str]], now: int) -> Any:
    """``matched`` with optional clauses that score it."""
    clauses = [(Occur.Must, Q.const_score_query(matched, 0.0))]
    clauses += [(Occur.Should, clause) for clause in _words(builder, query, words_of)]
    clauses += [(Occur.Should, clause) for clause in _whole(builder, query)]
    for days, bonus in FRESHNESS:
        recent = builder.range("published_start", now - days * 86_400, now)
        clauses.append((Occur.Should, Q.const_score_query(recent, bonus)))
    for state, bonus in (("open", STILL_OPEN), ("unknown", GATE_UNKNOWN)):
        clauses.append((Occur.Should, Q.const_score_query(builder.state(state, now), bonus)))
    return Q.boolean_query(clauses)


def _words(builder: Builder, query: Query, words_of: Callable[[str], Iterable[str]]) -> Iterable[Any]:
    wanted: dict[tuple[str, str], None] = {}
    for leaf in text_leaves(query.root):
        words = leaf.words if isinstance(leaf, Term) else words_of(leaf.raw)
        for word in words:
            wanted[(word, leaf.scope.value)] = None
    for word, scope in list(wanted)[:MAX_WORDS]:
        for field in SCOPES if scope == Scope.DEFAULT.value else (scope,):
            if builder.frequency(f"words_{field}", word):
                yield Q.boost_query(builder.scored_term(f"words_{field}", word), WORD_WEIGHTS[field])


def _whole(builder: Builder, query: Query) -> Iterable[Any]:
    """Bonuses for the whole string in the title, and elsewhere where the match has not shown it already."""
    for leaf in list(text_leaves(query.root))[:MAX_WORDS]:
        text = leaf.text if isinstance(leaf, Phrase) else normalise(leaf.raw)
        if not text:
            continue
        if leaf.scope in (Scope.DEFAULT, Scope.TITLE):
            yield Q.const_score_query(builder.substring(text, Scope.TITLE), WHOLE_IN_TITLE)
        if isinstance(leaf, Term) and len(leaf.words) > 1:
            yield Q.const_score_query(builder.substring(text, leaf.scope), WHOLE_ELSEWHERE)


assert set(WORD_WEIGHTS) == {scope.value for scope in DEFAULT_SCOPE}
