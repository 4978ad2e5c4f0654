"""What each order of a result list means, once for every engine.

Every order ends with the id (ascending), so a page never repeats or loses a row:
PUBLISHED: start of the publish moment, newest first, unknown last. BUDGET: highest first, unknown last.
SEEN: newest first-seen first. ENTER_UNTIL: notices still open, earliest gate first; then those
whose gate is unknown; then the closed ones, latest gate first, those without a gate last.
"""

from __future__ import annotations

from indexer.document import Document
from opportunity.query import Sort

# Integers that an index holds: moments in seconds, amounts in 分. Facts beyond are unknown (opportunity.facts).
MAX_NUMBER = 2**63 - 1

STILL_OPEN, GATE_UNKNOWN, CLOSED = 0, 1, 2


def state_group(document: Document, now: int) -> int:
    """STILL_OPEN, GATE_UNKNOWN or CLOSED at ``now`` (seconds), as opportunity.notice.gate_state says."""
    if document.closed_by_type:
        return CLOSED
    if document.enter_until is None:
        return GATE_UNKNOWN
    return STILL_OPEN if document.enter_until > now else CLOSED


def sort_key(document: Document, sort: Sort, now: int) -> tuple[int, int, int, str]:
    """The key by which a list order sorts ascending: group, unknown, number, id."""
    group, number, descending = 0, None, True
    if sort is Sort.PUBLISHED:
        number = document.published[0] if document.published else None
    elif sort is Sort.BUDGET:
        number = document.amounts.get("budget")
    elif sort is Sort.SEEN:
        number = document.first_seen
    elif sort is Sort.ENTER_UNTIL:
        group = state_group(document, now)
        number, descending = document.enter_until, group != STILL_OPEN
    else:
        raise ValueError(f"{sort} is ranked, not sorted by a key")
    if number is None:
        return group, 1, 0, document.id
    return group, 0, -number if descending else number, document.id
