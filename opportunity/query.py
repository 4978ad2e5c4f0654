"""The query tree: what a search asks, in our own words, before any engine sees it.

``search_api/query_text.py`` makes it from what people type; ``matching.matches`` is its meaning;
every engine must return exactly what that oracle accepts.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass, field
from decimal import Decimal


class Scope(enum.StrEnum):
    """Where a term looks. DEFAULT is title, body, attachments, number, buyer, agency and suppliers."""

    DEFAULT = "default"
    TITLE = "title"
    BODY = "body"
    ATTACHMENT = "attachment"
    NUMBER = "project_number"
    BUYER = "buyer"
    AGENCY = "agency"
    SUPPLIER = "suppliers"

    @property
    def chinese(self) -> str:
        return {
            "default": "全文", "title": "标题", "body": "正文", "attachment": "附件",
            "project_number": "编号", "buyer": "采购人", "agency": "代理机构", "suppliers": "供应商",
        }[self.value]


# The fields a DEFAULT scope covers, in the order in which they are read.
DEFAULT_SCOPE = (
    Scope.TITLE, Scope.BODY, Scope.ATTACHMENT, Scope.NUMBER, Scope.BUYER, Scope.AGENCY, Scope.SUPPLIER,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    """Matches every notice (an empty search with filters only)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A bare term: each of its words stands somewhere in the scope's fields as a substring.

    ``words`` are normalised and made by the cutter whose ``fingerprint`` is kept with the query. With
    ``whole`` (整词) the cutter must have seen each word as a word of one of the scope's fields.
    """

    raw: str
    words: tuple[str, ...]
    scope: Scope = Scope.DEFAULT
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A quoted string: one exact substring (after normalisation) inside one field, never across two."""

    raw: str
    text: str
    scope: Scope = Scope.DEFAULT


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountRange:
    """An amount field (元) between low and high, both inclusive; None is open-ended."""

    field: str
    low: Decimal | None = None
    high: Decimal | None = None
    unknown: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentRange:
    """A moment field at or after ``low`` and before ``high`` (aware datetimes).

    A day without an hour counts as its whole day: it is in when any instant of it is.
    ``field`` is published, first_seen, enter_until or one of the five moments.
    """

    field: str
    low: dt.datetime | None = None
    high: dt.datetime | None = None
    unknown: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A coded field (type, region, source, origin) that equals one of the values.

    A region code holds what lies in it: 330000 (浙江) holds 330200 (宁波) and 330203. A notice
    whose region is too coarse to answer (浙江 when 宁波 is asked for) counts as unknown.
    """

    field: str
    values: tuple[str, ...]
    unknown: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Openness:
    """Can a firm still enter at ``now``: any of open, closed, unknown (``notice.gate_state``)."""

    states: tuple[str, ...]
    now: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    part: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    parts: tuple[Node, ...]


Filter = AmountRange | MomentRange | Choice | Openness
Node = Everything | Term | Phrase | Filter | Not | And | Or


class Sort(enum.StrEnum):
    """Orders. Every order ends with a unique key, so a page never repeats or loses a row.

    PUBLISHED: newest publish date first, unknown last. ENTER_UNTIL: the earliest entry gate still
    ahead first, then unknown, then those that have closed, latest first. Amount orders:
    highest first, unknown last. SEEN: newest first-seen first.
    """

    RELEVANCE = "relevance"
    PUBLISHED = "published"
    ENTER_UNTIL = "enter_until"
    BUDGET = "budget"
    SEEN = "seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One search: the tree of what was typed, the filters chosen beside it, and the order.

    ``filters`` are a conjunction with ``root``; each keeps its own unknown group.
    ``fingerprint`` is that of the cutter that made the words. ``now`` fixes relative times.
    """

    root: Node
    fingerprint: str
    now: dt.datetime
    filters: tuple[Filter, ...] = ()
    sort: Sort = Sort.RELEVANCE
    raw: str = ""
    notes: tuple[str, ...] = field(default=())


# Bounds on what may be asked; beyond them a query is refused before any engine sees it.
MAX_QUERY_CHARACTERS = 1000
MAX_DEPTH = 20
MAX_LEAVES = 64
