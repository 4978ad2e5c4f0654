"""Turning pages never repeats or loses a notice against the first page, whatever happens meanwhile."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

from indexer.feed import Feeder
from opportunity.errors import BadCursor
from opportunity.matching import matches, search_text
from opportunity.notice import SHANGHAI
from opportunity.query import Sort
from search_api import paging
from search_api.order import record_key
from search_api.request import SearchRequest
from search_api.tables import search_result
from tests.search_api.conftest import Market, open_market
from tests.search_api.notices import given, incoming, invented

LIST_ORDERS = [Sort.PUBLISHED, Sort.ENTER_UNTIL, Sort.BUDGET, Sort.SEEN]


def walk(market: Market, request: SearchRequest, limit: int, between: object = None) -> list[str]:
    """Every id in page order; ``between`` is called before each further page."""
    ids: list[str] = []
    cursor: str | None = None
    totals = set()
    while True:
        answer = market.search.search(request, limit=limit, cursor=cursor, facets=False)
        totals.add((answer.total.value, answer.as_of.seq))
        ids += [hit.id for hit in answer.hits]
        cursor = answer.next
        if cursor is None:
            assert len(totals) == 1, "total and as_of are those of the first page"
            return ids
        if callable(between):
            between()


def expected(market: Market, request: SearchRequest) -> list[str]:
    """What the oracle says, in the order of the list."""
    query = market.search.query(request, market.now)
    if query.sort is Sort.RELEVANCE:
        query = dataclasses.replace(query, sort=Sort.PUBLISHED)
    records = [r for r in market.store.iterate() if matches(query, search_text(r), market.cutter.words)]
    return [r.id for r in sorted(records, key=lambda r: record_key(r, query.sort, market.now))]


@pytest.mark.parametrize("sort", LIST_ORDERS)
@pytest.mark.parametrize("limit", [7, 50])
def test_a_sorted_list_is_the_oracle_in_order(filled: Market, sort: Sort, limit: int) -> None:
    for request in (
        SearchRequest(sort=sort), SearchRequest(text="监控", sort=sort), SearchRequest(states=("open",), sort=sort),
        SearchRequest(budget_min=Decimal(1_000_000), include_unknown=False, sort=sort),
    ):
        wanted = expected(filled, request)
        assert wanted
        assert walk(filled, request, limit) == wanted


@pytest.mark.parametrize("sort", LIST_ORDERS)
def test_the_engine_and_the_record_agree_on_the_key(filled: Market, sort: Sort) -> None:
    query = filled.search.query(SearchRequest(sort=sort), filled.now)
    hits = filled.search.index().search(query, limit=300).hits
    records = filled.store.records([hit.id for hit in hits])
    assert len(hits) == 300
    for hit in hits:
        assert paging.key_of(hit) == record_key(records[hit.id], sort, filled.now)


def test_a_ranked_list_holds_every_match_once(filled: Market) -> None:
    request = SearchRequest(text="采购")
    ids = walk(filled, request, 23)
    assert len(ids) == len(set(ids)) == 300
    assert set(ids) == set(expected(filled, request))


def test_past_its_stored_beginning_a_ranked_list_goes_on_by_date(filled: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search_api.service.KEPT", 60)
    request = SearchRequest(text="采购")
    ranked = filled.search.index().search(filled.search.query(request, filled.now), limit=60).hits
    ids = walk(filled, request, 25)
    assert ids[:60] == [hit.id for hit in ranked]
    assert ids[60:] == [id for id in expected(filled, request) if id not in set(ids[:60])]


class Storm:
    """Publishes, corrects, withdraws matches of and takes down notices while somebody turns pages."""

    def __init__(self, market: Market, seed: int, *, lag: bool = False) -> None:
        self.market, self.chance, self.fresh, self.lag = market, random.Random(seed), 10_000 + seed, lag
        self.removed: set[str] = set()

    def __call__(self) -> None:
        market, chance = self.market, self.chance
        self.fresh += 3
        items = [invented(self.fresh + number) for number in range(3)]
        records = list(market.store.iterate())
        for record in chance.sample(records, 12):
            fields = {
                **record.notice.given,
                "published": given(dt.date(2026, 11, 1) + dt.timedelta(days=chance.randrange(0, 60))),
                "budget": given(Decimal(chance.randrange(1, 10_000_000))),
                "deadline": given(dt.datetime(2026, 12, chance.randrange(1, 28), 9, tzinfo=SHANGHAI)),
            }
            body = chance.choice((record.notice.body + "更正", "此公告内容已全部改写。", record.notice.body + "监控 采购"))
            changed = dataclasses.replace(record.notice, given=fields, body=body)
            extracted = {} if chance.random() < 0.5 else dict(record.extracted)
            items.append(incoming(changed, extracted, at=market.now))
        market.store.save(items)
        if not self.lag:
            victim = chance.choice(records)
            market.store.take_down(victim.id, reason="应当事人要求", at=market.now)
            self.removed.add(victim.id)
        if not self.lag and chance.random() < 0.8:  # sometimes the index lags behind the store
            market.index()


@pytest.mark.parametrize("sort", [*LIST_ORDERS, Sort.RELEVANCE])
def test_pages_stay_whole_while_notices_change(market: Market, sort: Sort, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search_api.service.KEPT", 30)
    market.save([invented(number) for number in range(90)])
    for seed, request in enumerate((
        SearchRequest(text="采购", sort=sort), SearchRequest(text="监控 OR 食堂", sort=sort),
        SearchRequest(states=("open",), sort=sort), SearchRequest(budget_max=Decimal(5_000_000), sort=sort),
    )):
        if seed % 2 != list(Sort).index(sort) % 2:
            continue  # two searches for each order are enough; between the orders all four are made
        wanted = expected(market, request)
        storm = Storm(market, seed)
        ids = walk(market, request, 14, between=storm)
        assert len(ids) == len(set(ids)), "nothing is shown twice"
        assert set(ids) - set(wanted) == set(), "nothing that was not there"
        assert set(wanted) - set(ids) <= storm.removed, "nothing is lost but what was taken down"
        if sort is not Sort.RELEVANCE:
            assert ids == [id for id in wanted if id in set(ids)], "in the order of the first page"
        market.index()


@pytest.mark.parametrize("sort", LIST_ORDERS)
def test_pages_stay_whole_while_the_index_works_off_a_backlog(tmp_path: Path, sort: Sort) -> None:
    """A feeder in a backlog indexes notices as they are now, ahead of the number it has reached."""
    for market in open_market(tmp_path / "home", index_batch=5):
        market.save([invented(number) for number in range(40)])
        feeder = Feeder(market.store, market.engine, market.cutter, market.settings, market.clock)
        for seed in range(4):
            Storm(market, seed, lag=True)()
            feeder.step()
        request = SearchRequest(text="采购" if seed % 2 else "", sort=sort)
        as_of = market.search.index().cursor()
        assert as_of < market.store.watermark()
        then = [market.store.record_as_of(record.id, as_of) for record in market.store.iterate()]
        query = market.search.query(request, market.now)
        listed = [r for r in then if r is not None and matches(query, search_text(r), market.cutter.words)]
        wanted = [r.id for r in sorted(listed, key=lambda r: record_key(r, sort, market.now))]
        assert walk(market, request, 6, between=feeder.step) == wanted


def test_too_many_changes_expire_the_cursor_clearly(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MAX_EVALUATED", 5)
    market.save([invented(number) for number in range(30)])
    request = SearchRequest(sort=Sort.PUBLISHED)
    first = market.search.search(request, limit=10)
    Storm(market, 1)()
    market.index()
    with pytest.raises(BadCursor, match="请重新搜索"):
        market.search.search(request, limit=10, cursor=first.next)


def test_many_new_notices_do_not_expire_a_cursor(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MAX_EVALUATED", 5)
    market.save([invented(number) for number in range(30)])
    request = SearchRequest(sort=Sort.PUBLISHED)
    wanted = expected(market, request)
    assert walk(market, request, 10, between=lambda: market.save([invented(1000 + market.store.count())])) == wanted


def test_a_kept_list_expires(market: Market) -> None:
    market.save([invented(number) for number in range(30)])
    request = SearchRequest(text="采购")
    first = market.search.search(request, limit=10)
    market.search.flush()
    market.now += dt.timedelta(hours=25)
    with pytest.raises(BadCursor, match="24 小时"):
        market.search.search(request, limit=10, cursor=first.next)
    market.now += dt.timedelta(hours=24)
    market.search.search(request, limit=5)
    market.search.flush()
    with market.store.read() as connection:
        rows = connection.execute(search_result.select()).all()
    assert len(rows) == 1, "the old list went when the new one came"


def test_the_same_list_is_kept_once(market: Market) -> None:
    market.save([invented(number) for number in range(30)])
    for _ in range(3):
        market.search.search(SearchRequest(text="采购"), limit=10)
    market.search.flush()
    with market.store.read() as connection:
        assert len(connection.execute(search_result.select()).all()) == 1


def test_a_page_that_is_whole_keeps_nothing(market: Market) -> None:
    market.save([invented(number) for number in range(8)])
    assert market.search.search(SearchRequest(text="采购"), limit=10).next is None
    market.search.flush()
    with market.store.read() as connection:
        assert connection.execute(search_result.select()).all() == []


def test_relative_times_stay_those_of_the_first_page(market: Market) -> None:
    """A gate that closes while somebody turns pages takes nothing away from the list."""
    market.save([invented(number) for number in range(60)])
    request = SearchRequest(states=("open",), sort=Sort.ENTER_UNTIL)
    wanted = expected(market, request)

    def later() -> None:
        market.now += dt.timedelta(hours=5)

    assert walk(market, request, 12, between=later) == wanted


def test_many_readers_turn_pages_while_the_market_moves(market: Market) -> None:
    """Threads of readers and one writer: nobody fails, and every list is whole for its first page."""
    market.save([invented(number) for number in range(60)])
    stopping = threading.Event()

    def read(number: int) -> int:
        lists = 0
        while not stopping.is_set():
            request = SearchRequest(text="采购" if number % 2 else "", sort=[*LIST_ORDERS, Sort.RELEVANCE][number % 5])
            first = market.search.search(request, limit=25, facets=number % 3 == 0)
            ids, cursor = [hit.id for hit in first.hits], first.next
            while cursor is not None:
                answer = market.search.search(request, limit=25, cursor=cursor)
                ids, cursor = [*ids, *(hit.id for hit in answer.hits)], answer.next
            assert len(ids) == len(set(ids))
            assert len(ids) == first.total.value or not first.total.exact
            lists += 1
        return lists

    with ThreadPoolExecutor(6) as pool:
        readers = [pool.submit(read, number) for number in range(6)]
        for step in range(12):
            market.save([invented(1000 + step), invented(step)])
        stopping.set()
        assert all(reader.result() >= 1 for reader in readers)


def test_no_search_waits_for_the_store_to_be_written(market: Market) -> None:
    """An import or a crawl may hold the write lock for long: a first page and its next come all the same."""
    market.save([invented(number) for number in range(30)])
    with market.store.write():
        first = market.search.search(SearchRequest(text="采购"), limit=5)
        assert first.next is not None
        second = market.search.search(SearchRequest(text="采购"), limit=5, cursor=first.next)
        assert len({hit.id for hit in (*first.hits, *second.hits)}) == 10
    market.search.flush()
    with market.store.read() as connection:
        assert len(connection.execute(search_result.select()).all()) == 1
