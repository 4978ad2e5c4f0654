"""List chains: what one walk down a list has shown so far, and what that says about going on.

A chain is one list query read page by page, newest first. Nothing here knows a portal or a network.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from opportunity.notice import SHANGHAI, Moment, gate_end
from opportunity.page import Listing, PageRequest, Row

# Whole pages in succession that hold nothing new before a walk stops. One such page proves little:
# portals pin old rows on top, and a page may be all duplicates of rows that just moved down.
SETTLED_PAGES = 2
# Pages in succession that hold only rows of this very chain: one is what a burst of new notices on
# top looks like, two is a portal that repeats its last page for ever (unless its total says that
# more than a page has come on top).
REPEATED_PAGES = 2
# Places on one page where a newer row follows an older one before the list counts as unordered. Pinned
# rows make one or two such places. In a list that is not newest first, old or known rows prove nothing.
PINNED = 2
# Pages of nothing but new rows before a query that the portal cuts is replaced by narrower ones.
FRESH_PAGES = 2


class Standing(enum.Enum):
    """What a row is to this run."""

    FRESH = "fresh"        # never seen, inside the window: read it
    OLD = "old"            # published before the window
    KNOWN = "known"        # stored, by a run that lets us trust that everything below is stored too
    STORED = "stored"      # stored, but by a run that did not read its window whole
    AGAIN = "again"        # seen in this chain already: the list moved while it was being read
    REFUSED = "refused"    # cannot be read (an unknown type, or lately in quarantine): says nothing of others
    ELSEWHERE = "elsewhere"  # seen in this run, in another chain


class End(enum.StrEnum):
    """How a chain ended."""

    OPEN = "open"
    WHOLE = "whole"        # read to the last row
    SETTLED = "settled"    # stopped at old or known rows
    SPLIT = "split"        # replaced by narrower queries
    CAPPED = "capped"      # the portal keeps no more, and what we had before was not reached
    BROKEN = "broken"      # an error, a trap or a limit


@dataclass(slots=True, kw_only=True)
class Chain:
    """The state of one list chain."""

    name: str
    first: PageRequest
    root: bool
    whole: bool = False    # do not stop at known rows: look for rows inserted late among them
    end: End = End.OPEN
    pages: int = 0
    keys: set[str] = field(default_factory=set)
    ignored: set[str] = field(default_factory=set)
    settled: int = 0
    repeated: int = 0
    fresh: int = 0
    first_total: int | None = None
    last_total: int | None = None
    top: str | None = None
    proved_empty: bool = False
    shrank: bool = False
    unordered: bool = False
    doubted: bool = False  # a doubt about its rows has been told
    largest: int = 0       # most rows on one page
    thinnest: int | None = None  # fewest rows on a page that was not the last

    @property
    def uneven(self) -> bool:
        """Whether a page that was not the last had fewer rows than another one."""
        return self.thinnest is not None and self.thinnest < self.largest

    @property
    def covered(self) -> int:
        return len(self.keys) + len(self.ignored)

    @property
    def short(self) -> int:
        """Rows that the portal counted when the walk began and that it never showed."""
        if self.end is not End.WHOLE or self.first_total is None:
            return 0
        return max(0, self.first_total - self.covered)

    def note(self, listing: Listing, standings: Sequence[Standing]) -> None:
        """Take one page into account."""
        if self.pages == 0:
            self.first_total = listing.total
            self.top = listing.rows[0].key if listing.rows else None
            self.proved_empty = listing.proved_empty and not listing.rows
        elif listing.total is not None and self.last_total is not None and listing.total < self.last_total:
            self.shrank = True
        self.last_total = listing.total
        self.pages += 1
        size = len(listing.rows) + len(listing.ignored_keys)
        self.largest = max(self.largest, size)
        if listing.next is not None:
            self.thinnest = size if self.thinnest is None else min(self.thinnest, size)
        self.unordered = self.unordered or climbs(listing.rows) > PINNED
        again = bool(standings) and all(item is Standing.AGAIN for item in standings)
        self.repeated = self.repeated + 1 if again else 0
        if not again:
            settling = (Standing.OLD,) if self.whole else (Standing.OLD, Standing.KNOWN)
            stale = [item for item in standings if item in settling]
            others = [item for item in standings if item not in (Standing.AGAIN, Standing.REFUSED)]
            self.settled = self.settled + 1 if stale and len(stale) == len(others) else 0
            fresh = all(item in (Standing.FRESH, Standing.AGAIN) for item in standings)
            self.fresh = self.fresh + 1 if standings and fresh else 0
        self.keys.update(row.key for row in listing.rows)
        self.ignored.update(listing.ignored_keys)

    def decide(self, listing: Listing, standings: Sequence[Standing]) -> End:
        """How the chain goes on after a page that has been noted; OPEN means: ask for the next."""
        if self.settled >= SETTLED_PAGES and not self.unordered:
            return End.SETTLED
        moved = max(0, (listing.total or 0) - (self.first_total or 0)) // max(1, len(listing.rows))
        if listing.next is not None and self.repeated >= REPEATED_PAGES + moved:
            return End.BROKEN
        if listing.total_capped and listing.split and (listing.next is None or self.fresh >= FRESH_PAGES):
            return End.SPLIT
        if listing.next is not None:
            return End.OPEN
        reached = any(item in (Standing.OLD, Standing.KNOWN) for item in standings) or self.settled > 0
        return End.CAPPED if listing.total_capped and not reached else End.WHOLE


def climbs(rows: Sequence[Row]) -> int:
    """How often a newer row follows an older one."""
    moments = [row.published for row in rows if row.published is not None]
    count = 0
    for first, second in pairwise(moments):
        if isinstance(first, dt.datetime) and isinstance(second, dt.datetime):
            count += second > first
        else:
            count += day_of(second) > day_of(first)
    return count


def day_of(moment: Moment) -> dt.date:
    """The day of a moment in Shanghai."""
    return moment.astimezone(SHANGHAI).date() if isinstance(moment, dt.datetime) else moment


def before(row: Row, instant: dt.datetime) -> bool:
    """Whether a row was surely published before an instant; a row without a date was not."""
    if row.published is None:
        return False
    if isinstance(row.published, dt.datetime):
        return row.published < instant
    return gate_end(row.published) <= instant


def standings_of(
    rows: Sequence[Row],
    *,
    chain: Chain,
    seen: set[str],
    known: Callable[[Sequence[str]], set[str]],
    window_start: dt.datetime,
    trust_until: dt.datetime | None,
) -> list[Standing]:
    """What each row of a page is to this run, in the order of the rows."""
    unseen = [row.key for row in rows if row.key not in seen]
    stored = known(unseen) if unseen else set()
    result: list[Standing] = []
    here: set[str] = set()
    for row in rows:
        if row.key in chain.keys or row.key in here:
            result.append(Standing.AGAIN)
        elif row.key in seen:
            result.append(Standing.ELSEWHERE)
        elif row.key in stored:
            trusted = trust_until is not None and not _after(row, trust_until)
            result.append(Standing.KNOWN if trusted or before(row, window_start) else Standing.STORED)
        else:
            result.append(Standing.OLD if before(row, window_start) else Standing.FRESH)
        here.add(row.key)
    return result


def _after(row: Row, instant: dt.datetime) -> bool:
    """Whether a row may have been published after an instant."""
    if row.published is None:
        return True
    return gate_end(row.published) > instant
