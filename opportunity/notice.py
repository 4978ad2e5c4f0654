"""The notice (公告): what a portal published, and what was read from it, with evidence.

Identity, versions and field meanings are fixed here; two people must not build two of these.
Notice types follow 财办库〔2020〕50号 and, for works, 发改委 10号令 (2018).
"""

from __future__ import annotations

import base64
import datetime as dt
import enum
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

type_table: dict[str, str] = {
    "intention": "采购意向",
    "prequalification": "资格预审公告",
    "tender": "招标公告",
    "negotiation": "竞争性谈判公告",
    "consultation": "竞争性磋商公告",
    "inquiry": "询价公告",
    "single_source": "单一来源公示",
    "correction": "更正公告",
    "termination": "终止公告",
    "candidate": "中标候选人公示",
    "award": "中标结果公告",
    "contract": "合同公告",
    "acceptance": "验收公告",
    "other": "其他公告",
}


class NoticeType(enum.StrEnum):
    """The one table of notice types: code ↔ official Chinese term."""

    INTENTION = "intention"
    PREQUALIFICATION = "prequalification"
    TENDER = "tender"
    NEGOTIATION = "negotiation"
    CONSULTATION = "consultation"
    INQUIRY = "inquiry"
    SINGLE_SOURCE = "single_source"
    CORRECTION = "correction"
    TERMINATION = "termination"
    CANDIDATE = "candidate"
    AWARD = "award"
    CONTRACT = "contract"
    ACCEPTANCE = "acceptance"
    OTHER = "other"

    @property
    def chinese(self) -> str:
        return type_table[self.value]


class Origin(enum.StrEnum):
    """Where a page or notice truly came from; stamped by the fetcher from the peer's address."""

    LIVE = "live"
    REPLICA = "replica"
    IMPORT = "import"
    PUSH = "push"


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """An administrative division by GB/T 2260: six-digit code and full name (浙江省宁波市)."""

    code: str
    name: str


# A day without an hour stays a day: a moment is either a date or an aware datetime (Asia/Shanghai).
Moment = dt.date | dt.datetime

Value = str | Decimal | Region | NoticeType | dt.date | dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldValue:
    """One value and the characters it was read from.

    ``start``/``end`` count code points in the text named by ``where``; for ``body``
    ``plain[start:end] == text``. A given value (stated by the source's own structured data or by
    an import row) has ``where == "given"`` and ``text`` as it was stated; start and end are then 0.
    """

    value: Value
    where: Literal["title", "body", "attachment", "given"]
    start: int
    end: int
    text: str
    confidence: float = 1.0


# Field name -> values. Single-valued fields hold one FieldValue; a missing name means unknown.
Fields = Mapping[str, tuple[FieldValue, ...]]

TEXT_FIELDS = ("title", "project_number", "buyer", "agency", "suppliers")
AMOUNT_FIELDS = ("budget", "ceiling_price", "award_amount", "deposit")
MOMENT_FIELDS = ("registration_end", "deposit_due", "question_end", "deadline", "opening_time")
# Entry gates in the order in which they usually fall; opening is not a gate.
ENTRY_GATES = ("registration_end", "deposit_due", "deadline")
FIELD_NAMES = (
    *TEXT_FIELDS, "type", "region", "published", *AMOUNT_FIELDS, *MOMENT_FIELDS,
)
MANY_VALUED = frozenset({"suppliers"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A document named by a notice; ``sha256`` is known once it has been fetched."""

    name: str
    url: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice as a reader or an import gives it, before it is stored.

    ``body`` is plain text; every offset counts its code points. ``given`` are facts that the
    source's own structured data state; ``extra`` is kept as given and never interpreted.
    ``pages`` are the hashes of the stored pages it was read from; ``row`` is the list row it came
    from, kept so that a re-reading has every input.
    """

    source: str
    key: str
    title: str
    body: str = ""
    url: str | None = None
    origin: Origin
    given: Fields = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    pages: tuple[str, ...] = ()
    row: Mapping[str, Any] = field(default_factory=dict)
    body_missing: bool = False
    withdrawn: bool = False

    @property
    def id(self) -> str:
        return notice_id(self.source, self.key)


def notice_id(source: str, key: str) -> str:
    """base32(sha256(source id, source's own key))[:16], lower case."""
    digest = hashlib.sha256(f"{source}\x1f{key}".encode()).digest()
    return base64.b32encode(digest).decode("ascii").lower()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRecord:
    """One stored notice in its newest version and reading.

    ``fields`` merges given over extracted values (given always wins; both stay available).
    ``seq`` is the number of its newest change, ``first_seq`` that of its first.
    """

    notice: Notice
    version: int
    reading: int
    reader: str
    extracted: Fields
    seq: int
    first_seq: int
    first_seen_at: dt.datetime
    last_seen_at: dt.datetime
    opportunity_id: str

    @property
    def id(self) -> str:
        return self.notice.id

    @property
    def fields(self) -> Fields:
        return {**self.extracted, **self.notice.given}

    def first(self, name: str) -> Value | None:
        """The first value of a field, or None when it is unknown."""
        values = self.fields.get(name)
        return values[0].value if values else None


CLOSED_TYPES = frozenset(
    {NoticeType.TERMINATION, NoticeType.CANDIDATE, NoticeType.AWARD, NoticeType.CONTRACT, NoticeType.ACCEPTANCE}
)


def enter_until(fields: Fields) -> tuple[dt.datetime | None, str | None]:
    """The earliest entry gate of a notice and its name; (None, None) when no gate is known.

    A firm can still enter while this instant lies ahead: once one gate has closed the later
    ones no longer help it. Whether it lies ahead is asked with ``gate_state``.
    """
    known = [(gate_end(fields[name][0].value), name) for name in ENTRY_GATES if fields.get(name)]
    return min(known) if known else (None, None)


def gate_state(fields: Fields, now: dt.datetime) -> Literal["open", "closed", "unknown"]:
    """Three answers: open, closed, unknown. Awards, contracts and the like are closed by their type."""
    kind = fields.get("type")
    if kind and kind[0].value in CLOSED_TYPES:
        return "closed"
    until, _ = enter_until(fields)
    if until is None:
        return "unknown"
    return "open" if until > now else "closed"


SHANGHAI = dt.timezone(dt.timedelta(hours=8), "Asia/Shanghai")


def gate_end(moment: Value) -> dt.datetime:
    """The instant at which a moment is over: itself, or the end of its day."""
    if isinstance(moment, dt.datetime):
        return moment
    if isinstance(moment, dt.date):
        return dt.datetime.combine(moment + dt.timedelta(days=1), dt.time(0), SHANGHAI)
    raise TypeError(f"not a moment: {moment!r}")
