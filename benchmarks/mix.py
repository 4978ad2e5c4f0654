"""The mix of searches, drawn from the notices themselves; the same seed gives the same searches.

50 % random strings of 2 to 6 characters as phrases (drawn where they stand, so frequent strings come
often), 20 % phrases from the commonest tenth of such strings (weighed by how common they are), 10 % NOT and OR,
10 % fields and ranges, 10 % misses.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from indexer.document import Document
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
    Sort,
)
from tests.corpus import NOW, REGIONS

SHARES = {"random": 0.5, "common": 0.2, "not_or": 0.1, "fields": 0.1, "miss": 0.1}


class Mix:
    """Draws searches from a sample of the documents that were indexed."""

    def __init__(self, sample: Sequence[Document], fingerprint: str, seed: int = 1) -> None:
        self._r = random.Random(seed)
        self._bodies = [text for document in sample for text in document.texts.get("body", ()) if len(text) > 20]
        self._titles = [text for document in sample for text in document.texts.get("title", ()) if len(text) > 6]
        self._buyers = [text for document in sample for text in document.texts.get("buyer", ()) if len(text) > 2]
        self._fingerprint = fingerprint
        self._common = self._commonest()

    def _commonest(self) -> list[tuple[tuple[str, ...], list[int]]]:
        counted = []
        for size in range(2, 7):
            counts: Counter[str] = Counter()
            for text in self._bodies[:600]:
                counts.update({text[at : at + size] for at in range(len(text) - size + 1)})
            # Ties by text: the order of a set differs from process to process, the searches must not.
            top = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[: max(1, len(counts) // 10)]
            counted.append((tuple(text for text, _ in top), [count for _, count in top]))
        return counted

    def _piece(self, texts: Sequence[str], low: int = 2, high: int = 6) -> str:
        text = self._r.choice(texts)
        size = min(self._r.randint(low, high), len(text))
        at = self._r.randint(0, len(text) - size)
        return text[at : at + size]

    def _phrase(self, texts: Sequence[str], scope: Scope = Scope.DEFAULT) -> Phrase:
        piece = self._piece(texts)
        return Phrase(raw=piece, text=piece, scope=scope)

    def _frequent(self) -> Phrase:
        texts, weights = self._r.choice(self._common)
        piece = self._r.choices(texts, weights)[0]
        return Phrase(raw=piece, text=piece)

    def draw(self, count: int) -> Iterator[tuple[str, Query]]:
        """(kind, query), each kind in its share, shuffled."""
        kinds = [kind for kind, share in SHARES.items() for _ in range(round(count * share))]
        self._r.shuffle(kinds)
        for kind in kinds:
            root, filters, sort = self._one(kind)
            yield kind, Query(root=root, filters=filters, sort=sort, fingerprint=self._fingerprint, now=NOW)

    def _one(self, kind: str) -> tuple[Node, tuple[Filter, ...], Sort]:
        r, sort = self._r, Sort.RELEVANCE
        if kind == "random":
            return self._phrase(self._bodies), (), sort
        if kind == "common":
            return self._frequent(), (), sort
        if kind == "miss":
            piece = "".join(self._piece(self._bodies, 1, 1) for _ in range(r.randint(3, 6))) + r.choice("鱻麤龖靐")
            return Phrase(raw=piece, text=piece), (), sort
        if kind == "not_or":
            a, b, c = self._phrase(self._bodies), self._frequent(), self._phrase(self._titles)
            return r.choice((And(parts=(a, Not(part=b))), Or(parts=(a, b)), And(parts=(Or(parts=(a, c)), Not(part=b))))), (), sort
        sort = r.choice((Sort.RELEVANCE, Sort.PUBLISHED, Sort.ENTER_UNTIL, Sort.BUDGET))
        root = r.choice((
            Everything(), self._phrase(self._titles, Scope.TITLE), self._phrase(self._buyers, Scope.BUYER), self._frequent(),
        ))
        return root, (self._filter(), self._filter()), sort

    def _filter(self) -> Filter:
        r, unknown = self._r, self._r.random() < 0.5
        low = NOW - dt.timedelta(days=r.randint(1, 60))
        return r.choice((
            AmountRange(field="budget", low=Decimal(r.choice((100, 5_000))), high=Decimal(1_000_000), unknown=unknown),
            MomentRange(field="published", low=low, high=low + dt.timedelta(days=r.randint(1, 30)), unknown=unknown),
            Choice(field="region", values=(r.choice(REGIONS).code,), unknown=unknown),
            Choice(field="type", values=("tender", "negotiation"), unknown=unknown),
            Openness(states=("open", "unknown"), now=NOW),
        ))
