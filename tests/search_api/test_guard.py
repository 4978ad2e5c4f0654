"""What stands before every request: Host, sizes, headers, request ids."""

from __future__ import annotations

import pytest

from search_api.guard import MAX_BODY_BYTES, HostRule, is_loopback
from tests.search_api.conftest import Market, open_market

EVERY_KIND = ["/", "/?q=监控", "/sources", "/help", "/nothing", "/api/v1/search", "/api/v1/search?limit=0", "/api/v1/sources",
              "/healthz", "/metrics", "/static/style.css", "/static/none.css", "/api/v1/openapi.json", "/notices/aaaaaaaaaaaaaaaa"]


@pytest.mark.parametrize("path", EVERY_KIND)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_every_answer_bears_the_security_headers(filled: Market, path: str, accept: str) -> None:
    answer = filled.client.get(path, headers={"accept": accept})
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-request-id"]
    assert "server" not in answer.headers
    assert answer.headers["cache-control"] == ("public, max-age=3600" if path == "/static/style.css" else "no-store")


@pytest.mark.parametrize("host", [
    "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "127.0.0.1\\@evil.example", "user@127.0.0.1",
    "127.0.0.1:99999999", "[::1", "a b", "169.254.169.254", "127.0.0.1/", "127.0.0.1#x",
])
def test_a_foreign_host_is_refused(filled: Market, host: str) -> None:
    answer = filled.client.get("/api/v1/search", headers={"host": host})
    assert answer.status_code == 421
    assert answer.json()["error"]["code"] == "misdirected_host"
    assert host not in answer.text or not host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8765", "localhost:8765", "LOCALHOST", "[::1]:80"])
def test_our_own_names_are_served(filled: Market, host: str) -> None:
    assert filled.client.get("/healthz", headers={"host": host}).status_code == 200


def test_public_names_are_those_of_the_settings() -> None:
    rule = HostRule("0.0.0.0", frozenset({"search.example"}))
    assert rule.allows("Search.Example:443")
    assert not rule.allows("other.example")
    assert HostRule("0.0.0.0", frozenset()).allows("any.example")
    assert not HostRule("0.0.0.0", frozenset()).allows("any.example/path")


def test_only_loopback_is_loopback() -> None:
    assert [host for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost", "0.0.0.0", "::", "192.168.1.5", "example.org")
            if is_loopback(host)] == ["127.0.0.1", "127.9.9.9", "::1", "localhost"]


def test_the_host_never_comes_back_in_an_answer(tmp_path_factory: pytest.TempPathFactory) -> None:
    for market in open_market(tmp_path_factory.mktemp("open") / "home", host="0.0.0.0"):
        market.save([])
        for path in EVERY_KIND:
            assert "poison.example" not in market.client.get(path, headers={"host": "poison.example"}).text


def test_a_large_body_is_refused(filled: Market) -> None:
    answer = filled.client.request("GET", "/api/v1/search", content=b"x" * (MAX_BODY_BYTES + 1))
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"


@pytest.mark.parametrize("given", ["0123456789abcdef", "short", "with space and more", "x" * 65, "line\\nbreak-123456"])
def test_a_request_id_is_kept_only_when_it_is_harmless(filled: Market, given: str) -> None:
    came = filled.client.get("/healthz", headers={"x-request-id": given}).headers["x-request-id"]
    assert (came == given) == (given == "0123456789abcdef")
    assert len(came) <= 64


def test_figures_know_routes_not_paths(filled: Market) -> None:
    filled.client.get("/notices/aaaaaaaaaaaaaaaa")
    filled.client.get("/some/unknown/path")
    figures = filled.client.get("/metrics").text
    assert 'route="/notices/{id}"' in figures
    assert "unknown" not in figures
    assert "aaaaaaaaaaaaaaaa" not in figures
