"""Pages: what a fetcher brought back, and what a reader asks for next. No network here."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from opportunity.notice import Origin

Purpose = Literal["list", "notice", "probe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """One request that a platform wants made; the driver adds politeness, never the platform.

    ``purpose`` says who reads the answer. ``row_key`` ties a notice page to its list row;
    ``state`` travels back unchanged with the page (plain JSON values).
    """

    url: str
    purpose: Purpose
    method: Literal["GET", "POST"] = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    row_key: str | None = None
    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer as it came, with its text decoded by the encoding ladder.

    ``content`` are the bytes after content-encoding was undone; ``text`` is the decoded string and
    ``encoding`` what decoded it; ``replaced`` counts U+FFFD that the decoding had to put in.
    """

    request: PageRequest
    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes
    text: str
    encoding: str
    replaced: int
    fetched_at: dt.datetime
    origin: Origin

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a list: the source's own key, and everything the list says of the notice.

    ``facts`` are plain JSON values in the source's own names. ``published`` is the row's date as
    the list prints it, parsed; it steers paging only.
    """

    key: str
    title: str
    url: str | None
    published: dt.date | dt.datetime | None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What one list page says.

    ``total`` is the portal's own count for this query where it gives one (the independent count),
    ``total_capped`` that the portal is known to cut it there. ``proved_empty`` is true only when
    the page shows its list container or count and that says: no rows. A page with no rows and no
    proof is a ``ReadingError``, never an empty list.

    ``split`` are narrower queries that together cover this one. They are used in its place when
    the portal cuts it (``total_capped``) before the end of what is wanted. ``total_capped`` on a
    page without ``next`` and without ``split`` says: the portal keeps nothing beyond this page.
    ``ignored`` counts by reason the rows that are no notices of ours; ``ignored_keys`` are their
    keys, so that a row which shifted to the next page is not counted twice against ``total``.
    ``doubts`` are sentences (Chinese, about the list) on rows that may be missing although the page could
    be read: the rows count, but the run is incomplete.
    """

    rows: tuple[Row, ...]
    next: PageRequest | None
    total: int | None = None
    total_capped: bool = False
    proved_empty: bool = False
    ignored: Mapping[str, int] = field(default_factory=dict)
    ignored_keys: tuple[str, ...] = ()
    split: tuple[PageRequest, ...] = ()
    doubts: tuple[str, ...] = ()
