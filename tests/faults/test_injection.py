"""Texts that mean something to SQL, JSON queries, templates, shells or paths mean nothing here (fault 93)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.opportunity.store.samples import incoming
from tests.search_api.conftest import Market, open_market

PAYLOADS = (
    "' OR '1'='1", "\" OR 1=1 --", "'; DROP TABLE notice; --", "1) UNION SELECT value FROM search_secret --", "admin'/*",
    "\\'; DELETE FROM change; --", "%' AND sleep(9) AND '%'='", "${jndi:ldap://127.0.0.1/a}", "{{7*7}}", "{% include 'x' %}",
    "#{7*7}", "<%= 7*7 %>", "${7*7}", "{\"match_all\":{}}", "{\"$gt\":\"\"}", "\"}],\"query\":{\"match_all\":{}}", "*:*",
    "_exists_:id", "title:* OR body:*", "/.*/", "[* TO *]", "a~99", "$(id)", "`id`", "| cat /etc/passwd", "; reboot",
    "../../../../etc/passwd", "..\\..\\windows", "file:///etc/passwd", "%00", "%2e%2e%2f", "\x00\x01\x1b[31m", "\r\nSet-Cookie: a=b",
    "=cmd|' /C calc'!A0", "@SUM(1+1)", "__proto__", "constructor", "NaN", "null", "\U0001f600\u202e", "A" * 3000,
)
SECRET = "湖心不外传标记"


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    for opened in open_market(tmp_path_factory.mktemp("injection") / "home"):
        opened.save([incoming(f"p{n}", title=f"注入{n}号{payload}", body=f"正文{payload}") for n, payload in enumerate(PAYLOADS)])
        opened.save([incoming("s", title=SECRET, body="与注入无关")])
        yield opened


def whole(market: Market) -> tuple[int, int, int]:
    with market.store.read() as connection:
        tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
    return market.store.count(), market.store.watermark(), int(tables)


def test_notices_that_hold_payloads_are_kept_found_and_shown(market: Market) -> None:
    assert market.store.count() == len(PAYLOADS) + 1
    for number in range(len(PAYLOADS)):
        found = market.client.get("/api/v1/search", params={"q": f'标题:"注入{number}号"'}).json()
        assert found["total"]["value"] >= 1, PAYLOADS[number]


@pytest.mark.parametrize("parameter", ["q", "sort", "limit", "cursor", "source", "type", "region", "state", "budget_from",
                                       "published_from", "facets", "unknown"])
def test_no_parameter_is_more_than_a_value(market: Market, parameter: str) -> None:
    before = whole(market)
    for payload in PAYLOADS:
        for path in ("/api/v1/search", "/"):
            answer = market.client.get(path, params={"q": "绝无此词甲乙丙", parameter: payload})
            assert answer.status_code in {200, 400, 404, 422}, (parameter, payload, answer.status_code, answer.text[:200])
            assert SECRET not in answer.text, (parameter, payload)
            assert "sqlite" not in answer.text.lower() and "Traceback" not in answer.text
            assert "set-cookie" not in answer.headers
    assert whole(market) == before


def test_a_template_in_a_query_is_shown_and_not_worked_out(market: Market) -> None:
    for payload in ("{{7*7191}}", "${7*7191}", "<%= 7*7191 %>"):
        shown = market.client.get("/", params={"q": payload}).text
        assert "7*7191" in shown and "50337" not in shown


@pytest.mark.parametrize("path", ["/api/v1/notices/{}", "/notices/{}", "/static/{}", "/{}"])
def test_no_path_is_more_than_a_name(market: Market, path: str) -> None:
    from urllib.parse import quote

    before = whole(market)
    for payload in PAYLOADS:
        answer = market.client.get(path.format(quote(payload, safe="")))
        assert answer.status_code in {400, 404, 405, 422}, (payload, answer.status_code)
        assert "root:" not in answer.text
        assert "sqlite" not in answer.text.lower()
    assert whole(market) == before
