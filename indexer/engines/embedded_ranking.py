"""Ranking: BM25 over jieba's words, whole-string bonuses, freshness and whether one can still enter.

Every part is an optional clause beside the match, so ranking never changes what is found. Times count from
the query's ``now``: the same query on the same index state always gives the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import tantivy
from tantivy import Occur

from indexer.engines.embedded_query import Builder, text_leaves
from indexer.engines.embedded_schema import (
    FRESHNESS_BASE,
    FRESHNESS_HALF_LIFE,
    HEAD,
    MOST_HALVINGS,
    SCOPES,
)
from opportunity.query import DEFAULT_SCOPE, Phrase, Query, Scope, Term
from opportunity.text import normalise

Q = tantivy.Query

# Weight of a word by where it stands.
WORD_WEIGHTS = {"title": 3.0, "body": 1.0, "attachment": 0.5, **dict.fromkeys(HEAD, 1.5)}
# The whole string, as typed, in one piece: in the title, or anywhere else it was looked for.
WHOLE_IN_TITLE, WHOLE_ELSEWHERE = 5.0, 1.5
STILL_OPEN, GATE_UNKNOWN = 1.5, 0.5
MATCHED = 1.0  # so that age tells apart what no word and no bonus does
# The column whose weight tantivy multiplies a score by: it halves with every year of age.
AGE_WEIGHT = "freshness"
MAX_WORDS = 32  # of one query, in reading order; more only repeats what the first ones say


def ranked(builder: Builder, query: Query, matched: Any, words_of: Callable[[str], Iterable[str]], now: int) -> Any:
    """``matched`` with optional clauses that score it; to be searched with AGE_WEIGHT."""
    clauses = [(Occur.Must, Q.const_score_query(matched, MATCHED))]
    clauses += [(Occur.Should, clause) for clause in _words(builder, query, words_of)]
    clauses += [(Occur.Should, clause) for clause in _whole(builder, query)]
    for state, bonus in (("open", STILL_OPEN), ("unknown", GATE_UNKNOWN)):
        clauses.append((Occur.Should, Q.const_score_query(builder.state(state, now), bonus)))
    return Q.boolean_query(clauses)


def age_scale(now: int) -> float:
    """What makes a weighted score that of a notice published at ``now`` unchanged: for people only."""
    return float(2.0 ** -min(max(0.0, (now - FRESHNESS_BASE) / FRESHNESS_HALF_LIFE), MOST_HALVINGS))


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
