"""Late, backdated, undated and future notices, and numbers used again: each is indexed once, in its newest version."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from opportunity.notice import SHANGHAI
from tests.opportunity.store.samples import given, incoming
from tests.search_api.conftest import Market, open_market


@pytest.fixture
def market(tmp_path: Path) -> Iterator[Market]:
    yield from open_market(tmp_path / "home")


def total(market: Market, text: str) -> int:
    found = market.client.get("/api/v1/search", params={"q": text})
    assert found.status_code == 200, found.text
    return int(found.json()["total"]["value"])


DATES = {
    "ordinary": dt.datetime(2026, 3, 2, 10, tzinfo=SHANGHAI),
    "three days late": dt.date(2026, 2, 27),
    "ten years late": dt.date(2016, 3, 2),
    "a year ahead": dt.date(2027, 3, 2),
    "undated": None,
}


def test_whatever_its_date_a_notice_is_found_once(market: Market) -> None:
    """The feeder goes by the change number alone: a notice may come long after its date, or before it."""
    order = list(DATES)
    random.Random(3).shuffle(order)
    for number, name in enumerate(["ordinary", *order]):
        date = DATES[name]
        one = incoming(f"{number}", title=f"第{number}号迟到公告")
        kept = {**one.notice.given, "published": given(date)} if date else {
            key: value for key, value in one.notice.given.items() if key != "published"
        }
        market.save([dataclasses.replace(one, notice=dataclasses.replace(one.notice, given=kept))])
        assert total(market, f'"第{number}号迟到公告"') == 1, name
    assert total(market, '"迟到公告"') == len(order) + 1
    for sort in ("published", "relevance", "budget"):
        seen = market.client.get("/api/v1/search", params={"q": '"迟到公告"', "sort": sort, "limit": 100}).json()["hits"]
        assert len({hit["id"] for hit in seen}) == len(seen) == len(order) + 1


def test_a_number_that_the_site_uses_again_is_a_new_version_with_the_old_one_kept(market: Market) -> None:
    market.save([incoming("7", title="旧项目采购公告", body="采购课桌椅")])
    [saved] = market.save([incoming("7", title="全新项目招标公告", body="修缮校舍")])
    assert (saved.outcome, saved.version) == ("changed", 2)
    assert (total(market, '"旧项目采购公告"'), total(market, '"全新项目招标公告"')) == (0, 1)
    old = market.store.record(saved.id, 1)
    assert old is not None and old.notice.title == "旧项目采购公告"


def test_values_that_no_field_can_hold_lose_no_notice(market: Market) -> None:
    """Fault 22: an amount in words, a day that is none, a text far beyond a term's length, a thousand own fields."""
    bodies = ["预算金额：面议", "预算金额：100万元±5%", "投标截止时间：2026年2月30日", "甲" * 40_000, "预算金额：" + "9" * 400 + "万元"]
    for number, body in enumerate(bodies):
        market.save([incoming(f"{number}", title=f"第{number}号怪值公告", body=body, fields={},
                              extra={f"k{n}": "v" for n in range(1000)})])
    assert total(market, '"怪值公告"') == len(bodies)
    assert total(market, '"面议"') == total(market, '"2026年2月30日"') == 1
    assert market.store.quarantined() == []
