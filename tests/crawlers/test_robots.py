"""What robots.txt answers mean (RFC 9309), and how long they are believed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from crawlers.robots import READ, RobotsCache, RobotsRefusal, Rules, robots_url, rules_of, unreachable
from crawlers.settings import ROBOT

NOW = dt.datetime(2026, 11, 24, 10, 0, tzinfo=dt.UTC)
URL = "http://portal.invalid/cggg/index.htm"


def allows(rules: Rules, url: str = URL) -> bool:
    try:
        rules.check(url, ROBOT)
    except RobotsRefusal:
        return False
    return True


@pytest.mark.parametrize(
    ("status", "allowed"),
    [(200, True), (204, False), (304, False), (400, True), (401, True), (403, True), (404, True), (410, True),
     (418, True), (429, False), (451, True), (500, False), (502, False), (503, False), (521, False), (600, False)],
)  # fmt: skip
def test_status_table(status: int, allowed: bool) -> None:
    assert allows(rules_of(status, b"")) is allowed


def test_unreachable_allows_nothing() -> None:
    assert not allows(unreachable("连接被拒绝"))


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("User-agent: *\nDisallow: /", "/a", False),
        ("\ufeffUser-agent: *\nDisallow: /", "/a", False),
        ("User-agent: MarketOpportunityBot\nDisallow: /a\n\nUser-agent: *\nAllow: /", "/a", False),
        ("User-agent: marketopportunitybot\nDisallow: /a", "/a/b", False),
        ("User-agent: OtherBot\nDisallow: /", "/a", True),
        ("User-agent: *\nDisallow: /\nAllow: /cggg/", "/cggg/x", True),
        ("User-agent: *\nDisallow: /*.jsp$", "/x/list.jsp", False),
        ("User-agent: *\nDisallow:", "/a", True),
        ("<!DOCTYPE html><html><body>页面不存在</body></html>", "/a", True),
        ("user-agent:*\r\ndisallow:/a\r\n", "/a", False),
        ("User-agent: *\rDisallow: /a", "/a", False),
        ("\0\0User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow: /查询", "/%E6%9F%A5%E8%AF%A2/1", False),
    ],
)
def test_rules(text: str, path: str, allowed: bool) -> None:
    assert allows(rules_of(200, text.encode()), f"http://portal.invalid{path}") is allowed


def test_only_whole_lines_of_the_first_500_kib_are_read() -> None:
    filler = b"# " + b"x" * 98 + b"\n"
    inside = filler * (READ // len(filler) - 1) + b"User-agent: *\nDisallow: /cggg\n"
    assert not allows(rules_of(200, inside + filler * 5000))
    # A rule cut at the limit would forbid or allow something else than was written.
    padding = b"User-agent: *\nDisallow: /private\n"
    padding += b"#" * (READ - len(padding) - len(b"\nDisallow: /c")) + b"\nDisallow: /cgggg-not-this\n"
    assert allows(rules_of(200, padding + filler * 100))
    one_line = b"User-agent: *" + b" " * 1_000_000 + b"\nDisallow: /"
    assert allows(rules_of(200, one_line))


def test_hostile_files_are_read_in_bounded_time() -> None:
    for text in (b"Disallow: /" + b"*" * 400_000, b"User-agent: *\n" + b"Disallow: /" + b"*a" * 100_000, b"Allow: /\n" * 50_000):
        rules_of(200, text).check(URL, ROBOT)


def test_delays() -> None:
    assert rules_of(200, b"User-agent: *\nCrawl-delay: 30").delay(ROBOT) == 30
    assert rules_of(200, b"User-agent: *\nRequest-rate: 1/20").delay(ROBOT) == 20
    assert rules_of(200, b"User-agent: *\nCrawl-delay: -3").delay(ROBOT) == 0
    assert rules_of(200, b"User-agent: *\nCrawl-delay: many").delay(ROBOT) == 0
    assert rules_of(404, b"").delay(ROBOT) == 0


def test_kept_for_a_day_and_refusals_not_at_all(tmp_path: Path) -> None:
    cache, url = RobotsCache(tmp_path), robots_url(URL)
    assert url == "http://portal.invalid/robots.txt"
    rules = rules_of(200, b"User-agent: *\nDisallow: /x")
    cache.keep(url, rules, NOW)
    again = RobotsCache(tmp_path)
    assert again.get(url, NOW + dt.timedelta(hours=23, minutes=59)) == rules
    assert again.get(url, NOW + dt.timedelta(hours=24)) is None
    assert again.get(url, NOW - dt.timedelta(seconds=1)) is None
    assert again.get("https://portal.invalid/robots.txt", NOW) is None
    cache.keep("http://other.invalid/robots.txt", rules_of(503, b""), NOW)
    assert again.get("http://other.invalid/robots.txt", NOW) is None
    for file in tmp_path.iterdir():
        file.write_bytes(b"{damaged")
    assert again.get(url, NOW) is None
