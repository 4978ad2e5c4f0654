"""Cursors: opaque, signed, small, and of one search only."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opportunity.errors import BadCursor
from opportunity.results import Hit
from search_api.cursor import LIFETIME, MAX_CURSOR_CHARACTERS, Cursor, decode, encode
from search_api.request import SearchRequest
from tests.search_api.conftest import Market
from tests.search_api.notices import NOW, invented

SECRET = b"k" * 32
CURSOR = Cursor(
    search="a" * 20, fingerprint="f1", seq=2**50, at=NOW, now=NOW, total=260_000_000, exact=False, shown=10**9,
    stored="b" * 24, offset=1000, engine=Hit(id="a" * 16, score=0.1234567890123456, key=(2, 0, -(2**62))),
    last=(2, 0, -(2**62), "a" * 16), unknown=dict.fromkeys(("type", "region", "source", "origin", "state", "budget", "published", "deadline"), 10 ** 9),
)


def read(token: str, *, search: str = "a" * 20, fingerprint: str = "f1", now: dt.datetime = NOW, secret: bytes = SECRET) -> Cursor:
    return decode(token, secret, search=search, fingerprint=fingerprint, now=now)


def test_the_largest_cursor_comes_back_and_is_small() -> None:
    token = encode(CURSOR, SECRET)
    assert len(token) <= MAX_CURSOR_CHARACTERS
    assert read(token) == CURSOR


@given(position=st.integers(0, 500), character=st.sampled_from("Az09-_.=/é"))
@settings(max_examples=150, deadline=None)
def test_a_cursor_that_was_touched_is_refused(position: int, character: str) -> None:
    token = encode(CURSOR, SECRET)
    at = position % len(token)
    changed = token[:at] + character + token[at + 1 :]
    try:
        came = read(changed)
    except BadCursor:
        return
    assert came == CURSOR, "only another spelling of the same bytes may pass"


@given(token=st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_what_is_not_a_cursor_is_refused(token: str) -> None:
    with pytest.raises(BadCursor):
        read(token)


@pytest.mark.parametrize(("changes", "sentence"), [
    ({"search": "c" * 20}, "另一次搜索"), ({"fingerprint": "f2"}, "已更新"), ({"now": NOW + LIFETIME + dt.timedelta(seconds=1)}, "已过期"),
    ({"secret": b"x" * 32}, "无效"),
])
def test_a_cursor_of_something_else_says_why(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadCursor, match=sentence):
        read(encode(CURSOR, SECRET), **changes)  # type: ignore[arg-type]


def test_a_cursor_continues_its_own_search_only(market: Market) -> None:
    market.save([invented(number) for number in range(30)])
    token = market.search.search(SearchRequest(text="采购"), limit=5).next
    assert token is not None
    for other in (SearchRequest(text="采购 "), SearchRequest(text="采购", types=("tender",)), SearchRequest(text="采购", include_unknown=False)):
        with pytest.raises(BadCursor, match="另一次搜索"):
            market.search.search(other, limit=5, cursor=token)
    assert len(market.search.search(SearchRequest(text="采购"), limit=7, cursor=token).hits) == 7


def test_processes_of_one_home_share_the_secret(market: Market) -> None:
    market.save([invented(number) for number in range(30)])
    token = market.search.search(SearchRequest(text="采购"), limit=5).next
    market.search.flush()
    again = type(market.search)(store=market.store, engine=market.engine, cutter=market.cutter, clock=market.clock)
    assert len(again.search(SearchRequest(text="采购"), limit=5, cursor=token).hits) == 5
