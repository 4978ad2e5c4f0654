"""What the service answers, as typed models: one shape for the interface, the command line and the page.

Times are ISO 8601 with an offset; amounts are decimal strings in 元; offsets count code points.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

State = Literal["open", "closed", "unknown"]
OriginName = Literal["live", "replica", "import", "push"]
HealthName = Literal["ok", "degraded", "late", "blocked", "broken", "paused", "unknown"]


class Answer(BaseModel):
    """Base of every answer: frozen, and nothing beyond the stated fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Coded(Answer):
    """One entry of a code table: its code and its Chinese name."""

    code: str
    name: str


class TotalCount(Answer):
    """How many notices match; ``exact`` false means that the value is an upper bound."""

    value: int = Field(ge=0)
    exact: bool


class State_(Answer):
    """The state of the index an answer speaks of: change number and when that was committed."""

    seq: int = Field(ge=0)
    at: dt.datetime


class Fragment(Answer):
    """A piece of the original text; ``marks`` are [start, end) code points of ``text`` that match."""

    text: str
    marks: list[tuple[int, int]]


class HitAnswer(Answer):
    """One notice that matches. A field that is null is unknown, never guessed."""

    id: str
    opportunity_id: str
    title: str
    url: str | None
    published: str | None = Field(description="发布日期或时刻（ISO 8601）；只有日期时不带时刻")
    type: Coded | None
    region: Coded | None
    buyer: str | None
    budget: str | None = Field(description="预算金额，元")
    enter_until: dt.datetime | None = Field(description="最早的参与关口；之后不能再参与")
    gate: str | None = Field(description="最早关口的字段名")
    state: State
    origin: OriginName
    source: Coded
    score: float
    changed_since: bool = Field(description="自 as_of 之后此公告又有变化（内容为最新）")
    highlights: dict[str, list[Fragment]]
    opening: str = Field(description="正文开头，供没有正文命中时显示")


class FacetValue(Answer):
    code: str
    name: str
    count: int = Field(ge=0)


class FacetAnswer(Answer):
    """Counts over the whole result; ``unknown`` counts the notices without a value."""

    values: list[FacetValue]
    unknown: int = Field(ge=0)


class LateSource(Answer):
    """A source in the scope of the search that is not current, and why."""

    id: str
    title: str
    health: HealthName
    sentence: str
    last_complete_at: dt.datetime | None


class SourcesLine(Answer):
    """Which sources in scope are current. ``current`` + the late ones are all that are switched on."""

    total: int = Field(ge=0)
    current: int = Field(ge=0)
    late: list[LateSource]


class QueryAnswer(Answer):
    """What was asked: as typed, as understood, and remarks on how it was read."""

    text: str
    description: str
    notes: list[str]
    sort: str


class SearchAnswer(Answer):
    """One page of a search. Later pages speak of the same ``as_of`` as the first."""

    total: TotalCount
    hits: list[HitAnswer]
    facets: dict[str, FacetAnswer] | None = Field(
        description="type, region, source, state；续页（带 cursor）不重新统计，为 null"
    )
    as_of: State_
    sources: SourcesLine
    query: QueryAnswer
    unknown: dict[str, int] = Field(description="每个筛选条件下取值未知的公告数")
    next: str | None = Field(description="下一页的 cursor；没有更多时为 null")


class FieldAnswer(Answer):
    """One value with its evidence: for ``body`` the characters are ``plain[start:end]``."""

    value: str
    name: str | None = Field(default=None, description="代码的中文名（地区、类型）")
    in_: Literal["title", "body", "attachment", "given"] = Field(alias="in")
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    text: str
    confidence: float
    origin: Literal["given", "extracted"]
    used: bool = Field(description="检索与展示是否采用此值（来源给定的值优先）")

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class AttachmentAnswer(Answer):
    name: str
    url: str | None
    sha256: str | None


class FieldChange(Answer):
    """One field before and after: null is unknown. For title and body only that they changed is told apart."""

    field: str
    before: str | None
    after: str | None


class VersionAnswer(Answer):
    """One version, and what of it differs from the version before."""

    version: int
    at: dt.datetime | None
    title: str
    current: bool
    changes: list[FieldChange]


class LinkAnswer(Answer):
    kind: Literal["original", "source"]
    title: str
    url: str


class NoticeAnswer(Answer):
    """One notice in its newest version and reading, each value with its evidence."""

    id: str
    opportunity_id: str
    title: str
    url: str | None
    source: Coded
    origin: OriginName
    type: Coded | None
    region: Coded | None
    state: State
    enter_until: dt.datetime | None
    gate: str | None
    version: int
    reading: int
    reader: str
    seq: int
    first_seen_at: dt.datetime
    last_seen_at: dt.datetime
    withdrawn: bool
    body_missing: bool
    fields: dict[str, list[FieldAnswer]]
    plain: str
    versions: list[VersionAnswer]
    links: list[LinkAnswer]
    attachments: list[AttachmentAnswer]


class RunAnswer(Answer):
    """One run of one source and what it proves."""

    id: int
    started_at: dt.datetime
    ended_at: dt.datetime | None
    verdict: str
    verdict_name: str
    sentence: str
    new: int
    changed: int
    rows: int
    listed: int | None = Field(description="来源自己的总数（独立计数）")
    covered: int | None = Field(description="其中实际看到的条数")
    problems: list[str]


class SourceAnswer(Answer):
    """The standing facts of a source, its health now, and its last runs."""

    id: str
    title: str
    publisher: str | None
    official: bool | None
    region: Coded | None
    home: str | None
    kind: str | None
    interval_minutes: int | None
    attribution: str | None
    demonstration: bool
    verified_live: bool | None
    enabled: bool
    health: HealthName
    health_name: str
    sentence: str
    last_complete_at: dt.datetime | None
    paused_until: dt.datetime | None
    runs: list[RunAnswer]


class SourcesAnswer(Answer):
    at: dt.datetime
    sources: list[SourceAnswer]


class IndexState(Answer):
    cursor: int | None
    watermark: int | None
    behind: int | None
    oldest_unindexed_seconds: float | None
    fingerprint_matches: bool | None
    notices: int | None


class HealthAnswer(Answer):
    """Live: the process answers. Ready: it answers rightly, judged by progress, not by being up."""

    live: bool
    ready: bool
    reasons: list[str]
    index: IndexState


class ErrorBody(Answer):
    code: str
    message: str
    details: dict[str, object]


class ErrorAnswer(Answer):
    """The one shape of every error."""

    error: ErrorBody
