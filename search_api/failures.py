"""The one place where errors meet HTTP: status, the one JSON shape, and its page for people."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from opportunity.errors import (
    BadInput,
    EngineError,
    EngineUnavailable,
    IndexBusy,
    MarketError,
    NotFound,
    RebuildNeeded,
    StoreBusy,
)

# First match wins; anything else that we raise is ours to mend: 500.
STATUSES: tuple[tuple[type[MarketError], int], ...] = (
    (BadInput, 400),
    (NotFound, 404),
    (StoreBusy, 503),
    (EngineUnavailable, 503),
    (IndexBusy, 503),
    (RebuildNeeded, 503),
    (EngineError, 502),
)

# What an error of the protocol itself says.
SENTENCES: dict[int, tuple[str, str]] = {
    400: ("bad_request", "请求无法理解。"),
    404: ("not_found", "没有这个地址。"),
    405: ("method_not_allowed", "这个地址不接受此请求方法。"),
    413: ("too_large", "请求过大。"),
    414: ("too_large", "网址过长。"),
    421: ("misdirected_host", "请求的主机名不是本服务的。"),
    422: ("invalid_parameters", "参数不符合要求，详见 details。"),
    431: ("too_large", "请求头过大。"),
    500: ("internal_error", "服务内部出错，已记录。"),
    503: ("unavailable", "服务暂不可用，请稍后再试。"),
}


def status_of(error: MarketError) -> int:
    """The HTTP status of one of our errors."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def error_body(code: str, message: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
    """The one JSON shape of every error."""
    return {"error": {"code": code, "message": message, "details": details or {}}}


def protocol_error(status: int) -> tuple[str, str]:
    """Code and sentence of an error that is not ours but the protocol's."""
    known = SENTENCES.get(status)
    if known is not None:
        return known
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "error"
    return phrase.lower().replace(" ", "_").replace("-", "_"), f"请求失败（{status}）。"


def plain_details(error: MarketError) -> dict[str, Any]:
    """The details of an error as plain JSON values, with long strings cut."""
    return {name: _plain(value) for name, value in error.details.items()}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(each) for each in list(value)[:20]]
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in list(value.items())[:20]}
    return _encodable(str(value)[:300])


def _encodable(text: str) -> str:
    """A lone surrogate cannot be sent: it is replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")
