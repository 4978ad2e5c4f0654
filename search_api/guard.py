"""What stands before every request: host name, size of a body, request id, security headers, figures.

Plain ASGI, so that it also covers errors, static files and answers that stream.
"""

from __future__ import annotations

import ipaddress
import json
import re
import time
from collections.abc import Callable

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search_api.failures import error_body, protocol_error
from search_api.figures import Figures

MAX_BODY_BYTES = 64 * 1024
MAX_ADDRESS_BYTES = 16 * 1024
MAX_HEADER_BYTES = 16 * 1024
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253})(:[0-9]{1,5})?")

SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "geolocation=(), camera=(), microphone=()",
}


class HostRule:
    """Which Host headers are ours. Bound to loopback, only loopback names are (against DNS rebinding)."""

    def __init__(self, host: str, names: frozenset[str]) -> None:
        self._loopback = is_loopback(host)
        self._any = not self._loopback and not names
        self._names = {"localhost", "127.0.0.1", "[::1]", host.lower(), *(name.lower() for name in names)}

    def allows(self, header: str | None) -> bool:
        """True when a request with this Host header is for us."""
        match = _HOST.fullmatch(header or "")
        if match is None:
            return False
        name = match.group(1).lower().rstrip(".")
        return self._any or name in self._names


def is_loopback(host: str) -> bool:
    """True when nobody outside of this machine can reach a server bound to ``host``."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Guard:
    """Middleware around the whole application."""

    def __init__(
        self, app: ASGIApp, *, hosts: HostRule, figures: Figures, new_id: Callable[[], str],
        failed: Callable[[Request, Exception], Response], ticks: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._app, self._hosts, self._figures, self._new_id, self._ticks = app, hosts, figures, new_id, ticks
        self._failed = failed
        self._log = structlog.get_logger("search_api")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD":  # answered like GET; the server leaves the body out
            scope = {**scope, "method": "GET"}
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else self._new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        began, status = self._ticks(), 0

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                out = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    out[name] = value
                out["x-request-id"] = request_id
                static = scope["path"].startswith("/static/") and status < 400
                out.setdefault("cache-control", "public, max-age=3600" if static else "no-store")
            await send(message)

        refused = self._refusal(scope, headers)
        if refused is not None:
            await _refuse(refused, guarded)
        else:
            try:
                await self._app(scope, _bounded(receive), guarded)
            except Exception as error:
                if status:  # the answer has begun: the connection can only be cut
                    raise
                request = Request(scope)
                await self._failed(request, error)(scope, receive, guarded)
        route = getattr(scope.get("route"), "path", "other")
        seconds = self._ticks() - began
        self._figures.request(route, status, seconds)
        if status >= 500:
            self._log.error("request_failed", request_id=request_id, route=route, status=status)

    def _refusal(self, scope: Scope, headers: Headers) -> int | None:
        if len(scope["path"]) + len(scope["query_string"]) > MAX_ADDRESS_BYTES:
            return 414
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADER_BYTES:
            return 431
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._hosts.allows(hosts[0]):
            return 421
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > MAX_BODY_BYTES:
            return 413
        return None


def _bounded(receive: Receive) -> Receive:
    """A body that comes in pieces is cut off at the limit: the rest is never read."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > MAX_BODY_BYTES:
                return {"type": "http.disconnect"}
        return message

    return bounded


async def _refuse(status: int, send: Send) -> None:
    body = json.dumps(error_body(*protocol_error(status)), ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
