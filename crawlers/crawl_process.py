"""One crawl in this process: from a source's id to its finished run in the ledger.

Twisted's reactor starts once in a process, and so does a crawl; the schedule gives each its own
process. SIGTERM and SIGINT end a run in order, with its ledger written.
"""

from __future__ import annotations

import datetime as dt
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from crawlers.addresses import Resolver, policy_for
from crawlers.budgets import HostBudgets
from crawlers.crawl_lock import CrawlLock, crawl_lock
from crawlers.fetch_pages import fetch_pages
from crawlers.platforms.base import Platform
from crawlers.reading import Crawl
from crawlers.registration import register_source
from crawlers.robots import RobotsCache
from crawlers.run_report import build_run, closed_as_unknown, rest_after
from crawlers.running import CONTEXT, RunContext
from crawlers.settings import scrapy_settings, user_agent
from crawlers.spiders import find_source
from crawlers.waiting import Limits, StopSignal
from crawlers.window import Window, plan_window, runs_that_count
from opportunity.errors import Blocked, ConfigurationError, StoreError
from opportunity.notice import SHANGHAI
from opportunity.run import Run
from opportunity.settings import Settings
from opportunity.source import Source
from opportunity.store import Store, open_store

__all__ = ["admitted", "crawl_source", "fetch_pages", "run_crawl"]

Progress = Callable[[str], None]
# How long a notice that could not be read is left alone, and of how many this is looked up.
QUARANTINE_REST = dt.timedelta(hours=20)
MOST_RESTING = 300
UNREADABLE = frozenset({"layout", "contract", "ours"})


def system_clock() -> dt.datetime:
    """Now, in UTC."""
    return dt.datetime.now(dt.UTC)


def run_crawl(
    source_id: str,
    settings: Settings,
    *,
    slot: str | None = None,
    since: dt.datetime | None = None,
    progress: Progress = lambda line: None,
) -> Run:
    """Crawl one source now; a run of it that is already in progress is waited for and reported instead.

    Raises ``NotFound`` for an unknown source, ``ConfigurationError`` for a live one that is not
    enabled or has no contact, ``Blocked`` for one that is paused, ``StoreError``.
    """
    source, platform = find_source(source_id, settings.replica_bases)
    return crawl_source(source, platform, settings, slot=slot, since=since, progress=progress)


def crawl_source(
    source: Source,
    platform: Platform,
    settings: Settings,
    *,
    slot: str | None = None,
    since: dt.datetime | None = None,
    progress: Progress = lambda line: None,
    limits: Limits | None = None,
    resolver: Resolver | None = None,
    clock: Callable[[], dt.datetime] = system_clock,
) -> Run:
    """``run_crawl`` for facts and a reader that are at hand; ``limits`` and ``resolver`` as given."""
    store = open_store(settings)
    try:
        contact = admitted(source, store, settings, clock())
        with crawl_lock(settings.home / "run" / "crawls", source.id) as lock:
            if not lock.take():
                return _joined(lock, source, store, progress)
            _close_killed(source, store, clock())
            register_source(store, source)
            context = _prepare(
                source, platform, store, settings, lock,
                slot=slot, since=since, contact=contact, progress=progress,
                limits=limits or Limits(), resolver=resolver, clock=clock,
            )  # fmt: skip
            return _crawl(context, contact)
    finally:
        store.close()


def admitted(source: Source, store: Store, settings: Settings, now: dt.datetime) -> str:
    """The contact to name in requests. Raises when the source may not be crawled now."""
    state = store.source_states().get(source.id)
    contact = (state.contact if state else "") or settings.contact
    if not source.demonstration:
        if state is None or not state.enabled:
            raise ConfigurationError(
                f"来源 {source.id}（{source.title}）尚未启用。请先阅读其条款，再运行：market source enable {source.id}", source=source.id
            )
        if not contact.strip():
            raise ConfigurationError("采集真实来源必须填写联系方式（MARKET_CONTACT），写入 User-Agent 供网站联系", source=source.id)
    if state is not None and state.paused_until is not None and state.paused_until > now:
        until = state.paused_until.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
        raise Blocked(f"来源 {source.id} 暂停到 {until}" + (f"：{state.reason}" if state.reason else ""), source=source.id)
    return contact


def _joined(lock: CrawlLock, source: Source, store: Store, progress: Progress) -> Run:
    progress(f"{source.title}：已有一次采集在进行，等待它结束")
    run_id = lock.wait()
    run = store.run(run_id) if run_id is not None else next(iter(store.runs(source.id, limit=1)), None)
    if run is None:
        raise StoreError("等待的那次采集没有留下记录", source=source.id)
    if run.ended_at is None:
        run = closed_as_unknown(run, store.clock())
        store.finish_run(run)
    return run


def _close_killed(source: Source, store: Store, now: dt.datetime) -> None:
    """With the lock in hand nobody else runs this source: what has no end was killed."""
    for run_id in store.unfinished_runs():
        run = store.run(run_id)
        if run is not None and run.source == source.id:
            store.finish_run(closed_as_unknown(run, now))


def _prepare(
    source: Source,
    platform: Platform,
    store: Store,
    settings: Settings,
    lock: CrawlLock,
    *,
    slot: str | None,
    since: dt.datetime | None,
    contact: str,
    progress: Progress,
    limits: Limits,
    resolver: Resolver | None,
    clock: Callable[[], dt.datetime],
) -> RunContext:
    now = clock()
    policy = policy_for(source, settings.replica_bases)
    window = plan_window(source, runs_that_count(lambda most: store.runs(source.id, limit=most)), now)
    if since is not None:
        # Asked for by hand: everything since then, past what is known.
        window = Window(start=since, whole=True)
    run_id = store.start_run(source.id, slot=slot, started_at=now, window_start=window.start)
    lock.name_run(run_id)
    stop = StopSignal()
    folder = settings.home / "run"
    crawl = Crawl(
        source,
        platform,
        window_start=window.start,
        now=now,
        known=lambda keys: store.known_keys(source.id, keys),
        budget=source.politeness.requests_a_run,
        trust_until=window.trust_until,
        whole=window.whole,
        resting=_resting(source, store, now) if since is None else (),
    )
    return RunContext(
        source=source,
        keeps_cookies=bool(getattr(platform, "keeps_cookies", False)),
        store=store,
        run_id=run_id,
        started_at=now,
        window_start=window.start,
        slot=slot,
        crawl=crawl,
        policy=policy,
        resolver=resolver,
        budgets=HostBudgets(folder / "hosts", clock=clock, sleep=stop.sleep),
        robots=RobotsCache(folder / "robots"),
        limits=limits,
        stop=stop,
        clock=clock,
        user_agent=user_agent(contact),
        time_limit=source.timetable.time_limit_minutes * 60.0,
        progress=progress,
    )


def _resting(source: Source, store: Store, now: dt.datetime) -> set[str]:
    """Keys of unreadable notices of the last ``QUARANTINE_REST``: asking again so soon helps nobody.

    What was kept as evidence of a refusal is not among them: those notices may be read next time.
    """
    kept = store.quarantined(source.id, limit=MOST_RESTING)
    recent = (item for item in kept if item.last_at > now - QUARANTINE_REST)
    return {item.key for item in recent if item.key and item.reason in UNREADABLE}


def _crawl(context: RunContext, contact: str) -> Run:
    source, store = context.source, context.store
    context.progress(f"{source.title}：开始采集，窗口自 {context.window_start.astimezone(SHANGHAI):%Y-%m-%d %H:%M}")
    reason = "error"
    try:
        with _ends_in_order(context):
            _drive(context, scrapy_settings(source, context.limits, contact=contact, time_limit=context.time_limit))
        reason = context.finish_reason or "error"
    finally:
        context.worker.shutdown(wait=True)
        run = build_run(context, finish_reason=reason, ended_at=context.clock())
        store.finish_run(run)
        _pause(context, run)
    context.progress(f"{source.title}：{run.verdict.chinese}。{run.sentence}")
    return run


def _drive(context: RunContext, settings: dict[str, Any]) -> None:
    """Run Scrapy until the crawl is over. The reactor of a process can be started only once."""
    from scrapy.crawler import CrawlerProcess

    from crawlers.spider import NoticeSpider

    reactor = sys.modules.get("twisted.internet.reactor")
    if reactor is not None and getattr(reactor, "_startedBefore", False):
        raise ConfigurationError("一个进程只能采集一次；请另起进程")
    process = CrawlerProcess({**settings, CONTEXT: context})
    # Only now: making the process sets Scrapy's own loggers to DEBUG.
    for name in ("scrapy", "twisted", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    process.crawl(NoticeSpider)
    if context.stop.reason is None:
        process.start(install_signal_handlers=False)


@contextmanager
def _ends_in_order(context: RunContext) -> Iterator[None]:
    """SIGTERM and SIGINT end the run; a second one is the system's own business."""

    def handler(number: int, frame: object) -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_DFL)
        context.give_up("terminated")

    before = {each: signal.signal(each, handler) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for each, old in before.items():
            signal.signal(each, old)


def _pause(context: RunContext, run: Run) -> None:
    """Leave a source alone that refuses us: as long as it asked for, or longer each time."""
    earlier = [other for other in context.store.runs(run.source, limit=10) if other.id != run.id]
    rest = rest_after(run, earlier)
    if rest is None and context.pause_until is None:
        return
    until = max(filter(None, [context.pause_until, None if rest is None else context.clock() + rest]))
    context.store.set_source_state(run.source, paused_until=until, pause_reason=context.pause_reason or run.sentence)
