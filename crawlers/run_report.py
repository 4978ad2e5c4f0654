"""The ledger of one run, made from what was read, what was fetched and what was stored."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from crawlers.running import RunContext, Tally
from opportunity.health import verdict
from opportunity.run import Run, Verdict
from opportunity.source import Expectation

# Shares of fewer notices than this say nothing.
LEAST_SAMPLE = 5
# How long a source rests after its first, second, … blocked run in succession.
FIRST_REST = dt.timedelta(hours=1)
LONGEST_REST = dt.timedelta(hours=24)
# No verdict lists more problems than people read.
MOST_PROBLEMS = 40


def build_run(context: RunContext, *, finish_reason: str, ended_at: dt.datetime) -> Run:
    """The finished ``Run`` of a context, with its verdict and sentence."""
    outcome = context.crawl.outcome(finish_reason)
    counts = context.counts()
    unfinished = finish_reason == "finished" and not context.crawl.done
    problems = [*context.problems, *explained(outcome.problems, context.tally)]
    # An empty list that says so is believed only where the source may be silent (rows_a_run 0).
    if not outcome.chain_broken and finish_reason == "finished":
        problems += expectation_problems(context.source.expect, counts.rows, context.tally)
    run = Run(
        id=context.run_id,
        source=context.source.id,
        slot=context.slot,
        started_at=context.started_at,
        ended_at=ended_at,
        window_start=context.window_start,
        finish_reason="lost_requests" if unfinished else finish_reason,
        counts=counts,
        listed=outcome.listed,
        covered=outcome.covered,
        total_capped=outcome.total_capped,
        proved_empty=outcome.proved_empty,
        chain_broken=outcome.chain_broken,
        problems=tuple(_distinct(problems))[:MOST_PROBLEMS],
    )
    judged, sentence = verdict(run)
    return replace(run, verdict=judged, sentence=sentence)


def expectation_problems(expect: Expectation, rows: int, tally: Tally) -> list[tuple[str, str]]:
    """What a crawl as a whole lacks of what its source states a healthy crawl to be."""
    found = []
    if rows < expect.rows_a_run:
        found.append(f"只见到 {rows} 条，正常情况下至少 {expect.rows_a_run} 条")
    if tally.read >= LEAST_SAMPLE:
        body = tally.with_body / tally.read
        if body < expect.body_share:
            found.append(f"只有 {body:.0%} 的公告有正文，应至少 {expect.body_share:.0%}")
        for name, share in expect.required:
            having = tally.having[name] / tally.read
            if having < share:
                found.append(f"只有 {having:.0%} 的公告有 {name}，应至少 {share:.0%}")
    return [("expectation", sentence) for sentence in found]


def explained(problems: Sequence[tuple[str, str]], tally: Tally) -> list[tuple[str, str]]:
    """Problems that only count failed pages, with the reason that most of them had."""
    result = []
    for label, sentence in problems:
        reasons = Counter({said: count for (known, said), count in tally.reasons.items() if known == label})
        if reasons and sentence.endswith("未能取得"):
            sentence += f"（{reasons.most_common(1)[0][0]}）"
        result.append((label, sentence))
    return result


def closed_as_unknown(run: Run, now: dt.datetime) -> Run:
    """A run that was killed and left no end: closed by the next one, proving nothing."""
    closed = replace(run, ended_at=now, finish_reason="killed")
    judged, sentence = verdict(closed)
    return replace(closed, verdict=judged, sentence=sentence)


def rest_after(run: Run, earlier: Sequence[Run]) -> dt.timedelta | None:
    """How long a source is left alone after a run that was blocked, or None.

    ``earlier`` are the runs before it, newest first. Refused by robots.txt is no reason to rest:
    the next run asks for nothing but robots.txt.
    """
    if run.verdict is not Verdict.BLOCKED or not any(label == "blocked" for label, _ in run.problems):
        return None
    before = 0
    for other in earlier:
        if other.verdict is not Verdict.BLOCKED:
            break
        before += 1
    return min(FIRST_REST * (1 << min(before, 8)), LONGEST_REST)


def run_json(run: Run) -> dict[str, Any]:
    """A run as plain JSON values."""
    counts = run.counts
    return {
        "id": run.id,
        "source": run.source,
        "slot": run.slot,
        "started_at": run.started_at.isoformat(),
        "ended_at": None if run.ended_at is None else run.ended_at.isoformat(),
        "window_start": None if run.window_start is None else run.window_start.isoformat(),
        "finish_reason": run.finish_reason,
        "verdict": run.verdict.value,
        "sentence": run.sentence,
        "counts": {
            name: dict(value) if name in ("statuses", "ignored") else value
            for name in counts.__slots__
            for value in [getattr(counts, name)]
        },
        "listed": run.listed,
        "covered": run.covered,
        "total_capped": run.total_capped,
        "proved_empty": run.proved_empty,
        "chain_broken": list(run.chain_broken),
        "problems": [{"label": label, "sentence": sentence} for label, sentence in run.problems],
    }


def _distinct(problems: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return list(dict.fromkeys(problems))
