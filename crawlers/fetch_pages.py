"""A few pages by the same road as a crawl: guarded addresses, robots.txt, budgets, whole bodies.

For ``market source record``: nothing is stored and no run is written. Each call works in a process
of its own, because Twisted's reactor starts only once in a process.
"""

from __future__ import annotations

import datetime as dt
import multiprocessing
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import Crawler, CrawlerProcess
from scrapy.http import Response
from twisted.python.failure import Failure

from crawlers.addresses import policy_for
from crawlers.answers import page_from
from crawlers.budgets import HostBudgets
from crawlers.challenges import challenge
from crawlers.downloads import explain
from crawlers.robots import RobotsCache
from crawlers.running import CONTEXT, FetchContext, context_of
from crawlers.settings import scrapy_settings, user_agent
from crawlers.waiting import Limits, StopSignal
from opportunity.errors import Blocked, FetchError, MarketError
from opportunity.page import Page, PageRequest
from opportunity.settings import Settings
from opportunity.source import Source

TIME_LIMIT = 600.0


def fetch_pages(
    requests: Sequence[PageRequest], settings: Settings, source: Source, *, contact: str = "", limits: Limits | None = None
) -> list[Page]:
    """The pages of ``requests``, in order. Raises the ``MarketError`` of the first that cannot be had."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_fetch, list(requests), settings, source, contact or settings.contact, limits or Limits()).result()


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _fetch(
    requests: Sequence[PageRequest], settings: Settings, source: Source, contact: str, limits: Limits,
    clock: Callable[[], dt.datetime] = _now,
) -> list[Page]:  # fmt: skip
    stop, folder = StopSignal(), settings.home / "run"
    context = FetchContext(
        source=source,
        policy=policy_for(source, settings.replica_bases),
        resolver=None,
        budgets=HostBudgets(folder / "hosts", clock=clock, sleep=stop.sleep),
        robots=RobotsCache(folder / "robots"),
        limits=limits,
        stop=stop,
        clock=clock,
        user_agent=user_agent(contact),
    )
    given = scrapy_settings(source, limits, contact=contact, time_limit=TIME_LIMIT)
    process = CrawlerProcess({**given, "ITEM_PIPELINES": {}, CONTEXT: context})
    found: dict[int, Page | MarketError] = {}
    process.crawl(PageSpider, wanted=list(requests), found=found)
    process.start()
    for number in range(len(requests)):
        answer = found.get(number, FetchError("没有取得页面"))
        if isinstance(answer, MarketError):
            raise answer
    return [page for _, page in sorted(found.items()) if isinstance(page, Page)]


class PageSpider(Spider):
    """Fetches the pages it is given, one after the other, and gives up at the first that fails."""

    name = "pages"
    context: FetchContext
    wanted: list[PageRequest]
    found: dict[int, Page | MarketError]

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> PageSpider:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.context = context_of(crawler.settings)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        if self.wanted:
            yield self._request(0)

    def _request(self, number: int) -> Request:
        page = self.wanted[number]
        return Request(
            page.url,
            method=page.method,
            headers=dict(page.headers),
            body=page.body,
            callback=self.answered,
            errback=self.failed,
            cb_kwargs={"number": number},
            dont_filter=True,
        )

    def answered(self, response: Response, number: int) -> list[Request]:
        page = page_from(response, self.wanted[number], self.context.clock())
        refusal = challenge(page)
        if refusal is not None:
            self.found[number] = Blocked(refusal.sentence, url=page.url)
            return []
        self.found[number] = page
        return [self._request(number + 1)] if number + 1 < len(self.wanted) else []

    def failed(self, failure: Failure) -> None:
        number: int = failure.request.cb_kwargs["number"]  # type: ignore[attr-defined]
        self.found[number] = explain(failure.value)
