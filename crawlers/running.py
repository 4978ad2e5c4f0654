"""What one run shares between its parts: facts, budgets, counters, and the way to end it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from crawlers.addresses import AddressPolicy, Resolver
from crawlers.budgets import HostBudgets
from crawlers.reading import Crawl, Problem
from crawlers.robots import RobotsCache, Rules
from crawlers.settings import ROBOT
from crawlers.waiting import Limits, StopSignal
from opportunity.errors import ConfigurationError
from opportunity.run import RunCounts
from opportunity.source import Source
from opportunity.store import Store

T = TypeVar("T")

# The key under which a run's context travels in Scrapy's settings.
CONTEXT = "MARKET_RUN"


@dataclass(slots=True)
class Tally:
    """What only the driver can count. ``requests`` are tries of every kind, robots.txt and retries among them."""

    requests: int = 0
    bytes: int = 0
    without_end: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    quarantined: int = 0
    read: int = 0
    with_body: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    having: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(slots=True, kw_only=True)
class FetchContext:
    """What fetching needs to know and to share: whose pages, under which rules, and when to stop."""

    source: Source
    policy: AddressPolicy
    resolver: Resolver | None
    budgets: HostBudgets
    robots: RobotsCache
    limits: Limits
    stop: StopSignal
    clock: Callable[[], dt.datetime]
    user_agent: str
    keeps_cookies: bool = False
    tally: Tally = field(default_factory=Tally)
    rules: dict[str, Rules] = field(default_factory=dict)

    def __deepcopy__(self, memo: dict[int, Any]) -> FetchContext:
        # Scrapy copies its settings; a run is one thing.
        return self

    def gap(self, robots_url: str) -> float:
        """Least seconds between two requests to the host: the source's own delay or its robots.txt's."""
        rules = self.rules.get(robots_url)
        return max(self.source.politeness.delay_seconds, rules.delay(ROBOT) if rules else 0.0)


@dataclass(slots=True, kw_only=True)
class RunContext(FetchContext):
    """One run of one source while it is under way."""

    store: Store
    run_id: int
    started_at: dt.datetime
    window_start: dt.datetime
    slot: str | None
    crawl: Crawl
    time_limit: float
    progress: Callable[[str], None]
    worker: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "store"))
    problems: dict[tuple[str, str], None] = field(default_factory=dict)
    pause_until: dt.datetime | None = None
    pause_reason: str = ""
    finish_reason: str = ""
    on_stop: Callable[[str], object] | None = None

    async def in_worker(self, function: Callable[..., T], *values: Any) -> T:
        """Run what reads pages or writes to the store beside the event loop, one thing at a time."""
        return await asyncio.get_running_loop().run_in_executor(self.worker, function, *values)

    def note(self, label: str, sentence: str) -> None:
        """A problem of the whole run, said once."""
        self.problems[label, sentence] = None

    def give_up(self, reason: str) -> None:
        """End the run from any thread or signal handler; before it has begun, it will not begin."""
        if self.on_stop is not None:
            self.on_stop(reason)
        else:
            self.stop.stop(reason)
            self.finish_reason = self.finish_reason or reason

    def pause(self, until: dt.datetime, reason: str) -> None:
        """Leave the source alone until then; kept in the store when the run ends."""
        if self.pause_until is None or until > self.pause_until:
            self.pause_until, self.pause_reason = until, reason

    def quarantine(self, problem: Problem) -> None:
        """Keep an unreadable page with the reason (call in the worker)."""
        page = problem.page
        self.tally.quarantined += 1
        self.store.quarantine(
            source=self.source.id,
            key=problem.key,
            url=problem.url,
            reason=problem.label,
            detail=problem.sentence,
            payload=page.content if page is not None else b"",
            run=self.run_id,
            at=self.clock(),
        )

    def counts(self) -> RunCounts:
        """The counters as they stand: the crawl's own, with what the driver counted."""
        tally = self.tally
        read = self.crawl.outcome("running").counts
        ignored = dict(read.ignored)
        if tally.without_end:
            ignored["page_without_end_tag"] = tally.without_end
        return replace(
            read,
            requests=tally.requests,
            statuses=dict(tally.statuses),
            bytes=tally.bytes,
            new=tally.new,
            changed=tally.changed,
            unchanged=tally.unchanged,
            quarantined=tally.quarantined,
            ignored=ignored,
        )


def context_of(settings: Any) -> FetchContext:
    """The context that Scrapy's settings belong to."""
    context = settings.get(CONTEXT)
    if not isinstance(context, FetchContext):
        raise ConfigurationError("请用 market crawl 来源编号 启动采集：它负责运行台账、互斥和访问预算")
    return context


def run_of(settings: Any) -> RunContext:
    """The run that Scrapy's settings belong to."""
    context = context_of(settings)
    if not isinstance(context, RunContext):
        raise ConfigurationError("这里需要一次完整的采集，而不只是取页面")
    return context
