"""From Scrapy's response to our ``Page``."""

from __future__ import annotations

import datetime as dt
from typing import Any

from scrapy.http import Response

from crawlers.addresses import origin_of
from crawlers.decoding import page_of
from opportunity.page import Page, PageRequest

MOST_HEADERS = 100
LONGEST_HEADER = 2000


def page_from(response: Response, wanted: PageRequest, now: dt.datetime) -> Page:
    """The page of a whole answer, with its origin judged by the peer. Raises ``FetchError`` without one."""
    peer: Any = response.ip_address
    return page_of(
        wanted,
        url=response.url,
        status=response.status,
        headers=headers_of(response),
        content=response.body,
        fetched_at=now,
        origin=origin_of(peer),
    )


def headers_of(response: Response) -> dict[str, str]:
    """Lower-case names; values joined and cut. Of cookies only the names: they tell a challenge, their values nothing."""
    names = sorted({name.decode("latin-1").lower() for name in response.headers})[:MOST_HEADERS]
    headers = {
        name: ", ".join(value.decode("latin-1") for value in response.headers.getlist(name))[:LONGEST_HEADER] for name in names
    }
    if "set-cookie" in headers:
        lines = (value.decode("latin-1") for value in response.headers.getlist("Set-Cookie")[:50])
        headers["set-cookie"] = ", ".join(line.split("=", 1)[0].strip()[:100] for line in lines)
    return headers
