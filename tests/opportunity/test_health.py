"""What a run proves and how a source is, case by case."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import pytest

from opportunity.health import health, verdict
from opportunity.run import Health, Run, RunCounts, Verdict

NOW = dt.datetime(2026, 11, 24, 10, 0, tzinfo=dt.UTC)
FACTS = {"interval_minutes": 60, "demonstration": False}


def run(hours_ago: float = 0.1, judged: Verdict = Verdict.COMPLETE, **changes: Any) -> Run:
    ended = NOW - dt.timedelta(hours=hours_ago)
    counts = changes.pop("counts", RunCounts(rows=40, list_pages=2, new=5, unchanged=0))
    return replace(
        Run(
            id=round(1e6 - hours_ago * 100), source="portal", slot=None, started_at=ended - dt.timedelta(minutes=2), ended_at=ended,
            window_start=None, finish_reason="finished", counts=counts, verdict=judged, sentence="说明",
        ),
        **changes,
    )  # fmt: skip


NOTHING = RunCounts()
CASES: list[tuple[str, Run, Verdict]] = [
    ("whole", run(), Verdict.COMPLETE),
    ("whole with its total", run(listed=40, covered=40), Verdict.COMPLETE),
    ("few quarantined", run(counts=RunCounts(rows=40, new=38, quarantined=2)), Verdict.COMPLETE),
    ("not ended", run(ended_at=None), Verdict.UNKNOWN),
    ("killed", run(finish_reason="killed"), Verdict.UNKNOWN),
    ("no reason", run(finish_reason=""), Verdict.UNKNOWN),
    ("blocked", run(problems=(("network", "x"), ("blocked", "验证码"))), Verdict.BLOCKED),
    ("blocked before anything", run(counts=NOTHING, problems=(("blocked", "验证码"),)), Verdict.BLOCKED),
    ("robots", run(counts=NOTHING, chain_broken=("a",), problems=(("robots", "不允许"),)), Verdict.BLOCKED),
    ("robots for one notice", run(problems=(("robots", "1 个公告"),)), Verdict.INCOMPLETE),
    ("proved empty", run(counts=NOTHING, proved_empty=True), Verdict.EMPTY),
    ("empty, not proved", run(counts=NOTHING), Verdict.BROKEN),
    ("empty and a chain broken", run(counts=NOTHING, proved_empty=True, chain_broken=("a",)), Verdict.BROKEN),
    ("proved empty but stopped", run(counts=NOTHING, proved_empty=True, finish_reason="terminated"), Verdict.BROKEN),
    ("proved empty with a problem", run(counts=NOTHING, proved_empty=True, problems=(("truncated", "旧页面"),)), Verdict.BROKEN),
    ("most unreadable", run(counts=RunCounts(rows=40, new=5, quarantined=20)), Verdict.BROKEN),
    ("one chain of many broken", run(chain_broken=("a",)), Verdict.INCOMPLETE),
    ("short of the total", run(listed=41, covered=40), Verdict.INCOMPLETE),
    ("nothing covered", run(listed=41, covered=None), Verdict.INCOMPLETE),
    ("short of a capped total", run(listed=1000, covered=40, total_capped=True), Verdict.COMPLETE),
    ("time limit", run(finish_reason="time_limit"), Verdict.INCOMPLETE),
    ("unknown reason", run(finish_reason="something new"), Verdict.INCOMPLETE),
    ("expectation", run(problems=(("expectation", "只见到 3 条"),)), Verdict.INCOMPLETE),
    ("label of tomorrow", run(problems=(("novel", "新问题"),)), Verdict.INCOMPLETE),
]


@pytest.mark.parametrize(("judged", "expected"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_verdicts_each_with_a_sentence(judged: Run, expected: Verdict) -> None:
    found, sentence = verdict(judged)
    assert found is expected
    assert any("\u4e00" <= character <= "\u9fff" for character in sentence)


def test_the_sentence_names_the_cause() -> None:
    assert verdict(run(listed=41, covered=40))[1] == "网站称有 41 条，只见到 40 条"
    assert "到达时间上限" in verdict(run(finish_reason="time_limit"))[1]
    assert "连接被拒绝" in verdict(run(counts=NOTHING, chain_broken=("a",), problems=(("network", "连接被拒绝"),)))[1]


@dataclass(frozen=True)
class Decided:
    enabled: bool = True
    paused_until: dt.datetime | None = None
    reason: str = ""


@pytest.mark.parametrize(
    ("runs", "state", "expected"),
    [
        ([run()], Decided(), Health.OK),
        ([run(judged=Verdict.EMPTY)], Decided(), Health.OK),
        ([], Decided(), Health.UNKNOWN),
        ([run(ended_at=None)], Decided(), Health.UNKNOWN),
        ([run()], Decided(enabled=False), Health.PAUSED),
        ([run()], None, Health.PAUSED),
        ([run()], Decided(paused_until=NOW + dt.timedelta(hours=1), reason="维护"), Health.PAUSED),
        ([run(judged=Verdict.BLOCKED)], Decided(paused_until=NOW + dt.timedelta(hours=1)), Health.BLOCKED),
        ([run(judged=Verdict.BLOCKED)], Decided(paused_until=NOW - dt.timedelta(hours=1)), Health.BLOCKED),
        ([run(1), run(0.1, Verdict.BLOCKED)], Decided(), Health.BLOCKED),
        ([run(1), run(0.1, Verdict.BROKEN)], Decided(), Health.BROKEN),
        ([run(1), run(0.1, Verdict.INCOMPLETE)], Decided(), Health.DEGRADED),
        ([run(1), run(0.1, Verdict.UNKNOWN)], Decided(), Health.DEGRADED),
        ([run(1.49)], Decided(), Health.OK),
        ([run(1.51)], Decided(), Health.LATE),
        ([run(3), run(0.1, Verdict.INCOMPLETE)], Decided(), Health.LATE),
        ([run(3), run(ended_at=None)], Decided(), Health.LATE),
        ([run(0.1, Verdict.INCOMPLETE)], Decided(), Health.DEGRADED),
        ([run(0.1, Verdict.UNKNOWN)], Decided(), Health.UNKNOWN),
        ([run(0.1, Verdict.BROKEN), run(0.05)], Decided(), Health.OK),
    ],
)
def test_health(runs: list[Run], state: Decided | None, expected: Health) -> None:
    for order in (runs, runs[::-1]):
        found, sentence = health(FACTS, order, state, NOW)
        assert found is expected
        assert sentence


def test_a_demonstration_source_needs_no_enabling_and_intervals_are_its_own() -> None:
    facts = {"interval_minutes": 5, "demonstration": True}
    assert health(facts, [run(0.05)], None, NOW)[0] is Health.OK
    assert health(facts, [run(0.2)], None, NOW)[0] is Health.LATE
    assert health({"interval_minutes": None}, [run(1.4)], Decided(), NOW)[0] is Health.OK
