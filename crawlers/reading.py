"""The sans-IO crawl of one source: which pages to ask for, what was read, and what that proves.

No network, no clock, no framework. A driver makes the requests that ``start`` and every ``Step``
give it, hands each answer to ``receive`` (whatever its status, as long as it came whole) or tells
``fail`` that there is none, and at the end asks ``outcome``. Requests carry a ticket in
``state["crawl"]``; the page's ``request`` must be the one that was given out.

    crawl = Crawl(source, platform, window_start=window.start, now=now, known=..., budget=600,
                  trust_until=window.trust_until, whole=window.whole)   # crawlers.window.plan_window
    pending = crawl.start()
    while pending: step = crawl.receive(fetch(pending.pop())) ; pending += step.requests
    outcome = crawl.outcome("finished")

Rules held here: a walk stops only after two whole pages of old or known rows; a chain that ends by
an error is named, whatever the error rate; a list that moves while it is read is followed; the
first pages are looked at once more at the end; a budget that runs out is said.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from crawlers.chains import Chain, End, Standing, standings_of
from crawlers.platforms.base import Platform
from crawlers.steps import Kind, Problem, RunOutcome, Step, Tally, Ticket, closing_problems, explain, outcome_of
from opportunity.errors import ReadingError
from opportunity.page import Listing, Page, PageRequest, Row
from opportunity.source import Source

__all__ = ["Crawl", "Problem", "RunOutcome", "Step"]


class Crawl:
    """One crawl of one source. See the module's text for how a driver uses it.

    ``known`` says which of some keys of this source are stored. ``budget`` is the largest number of
    requests. ``trust_until`` and ``whole`` come from ``crawlers.window``; without them known rows are
    not fetched again, but never end a walk. ``resting`` are keys that went to quarantine a short while ago:
    their pages are not asked for again in this run.
    """

    def __init__(
        self,
        source: Source,
        platform: Platform,
        *,
        window_start: dt.datetime,
        now: dt.datetime,
        known: Callable[[Sequence[str]], set[str]],
        budget: int,
        trust_until: dt.datetime | None = None,
        whole: bool = False,
        resting: Collection[str] = (),
    ) -> None:
        self._source, self._platform = source, platform
        self._window_start, self._now, self._known = window_start, now, known
        self._budget, self._trust_until, self._whole = budget, trust_until, whole
        self._resting = frozenset(resting)
        self._chains: list[Chain] = []
        self._open: dict[int, Ticket] = {}
        self._parts: dict[str, list[Page | None]] = {}
        self._seen: set[str] = set()
        self._tally = Tally()
        self._problems: dict[tuple[str, str], None] = {}
        self._stopped = False
        self._looked_again = False

    @property
    def done(self) -> bool:
        """Whether nothing is left to be answered."""
        return not self._open

    @property
    def stopped(self) -> bool:
        """Whether the portal refused us: requests that are still queued must not be made."""
        return self._stopped

    def start(self) -> list[PageRequest]:
        """The first request of every list chain."""
        step = Step()
        firsts = self._platform.first_requests(self._source, self._window_start, self._now)
        for request in firsts:
            self._begin(step, request, root=True)
        return step.requests

    def receive(self, page: Page) -> Step:
        """Take one answer; unknown and late answers lead to nothing."""
        step = Step()
        ticket = self._open.pop(_number(page.request), None)
        if ticket is None:
            return step
        tally = self._tally
        tally.statuses[str(page.status)] += 1
        tally.bytes += len(page.content)
        tally.replaced += page.replaced
        if ticket.kind == "notice":
            tally.notice_pages += 1
            self._notice_page(step, ticket, page)
        else:
            tally.list_pages += 1
            self._list_page(step, ticket, page)
        return self._go_on(step)

    def fail(self, request: PageRequest, label: str, sentence: str) -> Step:
        """Take note that a request has no whole answer; ``label`` is one of ``Run``'s labels."""
        step = Step()
        ticket = self._open.pop(_number(request), None)
        if ticket is None:
            return step
        key = ticket.row.key if ticket.row else None
        step.problems.append(Problem(label=label, sentence=sentence, url=request.url, key=key))
        if label == "blocked":
            self._stop(label, sentence)
        elif ticket.kind == "notice":
            self._tally.failed[label] += 1
            self._drop(ticket)
        elif ticket.kind == "list":
            ticket.chain.end = End.BROKEN
            self._note(label, f"列表“{ticket.chain.name}”第 {ticket.chain.pages + 1} 页：{sentence}")
        else:
            self._note(label, f"列表“{ticket.chain.name}”首页复查：{sentence}")
        return self._go_on(step)

    # --- list pages -------------------------------------------------------------------------

    def _list_page(self, step: Step, ticket: Ticket, page: Page) -> None:
        chain = ticket.chain
        try:
            listing = self._platform.read_list(self._source, page)
            if not (listing.rows or listing.ignored or listing.proved_empty or listing.split):
                raise _unproved(page)
        except Exception as error:
            self._unreadable_list(step, ticket, page, error)
            return
        standings = standings_of(
            listing.rows, chain=chain, seen=self._seen, known=self._known,
            window_start=self._window_start, trust_until=self._trust_until,
        )
        if ticket.kind == "again" and Standing.AGAIN not in standings:
            # A page of nothing but newer rows: others lie between it and what was read. Storing these
            # would hide those from the next run, which stops at known rows; so it is left to the next run.
            self._compare_top(chain, listing, standings)
            return
        self._count(listing, standings)
        for at, row in enumerate(listing.rows):
            if standings[at] is Standing.FRESH and row.key in self._resting:
                self._tally.ignored["已隔离，过些时候再试"] += 1
                standings[at] = Standing.REFUSED
            elif standings[at] is Standing.FRESH and not self._read_row(step, chain, row, page):
                standings[at] = Standing.REFUSED
        if ticket.kind == "again":
            self._compare_top(chain, listing, standings)
            return
        if self._stopped or chain.end is End.BROKEN:  # refused, or the budget ran out on this page's rows
            return
        chain.note(listing, standings)
        for doubt in listing.doubts[: 0 if chain.doubted else 1]:
            chain.doubted = True
            self._note("truncated", f"列表“{chain.name}”{doubt}")
        chain.end = chain.decide(listing, standings)
        self._continue(step, chain, listing)

    def _continue(self, step: Step, chain: Chain, listing: Listing) -> None:
        if chain.end is End.OPEN and listing.next is not None:
            self._ask(step, listing.next, "list", chain)
        elif chain.end is End.SPLIT:
            for request in listing.split:
                self._begin(step, request, root=False)
        elif chain.end is End.BROKEN:
            self._note("truncated", f"列表“{chain.name}”第 {chain.pages} 页起反复给出同样的内容")
        elif chain.end is End.CAPPED:
            self._note("limit", f"网站只保留列表“{chain.name}”的前 {chain.pages} 页，未能回到窗口起点")

    def _count(self, listing: Listing, standings: Sequence[Standing]) -> None:
        tally = self._tally
        stored = (Standing.KNOWN, Standing.STORED)
        tally.known += sum(item in stored for item in standings)
        self._seen.update(row.key for row in listing.rows)
        if not set(listing.ignored_keys) <= tally.ignored_keys or not listing.ignored_keys:
            tally.ignored.update(listing.ignored)
        tally.ignored_keys.update(listing.ignored_keys)

    def _compare_top(self, chain: Chain, listing: Listing, standings: Sequence[Standing]) -> None:
        """The first page at the end must show the top row of the start, or newer rows above it."""
        here = {row.key for row in listing.rows}
        if chain.top is not None and chain.top not in here and Standing.FRESH not in standings:
            self._note("truncated", f"列表“{chain.name}”结束时的首页比开始时更旧，可能是缓存或假页面")

    def _unreadable_list(self, step: Step, ticket: Ticket, page: Page, error: Exception) -> None:
        label, sentence = explain(error)
        step.problems.append(Problem(label=label, sentence=sentence, url=page.url, page=page))
        if ticket.kind == "list":
            ticket.chain.end = End.BROKEN
        if label == "blocked":
            self._stop(label, sentence)
        else:
            self._note(label, f"列表“{ticket.chain.name}”第 {ticket.chain.pages + 1} 页：{sentence}")

    # --- notice pages -----------------------------------------------------------------------

    def _read_row(self, step: Step, chain: Chain, row: Row, page: Page) -> bool:
        """Ask for the pages of a row, or read it at once when the row itself is the notice.

        False when the list alone shows that the row cannot be read; it is quarantined then.
        """
        try:
            requests = self._platform.notice_requests(self._source, row)
        except Exception as error:
            self._quarantine(step, row, page, error)
            return False
        if not requests:
            return self._read(step, row, (page,))
        self._parts[row.key] = [None] * len(requests)
        for part, request in enumerate(requests):
            if not self._ask(step, replace(request, row_key=row.key), "notice", chain, row=row, part=part):
                break
        return True

    def _notice_page(self, step: Step, ticket: Ticket, page: Page) -> None:
        row = ticket.row
        if row is None or row.key not in self._parts:
            return
        parts = self._parts[row.key]
        parts[ticket.part] = page
        whole = [part for part in parts if part is not None]
        if len(whole) == len(parts):
            del self._parts[row.key]
            self._read(step, row, whole)

    def _read(self, step: Step, row: Row, pages: Sequence[Page]) -> bool:
        try:
            notice = self._platform.read_notice(self._source, row, pages)
        except Exception as error:
            self._quarantine(step, row, pages[-1], error)
            return False
        self._tally.read += 1
        self._tally.body_missing += notice.body_missing
        step.notices.append((notice, row))
        return True

    def _quarantine(self, step: Step, row: Row, page: Page, error: Exception) -> None:
        label, sentence = explain(error)
        step.problems.append(Problem(label=label, sentence=sentence, url=row.url, key=row.key, page=page))
        if label == "blocked":
            self._stop(label, sentence)
            return
        self._tally.quarantined += 1

    def _drop(self, ticket: Ticket) -> None:
        if ticket.row is not None:
            self._parts.pop(ticket.row.key, None)

    # --- requests ---------------------------------------------------------------------------

    def _begin(self, step: Step, request: PageRequest, *, root: bool) -> None:
        name = str(request.state.get("chain") or request.url)
        chain = Chain(name=name, first=request, root=root, whole=self._whole)
        self._chains.append(chain)
        self._ask(step, request, "list", chain)

    def _ask(
        self, step: Step, request: PageRequest, kind: Kind, chain: Chain,
        *, row: Row | None = None, part: int = 0,
    ) -> bool:
        """Give out a request, or note that the budget is spent."""
        if self._stopped:
            return False
        if self._tally.requests >= self._budget:
            self._note("limit", f"本次运行的 {self._budget} 个请求已用完，其余留待下次")
            chain.end = End.BROKEN
            return False
        self._tally.requests += 1
        number = self._tally.requests
        numbered = replace(request, state={**request.state, "crawl": number})
        self._open[number] = Ticket(request=numbered, kind=kind, chain=chain, row=row, part=part)
        step.requests.append(numbered)
        return True

    def _go_on(self, step: Step) -> Step:
        """When every list has been read, look at the first pages once more."""
        if self._stopped or self._looked_again or any(t.kind == "list" for t in self._open.values()):
            return step
        self._looked_again = True
        for chain in self._chains:
            good = chain.root and chain.end is not End.BROKEN and chain.pages > 0
            if good and self._tally.requests < self._budget:
                self._ask(step, chain.first, "again", chain)
        return step

    def _stop(self, label: str, sentence: str) -> None:
        self._stopped = True
        self._open.clear()
        self._parts.clear()
        for chain in self._chains:
            if chain.end is End.OPEN:
                chain.end = End.BROKEN
        self._note(label, sentence)

    def _note(self, label: str, sentence: str) -> None:
        self._problems[label, sentence] = None

    def outcome(self, finish_reason: str) -> RunOutcome:
        """What the run amounts to. May be asked at any moment; unfinished chains count as broken."""
        problems = [*self._problems, *closing_problems(self._tally, self._chains, len(self._open))]
        return outcome_of(
            finish_reason, tally=self._tally, chains=self._chains, seen=len(self._seen),
            problems=tuple(dict.fromkeys(problems)),
        )


def _number(request: PageRequest) -> int:
    number = request.state.get("crawl")
    return number if isinstance(number, int) else -1


def _unproved(page: Page) -> ReadingError:
    return ReadingError("列表中没有一行，也没有说明确实为空", url=page.url)
