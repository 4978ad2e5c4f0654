"""What passes between the loopback server and a replica of a portal: requests and responses, without sockets."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

Purpose = Literal["list", "notice", "robots", "other"]
Delivery = Literal["whole", "drip", "reset"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it arrived; ``monotonic`` is for intervals, ``at`` is the portal's clock."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    at: dt.datetime
    monotonic: float

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query, keep_blank_values=True).items()}

    @property
    def form(self) -> dict[str, str]:
        fields = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return {name: values[-1] for name, values in fields.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer; ``delivery`` says how its bytes go out, ``seconds`` how long a drip takes."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    purpose: Purpose = "other"
    delivery: Delivery = "whole"
    seconds: float = 0.0


def page(text: str, *, purpose: Purpose, status: int = 200) -> Response:
    return Response(status=status, headers={"Content-Type": "text/html; charset=utf-8"}, body=text.encode(), purpose=purpose)


def json_answer(value: Any, *, purpose: Purpose = "list") -> Response:
    body = json.dumps(value, ensure_ascii=False).encode()
    return Response(headers={"Content-Type": "application/json;charset=UTF-8"}, body=body, purpose=purpose)


def text_answer(text: str, *, purpose: Purpose) -> Response:
    return Response(headers={"Content-Type": "text/plain; charset=utf-8"}, body=text.encode(), purpose=purpose)


def not_found(purpose: Purpose = "other") -> Response:
    return page(
        "<!DOCTYPE html><html><head><title>404</title></head><body><h1>404 Not Found</h1></body></html>", purpose=purpose, status=404
    )
