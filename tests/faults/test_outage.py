"""A long outage of a portal leaves no hole: the window reaches back to the last run that read everything (fault 32, 56)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

import crawlers.crawl_process as crawl_process
from opportunity.run import Run, RunCounts, Verdict
from opportunity.settings import Settings
from opportunity.store import Store, open_store
from tests.crawlers.bench import BenchPlatform, bench_source

NOW = dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)


def ended(store: Store, at: dt.datetime, verdict: Verdict) -> None:
    number = store.start_run("demo_bench", slot=None, started_at=at, window_start=at)
    store.finish_run(Run(
        id=number, source="demo_bench", slot=None, started_at=at, ended_at=at, window_start=at, finish_reason="finished",
        counts=RunCounts(rows=5, known=5), verdict=verdict, sentence="",
    ))


@pytest.mark.parametrize("failures", [3, 49, 60, 400])
def test_after_any_number_of_failed_runs_the_window_reaches_the_last_good_one(
    tmp_path: Path, failures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = bench_source("demo_bench", "http://127.0.0.1:9/")
    source = replace(source, timetable=replace(source.timetable, minutes=30, overlap_hours=48))
    good = NOW - dt.timedelta(minutes=30) * (failures + 1)
    began: list[dt.datetime] = []

    def stop(context: object, contact: str) -> Run:
        began.append(context.window_start)  # type: ignore[attr-defined]
        raise KeyboardInterrupt

    with open_store(Settings(home=tmp_path / "home")) as store:
        ended(store, good, Verdict.COMPLETE)
        for number in range(failures):
            ended(store, good + dt.timedelta(minutes=30) * (number + 1), Verdict.BROKEN)
    monkeypatch.setattr(crawl_process, "_crawl", stop)
    settings = Settings(home=tmp_path / "home", replicas="demo_bench=http://127.0.0.1:9/")
    with pytest.raises(KeyboardInterrupt):
        crawl_process.crawl_source(source, BenchPlatform(), settings, clock=lambda: NOW)
    assert began[0] <= good
