"""The ledger of runs: started, alive, finished, with what each one proves."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from opportunity.errors import NotFound
from opportunity.run import Run, RunCounts, Verdict
from opportunity.store import tables
from opportunity.store.codec import dump, instant, instant_number, instant_or_none

_r = tables.run.c


def start_run(
    connection: Connection, source: str, *, slot: str | None, started_at: dt.datetime, window_start: dt.datetime | None
) -> int:
    """A new run of a source; returns its id."""
    row = {
        "source": source, "slot": slot, "started_at": instant_number(started_at),
        "heartbeat_at": instant_number(started_at), "ended_at": None,
        "window_start": None if window_start is None else instant_number(window_start),
        "verdict": Verdict.UNKNOWN.value, "finish_reason": "", "sentence": "", "counts": dump(asdict(RunCounts())),
        "outcome": "{}",
    }
    return int(connection.execute(sa.insert(tables.run).values(row).returning(_r.id)).scalar_one())


def heartbeat_run(connection: Connection, run_id: int, at: dt.datetime, counts: RunCounts) -> None:
    """The run still makes progress. Raises NotFound."""
    values = {"heartbeat_at": instant_number(at), "counts": dump(asdict(counts))}
    _update(connection, run_id, values)


def finish_run(connection: Connection, run: Run) -> None:
    """Write down how a run ended; everything of ``run`` but its id, source and slot. Raises NotFound."""
    _update(connection, run.id, {
        "ended_at": None if run.ended_at is None else instant_number(run.ended_at),
        "started_at": instant_number(run.started_at),
        "window_start": None if run.window_start is None else instant_number(run.window_start),
        "verdict": run.verdict.value, "finish_reason": run.finish_reason, "sentence": run.sentence,
        "counts": dump(asdict(run.counts)),
        "outcome": dump({
            "listed": run.listed, "covered": run.covered, "total_capped": run.total_capped,
            "proved_empty": run.proved_empty, "chain_broken": run.chain_broken, "problems": run.problems,
        }),
    })


def _update(connection: Connection, run_id: int, values: dict[str, Any]) -> None:
    if connection.execute(sa.update(tables.run).where(_r.id == run_id).values(values)).rowcount != 1:
        raise NotFound("没有这次运行", run=run_id)


def run(connection: Connection, run_id: int) -> Run | None:
    row = connection.execute(sa.select(tables.run).where(_r.id == run_id)).one_or_none()
    return None if row is None else _run(row)


def runs(connection: Connection, source: str | None, limit: int) -> list[Run]:
    """The newest runs first."""
    query = sa.select(tables.run).order_by(_r.id.desc()).limit(limit)
    if source is not None:
        query = query.where(_r.source == source)
    return [_run(row) for row in connection.execute(query)]


def unfinished(connection: Connection) -> dict[int, dt.datetime]:
    """Runs without an end and when each last showed progress."""
    query = sa.select(_r.id, _r.heartbeat_at).where(_r.ended_at.is_(None)).order_by(_r.id)
    return {id: instant(at) for id, at in connection.execute(query).tuples()}


def _run(row: Any) -> Run:
    outcome = json.loads(row.outcome)
    return Run(
        id=row.id, source=row.source, slot=row.slot, started_at=instant(row.started_at),
        ended_at=instant_or_none(row.ended_at), window_start=instant_or_none(row.window_start),
        finish_reason=row.finish_reason, counts=RunCounts(**json.loads(row.counts)), listed=outcome.get("listed"),
        covered=outcome.get("covered"), total_capped=outcome.get("total_capped", False),
        proved_empty=outcome.get("proved_empty", False), chain_broken=tuple(outcome.get("chain_broken", ())),
        problems=tuple((label, sentence) for label, sentence in outcome.get("problems", ())),
        verdict=Verdict(row.verdict), sentence=row.sentence,
    )
