"""From pages and readings to the store. A notice that cannot be kept is quarantined, never lost, and stops nothing."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scrapy.crawler import Crawler

from crawlers.extraction import READER, extract
from crawlers.logs import place_of
from crawlers.narrowing import narrowed
from crawlers.reading import Problem
from crawlers.running import RunContext, run_of
from opportunity.errors import MarketError, StoreError
from opportunity.notice import Fields, Notice, gate_end
from opportunity.page import Page, Row
from opportunity.store import Incoming

LONGEST_TITLE = 2000
# Publish dates outside these bounds are mistakes of reading, not news. A portal's own slip of a year stays.
EARLIEST = dt.date(1990, 1, 1)
LATEST_AHEAD = dt.timedelta(days=2 * 366)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that one answer gave: the page itself, the notices read from it, what could not be read."""

    page: Page
    notices: Sequence[tuple[Notice, Row]] = ()
    problems: Sequence[Problem] = ()


def fault_of(notice: Notice, now: dt.datetime) -> str | None:
    """Why a notice cannot be kept, as a sentence; None when it can."""
    if not notice.key.strip():
        return "公告没有来源编号"
    if not notice.title.strip():
        return "公告没有标题"
    if len(notice.title) > LONGEST_TITLE:
        return f"标题长达 {len(notice.title)} 个字符，像是读错了位置"
    for item in notice.given.get("published", ()):
        try:
            end = gate_end(item.value)
        except (TypeError, OverflowError):
            return "发布时间不是日期"
        if end.date() < EARLIEST or end > now + LATEST_AHEAD:
            return f"发布时间不合理：{item.text[:40]}"
    return None


class StorePipeline:
    """Keeps each answer: the page, then its notices in one transaction. Runs beside the event loop."""

    def __init__(self, run: RunContext) -> None:
        self._run = run

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> StorePipeline:
        return cls(run_of(crawler.settings))

    async def process_item(self, item: Any) -> Any:
        if isinstance(item, Reading):
            await self._run.in_worker(self.keep, item)
        return item

    def keep(self, reading: Reading) -> None:
        """Store one reading. A store that refuses ends the run: nothing after it could be kept either."""
        try:
            self._run.store.save_page(reading.page, run=self._run.run_id)
            for problem in reading.problems:
                self._run.quarantine(problem)
            self._save([self._incoming(notice) for notice, _ in reading.notices if self._sound(notice, reading.page)])
        except StoreError as error:
            logger.error("the store refuses: %s", error.message)
            self._run.note("ours", f"无法写入数据库：{error.message}")
            self._run.give_up("store_failed")

    def _sound(self, notice: Notice, page: Page) -> bool:
        fault = fault_of(notice, self._run.clock())
        if fault is not None:
            self._run.quarantine(Problem(label="layout", sentence=fault, url=notice.url, key=notice.key, page=page))
        return fault is None

    def _incoming(self, notice: Notice) -> Incoming:
        fields, reader = self._extract(notice)
        notice = narrowed(notice, fields)
        tally = self._run.tally
        tally.read += 1
        tally.with_body += bool(notice.body.strip())
        tally.having.update({"title", *fields, *notice.given})
        return Incoming(
            notice=notice, extracted=fields, reader=reader, seen_at=self._run.clock(), cause=f"run:{self._run.run_id}"
        )

    def _extract(self, notice: Notice) -> tuple[Fields, str]:
        try:
            return extract(notice.title, notice.body, source_region=self._run.source.region), READER
        except Exception as error:
            # The notice counts more than what can be read from it; a later reader gets another chance.
            logger.error("extraction failed for notice %s: %s", notice.id, place_of(error))
            self._run.note("ours", f"抽取程序出错：{type(error).__name__}")
            return {}, f"{READER}-failed"

    def _save(self, incoming: Sequence[Incoming]) -> None:
        if not incoming:
            return
        try:
            saved = self._run.store.save(incoming)
        except StoreError:
            raise
        except (MarketError, ValueError, TypeError, ArithmeticError) as error:
            self._save_apart(incoming, error)
            return
        tally = self._run.tally
        for answer in saved:
            tally.new += answer.outcome == "new"
            tally.changed += answer.outcome == "changed"
            tally.unchanged += answer.outcome in ("unchanged", "reread", "removed")

    def _save_apart(self, incoming: Sequence[Incoming], error: Exception) -> None:
        """One notice of a batch cannot be stored: find it, so that the others are."""
        if len(incoming) > 1:
            for item in incoming:
                self._save([item])
            return
        notice = incoming[0].notice
        logger.warning("notice %s cannot be stored: %s", notice.id, type(error).__name__)
        page = self._run.store.page(notice.pages[-1]) if notice.pages else None
        self._run.quarantine(
            Problem(label="ours", sentence=f"公告无法保存：{type(error).__name__}", url=notice.url, key=notice.key, page=page)
        )
