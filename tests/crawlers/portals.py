"""A portal in memory and a driver in a loop: what the sans-IO crawl is tried against.

``Shelf`` is a list of notices, newest first, that may change between any two answers. It speaks a JSON
dialect of its own, read by ``ShelfPlatform``; nothing here stands in for code under test.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from crawlers.platforms import base
from crawlers.reading import Crawl, RunOutcome
from crawlers.steps import Problem
from crawlers.window import Window
from opportunity.errors import ReadingError
from opportunity.notice import SHANGHAI, Notice, NoticeType, Origin
from opportunity.page import Listing, Page, PageRequest, Row
from opportunity.source import Basis, Expectation, Politeness, Source, Timetable

START = dt.datetime(2026, 3, 10, 9, 0, tzinfo=SHANGHAI)

SOURCE = Source(
    id="invented_shelf", title="虚构的公告栏", publisher="虚构", official=False, region=None,
    home="http://shelf.example/", base="http://shelf.example/", platform="shelf", kind="import",
    timetable=Timetable(minutes=30, overlap_hours=24),
    politeness=Politeness(delay_seconds=1, requests_a_run=10_000, requests_a_day=100_000),
    expect=Expectation(rows_a_run=0, body_share=0),
    basis=Basis(terms="虚构", robots="虚构", read_on="2026-03-10", attribution="虚构"),
)


@dataclass(slots=True)
class Entry:
    key: str
    published: dt.datetime
    broken: bool = False


@dataclass(slots=True)
class Shelf:
    """The portal. ``totals``: it counts; ``keeps``: how many rows its list holds; ``sticks``: its last page
    repeats; ``upside_down``: it ignores the order asked for and puts the oldest first."""

    size: int = 5
    totals: bool = True
    keeps: int | None = None
    days_only: bool = False
    sticks: bool = False
    upside_down: bool = False
    cap: int | None = None
    entries: list[Entry] = field(default_factory=list)
    made: int = 0
    # Last word on every answer: (request, text) -> text.
    spoil: Callable[[PageRequest, str], str] = lambda request, text: text

    def publish(self, count: int, at: dt.datetime, *, broken: bool = False) -> list[Entry]:
        """New notices on top, the last one newest."""
        new = []
        for _ in range(count):
            self.made += 1
            new.append(Entry(f"n{self.made}", at, broken))
            self.entries.insert(0, new[-1])
        return new

    def listed(self, group: str | None = None) -> list[Entry]:
        kept = self.entries if self.keeps is None else self.entries[: self.keeps]
        kept = kept[::-1] if self.upside_down else kept
        return kept if group is None else [one for one in kept if int(one.key[1:]) % 3 == int(group)]

    def answer(self, request: PageRequest, at: dt.datetime) -> Page:
        if request.purpose == "notice":
            key = request.url.rsplit("/", 1)[1]
            entry = next((one for one in self.entries if one.key == key), None)
            bad = entry is None or entry.broken
            text = "{}" if bad else json.dumps({"key": key, "body": "正文"})
        else:
            text = json.dumps(self._list(request))
        return made_page(request, self.spoil(request, text), at)

    def _list(self, request: PageRequest) -> dict[str, object]:
        number, group = int(request.state["page"]), request.state.get("group")
        rows = self.listed(group)
        capped = self.cap is not None and len(rows) >= self.cap
        if capped:
            rows = rows[: self.cap]
        pages = max(1, -(-len(rows) // self.size))
        shown = min(number, pages - 1) if self.sticks else number
        part = rows[shown * self.size : (shown + 1) * self.size]
        return {
            "rows": [[one.key, self._stamp(one)] for one in part],
            "more": self.sticks or number + 1 < pages,
            "total": len(rows) if self.totals else None,
            "cut": capped or (self.keeps is not None and number + 1 >= pages),
            "split": capped and group is None,
        }

    def _stamp(self, entry: Entry) -> str:
        return (entry.published.date() if self.days_only else entry.published).isoformat()


def made_page(request: PageRequest, text: str, at: dt.datetime, status: int = 200) -> Page:
    content = text.encode()
    return Page(
        request=request, url=request.url, status=status, headers={}, content=content, text=text,
        encoding="utf-8", replaced=0, fetched_at=at, origin=Origin.REPLICA,
    )


class ShelfPlatform:
    """Reads a ``Shelf``. ``strange``: keys of rows whose type it does not know; ``each``: pages of a notice."""

    name = "shelf"

    def __init__(self, strange: frozenset[str] = frozenset(), each: int = 1) -> None:
        self.strange, self.each = strange, each

    def first_requests(self, source: Source, window_start: dt.datetime, now: dt.datetime) -> tuple[PageRequest, ...]:
        return (self._list(0, None),)

    def _list(self, page: int, group: str | None) -> PageRequest:
        return PageRequest(
            url=f"{SOURCE.base}list/{group}/{page}", purpose="list",
            state={"page": page, "group": group, "chain": f"组 {group}"},
        )

    def read_list(self, source: Source, page: Page) -> Listing:
        answer = base.json_answer(page)
        state = page.request.state
        rows = tuple(
            Row(key=key, title=key, url=f"{SOURCE.base}notice/{key}", published=base.stated_moment(text, "发布时间"))
            for key, text in base.member(answer, "rows", list, "列表")
        )
        return Listing(
            rows=rows, next=self._list(state["page"] + 1, state["group"]) if answer["more"] else None,
            total=answer["total"], total_capped=answer["cut"], proved_empty=not rows and state["page"] == 0,
            split=tuple(self._list(0, group) for group in "012") if answer["split"] else (),
        )

    def notice_requests(self, source: Source, row: Row) -> tuple[PageRequest, ...]:
        if row.key in self.strange:
            raise ReadingError("未知的公告类型", key=row.key)
        return tuple(
            PageRequest(url=str(row.url), purpose="notice", state={"part": part}) for part in range(self.each)
        )

    def read_notice(self, source: Source, row: Row, pages: Sequence[Page]) -> Notice:
        assert [page.request.state["part"] for page in pages] == list(range(self.each))
        body = "\n".join(base.member(base.json_answer(page), "body", str, "公告") for page in pages)
        return Notice(
            source=source.id, key=row.key, title=row.title, body=body, origin=pages[0].origin,
            given={"type": base.given(NoticeType.TENDER, "招标公告")}, pages=base.hashes(pages), row=base.row_json(row),
        )


@dataclass(slots=True)
class Driver:
    """Runs crawls one request at a time. ``between`` is called before each answer with the request's number."""

    shelf: Shelf
    stored: set[str] = field(default_factory=set)
    between: Callable[[int, PageRequest], None] = lambda number, request: None
    fails: frozenset[int] = frozenset()
    kill_at: int | None = None
    strange: frozenset[str] = frozenset()
    resting: frozenset[str] = frozenset()
    asked: list[PageRequest] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def run(self, window: Window, now: dt.datetime, budget: int = 10_000) -> RunOutcome:
        crawl = Crawl(
            SOURCE, ShelfPlatform(self.strange), window_start=window.start, now=now, budget=budget,
            known=lambda keys: self.stored.intersection(keys),
            trust_until=window.trust_until, whole=window.whole, resting=self.resting,
        )
        self.asked, self.problems = [], []
        pending = crawl.start()
        while pending:
            request = pending.pop(0)
            self.asked.append(request)
            if self.kill_at == len(self.asked):
                return crawl.outcome("killed")
            self.between(len(self.asked), request)
            if len(self.asked) in self.fails:
                step = crawl.fail(request, "network", "连接中断")
            else:
                step = crawl.receive(self.shelf.answer(request, now))
            self.stored.update(notice.key for notice, _ in step.notices)
            self.problems += step.problems
            pending += step.requests
        assert crawl.done
        return crawl.outcome("finished")

    def lists(self) -> int:
        return sum(request.purpose == "list" for request in self.asked)


def clean(outcome: RunOutcome) -> bool:
    """Whether an outcome claims that nothing is missing."""
    return (
        outcome.finish_reason == "finished"
        and not outcome.problems and not outcome.chain_broken and not outcome.total_capped
    )
