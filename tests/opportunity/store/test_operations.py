"""Runs, source states and quarantine."""

from __future__ import annotations

import datetime as dt

import pytest

from opportunity.errors import NotFound
from opportunity.run import Run, RunCounts, Verdict
from opportunity.store import SourceState, Store
from tests.opportunity.store.samples import START

MINUTE = dt.timedelta(minutes=1)


def test_a_run_from_start_to_end(store: Store) -> None:
    id = store.start_run("demo_x", slot="2026-03-02T09:00", started_at=START, window_start=START - MINUTE)
    begun = store.run(id)
    assert begun is not None and (begun.ended_at, begun.verdict) == (None, Verdict.UNKNOWN)
    counts = RunCounts(requests=3, statuses={"200": 3}, ignored={"广告": 2})
    store.heartbeat_run(id, START + MINUTE, counts)
    assert store.unfinished_runs() == {id: START + MINUTE}
    done = Run(
        id=id, source="demo_x", slot="2026-03-02T09:00", started_at=START, ended_at=START + 2 * MINUTE,
        window_start=START - MINUTE, finish_reason="finished", counts=counts, listed=10, covered=9,
        total_capped=True, proved_empty=True, chain_broken=("甲",), problems=(("layout", "表头变了"),),
        verdict=Verdict.INCOMPLETE, sentence="少一条",
    )
    store.finish_run(done)
    assert store.run(id) == done
    assert store.unfinished_runs() == {}


def test_runs_are_listed_newest_first(store: Store) -> None:
    ids = [
        store.start_run(source, slot=None, started_at=START, window_start=None) for source in ("a", "b", "a")
    ]
    assert [run.id for run in store.runs()] == ids[::-1]
    assert [run.id for run in store.runs("a", limit=1)] == [ids[2]]
    with pytest.raises(NotFound):
        store.heartbeat_run(99, START, RunCounts())


def test_a_source_state_changes_only_where_it_is_told_to(store: Store) -> None:
    store.set_source_state("a", facts_json={"title": "某平台"}, base="http://127.0.0.1:1")
    assert store.source_states()["a"] == SourceState(
        id="a", facts={"title": "某平台"}, base="http://127.0.0.1:1"
    )
    store.set_source_state("a", enabled=True, paused_until=START, pause_reason="维护", contact="x@example.org")
    store.set_source_state("a", enabled=False)
    assert store.source_states()["a"] == SourceState(
        id="a", enabled=False, paused_until=START, reason="维护", contact="x@example.org",
        base="http://127.0.0.1:1", facts={"title": "某平台"},
    )
    store.set_source_state("a", paused_until=None)
    assert store.source_states()["a"].paused_until is None


def test_quarantine_keeps_what_was_refused_and_counts_it_again(store: Store) -> None:
    def refuse(payload: bytes, at: dt.datetime) -> int:
        return store.quarantine(
            source="import", key="k\x00", url=None, reason="没有标题", detail="第 3 行", payload=payload, run=None,
            at=at,
        )

    first, again, other = refuse(b"{}\x00", START), refuse(b"{}\x00", START + MINUTE), refuse(b"[]", START)
    assert first == again != other
    newest, oldest = store.quarantined("import")
    assert (newest.payload, oldest.payload, oldest.times) == (b"[]", b"{}\x00", 2)
    assert (oldest.at, oldest.last_at, oldest.key) == (START, START + MINUTE, "k\ufffd")
    assert store.quarantined("other") == []
