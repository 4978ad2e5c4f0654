"""A small client of the three portals, written from the published facts and not from the project's readers.

It is the independent check that the replicas can be paged through; it follows no redirects and keeps no cookies.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")


def fetch(url: str, *, body: bytes | None = None, kind: str = "application/x-www-form-urlencoded") -> Got:
    """One request on a connection of its own; raises OSError or http.client errors as the other side deserves."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=20)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {"Content-Type": kind} if body is not None else {}
        connection.request("POST" if body is not None else "GET", target, body=body, headers=headers)
        answer = connection.getresponse()
        return Got(status=answer.status, headers={name.lower(): value for name, value in answer.getheaders()}, body=answer.read())
    finally:
        connection.close()


def ggzy_page(base: str, number: int = 1, **fields: str) -> Got:
    form = {"DEAL_TIME": "03", "PAGENUMBER": str(number), **fields}
    return fetch(f"{base}/information/pubTradingInfo/getTradList", body=urlencode({k: v for k, v in form.items() if v}).encode())


def ggzy_rows(base: str, **fields: str) -> Iterator[dict[str, Any]]:
    number = 1
    while True:
        data = json.loads(ggzy_page(base, number, **fields).text)["data"]
        yield from data["records"]
        if number >= data["pages"]:
            return
        number += 1


def epoint_page(base: str, offset: int = 0, size: int = 12, **changes: Any) -> Got:
    asked = {
        "token": "", "pn": offset, "rn": size, "wd": "", "sort": json.dumps({"infodatepx": "0"}), "cl": 10000, "terminal": "",
        "condition": [{"fieldName": "categorynum", "equal": "003", "isLike": True, "likeType": 2}], "time": None, "noParticiple": "1",
        **changes,
    }
    return fetch(
        f"{base}/inteligentsearch/rest/esinteligentsearch/getFullTextDataNew", body=json.dumps(asked).encode(), kind="application/json;charset=utf-8"
    )


def epoint_rows(base: str, size: int = 12, **changes: Any) -> Iterator[dict[str, Any]]:
    offset = 0
    while True:
        result = json.loads(epoint_page(base, offset, size, **changes).text)["result"]
        yield from result["records"]
        offset += size
        if offset >= result["totalcount"]:
            return


_item = re.compile(r'<li><a href="([^"]+)" title="([^"]*)">.*?</li>')


def ccgp_rows(base: str, channel: str = "dfgg") -> Iterator[tuple[str, str, list[str]]]:
    """(absolute address, title, em cells) of every row of a channel; ends at the 404 past the last page."""
    number = 0
    while True:
        url = f"{base}/cggg/{channel}/index{f'_{number}' if number else ''}.htm"
        got = fetch(url)
        if got.status == 404:
            return
        for found in _item.finditer(got.text):
            yield urljoin(url, found.group(1)), found.group(2), re.findall(r"<em[^>]*>(.*?)</em>", found.group(0))
        number += 1
