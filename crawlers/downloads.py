"""The one place where a request leaves: whatever asks for a page passes through here.

Robots.txt, redirects, retries and pages alike take their turn at the host's budget, connect by
the guarded addresses, are given up at the total time limit, and come back whole or not at all.
"""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _ScrapyAgent,
)
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from scrapy.http import Response
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.error import ConnectError
from twisted.web._newclient import HEADER, STATUS, ResponseFailed
from twisted.web.client import Agent, HTTPConnectionPool

from crawlers.addresses import GuardedEndpoints, Pins, system_resolver
from crawlers.budgets import host_key
from crawlers.inflating import BodyTooLarge, TruncatedBody, inflate
from crawlers.robots import robots_url
from crawlers.running import FetchContext, context_of
from crawlers.waiting import back_off, retry_after
from opportunity.errors import FetchError, MarketError

# Statuses by which a host asks for time.
WAIT_STATUSES = frozenset({429, 503})


class NetworkFailure(FetchError):
    """No answer, or none within the time limit."""

    code = "network"


class _BoundedProtocol(_LenientHTTP11ClientProtocol):
    """Cuts the connection of a server whose status line and headers do not end."""

    most = 0
    _head = 0

    def dataReceived(self, data: bytes) -> None:
        parser = self._parser
        if parser is not None and parser.state in (STATUS, HEADER):
            self._head += len(data)
            if self._head > self.most and self.transport is not None:
                cast(Any, self.transport).abortConnection()
                return
        super().dataReceived(data)  # type: ignore[no-untyped-call]


class _BoundedFactory(_LenientHTTP11ClientFactory):
    def __init__(self, most: int, *values: Any, **options: Any) -> None:
        super().__init__(*values, **options)  # type: ignore[no-untyped-call]
        self._most = most

    def buildProtocol(self, addr: Any) -> _BoundedProtocol:
        protocol = _BoundedProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]
        protocol.most = self._most
        return protocol


class _GuardedAgent(_ScrapyAgent):
    """Scrapy's agent over our endpoints; proxies do not exist here."""

    def __init__(self, endpoints: GuardedEndpoints, **options: Any) -> None:
        super().__init__(**options)
        self._endpoints = endpoints

    def _get_agent(self, request: Request, timeout: float) -> Agent:
        from twisted.internet import reactor

        agent: Agent = Agent.usingEndpointFactory(reactor, self._endpoints, self._pool)  # type: ignore[no-untyped-call]
        return agent


class PoliteDownloadHandler(HTTP11DownloadHandler):
    """Scrapy's HTTP/1.1 handler behind the host's budget and the address guard."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        from twisted.internet import reactor

        self._run: FetchContext = context_of(crawler.settings)
        limits = self._run.limits
        # A connection for each request: a kept one that went stale would be retried by the pool
        # at once, without a turn at the budget.
        self._pool = cast(Any, HTTPConnectionPool)(reactor, persistent=False)
        cast(Any, self._pool)._factory = partial(_BoundedFactory, limits.max_head_bytes)
        pins = Pins(self._run.policy, self._run.resolver or system_resolver(reactor))
        self._endpoints = GuardedEndpoints(reactor, pins, self._contextFactory, limits.connect_timeout)

    async def download_request(self, request: Request) -> Response:
        run = self._run
        host = host_key(request.url)
        delay = run.gap(robots_url(request.url))
        budget = run.budgets.turn(
            host, gap=delay, a_day=run.source.politeness.requests_a_day, patience=run.limits.patience
        )
        async with budget:
            run.tally.requests += 1
            try:
                response = await run.stop.race(self._exchange(request))
            except FetchError:
                run.tally.statuses["error"] += 1
                run.budgets.leave_alone(host, back_off(_attempt(request), delay, run.limits))
                raise
            self._note_answer(host, request, response, delay)
        return whole(response, run.limits.max_bytes)

    async def _exchange(self, request: Request) -> Response:
        limits = self._run.limits
        agent = _GuardedAgent(
            self._endpoints,
            contextFactory=self._contextFactory,
            connectTimeout=limits.timeout,
            pool=self._pool,
            maxsize=limits.max_bytes,
            fail_on_dataloss=True,
            crawler=self._crawler,
        )
        try:
            with wrap_twisted_exceptions():
                return await maybe_deferred_to_future(agent.download_request(request))
        except (MarketError, Exception) as error:
            raise explain(error) from error

    def _note_answer(self, host: str, request: Request, response: Response, delay: float) -> None:
        run, status = self._run, response.status
        run.tally.statuses[str(status)] += 1
        run.tally.bytes += len(response.body)
        if status in WAIT_STATUSES:
            header = response.headers.get("Retry-After")
            stated = retry_after(header.decode("latin-1") if header else None, run.clock())
            run.budgets.leave_alone(host, stated or back_off(_attempt(request), delay, run.limits))
        elif status >= 500:
            run.budgets.leave_alone(host, back_off(_attempt(request), delay, run.limits))


def _attempt(request: Request) -> int:
    return int(request.meta.get("attempt", 1))


def explain(error: BaseException | None) -> MarketError:
    """Our own exception, with a sentence, for whatever ended an exchange."""
    if isinstance(error, MarketError):
        return error
    if isinstance(error, ResponseDataLossError):
        return TruncatedBody("响应在声明的长度或分块结束之前中断")
    if isinstance(error, DownloadTimeoutError):
        return NetworkFailure("在时限内没有收到完整的响应")
    if isinstance(error, CannotResolveHostError):
        return NetworkFailure("域名无法解析")
    if isinstance(error, DownloadConnectionRefusedError):
        return NetworkFailure("连接被拒绝")
    if isinstance(error, DownloadCancelledError):
        return BodyTooLarge("响应超过大小上限，已中止")
    if error is None:
        return NetworkFailure("没有收到响应")
    cause = error.__cause__ or error
    inner = _innermost(cause)
    if isinstance(inner, MarketError):
        return inner
    if "SSL" in type(inner).__module__ or "VerificationError" in type(inner).__name__:
        return NetworkFailure("TLS 握手失败：证书无效、主机名不符或协议过旧")
    if isinstance(cause, ConnectError):
        return NetworkFailure("无法建立连接")
    return NetworkFailure(f"连接中断（{type(inner).__name__}）")


def _innermost(error: BaseException) -> BaseException:
    if isinstance(error, ResponseFailed) and error.reasons:
        return _innermost(error.reasons[0].value)
    return error


def whole(response: Response, limit: int) -> Response:
    """The answer with its content-encoding undone; raises ``TruncatedBody`` when it is not whole."""
    encodings = [value.decode("latin-1") for value in response.headers.getlist("Content-Encoding")]
    body = inflate(response.body, encodings, limit) if response.body else b""
    plain = not any(name.strip().lower() not in ("", "identity") for name in encodings)
    # The server said neither length nor chunks: closing the connection was the only end mark, and
    # that a cut looks the same. HTML then has to bring its own.
    if "partial" in response.flags and plain and is_html(response) and not has_end(body):
        raise TruncatedBody("网页没有声明长度，也没有结束标记，视为不完整")
    headers = response.headers.copy()
    headers.pop("Content-Encoding", None)
    return Response(
        url=response.url,
        status=response.status,
        headers=headers,
        body=body,
        flags=response.flags,
        request=response.request,
        certificate=response.certificate,
        ip_address=response.ip_address,
        protocol=response.protocol,
    )


def is_html(response: Response) -> bool:
    """Whether the answer is a whole HTML document by its type or its start."""
    kind = (response.headers.get("Content-Type") or b"").lower()
    start = response.body[:200].lstrip().lower()
    return b"html" in kind or start.startswith((b"<!doctype html", b"<html"))


def has_end(body: bytes) -> bool:
    """Whether a document says that it is over."""
    return b"</html" in body[-4096:].lower()
