"""A publisher: a stream of invented notices driven by a clock that is passed in.

At the start it has published for some days; afterwards new notices fall due as the clock moves on (``pace``) and
are published when the portal is next asked. Tests publish, correct, revise, withdraw and backdate by hand.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from opportunity.notice import SHANGHAI
from tests.replicas.faults import Faults
from tests.replicas.http_words import Request, Response, not_found
from tests.replicas.invented import Invented, Inventor, Paper

Clock = Callable[[], dt.datetime]
PACE = (20.0, 60.0)


@dataclass(slots=True, kw_only=True)
class Entry:
    """One notice as a portal holds it: its key and path there, when it was published, and the truth about it."""

    key: str
    path: str
    notice: Invented
    published: dt.datetime
    category: str
    withdrawn: bool = False
    body_missing: bool = False

    @property
    def day(self) -> dt.date:
        return self.published.astimezone(SHANGHAI).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One page of a list: its rows, and how many rows the whole list claims to have."""

    rows: list[Entry]
    total: int


class Portal:
    """Base of the three replicas. Subclasses say what they take, where it stands, and how they answer."""

    demo_id: str
    markup: dict[str, str] = {}
    robots: str | None = "User-agent: *\nDisallow: /admin/\n"

    def __init__(
        self, *, clock: Clock, inventor: Inventor, seed: int | str, notices: int = 400, days: float = 10.0,
        pace: tuple[float, float] | None = None, lock: threading.RLock | None = None,
    ) -> None:
        """``notices`` are spread over the ``days`` before now; ``pace`` = least and most seconds between new ones.

        Portals that hand notices on to each other (``hand_on``) share one ``lock``.
        """
        self.faults = Faults()
        self.lock = lock or threading.RLock()
        self._others: tuple[Portal, ...] = ()
        self._share = 0.0
        self._coming: list[tuple[dt.datetime, Invented]] = []
        self._clock = clock
        self._inventor = inventor
        self._rng = Random(f"{seed}/{self.demo_id}")
        self._pace = pace
        self.entries: list[Entry] = []
        self._by_path: dict[str, Entry] = {}
        now = clock()
        for at in self._past(now, notices, days):
            self._add(at)
        self._due = now + self._pause()

    # what subclasses say

    def accepts(self, notice: Invented) -> bool:
        """Whether this portal carries notices of this kind."""
        raise NotImplementedError

    def enter(self, notice: Invented, at: dt.datetime, serial: int, rng: Random) -> Entry:
        """The notice with the key and path it gets here."""
        raise NotImplementedError

    def answer(self, request: Request) -> Response:
        """The answer to a request other than robots.txt."""
        raise NotImplementedError

    # the stream

    def _past(self, now: dt.datetime, notices: int, days: float) -> list[dt.datetime]:
        """Instants in the days before now, most of them in office hours."""
        found: list[dt.datetime] = []
        while len(found) < notices:
            at = now - dt.timedelta(days=days * self._rng.random())
            if 8 <= at.astimezone(SHANGHAI).hour < 20 or self._rng.random() < 0.15:
                found.append(at.replace(microsecond=0))
        return sorted(found)

    def _pause(self) -> dt.timedelta:
        low, high = self._pace or PACE
        return dt.timedelta(seconds=self._rng.uniform(low, high))

    def _invent(self, at: dt.datetime) -> Invented:
        while True:
            notice = self._inventor.next(at)
            if self.accepts(notice):
                return notice

    def _add(self, at: dt.datetime, notice: Invented | None = None) -> Entry:
        entry = self.enter(notice or self._invent(at), at, len(self.entries) + 1, self._rng)
        self.entries.append(entry)
        self._by_path[entry.path] = entry
        return entry

    def hand_on(self, others: Sequence[Portal], share: float) -> None:
        """From now on, and for the past, a share of the notices appears at those of the others that carry such notices.

        It appears there some minutes later, sometimes under a slightly different title: the same opportunity twice.
        """
        self._others, self._share = tuple(others), share
        for entry in list(self.entries):
            self._offer(entry)

    def _offer(self, entry: Entry) -> None:
        for other in self._others:
            if entry.category != "0501" and other.accepts(entry.notice) and self._rng.random() < self._share:
                later = entry.published + dt.timedelta(minutes=self._rng.randrange(3, 180))
                title = f"[{entry.notice.place.county}]{entry.notice.title}" if self._rng.random() < 0.3 else entry.notice.title
                other._coming.append((later, replace(entry.notice, title=title)))

    def catch_up(self) -> int:
        """Publish what has fallen due by the clock; how many."""
        count = 0
        with self.lock:
            now = self._clock()
            while self._pace is not None and self._due <= now:
                self._offer(self._add(self._due.replace(microsecond=0)))
                self._due += self._pause()
                count += 1
            ready = sorted((pair for pair in self._coming if pair[0] <= now), key=lambda pair: pair[0])
            self._coming = [pair for pair in self._coming if pair[0] > now]
            for at, notice in ready:
                self._add(at, notice)
        return count + len(ready)

    # controls

    def now(self) -> dt.datetime:
        return self._clock()

    def publish(self, count: int = 1, *, notice: Invented | None = None) -> list[Entry]:
        """New notices, published now; ``notice`` publishes that one (once for each of ``count``)."""
        with self.lock:
            return [self._add(self._clock(), notice) for _ in range(count)]

    def backdate(self, days: float, count: int = 1) -> list[Entry]:
        """New notices that bear a publish time some days ago: they appear in the middle of the list."""
        with self.lock:
            return [self._add(self._clock() - dt.timedelta(days=days)) for _ in range(count)]

    def correct(self, key: str) -> Entry:
        """A 更正公告 of the project of the notice with this key, published now."""
        with self.lock:
            now = self._clock()
            return self._add(now, self._inventor.correct(self.entry(key).notice, now))

    def revise(self, key: str) -> Entry:
        """The notice with this key is edited in place: same address, one more sentence in its body."""
        with self.lock:
            entry = self.entry(key)
            entry.notice = self._inventor.revise(entry.notice)
            return entry

    def withdraw(self, key: str) -> Entry:
        """The notice with this key disappears from the lists, and its page is gone (404)."""
        with self.lock:
            entry = self.entry(key)
            entry.withdrawn = True
            return entry

    def entry(self, key: str) -> Entry:
        """The entry with this key; raises KeyError."""
        for entry in self.entries:
            if entry.key == key:
                return entry
        raise KeyError(key)

    # for subclasses

    def newest_first(self, keep: Callable[[Entry], bool] = lambda entry: True) -> list[Entry]:
        with self.lock:
            wanted = [entry for entry in self.entries if not entry.withdrawn and keep(entry)]
        return sorted(wanted, key=lambda entry: (entry.published, entry.key), reverse=True)

    def found(self, path: str) -> Entry | None:
        with self.lock:
            entry = self._by_path.get(path)
            return None if entry is None or entry.withdrawn else replace(entry)

    def paper(self, identity: str) -> Paper | None:
        with self.lock:
            papers = (paper for entry in self.entries if not entry.withdrawn for paper in entry.notice.attachments)
            return next((paper for paper in papers if paper.id == identity), None)

    def paper_answer(self, identity: str) -> Response:
        paper = self.paper(identity)
        if paper is None:
            return not_found()
        return Response(headers={"Content-Type": "application/octet-stream"}, body=paper.content)

    def window(self, entries: Sequence[Entry], offset: int, size: int) -> Window:
        """One page of a list and the total the list claims, after the listing faults that are switched on.

        ``half_list`` drops three rows in ten of the page while the total stays; ``last_page_repeats`` serves the last
        page for every later one and claims a hundred rows more than there are.
        """
        if self.faults.take("empty_list", "list"):
            return Window(rows=[], total=0)
        total = len(entries)
        if entries and self.faults.take("last_page_repeats", "list"):
            total += 100
            offset = min(offset, (len(entries) - 1) // size * size)
        rows = list(entries[offset : offset + size])
        if self.faults.take("half_list", "list"):
            rows = [row for index, row in enumerate(rows) if index % 10 not in (2, 5, 8)]
        return Window(rows=rows, total=total)
