"""What the recording of one Epoint site does not show: wrapped answers, offsets, ceilings, odd sites."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest

from crawlers.platforms.epoint import Category, Epoint
from crawlers.spiders.jiangsu_public_resources import PLATFORM, SOURCE
from opportunity.errors import ReadingError
from opportunity.notice import SHANGHAI
from opportunity.page import Listing, PageRequest
from tests.crawlers.portals import made_page

NOW = dt.datetime(2026, 11, 24, 10, 0, tzinfo=SHANGHAI)
START = NOW - dt.timedelta(hours=48)


def record(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "id": f"id{number}", "title": f"第{number}号招标公告", "categorynum": "003001001", "categoryname": "招标公告",
        "infodatepx": "2026-11-24 09:00:00", "linkurl": f"/jyxx/{number}.html", **changed,
    }  # fmt: skip


def answer(records: list[dict[str, Any]], total: Any) -> str:
    return json.dumps({"result": {"totalcount": total, "records": records}})


def read(text: str, platform: Epoint = PLATFORM, request: PageRequest | None = None) -> Listing:
    request = request or platform.first_requests(SOURCE, START, NOW)[0]
    return platform.read_list(SOURCE, made_page(request, text, NOW))


def test_the_request_is_a_raw_json_body_with_a_row_offset_and_a_sort_that_is_a_string() -> None:
    first = read(answer([record(n) for n in range(20)], 45))
    assert first.next is not None
    body = json.loads(first.next.body)
    assert (body["pn"], body["rn"]) == (20, 20)
    assert json.loads(body["sort"]) == {"infodatepx": "0"}
    assert body["time"] == [
        {"fieldName": "infodatepx", "startTime": "2026-11-22 00:00:00", "endTime": "2026-11-24 23:59:59"}
    ]
    assert body["condition"][0]["equal"] == "003001001"
    second = read(answer([record(n) for n in range(20, 40)], 45), request=first.next)
    assert second.next is not None and json.loads(second.next.body)["pn"] == 40
    assert read(answer([record(n) for n in range(40, 45)], 45), request=second.next).next is None


def test_an_answer_wrapped_in_a_string_is_parsed_twice() -> None:
    inner = answer([record(1)], 1)
    assert read(json.dumps({"code": 200, "content": inner})).rows == read(inner).rows
    for wrapped in ({"code": 500, "content": inner}, {"code": 200, "content": "no json"}, {"code": 200, "content": "[]"}):
        with pytest.raises(ReadingError):
            read(json.dumps(wrapped))


def test_one_chain_for_each_category() -> None:
    two = replace(PLATFORM, categories=(*PLATFORM.categories, Category(code="003004", name="政府采购", type=None)))
    codes = [json.loads(one.body)["condition"][0]["equal"] for one in two.first_requests(SOURCE, START, NOW)]
    assert codes == ["003001001", "003004"]


def test_site_options_reach_the_request() -> None:
    site = replace(
        PLATFORM, path="/inteligentsearchnew/rest/esinteligentsearch/getFullTextDataNew", index="002",
        sort_field="webdate", content_type="application/x-www-form-urlencoded",
    )
    (request,) = site.first_requests(SOURCE, START, NOW)
    assert "/inteligentsearchnew/" in request.url
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert json.loads(request.body)["cnum"] == "002"


def test_rows_without_a_link_do_not_collapse_into_one() -> None:
    rows = read(answer([record(n, linkurl="", content="<p>正文</p>") for n in range(3)], 3)).rows
    assert [row.key for row in rows] == ["id0", "id1", "id2"]
    assert {row.url for row in rows} == {None}


def test_highlights_and_entities_leave_no_trace_in_a_title() -> None:
    (row,) = read(answer([record(1, title="x", titlenew="<em>智慧</em>城市&amp;<font color=red>园区</font>招标公告")], 1)).rows
    assert row.title == "智慧城市&园区招标公告"


def test_a_site_with_a_ceiling_halves_its_window_until_an_hour() -> None:
    site = replace(PLATFORM, ceiling=10)
    listing = read(answer([record(n) for n in range(20)], 45), site)
    assert listing.total_capped
    windows = [(one.state["begin"], one.state["end"]) for one in listing.split]
    assert windows == [
        ("2026-11-23 12:00:00", "2026-11-24 23:59:59"), ("2026-11-22 00:00:00", "2026-11-23 11:59:59"),
    ]  # fmt: skip
    hour = site.query(SOURCE, "003001001", "2026-11-24 09:00:00", "2026-11-24 09:59:59")
    assert read(answer([record(n) for n in range(20)], 45), site, hour).split == ()


def test_a_wrong_sort_is_only_judged_on_the_first_page() -> None:
    old = [record(n, infodatepx="2019-03-20 09:00:00") for n in range(3)]
    with pytest.raises(ReadingError, match="排序字段"):
        read(answer(old, 3))
    later = PLATFORM.query(SOURCE, "003001001", "2026-11-22 00:00:00", "2026-11-24 23:59:59", 20)
    assert len(read(answer(old, 23), request=later).rows) == 3


@pytest.mark.parametrize(
    "changed", [{"id": ""}, {"id": 5}, {"title": " "}, {"infodatepx": "昨天"}, {"categorynum": None}, {"linkurl": None}]
)
def test_a_row_that_lacks_what_it_must_have_is_an_error(changed: dict[str, Any]) -> None:
    with pytest.raises(ReadingError):
        read(answer([record(1, **changed)], 1))


@pytest.mark.parametrize("total", [None, "many", -1, 2])
def test_a_total_that_does_not_fit_is_an_error(total: Any) -> None:
    with pytest.raises(ReadingError):
        read(answer([record(1)], total))
