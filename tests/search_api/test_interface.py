"""The JSON interface on the real store and the real embedded index."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from opportunity.matching import matches, search_text
from opportunity.notice import FieldValue, Origin
from search_api.routers.parameters import SearchParameters
from tests.search_api.conftest import Market
from tests.search_api.notices import NOW, found, given, incoming, invented, notice


def get(market: Market, path: str, status: int = 200, **params: Any) -> Any:
    answer = market.client.get(path, params=params)
    assert answer.status_code == status, answer.text
    return answer.json()


def every(market: Market, **params: Any) -> list[dict[str, Any]]:
    """All hits over all pages."""
    hits: list[dict[str, Any]] = []
    cursor: dict[str, Any] = {}
    while True:
        answer = get(market, "/api/v1/search", limit=100, **params, **cursor)
        hits += answer["hits"]
        if answer["next"] is None:
            assert len(hits) == answer["total"]["value"]
            return hits
        cursor = {"cursor": answer["next"]}


def test_an_answer_has_every_part_of_the_contract(filled: Market) -> None:
    answer = get(filled, "/api/v1/search", q="监控", facets=True, limit=3)
    assert set(answer) == {"total", "hits", "facets", "as_of", "sources", "query", "unknown", "next"}
    assert set(answer["total"]) == {"value", "exact"}
    assert answer["as_of"]["seq"] == filled.store.watermark()
    assert dt.datetime.fromisoformat(answer["as_of"]["at"]) == filled.store.committed_at(filled.store.watermark())
    assert set(answer["facets"]) == {"type", "region", "source", "state"}
    assert len(answer["hits"]) == 3
    hit = answer["hits"][0]
    assert {"id", "opportunity_id", "title", "url", "published", "type", "region", "buyer", "budget", "enter_until",
            "state", "origin", "source", "score", "highlights"} <= set(hit)
    assert hit["source"] == {"code": "test_portal", "name": "虚构交易平台"}
    assert answer["query"]["text"] == "监控"
    assert "监控" in answer["query"]["description"]


@pytest.mark.parametrize("params", [
    {"q": "监控"}, {"q": '"系统采购"'}, {"q": "监控 OR 食堂"}, {"q": "采购 -监控"}, {"type": ["tender", "award"]},
    {"region": "330000"}, {"region": "330200", "include_unknown": False}, {"state": "open"},
    {"state": "closed", "include_unknown": False}, {"state": "unknown"}, {"budget_min": 1_000_000, "budget_max": 3_000_000},
    {"budget_min": 1_000_000, "include_unknown": False}, {"published_from": "2026-11-01", "published_to": "2026-11-10"},
    {"deadline_from": "2026-11-20", "deadline_to": "2026-12-01", "include_unknown": False}, {"source": "test_portal"},
    {"origin": "replica"}, {"q": "云山市", "type": "tender", "state": "open", "region": "320000"},
])
def test_every_filter_is_what_the_oracle_says(filled: Market, params: dict[str, Any]) -> None:
    hits = every(filled, **params)
    request = SearchParameters.model_validate({
        name: [value] if name in ("type", "region", "state", "source", "origin") and not isinstance(value, list) else str(value) if name.startswith("budget") else value
        for name, value in params.items()
    }).request()
    query = filled.search.query(request, NOW)
    wanted = {r.id for r in filled.store.iterate() if matches(query, search_text(r), filled.cutter.words)}
    assert {hit["id"] for hit in hits} == wanted
    assert len(hits) == len(wanted)


def test_facets_and_their_unknown_group_add_up(filled: Market) -> None:
    answer = get(filled, "/api/v1/search", q="采购", facets=True)
    records = list(filled.store.iterate())
    for name in ("type", "region", "source", "state"):
        facet = answer["facets"][name]
        assert sum(each["count"] for each in facet["values"]) + facet["unknown"] == answer["total"]["value"] == 300
    assert answer["facets"]["type"]["unknown"] == sum(r.first("type") is None for r in records)
    assert answer["facets"]["region"]["unknown"] == sum(r.first("region") is None for r in records)
    names = {each["code"]: each["name"] for each in answer["facets"]["region"]["values"]}
    assert names == {"330000": "浙江省", "320000": "江苏省", "440000": "广东省"}


def test_unknown_values_are_counted_whether_shown_or_not(filled: Market) -> None:
    records = list(filled.store.iterate())
    no_budget = sum(r.first("budget") is None for r in records)
    shown = get(filled, "/api/v1/search", budget_min=1, region="330000")
    hidden = get(filled, "/api/v1/search", budget_min=1, region="330000", include_unknown=False)
    assert shown["unknown"]["budget"] > hidden["unknown"]["budget"] > 0
    alone = get(filled, "/api/v1/search", budget_min=1)
    alone_hidden = get(filled, "/api/v1/search", budget_min=1, include_unknown=False)
    assert alone["unknown"] == alone_hidden["unknown"] == {"budget": no_budget}
    assert alone["total"]["value"] - alone_hidden["total"]["value"] == no_budget
    later = get(filled, "/api/v1/search", budget_min=1, cursor=alone["next"])
    assert later["unknown"] == alone["unknown"]


def test_highlights_mark_what_was_asked_in_the_original_text(filled: Market) -> None:
    hit = get(filled, "/api/v1/search", q="监控 食堂 OR 智慧城市", limit=1)["hits"][0]
    for fragments in hit["highlights"].values():
        for fragment in fragments:
            for start, end in fragment["marks"]:
                assert fragment["text"][start:end] in ("智慧城市", "监控", "食堂", "智慧城市监控")
    assert hit["highlights"]["title"][0]["text"] == hit["title"]


def test_highlights_find_their_place_in_a_long_body_and_through_marks(market: Market) -> None:
    body = "无关文字。" * 3000 + "关于１－８号线、智 慧\n城市平台的说明。" + "其他文字。" * 3000
    market.save([incoming(notice("long", "某项目公告", body))])
    hit = get(market, "/api/v1/search", q='"智慧城市"')["hits"][0]
    (fragment,) = hit["highlights"]["body"]
    marked = [fragment["text"][start:end] for start, end in fragment["marks"]]
    assert marked == ["智 慧 城市"]
    assert len(fragment["text"]) < 400


def test_a_notice_shows_every_value_with_its_evidence(market: Market) -> None:
    body = "采购人：青禾县人民医院\n预算金额：173万元\n"
    extracted = {
        "budget": found(body, "173万元", Decimal(1_730_000), 0.8), "buyer": found(body, "青禾县人民医院", "青禾县人民医院"),
        "project_number": (FieldValue(value="A-1", where="title", start=0, end=3, text="A-1", confidence=0.7),),
    }
    item = notice("e1", "A-1号项目", body, given={"budget": given(Decimal(1_700_000), "170万")})
    id = market.save([incoming(item, extracted)])[0].id
    answer = get(market, f"/api/v1/notices/{id}")
    first, second = answer["fields"]["budget"]
    assert (first["origin"], first["value"], first["in"], first["text"], first["used"]) == ("given", "1700000", "given", "170万", True)
    assert (second["origin"], second["value"], second["used"], second["confidence"]) == ("extracted", "1730000", False, 0.8)
    for values in answer["fields"].values():
        for value in values:
            if value["in"] == "body":
                assert answer["plain"][value["start"]:value["end"]] == value["text"]
            if value["in"] == "title":
                assert answer["title"][value["start"]:value["end"]] == value["text"]
    assert answer["links"][0] == {"kind": "original", "title": "原文", "url": "https://portal.example/notices/e1"}


def test_versions_are_listed_and_a_take_down_is_final(market: Market) -> None:
    id = market.save([incoming(notice("v", "首次公告", "正文甲"))])[0].id
    market.save([incoming(notice("v", "首次公告（更正）", "正文乙"), at=NOW + dt.timedelta(hours=1))])
    answer = get(market, f"/api/v1/notices/{id}")
    assert [(v["version"], v["title"], v["current"]) for v in answer["versions"]] == [
        (2, "首次公告（更正）", True), (1, "首次公告", False),
    ]
    assert get(market, "/api/v1/search", q="正文甲")["total"]["value"] == 0
    market.store.take_down(id, reason="应当事人要求", at=NOW)
    assert get(market, f"/api/v1/notices/{id}", 404)["error"]["code"] == "not_found"
    stale = get(market, "/api/v1/search", q="正文乙")
    assert stale["hits"] == [], "gone from the answer before the index has heard of it"
    market.index()
    assert get(market, "/api/v1/search", q="正文乙")["total"]["value"] == 0


def test_a_version_tells_what_it_changed(market: Market) -> None:
    first = notice("d", "某项目招标公告", "正文甲", given={"budget": given(Decimal(1_000_000)), "deadline": given(dt.date(2026, 12, 1))})
    second = notice("d", "某项目招标公告", "正文乙", given={"budget": given(Decimal(1_285_000)), "deadline": given(dt.date(2026, 12, 8)), "buyer": given("某中学")})
    id = market.save([incoming(first)])[0].id
    market.save([incoming(second, at=NOW + dt.timedelta(hours=1))])
    newest, oldest = get(market, f"/api/v1/notices/{id}")["versions"]
    assert oldest["changes"] == []
    assert [(each["field"], each["before"], each["after"]) for each in newest["changes"]] == [
        ("buyer", None, "某中学"), ("budget", "100 万元", "128.5 万元"), ("deadline", "2026-12-01", "2026-12-08"), ("body", None, None),
    ]
    shown = " ".join(market.client.get(f"/notices/{id}", headers={"accept": "text/html"}).text.split())
    assert "<del>100 万元</del> → <ins>128.5 万元</ins>" in shown


def test_a_change_after_the_index_is_told(market: Market) -> None:
    market.save([incoming(notice("c", "某项目公告", "正文甲"))])
    assert get(market, "/api/v1/search", q="某项目")["hits"][0]["changed_since"] is False
    market.store.save([incoming(notice("c", "某项目公告", "正文乙"))])
    assert get(market, "/api/v1/search", q="某项目")["hits"][0]["changed_since"] is True


def test_silence_is_explained(filled: Market) -> None:
    answer = get(filled, "/api/v1/search", q="量子对撞机")
    assert answer["total"] == {"value": 0, "exact": True}
    assert answer["sources"]["total"] == 2
    assert answer["sources"]["current"] == 1
    (late,) = answer["sources"]["late"]
    assert (late["id"], late["health"]) == ("late_portal", "blocked")
    assert "验证码" in late["sentence"]
    assert get(filled, "/api/v1/search", source="test_portal")["sources"] == {"total": 1, "current": 1, "late": []}


def test_sources_tell_facts_health_and_runs(filled: Market) -> None:
    sources = {source["id"]: source for source in get(filled, "/api/v1/sources")["sources"]}
    assert set(sources) == {"test_portal", "late_portal", "off_portal"}
    assert sources["test_portal"]["health"] == "ok"
    assert sources["test_portal"]["runs"][0]["listed"] == 30
    assert sources["late_portal"]["health"] == "blocked"
    assert sources["off_portal"]["enabled"] is False
    assert sources["off_portal"]["health"] != "ok"


def test_a_source_of_another_province_is_out_of_scope(market: Market) -> None:
    market.register("zhejiang_portal", "浙江某平台", region={"code": "330000", "name": "浙江省"})
    market.register("national_portal", "全国某平台")
    market.save([invented(1)])
    assert get(market, "/api/v1/search", region="320000")["sources"]["total"] == 1
    assert get(market, "/api/v1/search", region="330200")["sources"]["total"] == 2


@pytest.mark.parametrize(("path", "status", "code"), [
    ("/api/v1/search?limit=0", 422, "invalid_parameters"), ("/api/v1/search?limit=101", 422, "invalid_parameters"),
    ("/api/v1/search?typ=tender", 422, "invalid_parameters"), ("/api/v1/search?type=nonsense", 422, "invalid_parameters"),
    ("/api/v1/search?region=33", 422, "invalid_parameters"), ("/api/v1/search?budget_min=-1", 422, "invalid_parameters"),
    ("/api/v1/search?budget_min=NaN", 422, "invalid_parameters"), ("/api/v1/search?published_from=2026-02-30", 422, "invalid_parameters"),
    ("/api/v1/search?budget_min=2&budget_max=1", 400, "bad_input"), ("/api/v1/search?cursor=abc", 400, "bad_cursor"),
    ("/api/v1/search?q=a&q=b", 400, "bad_input"), ("/api/v1/search?q=" + "( " * 40 + "a" + " )" * 40, 400, "bad_query"),
    ("/api/v1/notices/aaaaaaaaaaaaaaaa", 404, "not_found"), ("/api/v1/notices/x", 422, "invalid_parameters"),
    ("/api/v1/nothing", 404, "not_found"), ("/nothing", 404, "not_found"), ("/static/../app.py", 404, "not_found"),
    ("/static/%2e%2e/app.py", 404, "not_found"), ("/static/..%2fapp.py", 404, "not_found"), ("/api/v1/search/", 404, "not_found"),
])
def test_every_error_has_one_shape(filled: Market, path: str, status: int, code: str) -> None:
    answer = filled.client.get(path)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] == code
    assert set(error) == {"code", "message", "details"}
    assert any("\u4e00" <= character <= "\u9fff" for character in error["message"])
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_changed(filled: Market, method: str) -> None:
    for path in ("/api/v1/search", "/api/v1/sources", "/", "/healthz"):
        answer = filled.client.request(method, path)
        assert answer.status_code == 405
        assert answer.json()["error"]["code"] == "method_not_allowed"
        assert "GET" in answer.headers["allow"]


def test_an_error_nobody_foresaw_tells_nothing_of_our_insides(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(market.search, "sources", broken)
    answer = market.client.get("/api/v1/sources")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal_error"
    assert answer.json()["error"]["details"]["request_id"] == answer.headers["x-request-id"]
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    page = market.client.get("/sources", headers={"accept": "text/html"})
    assert page.status_code == 500
    assert page.headers["content-type"].startswith("text/html")
    assert "secret" not in page.text


def test_without_an_index_the_service_says_so(market: Market) -> None:
    assert get(market, "/api/v1/search", 503)["error"]["code"] == "engine_unavailable"
    health = get(market, "/healthz", 503)
    assert (health["live"], health["ready"]) == (True, False)
    assert health["reasons"]


def test_readiness_is_progress(market: Market) -> None:
    market.save([invented(1)])
    assert get(market, "/healthz")["ready"] is True
    market.store.save([invented(2)])
    waiting = get(market, "/healthz")
    assert (waiting["ready"], waiting["index"]["behind"]) == (True, 1)
    market.now = market.store.committed_at(2) + dt.timedelta(minutes=6)
    late = get(market, "/healthz", 503)
    assert late["index"]["oldest_unindexed_seconds"] == 360
    assert "6 分钟" in late["reasons"][0]
    figures = market.client.get("/metrics").text
    assert "market_index_behind 1.0" in figures
    assert "market_ready 0.0" in figures


def test_an_index_newer_than_the_store_is_not_ready(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    market.save([invented(1), invented(2)])
    monkeypatch.setattr(market.store, "watermark", lambda: 1)
    assert "旧备份" in get(market, "/healthz", 503)["reasons"][0]


def test_the_kinds_of_origin_can_be_told_apart(market: Market) -> None:
    replica = invented(1)
    market.save([
        dataclasses.replace(replica, notice=dataclasses.replace(replica.notice, origin=Origin.REPLICA)), invented(2),
    ])
    assert [hit["origin"] for hit in get(market, "/api/v1/search", origin="replica")["hits"]] == ["replica"]
    assert [hit["origin"] for hit in get(market, "/api/v1/search", origin="live")["hits"]] == ["live"]


TOO_MUCH = {
    "nesting": "( " * 40 + "a" + " )" * 40, "terms": " ".join(f"ab{number}" for number in range(130)), "brackets": "(" * 1000,
    "alternatives": " OR ".join(f"甲{number}" for number in range(65)), "marks": "*" * 900, "zero width": "\u200b" * 1000,
    "quotes": '"' * 1000, "minus": "- " * 500, "operators": "OR " * 300, "scopes": "标题:" * 240, "ranges": "预算:1..2 " * 90,
    "full width operators": "（甲　ＯＲ　乙）" * 90, "control": "\x00\x01\x02", "direction": "\u202e" * 500, "combining": "e" + "\u0301" * 900,
    "wildcards": "?*" * 400, "regex": "/(a+)+$/ " * 60, "fuzzy": "a~9999 " * 60, "long": "字" * 1001,
}


@pytest.mark.parametrize("text", TOO_MUCH.values(), ids=TOO_MUCH.keys())
def test_a_query_that_asks_too_much_is_answered_or_refused_never_worse(filled: Market, text: str) -> None:
    answer = filled.client.get("/api/v1/search", params={"q": text})
    assert answer.status_code in (200, 400, 422), answer.text
    if answer.status_code != 200:
        assert answer.json()["error"]["code"] in ("bad_query", "invalid_parameters")
    assert get(filled, "/api/v1/search", q="监控")["total"]["value"] > 0


@pytest.mark.parametrize("raw", ["%ED%A0%80", "%FF%FE", "%00", "%C0%AF", "%F5%80%80%80", "a%0d%0aSet-Cookie:x=y"])
def test_bytes_that_are_no_text_do_no_harm(filled: Market, raw: str) -> None:
    answer = filled.client.get(f"/api/v1/search?q={raw}")
    assert answer.status_code in (200, 400, 422)
    assert "set-cookie" not in answer.headers
    page = filled.client.get(f"/?q={raw}", headers={"accept": "text/html"})
    assert page.status_code in (200, 400)
    assert "set-cookie" not in page.headers


def test_typed_filters_tell_their_unknown_group_too(filled: Market) -> None:
    """预算:>=1 typed beside the words keeps what has no known budget, and says how many those are."""
    told = get(filled, "/api/v1/search", q="预算:>=1", limit=1)
    without = get(filled, "/api/v1/search", q="预算:>=1!", limit=1)
    switched_off = get(filled, "/api/v1/search", q="预算:>=1", limit=1, include_unknown="false")
    unknown = told["unknown"]["budget"]
    assert unknown > 0
    assert told["total"]["value"] == without["total"]["value"] + unknown
    assert switched_off["total"] == without["total"]
    assert "budget" not in without["unknown"]
