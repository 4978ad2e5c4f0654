"""A source (来源): the standing facts of one place where notices are published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from opportunity.notice import Region


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a healthy crawl of the whole source looks like; checked at the end of each run.

    ``rows_a_run`` least rows seen in the window of one run (0 for a source that is often silent);
    ``body_share`` least share of notices with a body; ``required`` share of notices that must
    have each named field.
    """

    rows_a_run: int
    body_share: float
    required: tuple[tuple[str, float], ...] = (("title", 1.0), ("published", 0.98))


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """When a source is crawled: every ``minutes`` minutes, looking back ``overlap_hours``.

    ``cron`` (weekday names only) replaces ``minutes`` where a portal publishes at set hours.
    """

    minutes: int
    overlap_hours: int = 48
    cron: str | None = None
    time_limit_minutes: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Politeness:
    """The budget of one host: seconds between requests, one at a time, across all processes."""

    delay_seconds: float
    requests_a_run: int
    requests_a_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The basis on which a source is read: terms and robots as read on a date, and attribution."""

    terms: str
    robots: str
    read_on: str
    attribution: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The typed standing facts of one source; its file, id and recording folder bear one name."""

    id: str
    title: str
    publisher: str
    official: bool
    region: Region | None
    home: str
    base: str
    platform: str
    kind: Literal["public_resources", "government_procurement", "enterprise", "import", "push"]
    timetable: Timetable
    politeness: Politeness
    expect: Expectation
    basis: Basis
    verified_live: bool = False

    @property
    def demonstration(self) -> bool:
        return self.id.startswith("demo_")


def source_json(source: Source) -> dict[str, Any]:
    """The facts of a source that people may see, as plain JSON values."""
    return {
        "id": source.id,
        "title": source.title,
        "publisher": source.publisher,
        "official": source.official,
        "region": None if source.region is None else {"code": source.region.code, "name": source.region.name},
        "home": source.home,
        "kind": source.kind,
        "timetable": {
            "minutes": source.timetable.minutes,
            "cron": source.timetable.cron,
            "overlap_hours": source.timetable.overlap_hours,
            "time_limit_minutes": source.timetable.time_limit_minutes,
        },
        "attribution": source.basis.attribution,
        "demonstration": source.demonstration,
        "verified_live": source.verified_live,
    }
