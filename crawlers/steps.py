"""What passes between the sans-IO crawl and a driver, and what the crawl counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from crawlers.chains import Chain, End
from opportunity.errors import Blocked, MarketError
from opportunity.notice import Notice
from opportunity.page import Page, PageRequest, Row
from opportunity.run import RunCounts

# Share of notice pages that may be unreadable before the run itself has a layout problem.
READ_ERROR_SHARE = 0.1

Kind = Literal["list", "again", "notice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that went wrong with one page; ``page`` is what a driver puts into quarantine.

    Labels are those of ``Run``. ``key`` is the source's own key of the notice, where there is one.
    """

    label: str
    sentence: str
    url: str | None = None
    key: str | None = None
    page: Page | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one answer led to: further requests (in order), notices read, problems."""

    requests: list[PageRequest] = field(default_factory=list)
    notices: list[tuple[Notice, Row]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """What the reading of a run amounts to; the driver adds what only it can count.

    ``counts`` leaves new, changed and unchanged to what the store says. ``listed`` and ``covered``
    speak of the chains that were read to their last row and whose portal gives a total.
    """

    finish_reason: str
    counts: RunCounts
    listed: int | None
    covered: int | None
    total_capped: bool
    proved_empty: bool
    chain_broken: tuple[str, ...]
    problems: tuple[tuple[str, str], ...]


@dataclass(slots=True, kw_only=True)
class Ticket:
    """A request that was given out and is not answered yet."""

    request: PageRequest
    kind: Kind
    chain: Chain
    part: int = 0
    row: Row | None = None


@dataclass(slots=True)
class Tally:
    requests: int = 0
    list_pages: int = 0
    notice_pages: int = 0
    known: int = 0
    quarantined: int = 0
    read: int = 0
    body_missing: int = 0
    bytes: int = 0
    replaced: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    ignored_keys: set[str] = field(default_factory=set)


def outcome_of(
    finish_reason: str, *, tally: Tally, chains: Sequence[Chain], seen: int,
    problems: tuple[tuple[str, str], ...],
) -> RunOutcome:
    """The outcome that a tally and the chains amount to; ``seen`` counts distinct rows."""
    counted = [c for c in chains if c.end is End.WHOLE and c.first_total is not None]
    if seen and not any(c.first_total for c in counted):
        counted = []  # only empty side lists were read to their end: that measures nothing
    return RunOutcome(
        finish_reason=finish_reason,
        counts=RunCounts(
            requests=tally.requests, list_pages=tally.list_pages, notice_pages=tally.notice_pages,
            rows=seen, known=tally.known, quarantined=tally.quarantined,
            body_missing=tally.body_missing, bytes=tally.bytes, replaced_characters=tally.replaced,
            statuses=dict(tally.statuses), ignored=dict(tally.ignored),
        ),
        listed=sum(c.first_total or 0 for c in counted) if counted else None,
        covered=sum(min(c.covered, c.first_total or 0) for c in counted) if counted else None,
        total_capped=any(c.end is End.CAPPED for c in chains),
        proved_empty=bool(chains) and not seen and all(c.proved_empty for c in chains),
        chain_broken=tuple(c.name for c in chains if c.end in (End.BROKEN, End.OPEN)),
        problems=problems,
    )


def closing_problems(tally: Tally, chains: Sequence[Chain], unanswered: int) -> list[tuple[str, str]]:
    """What can be said against a run only once it is over."""
    result = [(label, f"{count} 个公告页面未能取得") for label, count in sorted(tally.failed.items())]
    tried = tally.read + tally.quarantined
    if tried and tally.quarantined / tried > READ_ERROR_SHARE:
        result.append(("layout", f"{tried} 个公告中有 {tally.quarantined} 个读不出，网站可能改版"))
    for chain in chains:
        if chain.short:
            sentence = f"列表“{chain.name}”称有 {chain.first_total} 条，只见到 {chain.covered} 条"
            result.append(("truncated", sentence))
        elif chain.shrank and chain.end is not End.SPLIT:
            result.append(("truncated", f"列表“{chain.name}”在翻页期间变短，可能漏行"))
        elif chain.uneven and not chain.doubted:
            sentence = f"列表“{chain.name}”有的页只有 {chain.thinnest} 条，别的页有 {chain.largest} 条，可能漏行"
            result.append(("truncated", sentence))
    if unanswered:
        result.append(("truncated", f"结束时还有 {unanswered} 个请求没有答复"))
    return result


def explain(error: Exception) -> tuple[str, str]:
    """The label and the sentence of an error met while reading."""
    if isinstance(error, Blocked):
        return "blocked", error.message
    if isinstance(error, MarketError):
        return "layout", error.message
    return "ours", f"读取程序出错：{type(error).__name__}"
