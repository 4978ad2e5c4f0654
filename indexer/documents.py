"""From a stored notice to the document that an engine indexes. Normalised once, cut from that.

The hot path of indexing; a pure function.
"""

from __future__ import annotations

from itertools import chain

from indexer.document import Document
from indexer.words import Cutter
from opportunity.facts import facts_of
from opportunity.matching import texts_of
from opportunity.notice import NoticeRecord
from opportunity.text import bounded


def document_of(record: NoticeRecord, cutter: Cutter) -> Document:
    """The notice in its newest version and reading: normalised texts, words and coded facts.

    A string that normalises to nothing (only marks) is left out, and so is a scope without strings.
    """
    texts: dict[str, tuple[str, ...]] = {}
    words: dict[str, tuple[str, ...]] = {}
    for scope, strings in texts_of(record).items():
        forms = [form for form in map(bounded, strings) if form.strip()]
        if forms:
            texts[scope.value] = tuple(form.replace(" ", "") for form in forms)
            words[scope.value] = tuple(chain.from_iterable(map(cutter.words_of_bounded, forms)))
    facts = facts_of(record)
    return Document(
        id=record.id,
        seq=record.seq,
        first_seq=record.first_seq,
        opportunity_id=record.opportunity_id,
        texts=texts,
        words=words,
        type=facts.type,
        region=facts.region,
        source=facts.source,
        origin=facts.origin,
        amounts=facts.amounts,
        moments=facts.moments,
        published=facts.published,
        enter_until=facts.enter_until,
        closed_by_type=facts.closed_by_type,
        first_seen=facts.first_seen,
    )
