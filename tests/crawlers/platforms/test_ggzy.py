"""What the recordings do not show of the national platform: parameters left out, narrower queries."""

from __future__ import annotations

import datetime as dt
import json
from urllib.parse import parse_qs

import pytest

from crawlers.platforms.ggzy import PROVINCES, STAGE_CODES, Ggzy, body_url, narrower, query
from crawlers.reading import Crawl
from crawlers.spiders.national_public_resources import PLATFORM, SOURCE
from opportunity.errors import ReadingError
from opportunity.notice import SHANGHAI
from opportunity.page import PageRequest, Row
from tests.crawlers.portals import made_page

NOW = dt.datetime(2026, 11, 24, 1, 0, tzinfo=SHANGHAI)


def form(request: PageRequest) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.body.decode()).items()}


def test_every_list_request_has_a_time_and_a_concrete_class_and_no_any_code() -> None:
    for request in PLATFORM.first_requests(SOURCE, NOW - dt.timedelta(hours=48), NOW):
        sent = form(request)
        assert sent["DEAL_TIME"] == "06"
        assert (sent["TIMEBEGIN"], sent["TIMEEND"]) == ("2026-11-22", "2026-11-24")
        assert sent["DEAL_CLASSIFY"] in {"01", "02", "90"}
        assert not {"DEAL_PROVINCE", "DEAL_STAGE", "DEAL_CITY", "FINDTXT"} & set(sent)
        assert request.headers["Referer"] == "https://www.ggzy.gov.cn/deal/dealList.html"


def test_days_of_the_window_are_days_in_shanghai() -> None:
    late = dt.datetime(2026, 11, 23, 17, 0, tzinfo=dt.UTC)
    sent = form(Ggzy(classes=("01",)).first_requests(SOURCE, late, late)[0])
    assert sent["TIMEBEGIN"] == sent["TIMEEND"] == "2026-11-24"


def test_a_cut_query_is_narrowed_by_province_then_stage_then_day_then_not_at_all() -> None:
    wanted = {"class": "01", "begin": "2026-11-22", "end": "2026-11-24"}
    provinces = narrower(SOURCE, wanted)
    assert [form(one)["DEAL_PROVINCE"] for one in provinces] == list(PROVINCES)
    stages = narrower(SOURCE, provinces[0].state["query"])
    assert [form(one)["DEAL_STAGE"] for one in stages] == list(STAGE_CODES["01"])
    days = narrower(SOURCE, stages[0].state["query"])
    assert [form(one)["TIMEBEGIN"] for one in days] == ["2026-11-24", "2026-11-23", "2026-11-22"]
    assert all(form(one)["TIMEBEGIN"] == form(one)["TIMEEND"] for one in days)
    assert narrower(SOURCE, days[0].state["query"]) == ()
    names = [one.state["chain"] for group in (provinces, stages, days) for one in group]
    assert len(set(names)) == len(names), "every chain can be told from the others"


def test_pages_are_counted_from_one() -> None:
    assert form(query(SOURCE, {"class": "01", "begin": "2026-11-22", "end": "2026-11-24"}))["PAGENUMBER"] == "1"


def test_only_a_shell_has_a_body_page() -> None:
    def row(url: str | None) -> Row:
        return Row(key="k", title="t", url=url, published=None)

    shell = "https://www.ggzy.gov.cn/information/deal/html/a/530000/0101/20261124/0.html"
    assert body_url(row(shell)) == shell.replace("/a/", "/b/")
    for url in (None, "https://www.ggzy.gov.cn/other.html"):
        with pytest.raises(ReadingError):
            body_url(row(url))


TOO_WIDE = json.dumps({"code": 804, "message": "请缩小查询范围"}, ensure_ascii=False)


def test_a_query_refused_as_too_wide_is_narrowed_by_the_crawl() -> None:
    platform = Ggzy(classes=("01",))
    crawl = Crawl(SOURCE, platform, window_start=NOW, now=NOW, known=lambda keys: set(), budget=100)
    (first,) = crawl.start()
    step = crawl.receive(made_page(first, TOO_WIDE, NOW))
    assert [form(one)["DEAL_PROVINCE"] for one in step.requests] == list(PROVINCES)
    assert not step.problems and not crawl.outcome("running").problems[:-1]


def test_a_query_that_cannot_be_narrowed_further_is_an_error() -> None:
    wanted = {"class": "01", "begin": "2026-11-24", "end": "2026-11-24", "province": "110000", "stage": "0101"}
    with pytest.raises(ReadingError, match="不能再缩小"):
        PLATFORM.read_list(SOURCE, made_page(query(SOURCE, wanted), TOO_WIDE, NOW))
