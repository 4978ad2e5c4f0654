"""Paging that never repeats or loses a notice against the ``as_of`` of its first page.

The index moves on while somebody turns pages. A notice that no change touched since ``as_of`` stands
in the index of today exactly where it stood; so the engine answers for those. A notice that was
touched is taken out of the engine's answer and its version of then is read from the store, asked of
the oracle and put back at the place it had. New notices are left out; removed ones are gone by
right. All of that is bounded: past the bounds the cursor has expired and says so.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from indexer.engine import Index
from opportunity.change import Change, ChangeKind
from opportunity.errors import BadCursor
from opportunity.matching import matches, search_text
from opportunity.notice import NoticeRecord
from opportunity.query import Query
from opportunity.results import Hit
from search_api.cursor import Key
from search_api.order import record_key

MAX_CHANGES = 100_000
MAX_EVALUATED = 2_000
_CHUNK = 5_000


class History(Protocol):
    """What paging asks of the store."""

    def changes(self, after: int, limit: int) -> list[Change]: ...

    def watermark(self) -> int: ...

    def record_as_of(self, id: str, seq: int) -> NoticeRecord | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a sorted list has been read: the engine's last hit used up and our key of the last shown."""

    engine: Hit | None = None
    last: Key | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Some hits of a sorted list in order, the place after them, and whether more follow."""

    hits: tuple[Hit, ...]
    place: Place
    more: bool


@dataclass(slots=True, kw_only=True)
class Touched:
    """The notices touched by changes between ``seq`` and what the index may hold by now.

    ``fresh`` are those that were first published after ``seq``: they were not there to be listed.
    """

    seq: int
    low: int
    high: int
    ids: set[str] = field(default_factory=set)
    fresh: set[str] = field(default_factory=set)

    def widen(self, store: History, answered: int) -> None:
        """Take in the changes up to the state ``answered`` of the index (either side of ``seq``).

        A feeder that works off a backlog may have put a notice into the index as it stands now, ahead of the
        index's own number: so everything up to the end of the change stream is taken in.
        """
        newest = max(answered, store.watermark())
        if newest > self.high:
            self._read(store, self.high, newest)
            self.high = newest
        if answered < self.low:
            self._read(store, answered, self.low)
            self.low = answered

    def _read(self, store: History, after: int, upto: int) -> None:
        if upto - after > MAX_CHANGES:
            raise _expired()
        while after < upto:
            changes = [change for change in store.changes(after, _CHUNK) if change.seq <= upto]
            if not changes:
                return
            for change in changes:
                self.ids.add(change.notice)
                if change.kind is ChangeKind.PUBLISHED and change.version == 1 and change.seq > self.seq:
                    self.fresh.add(change.notice)
            after = changes[-1].seq

    @property
    def old(self) -> set[str]:
        """Those that may have been there at ``seq``."""
        return self.ids - self.fresh


def _expired() -> BadCursor:
    return BadCursor("第一页之后变动的公告太多，翻页标记已过期，请重新搜索。")


class Recent:
    """The last looks back, so that turning on through many pages looks only once. Safe between threads."""

    def __init__(self, most: int = 32) -> None:
        self._most, self._lock = most, threading.Lock()
        self._kept: OrderedDict[Hashable, list[tuple[Key, Hit]]] = OrderedDict()

    def get(self, name: Hashable) -> list[tuple[Key, Hit]] | None:
        with self._lock:
            return self._kept.get(name)

    def put(self, name: Hashable, found: list[tuple[Key, Hit]]) -> None:
        with self._lock:
            self._kept[name] = found
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


class SortedPager:
    """Reads a sorted list of one search as it was at ``seq``, from an index that has moved on."""

    def __init__(
        self, *, store: History, index: Index, query: Query, seq: int, now: dt.datetime,
        words_of: Callable[[str], Sequence[str]], leave_out: frozenset[str] = frozenset(),
        recent: Recent | None = None,
    ) -> None:
        self._store, self._index, self._query, self._seq, self._now = store, index, query, seq, now
        self._words_of, self._leave_out = words_of, leave_out
        self._touched = Touched(seq=seq, low=seq, high=seq)
        self._recent = recent or Recent()

    def read(self, place: Place, limit: int) -> Slice:
        """The next ``limit`` hits after ``place``; empty only when the list has ended."""
        untouched, engine_more = self._from_engine(place.engine, limit + 1)
        keyed = [(key_of(hit), hit) for hit in untouched]
        returned = [pair for pair in self._put_back() if place.last is None or pair[0] > place.last]
        merged = sorted([*keyed, *returned], key=lambda pair: pair[0])
        if engine_more:  # beyond the engine's last hit nothing is known yet
            merged = [pair for pair in merged if pair[0] <= keyed[-1][0]]
        shown = merged[:limit]
        if not shown:
            return Slice(hits=(), place=place, more=False)
        of_engine = {hit.id for _, hit in keyed}
        used = [hit for _, hit in shown if hit.id in of_engine]
        return Slice(
            hits=tuple(hit for _, hit in shown),
            place=Place(engine=used[-1] if used else place.engine, last=shown[-1][0]),
            more=len(merged) > limit or engine_more,
        )

    @property
    def looked_back(self) -> bool:
        """True when notices had to be looked at as they were: the engine's own total may then be off by them."""
        return bool(self._touched.old)

    def _from_engine(self, after: Hit | None, need: int) -> tuple[list[Hit], bool]:
        """At least ``need`` hits that no change touched, or all that are left; and whether more follow."""
        raw: list[Hit] = []
        while True:
            page = self._index.search(self._query, limit=max(need, 50), after=after)
            raw.extend(page.hits)
            self._touched.widen(self._store, page.as_of.seq)
            apart = self._touched.ids | self._leave_out
            usable = [hit for hit in raw if hit.id not in apart]
            if len(page.hits) < max(need, 50):
                return usable, False
            if len(usable) >= need:
                return usable, True
            after = page.hits[-1]

    def _put_back(self) -> list[tuple[Key, Hit]]:
        """The touched notices that matched at ``seq``, with the key they had then."""
        touched = self._touched
        if len(touched.old) > MAX_EVALUATED:
            raise _expired()
        name = (self._query, self._seq, touched.low, touched.high)
        found = self._recent.get(name)
        if found is None:
            found = [pair for id_ in sorted(touched.old) if (pair := self._as_it_was(id_)) is not None]
            self._recent.put(name, found)
        return [pair for pair in found if pair[1].id not in self._leave_out]

    def _as_it_was(self, id_: str) -> tuple[Key, Hit] | None:
        record = self._store.record_as_of(id_, self._seq)
        if record is None or not matches(self._query, search_text(record), self._words_of):
            return None
        key = record_key(record, self._query.sort, self._now)
        return key, Hit(id=id_, score=0.0, key=key[:-1])


def key_of(hit: Hit) -> Key:
    """The place of a hit in its sorted list: the engine's key and, to make it unique, the id."""
    return (*hit.key, hit.id)


def place_after(hit: Hit) -> Place:
    """The place after a hit that the engine gave on the first page."""
    return Place(engine=hit, last=key_of(hit))
