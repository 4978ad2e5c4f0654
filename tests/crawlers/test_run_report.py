"""Expectations of a whole crawl, rests after refusals, and runs as JSON."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest

from crawlers.run_report import LEAST_SAMPLE, closed_as_unknown, expectation_problems, rest_after, run_json
from crawlers.running import Tally
from opportunity.run import Run, RunCounts, Verdict
from opportunity.source import Expectation

NOW = dt.datetime(2026, 11, 24, 10, 0, tzinfo=dt.UTC)
EXPECT = Expectation(rows_a_run=10, body_share=0.9, required=(("title", 1.0), ("published", 0.98)))


def tally(read: int, bodies: int, **having: int) -> Tally:
    made = Tally(read=read, with_body=bodies)
    made.having.update(having)
    return made


@pytest.mark.parametrize(
    ("rows", "counted", "number"),
    [
        (10, tally(10, 9, title=10, published=10), 0),
        (9, tally(9, 9, title=9, published=9), 1),
        (10, tally(10, 8, title=10, published=10), 1),
        (10, tally(10, 10, title=10, published=9), 1),
        (10, tally(10, 10, title=10), 1),
        (0, tally(10, 0), 4),
        (10, tally(LEAST_SAMPLE - 1, 0), 0),
        (10, tally(0, 0), 0),
    ],
)
def test_expectations(rows: int, counted: Tally, number: int) -> None:
    found = expectation_problems(EXPECT, rows, counted)
    assert [label for label, _ in found] == ["expectation"] * number


def ended(judged: Verdict, **changes: object) -> Run:
    base = Run(id=1, source="portal", slot=None, started_at=NOW, ended_at=NOW, window_start=NOW, finish_reason="blocked",
               counts=RunCounts(statuses={"200": 3}), verdict=judged, problems=(("blocked", "验证码"),))  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


def test_a_source_rests_longer_each_time_it_refuses() -> None:
    blocked, fine = ended(Verdict.BLOCKED), ended(Verdict.COMPLETE)
    rests = [rest_after(blocked, [blocked] * before + [fine, blocked]) for before in (0, 1, 2, 3, 4, 5, 50)]
    assert [rest.total_seconds() / 3600 for rest in rests if rest] == [1, 2, 4, 8, 16, 24, 24]
    assert rest_after(fine, [blocked]) is None
    assert rest_after(ended(Verdict.BLOCKED, problems=(("robots", "不允许"),)), []) is None


def test_a_killed_run_is_closed_and_proves_nothing() -> None:
    closed = closed_as_unknown(ended(Verdict.COMPLETE, ended_at=None, finish_reason=""), NOW)
    assert (closed.verdict, closed.finish_reason, closed.ended_at) == (Verdict.UNKNOWN, "killed", NOW)
    assert closed.sentence


def test_a_run_as_json_has_every_field() -> None:
    value = json.loads(json.dumps(run_json(ended(Verdict.BLOCKED)), ensure_ascii=False))
    assert set(value) == set(Run.__slots__)
    assert set(value["counts"]) == set(RunCounts.__slots__)
    assert value["problems"] == [{"label": "blocked", "sentence": "验证码"}]
