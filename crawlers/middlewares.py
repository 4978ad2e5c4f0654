"""What happens to a request on its way out and to its answer on the way back, between engine and network."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin, urlsplit

import tldextract
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from w3lib.url import safe_url_string

from crawlers.budgets import DayBudgetSpent, HostPaused
from crawlers.downloads import NetworkFailure
from crawlers.inflating import TruncatedBody
from crawlers.robots import MOST_REDIRECTS, RobotsRefusal, Rules, robots_url, rules_of, unreachable
from crawlers.running import FetchContext, context_of
from crawlers.settings import ROBOT
from crawlers.waiting import Stopping
from opportunity.errors import FetchError, MarketError

ROBOTS = "robots_txt"
# What continues a request comes before every other: its page is as old as its first answer.
AT_ONCE = 100
_redirects = frozenset({301, 302, 303, 307, 308})
_worth_another_try = frozenset({408, 429, 500, 502, 503, 504})
# The list that comes with the library: looking for a newer one would be a connection nobody asked for.
_suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


class RedirectRefused(FetchError):
    """A redirect that is not followed: to another site, to another scheme, too many, or without aim."""

    code = "redirect_refused"


class _Middleware:
    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._run: FetchContext = context_of(crawler.settings)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Any:
        return cls(crawler)


class RobotsMiddleware(_Middleware):
    """No page is asked for before robots.txt of its origin is known and allows it."""

    async def process_request(self, request: Request) -> None:
        if request.meta.get(ROBOTS):
            return
        url = robots_url(request.url)
        if url not in self._run.rules:
            self._run.rules[url] = await self._rules(url)
        self._run.rules[url].check(request.url, ROBOT)

    async def _rules(self, url: str) -> Rules:
        now = self._run.clock()
        kept = self._run.robots.get(url, now)
        if kept is not None:
            return kept
        request = Request(url, meta={ROBOTS: True, "attempts": 1}, dont_filter=True)
        try:
            response = await self._crawler.engine.download_async(request)
        except (Stopping, HostPaused, DayBudgetSpent):
            raise
        except RedirectRefused as error:
            return Rules(refusal=f"robots.txt {error.message}，暂不抓取")
        except MarketError as error:
            return unreachable(error.message)
        rules = rules_of(response.status, response.body)
        self._run.robots.keep(url, rules, now)
        return rules


class IdentityMiddleware(_Middleware):
    """Every request says who we are, whatever the platform asked for; cookies only for platforms that state it.

    Kept cookies go back to the very host and scheme that set them and live for one run.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._keeps = self._run.keeps_cookies
        self._jar: dict[str, dict[str, str]] = {}

    def process_request(self, request: Request) -> None:
        headers = request.headers
        for name in ("Cookie", "Authorization", "Proxy-Authorization"):
            headers.pop(name, None)
        headers["User-Agent"] = self._run.user_agent
        headers["Accept-Encoding"] = "gzip, deflate, br, zstd"
        headers.setdefault("Accept", "*/*")
        headers.setdefault("Accept-Language", "zh-CN,zh;q=0.9,en;q=0.5")
        kept = self._jar.get(_origin(request.url))
        if kept:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in kept.items())

    def process_response(self, request: Request, response: Response) -> Response:
        if self._keeps:
            jar = self._jar.setdefault(_origin(request.url), {})
            for line in response.headers.getlist("Set-Cookie")[:50]:
                name, _, value = line.decode("latin-1").split(";", 1)[0].partition("=")
                if len(jar) < 50 and len(name) + len(value) < 4096:
                    jar[name.strip()] = value.strip()
        return response


class RetryMiddleware(_Middleware):
    """Another try after what may pass. How long to wait first is written in the host's budget."""

    def process_response(self, request: Request, response: Response) -> Request | Response:
        if response.status in _worth_another_try:
            return self._again(request) or response
        if response.status == 200 and not response.body and not request.meta.get(ROBOTS):
            another = self._again(request)
            if another is None:
                raise TruncatedBody("网站返回 200，但内容为空")
            return another
        return response

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        if isinstance(exception, NetworkFailure | TruncatedBody):
            return self._again(request)
        return None

    def _again(self, request: Request) -> Request | None:
        attempt = int(request.meta.get("attempt", 1))
        if attempt >= int(request.meta.get("attempts", self._run.limits.attempts)):
            return None
        return request.replace(meta={**request.meta, "attempt": attempt + 1}, dont_filter=True, priority=AT_ONCE)


class RedirectMiddleware(_Middleware):
    """Follows at most five redirects, inside one site; robots.txt may move to another (RFC 9309 §2.3.1.2)."""

    def process_response(self, request: Request, response: Response) -> Request | Response:
        if response.status not in _redirects:
            return response
        location = response.headers.get("Location")
        if not location:
            raise RedirectRefused(f"网站返回 {response.status}，但没有说明去向")
        target = self._target(request, location)
        hops = int(request.meta.get("hops", 0)) + 1
        if hops > min(self._run.limits.redirects, MOST_REDIRECTS):
            raise RedirectRefused(f"重定向超过 {hops - 1} 次")
        meta = {**request.meta, "hops": hops, "attempt": 1}
        if response.status in (307, 308) or request.method == "GET":
            following = request.replace(url=target, meta=meta, dont_filter=True, priority=AT_ONCE)
        else:
            following = request.replace(
                url=target, meta=meta, method="GET", body=b"", dont_filter=True, priority=AT_ONCE
            )
            for name in ("Content-Type", "Content-Length"):
                following.headers.pop(name, None)
        if _origin(target) != _origin(request.url):
            following.headers.pop("Referer", None)
        return following

    def _target(self, request: Request, location: bytes) -> str:
        try:
            target = urljoin(request.url, safe_url_string(location.decode("utf-8", errors="replace")))
            here, there = urlsplit(request.url), urlsplit(target)
            site = same_site(here.netloc, there.netloc)
        except ValueError as error:
            raise RedirectRefused("网站给出的重定向地址无效") from error
        if there.scheme not in ("http", "https") or there.username is not None:
            raise RedirectRefused("网站给出的重定向地址不是普通网页地址，未跟随")
        if request.meta.get(ROBOTS):
            return target
        if here.scheme == "https" and there.scheme == "http":
            raise RedirectRefused("网站要求从 https 退回 http，未跟随")
        if not site:
            raise RedirectRefused(f"网站把请求转到站外（{there.hostname}），未跟随")
        return target


def same_site(one: str, other: str) -> bool:
    """Whether two network locations belong to one site: equal, or of one registrable domain."""
    first, second = urlsplit(f"//{one}"), urlsplit(f"//{other}")
    domain = _suffixes(first.hostname or "").top_domain_under_public_suffix
    if domain:
        return domain == _suffixes(second.hostname or "").top_domain_under_public_suffix
    return (first.hostname, first.port) == (second.hostname, second.port)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


__all__ = ["IdentityMiddleware", "RedirectMiddleware", "RetryMiddleware", "RobotsMiddleware", "RobotsRefusal"]
