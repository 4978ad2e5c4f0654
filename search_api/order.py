"""Where a stored notice stands in a sorted list: the engines' own order, asked of a record.

Used to put notices that changed since the first page back where they stood (``paging``).
"""

from __future__ import annotations

import datetime as dt

from indexer.document import Document
from indexer.order import sort_key
from opportunity.facts import facts_of, seconds
from opportunity.notice import NoticeRecord
from opportunity.query import Sort
from search_api.cursor import Key


def record_key(record: NoticeRecord, sort: Sort, now: dt.datetime) -> Key:
    """The key of a notice in a sorted list: smaller comes first, the id makes it unique.

    Relevance has no key: past its stored beginning a ranked list goes on by date.
    """
    facts = facts_of(record)
    bare = Document(
        id=record.id, seq=record.seq, first_seq=record.first_seq, opportunity_id=record.opportunity_id,
        texts={}, words={}, type=facts.type, region=facts.region, source=facts.source, origin=facts.origin,
        amounts=facts.amounts, moments=facts.moments, published=facts.published, enter_until=facts.enter_until,
        closed_by_type=facts.closed_by_type, first_seen=facts.first_seen,
    )
    return sort_key(bare, sort, seconds(now))
