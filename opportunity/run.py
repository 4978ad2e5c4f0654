"""Runs: one crawl of one source, what it did, and what that proves."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class Verdict(enum.StrEnum):
    """What a finished run proves. Anything but COMPLETE and a proved EMPTY is a failure of the crawl."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    BLOCKED = "blocked"
    BROKEN = "broken"
    EMPTY = "empty"
    UNKNOWN = "unknown"

    @property
    def chinese(self) -> str:
        return {
            "complete": "完整", "incomplete": "不完整", "blocked": "被拦截",
            "broken": "读取失败", "empty": "确无公告", "unknown": "未知",
        }[self.value]


class Health(enum.StrEnum):
    """The health of a source now. UNKNOWN is not OK."""

    OK = "ok"
    DEGRADED = "degraded"
    LATE = "late"
    BLOCKED = "blocked"
    BROKEN = "broken"
    PAUSED = "paused"
    UNKNOWN = "unknown"

    @property
    def chinese(self) -> str:
        return {
            "ok": "正常", "degraded": "部分异常", "late": "延迟", "blocked": "被拦截",
            "broken": "失效", "paused": "已暂停", "unknown": "未知",
        }[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCounts:
    """What one run did, counted; every number is of this run alone."""

    requests: int = 0
    list_pages: int = 0
    notice_pages: int = 0
    rows: int = 0
    known: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    quarantined: int = 0
    body_missing: int = 0
    bytes: int = 0
    replaced_characters: int = 0
    statuses: Mapping[str, int] = field(default_factory=dict)
    ignored: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The ledger of one run.

    ``listed`` sums the portal's own totals over the run's windows (None where it gives none) and
    ``covered`` how many distinct rows of them were seen: coverage against an independent count.
    ``chain_broken`` names the list chains that ended by an error. ``problems`` are (label,
    sentence) pairs; labels: blocked, robots, network, layout, contract, truncated, limit,
    expectation, ours.
    """

    id: int
    source: str
    slot: str | None
    started_at: dt.datetime
    ended_at: dt.datetime | None
    window_start: dt.datetime | None
    finish_reason: str
    counts: RunCounts
    listed: int | None = None
    covered: int | None = None
    total_capped: bool = False
    proved_empty: bool = False
    chain_broken: tuple[str, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    verdict: Verdict = Verdict.UNKNOWN
    sentence: str = ""
