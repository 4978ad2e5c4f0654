"""An invented source and platform for trying the driver: a list in JSON, notices in HTML."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from urllib.parse import urljoin

from crawlers.platforms.base import given, hashes, html, json_answer, member, one, row_json, stated_moment, text_of
from opportunity.notice import Notice
from opportunity.page import Listing, Page, PageRequest, Row
from opportunity.source import Basis, Expectation, Politeness, Source, Timetable


class BenchPlatform:
    """List: {"total", "rows": [{"id", "title", "date"}], "next"}; notice: h1 and #body."""

    def __init__(self, method: str = "GET", keeps_cookies: bool = False, lists: int = 1) -> None:
        self.name = "bench"
        self.keeps_cookies = keeps_cookies
        self._method = method
        self._lists = lists

    def first_requests(self, source: Source, window_start: dt.datetime, now: dt.datetime) -> tuple[PageRequest, ...]:
        names = ["list"] if self._lists == 1 else [f"list{number}" for number in range(self._lists)]
        return tuple(self._list(source.base + name, name) for name in names)

    def _list(self, url: str, chain: str) -> PageRequest:
        body = b"{}" if self._method == "POST" else b""
        return PageRequest(
            url=url, purpose="list", method="POST" if body else "GET", body=body, state={"chain": chain},
            headers={"Referer": url, "User-Agent": "Mozilla/5.0 pretended", "Cookie": "forged=1"},
        )  # fmt: skip

    def read_list(self, source: Source, page: Page) -> Listing:
        answer = json_answer(page)
        rows = tuple(
            Row(key=str(row["id"]), title=row["title"], url=None, published=stated_moment(row["date"], "date"), facts=row)
            for row in member(answer, "rows", list, "list")
        )
        following = answer.get("next")
        chain = str(page.request.state["chain"])
        return Listing(
            rows=rows,
            next=self._list(urljoin(page.url, following), chain) if following else None,
            total=answer.get("total"),
            proved_empty=not rows and answer.get("total") == 0,
        )

    def notice_requests(self, source: Source, row: Row) -> tuple[PageRequest, ...]:
        return (PageRequest(url=urljoin(source.base, row.facts.get("url") or f"notice/{row.key}"), purpose="notice"),)

    def read_notice(self, source: Source, row: Row, pages: Sequence[Page]) -> Notice:
        document = html(pages[0])
        body = text_of(one(document, "#body", "body"))
        return Notice(
            source=source.id, key=row.key, title=text_of(one(document, "h1", "title")), body=body, url=pages[0].url,
            origin=pages[0].origin, pages=hashes(pages), row=row_json(row), body_missing=not body,
            given={"published": given(dt.date.fromisoformat(row.facts.get("stated") or row.facts["date"]), str(row.facts))},
        )  # fmt: skip


def bench_source(id: str, base: str, **options: float) -> Source:
    """A source with small numbers; ``options`` are delay, a_run, a_day, rows, body_share, minutes."""
    return Source(
        id=id,
        title="试验来源",
        publisher="试验",
        official=False,
        region=None,
        home=base,
        base=base,
        platform="bench",
        kind="enterprise",
        timetable=Timetable(minutes=60, time_limit_minutes=int(options.get("minutes", 5))),
        politeness=Politeness(
            delay_seconds=options.get("delay", 0.02),
            requests_a_run=int(options.get("a_run", 200)),
            requests_a_day=int(options.get("a_day", 10000)),
        ),
        expect=Expectation(
            rows_a_run=int(options.get("rows", 0)), body_share=options.get("body_share", 0.5), required=(("title", 1.0),)
        ),
        basis=Basis(terms="无", robots="无", read_on="2026-11-01", attribution="无"),
    )


def list_json(rows: Sequence[tuple[str, str]], *, total: int | None = None, following: str | None = None) -> bytes:
    """A list page of (id, title) rows, all of today."""
    today = dt.datetime.now(dt.UTC).astimezone(dt.timezone(dt.timedelta(hours=8))).strftime("%Y-%m-%d")
    shown = [{"id": key, "title": title, "date": today} for key, title in rows]
    return json.dumps({"total": len(rows) if total is None else total, "rows": shown, "next": following}).encode()


def notice_html(title: str, body: str = "采购办公桌椅一批，预算金额：300000元。" * 20) -> bytes:
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1><div id=body>{body}</div></body></html>".encode()
