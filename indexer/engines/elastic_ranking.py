"""Ranking: BM25 over jieba's words, whole-string bonuses, freshness and whether one can still enter.

The same parts and weights as the embedded engine's, as clauses without a script. Every part is an optional
clause beside the match, so ranking never changes what is found. All times count from the query's ``now``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from indexer.engines.elastic_mapping import HEAD, SCOPES, word_token
from indexer.engines.elastic_query import Clause, in_state, matched, substring, text_leaves
from opportunity.facts import seconds
from opportunity.query import Phrase, Query, Scope, Term
from opportunity.text import normalise

# Weight of a word by where it stands.
WORD_WEIGHTS = {"title": 3.0, "body": 1.0, "attachment": 0.5, **dict.fromkeys(HEAD, 1.5)}
# Lucene leaves out BM25's constant factor k1 + 1, which the bonuses below are measured against.
BM25_FACTOR = 2.2
# The whole string, as typed, in one piece: in the title, or anywhere else it was looked for.
WHOLE_IN_TITLE, WHOLE_ELSEWHERE = 5.0, 1.5
# So many seconds of age halve a score.
FRESHNESS_HALF_LIFE = 365 * 86_400
MATCHED = 1.0  # so that age tells apart what no word and no bonus does
STILL_OPEN, GATE_UNKNOWN = 1.5, 0.5
MAX_WORDS = 32  # of one query, in reading order; more only repeats what the first ones say
_LONGEST_BONUS = 200  # characters; a longer string costs many clauses and its words rank it well enough


def ranked(query: Query, words_of: Callable[[str], Iterable[str]]) -> Clause:
    """What the query matches, with optional clauses that score it."""
    now = seconds(query.now)
    clauses = [*_words(query, words_of), *_whole(query)]
    clauses += [_constant(in_state("open", now), STILL_OPEN), _constant(in_state("unknown", now), GATE_UNKNOWN)]
    scored = {"bool": {"must": [_constant(matched(query), MATCHED)], "should": clauses}}
    age = {"fresh_at": {"origin": now, "scale": FRESHNESS_HALF_LIFE, "decay": 0.5}}
    return {"function_score": {"query": scored, "functions": [{"exp": age}], "boost_mode": "multiply"}}


def _words(query: Query, words_of: Callable[[str], Iterable[str]]) -> Iterable[Clause]:
    wanted: dict[tuple[str, str], None] = {}
    for leaf in text_leaves(query.root):
        words = leaf.words if isinstance(leaf, Term) else words_of(leaf.raw)
        for word in filter(None, words):
            wanted[(word, leaf.scope.value)] = None
    for word, scope in list(wanted)[:MAX_WORDS]:
        for field in SCOPES if scope == Scope.DEFAULT.value else (scope,):
            yield {"term": {f"words_{field}": {"value": word_token(word), "boost": BM25_FACTOR * WORD_WEIGHTS[field]}}}


def _whole(query: Query) -> Iterable[Clause]:
    """Bonuses for the whole string in the title, and elsewhere where the match has not shown it already."""
    for leaf in list(text_leaves(query.root))[:MAX_WORDS]:
        text = leaf.text if isinstance(leaf, Phrase) else normalise(leaf.raw)
        if not 0 < len(text) <= _LONGEST_BONUS:
            continue
        if leaf.scope in (Scope.DEFAULT, Scope.TITLE):
            yield _constant(substring(text, Scope.TITLE), WHOLE_IN_TITLE)
        if isinstance(leaf, Term) and len(leaf.words) > 1:
            yield _constant(substring(text, leaf.scope), WHOLE_ELSEWHERE)


def _constant(clause: Clause, score: float) -> Clause:
    return {"constant_score": {"filter": clause, "boost": score}}
