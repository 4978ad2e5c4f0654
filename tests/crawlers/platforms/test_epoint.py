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
from opportunity.notice import SHANGHAI, NoticeType
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
    (condition,) = body["condition"]
    assert (condition["equal"], condition["isLike"], condition["likeType"]) == ("003", True, 2), "the whole tree"
    second = read(answer([record(n) for n in range(20, 40)], 45), request=first.next)
    assert second.next is not None and json.loads(second.next.body)["pn"] == 40
    assert read(answer([record(n) for n in range(40, 45)], 45), request=second.next).next is None


def test_an_answer_wrapped_in_a_string_is_parsed_twice() -> None:
    inner = answer([record(1)], 1)
    assert read(json.dumps({"code": 200, "content": inner})).rows == read(inner).rows
    for wrapped in ({"code": 500, "content": inner}, {"code": 200, "content": "no json"}, {"code": 200, "content": "[]"}):
        with pytest.raises(ReadingError):
            read(json.dumps(wrapped))


def test_one_chain_for_each_tree_of_codes() -> None:
    more = (Category(code="004", name="其他", type=None), Category(code="003004", name="政府采购", type=None))
    two = replace(PLATFORM, categories=(*PLATFORM.categories, *more))
    codes = [json.loads(one.body)["condition"][0]["equal"] for one in two.first_requests(SOURCE, START, NOW)]
    assert codes == ["003", "004"]


def test_the_longest_code_says_the_type_and_what_is_no_notice_is_counted() -> None:
    codes = ["003001001", "003004002", "003", "003013001", "003006", "009"]
    listing = read(answer([record(n, categorynum=code, title=f"第{n}号公告") for n, code in enumerate(codes)], 6))
    assert [row.key for row in listing.rows] == ["id0", "id1", "id2", "id5"]
    assert listing.ignored == {"土地矿业交易": 1, "国有产权": 1} and listing.ignored_keys == ("id3", "id4")
    tender, procurement, whole, outside = listing.rows
    assert [PLATFORM._type(row) for row in (tender, procurement, whole)] == [NoticeType.TENDER, None, None]
    with pytest.raises(ReadingError, match="未知的栏目"):
        PLATFORM.notice_requests(SOURCE, outside)


@pytest.mark.parametrize(
    ("listed", "shown", "title"),
    [
        ("虚构路灯招标公告", "(市交易中心) 虚构路灯招标公告", "虚构路灯招标公告"),
        ("虚构路灯招标公告", "虚构路灯招标公告", "虚构路灯招标公告"),
        ("虚构路灯招…", "虚构路灯招标公告", "虚构路灯招标公告"),
        ("虚构路灯招...", "虚构路灯招标公告", "虚构路灯招标公告"),
        ("虚构路灯招", "虚构路灯招标公告", "虚构路灯招标公告"),
        ("虚构路灯招…", "(市交易中心) 虚构路灯招标公告", "(市交易中心) 虚构路灯招标公告"),
    ],
)
def test_the_title_is_the_lists_unless_the_list_cuts_it(listed: str, shown: str, title: str) -> None:
    (row,) = read(answer([record(1, title=listed)], 1)).rows
    (request,) = PLATFORM.notice_requests(SOURCE, row)
    text = (
        f'<h2 class="ewb-trade-h">{shown}</h2><div class="ewb-trade-info">信息发布时间：2026-11-24 09:00:00</div>'
        '<div class="ewb-trade-con"><div class="ewb-trade-right"><p>招标人：虚构市政管理处</p></div></div>'
    )
    notice = PLATFORM.read_notice(SOURCE, row, (made_page(request, text, NOW),))
    assert notice.title == title
    assert notice.extra.get("公告页标题", title) == shown


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
