"""Paging cursors: opaque, signed, under 2 kB, and of one search only.

A cursor fixes the state of the index (``seq``, ``at``) and the clock (``now``) of the first page.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from opportunity.errors import BadCursor
from opportunity.results import Hit

Key = tuple[int | float | str, ...]

MAX_CURSOR_CHARACTERS = 2000
LIFETIME = dt.timedelta(hours=24)
_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where the next page begins.

    ``search`` is the digest of the search; ``fingerprint`` that of the cutter. ``shown`` counts
    the hits on the pages before. ``stored`` names the stored ranked list (None for a sorted list)
    and ``offset`` the place in it. ``engine`` is the last hit of the engine that was used up,
    ``last`` our own key of the last hit shown in the sorted part.
    """

    search: str
    fingerprint: str
    seq: int
    at: dt.datetime
    now: dt.datetime
    total: int
    exact: bool
    shown: int
    stored: str | None = None
    offset: int = 0
    engine: Hit | None = None
    last: Key | None = None
    unknown: Mapping[str, int] = field(default_factory=dict)


def encode(cursor: Cursor, secret: bytes) -> str:
    """The cursor as a token: base64url of JSON and of its HMAC."""
    facts = {
        "v": _VERSION, "q": cursor.search, "f": _short(cursor.fingerprint), "s": cursor.seq,
        "a": cursor.at.isoformat(), "n": cursor.now.isoformat(), "t": cursor.total,
        "x": int(cursor.exact), "c": cursor.shown, "r": cursor.stored, "o": cursor.offset,
        "e": None if cursor.engine is None else [list(cursor.engine.key), cursor.engine.id, cursor.engine.score],
        "l": None if cursor.last is None else list(cursor.last), "u": dict(cursor.unknown),
    }
    body = json.dumps(facts, separators=(",", ":")).encode()
    return f"{_text(body)}.{_text(_sign(body, secret))}"


def decode(token: str, secret: bytes, *, search: str, fingerprint: str, now: dt.datetime) -> Cursor:
    """The cursor of ``token``; raises BadCursor when it is forged, old, or of another search."""
    if len(token) > MAX_CURSOR_CHARACTERS or token.count(".") != 1 or not token.isascii():
        raise BadCursor("翻页标记无效，请重新搜索。")
    try:
        body, signature = (_bytes(part) for part in token.split("."))
    except (ValueError, binascii.Error):
        raise BadCursor("翻页标记无效，请重新搜索。") from None
    if not hmac.compare_digest(signature, _sign(body, secret)):
        raise BadCursor("翻页标记无效，请重新搜索。")
    facts = json.loads(body)
    if facts["v"] != _VERSION or facts["f"] != _short(fingerprint):
        raise BadCursor("检索词典或版本已更新，翻页标记失效，请重新搜索。")
    if facts["q"] != search:
        raise BadCursor("翻页标记属于另一次搜索：翻页时不要改动搜索词、筛选或排序。")
    at, asked = dt.datetime.fromisoformat(facts["a"]), dt.datetime.fromisoformat(facts["n"])
    if now - asked > LIFETIME:
        raise BadCursor("翻页标记已过期（超过 24 小时），请重新搜索。")
    engine, last = facts["e"], facts["l"]
    return Cursor(
        search=facts["q"], fingerprint=fingerprint, seq=facts["s"], at=at, now=asked, total=facts["t"],
        exact=bool(facts["x"]), shown=facts["c"], stored=facts["r"], offset=facts["o"],
        engine=None if engine is None else Hit(key=tuple(engine[0]), id=engine[1], score=engine[2]),
        last=None if last is None else tuple(last), unknown=facts["u"],
    )


def _short(fingerprint: str) -> str:
    return hashlib.sha256(fingerprint.encode()).hexdigest()[:16]


def _sign(body: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, body, "sha256")[:16]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
