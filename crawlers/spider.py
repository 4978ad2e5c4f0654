"""The one Scrapy spider: it makes the requests that the sans-IO ``Crawl`` asks for, and hands back the answers."""

from __future__ import annotations

import asyncio
import datetime as dt
import heapq
import logging
from collections.abc import AsyncIterator, Iterable
from typing import Any

import scrapy
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from crawlers.answers import page_from
from crawlers.budgets import DayBudgetSpent, HostPaused
from crawlers.challenges import challenge
from crawlers.downloads import explain, has_end, is_html
from crawlers.inflating import BodyTooLarge, TruncatedBody
from crawlers.logs import place_of
from crawlers.pipelines import Reading
from crawlers.reading import Problem, Step
from crawlers.robots import RobotsRefusal
from crawlers.running import RunContext, run_of
from crawlers.waiting import Stopping
from opportunity.errors import MarketError, StoreError
from opportunity.page import Page, PageRequest

# Requests in succession without an answer (each after its own retries) by which a site counts as down.
SITE_DOWN = 5

logger = logging.getLogger(__name__)

# What a missing page means only the platform knows: a notice without a body, the end of what a list keeps.
MISSING = frozenset({404, 410})


class NoticeSpider(scrapy.Spider):
    """Drives one run; everything about the source is in the run's context."""

    name = "notices"
    run: RunContext

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> NoticeSpider:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.run = run_of(crawler.settings)
        spider._failures, spider._timers, spider._asked = 0, [], set()
        spider._waiting, spider._waiting_count = [], 0
        return spider

    _failures: int
    _timers: list[asyncio.Task[None]]
    _asked: set[tuple[str, str, bytes]]
    _waiting: list[tuple[int, int, PageRequest]]
    _waiting_count: int

    async def start(self) -> AsyncIterator[Any]:
        run = self.run
        loop = asyncio.get_running_loop()
        run.on_stop = lambda reason: loop.call_soon_threadsafe(self._close, reason)
        self._timers = [loop.create_task(self._beat()), loop.create_task(self._end_in_time())]
        try:
            requests = await run.in_worker(run.crawl.start)
        except Exception as error:
            logger.error("the platform could not give its first requests: %s", place_of(error))
            run.note("ours", f"读取程序出错：{type(error).__name__}")
            requests = []
        self._line_up(requests)
        for request in self._next():
            yield request

    def _line_up(self, wanted: Iterable[PageRequest]) -> None:
        for page in wanted:
            self._waiting_count += 1
            heapq.heappush(self._waiting, (-self._priority(page), self._waiting_count, page))

    def _next(self) -> list[Request]:
        """The one request that may be made now.

        Nothing is asked before the last answer has been judged: what follows a captcha is silence.
        """
        if self.run.crawl.stopped:
            self._close("blocked")
        if self.run.stop.reason is not None or not self._waiting:
            return []
        return [self._request(heapq.heappop(self._waiting)[2])]

    def _request(self, wanted: PageRequest) -> Request:
        return Request(
            wanted.url,
            method=wanted.method,
            headers=dict(wanted.headers),
            body=wanted.body,
            callback=self.answered,
            errback=self.failed,
            cb_kwargs={"wanted": wanted},
            dont_filter=True,
        )

    def _priority(self, wanted: PageRequest) -> int:
        """Lists before notices: the less time a walk takes, the less the list moves under it.

        A list page asked for a second time is the last look at what has changed meanwhile.
        """
        if wanted.purpose != "list":
            return 0
        page = (wanted.method, wanted.url, wanted.body)
        again = page in self._asked
        self._asked.add(page)
        return -10 if again else 10

    # --- answers ----------------------------------------------------------------------------

    async def answered(self, response: Response, wanted: PageRequest) -> AsyncIterator[Any]:
        """One whole answer, whatever its status."""
        run = self.run
        try:
            page = page_from(response, wanted, run.clock())
        except MarketError as error:
            async for request in self._give_back(wanted, error):
                yield request
            return
        self._failures = 0
        run.tally.without_end += is_html(response) and not has_end(response.body)
        found = None if page.status in MISSING else challenge(page)
        if found is not None:
            step = await self._failed_step(wanted, found.label, found.sentence, page)
        elif page.status >= 500:
            step = await self._failed_step(wanted, "network", f"网站返回 {page.status}", page)
        else:
            step = await run.in_worker(self._receive, page)
        yield Reading(page=page, notices=step.notices, problems=step.problems)
        self._line_up(step.requests)
        for request in self._next():
            yield request

    def _receive(self, page: Page) -> Step:
        """Read one page (in the worker). A fault of the reader costs this page, not the run."""
        crawl = self.run.crawl
        try:
            return crawl.receive(page)
        except StoreError:
            raise
        except Exception as error:
            logger.error("reading failed for %s: %s", page.url, place_of(error))
            sentence = f"读取程序出错：{type(error).__name__}"
            self.run.note("ours", sentence)
            step = crawl.fail(page.request, "ours", sentence)
            step.problems.append(Problem(label="ours", sentence=sentence, url=page.url, page=page))
            return step

    async def failed(self, failure: Failure) -> AsyncIterator[Any]:
        """A request without a whole answer."""
        wanted: PageRequest = failure.request.cb_kwargs["wanted"]  # type: ignore[attr-defined]
        error = failure.value
        if isinstance(error, Stopping) or self.run.stop.reason is not None:
            return
        async for request in self._give_back(wanted, error):
            yield request

    async def _give_back(self, wanted: PageRequest, error: BaseException | None) -> AsyncIterator[Any]:
        run = self.run
        if not isinstance(error, MarketError):
            logger.error("unexpected error for %s: %s", wanted.url, "nothing" if error is None else place_of(error))
        label, sentence = label_of(error)
        if isinstance(error, HostPaused):
            run.pause(error.until, error.message)
        run.tally.reasons[label, sentence] += 1
        step = await self._failed_step(wanted, label, sentence, None)
        if isinstance(error, DayBudgetSpent):
            run.note("limit", sentence)
            self._close("budget")
        self._failures += label in ("network", "truncated")
        if self._failures >= SITE_DOWN:
            self._close("site_down")
        self._line_up(step.requests)
        for request in self._next():
            yield request

    async def _failed_step(self, wanted: PageRequest, label: str, sentence: str, page: Page | None) -> Step:
        step = await self.run.in_worker(self.run.crawl.fail, wanted, label, sentence)
        if page is not None:
            step.problems[:] = [Problem(label=label, sentence=sentence, url=page.url, key=wanted.row_key, page=page)]
        return step

    # --- ending -----------------------------------------------------------------------------

    def _close(self, reason: str) -> None:
        """End the run now: nothing new is asked, waits and downloads under way are given up."""
        if self.run.stop.reason is not None:
            return
        self.run.stop.stop(reason)
        self.run.finish_reason = reason
        engine = self.crawler.engine
        if engine is not None:
            self._closing = asyncio.ensure_future(engine.close_spider_async(reason=reason))

    async def _beat(self) -> None:
        run = self.run
        while True:
            await asyncio.sleep(run.limits.heartbeat)
            try:
                await run.in_worker(_write_heartbeat, run, run.clock())
            except StoreError as error:
                logger.warning("no heartbeat: %s", error.message)
            run.progress(progress_line(run))

    async def _end_in_time(self) -> None:
        await asyncio.sleep(self.run.time_limit)
        self.run.note("limit", f"到达本次运行 {self.run.time_limit / 60:.0f} 分钟的时间上限")
        self._close("time_limit")

    def closed(self, reason: str) -> None:
        """Scrapy calls this last."""
        self.run.finish_reason = self.run.finish_reason or reason
        for timer in self._timers:
            timer.cancel()


def _write_heartbeat(run: RunContext, at: dt.datetime) -> None:
    run.store.heartbeat_run(run.run_id, at, run.counts())


def progress_line(run: RunContext) -> str:
    """How far a run has come, in one line."""
    tally = run.tally
    line = f"已请求 {tally.requests} 次，读到公告 {tally.read} 条，新增 {tally.new} 条"
    return line + (f"，隔离 {tally.quarantined} 条" if tally.quarantined else "")


_labels: tuple[tuple[type[MarketError], str], ...] = (
    (RobotsRefusal, "robots"),
    (HostPaused, "blocked"),
    (DayBudgetSpent, "limit"),
    (TruncatedBody, "truncated"),
    (BodyTooLarge, "truncated"),
)


def label_of(error: BaseException | None) -> tuple[str, str]:
    """The run's label and the sentence for what ended a request."""
    for kind, label in _labels:
        if isinstance(error, kind):
            return label, error.message
    if isinstance(error, MarketError):
        return "network", error.message
    if isinstance(error, (OSError, asyncio.TimeoutError)) or type(error).__module__.startswith(("scrapy", "twisted")):
        return "network", explain(error).message
    return "ours", f"程序出错：{type(error).__name__}"
