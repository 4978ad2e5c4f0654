"""Which sources in the scope of a search are current, and which are not: silence explained."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opportunity.health import health
from opportunity.region import contains
from opportunity.run import Health, Run, Verdict
from search_api import wording
from search_api.answers import Coded, LateSource, RunAnswer, SourceAnswer, SourcesLine

if TYPE_CHECKING:
    from opportunity.store import Store
    from opportunity.store.sources import SourceState

RUNS_LOOKED_AT = 30
RUNS_SHOWN = 10
_HELD = dt.timedelta(seconds=3)
# Worst first.
_ORDER = ("broken", "blocked", "late", "degraded", "unknown", "paused", "ok")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One source now: its facts, health with a sentence, last complete run and last runs."""

    id: str
    title: str
    facts: Mapping[str, Any]
    enabled: bool
    health: Health
    sentence: str
    last_complete_at: dt.datetime | None
    paused_until: dt.datetime | None
    runs: tuple[Run, ...]

    @property
    def current(self) -> bool:
        """Unknown is not current; nor is anything else but ok."""
        return self.health is Health.OK

    @property
    def region(self) -> Coded | None:
        region = self.facts.get("region")
        return None if not region else Coded(code=region["code"], name=region["name"])

    @property
    def demonstration(self) -> bool:
        return bool(self.facts.get("demonstration")) or self.id.startswith("demo_")


class Freshness:
    """Judges every source from the store; an answer is kept for a few seconds."""

    def __init__(self, *, store: Store, clock: Callable[[], dt.datetime]) -> None:
        self._store, self._clock = store, clock
        self._held: tuple[dt.datetime, dict[str, Standing]] | None = None

    def standings(self) -> dict[str, Standing]:
        """Every registered source by id."""
        now, held = self._clock(), self._held
        if held is not None and dt.timedelta(0) <= now - held[0] < _HELD:
            return held[1]
        found = {id: self._judge(state, now) for id, state in self._store.source_states().items()}
        self._held = (now, found)
        return found

    def standing(self, id: str) -> Standing | None:
        return self.standings().get(id)

    def titles(self) -> dict[str, str]:
        """Title of every registered source."""
        return {id: standing.title for id, standing in self.standings().items()}

    def line(self, sources: Sequence[str], regions: Sequence[str]) -> SourcesLine:
        """How many sources in scope are current, and each that is not, worst first."""
        scope = [
            each for each in self.standings().values()
            if each.enabled and (not sources or each.id in sources) and _covers(each, regions)
        ]
        late = sorted((each for each in scope if not each.current), key=_badness)
        return SourcesLine(
            total=len(scope), current=len(scope) - len(late),
            late=[
                LateSource(
                    id=each.id, title=each.title, health=each.health.value, sentence=each.sentence,
                    last_complete_at=each.last_complete_at,
                )
                for each in late
            ],
        )

    def answers(self) -> list[SourceAnswer]:
        """Every source with its runs: those switched on first, worst first."""
        ordered = sorted(self.standings().values(), key=lambda each: (not each.enabled, *_badness(each)))
        return [_source_answer(each) for each in ordered]

    def _judge(self, state: SourceState, now: dt.datetime) -> Standing:
        runs = self._store.runs(state.id, limit=RUNS_LOOKED_AT)
        verdict, sentence = health(state.facts, runs, state, now)
        return Standing(
            id=state.id, title=str(state.facts.get("title") or state.id), facts=state.facts, enabled=state.enabled,
            health=verdict, sentence=sentence, last_complete_at=last_complete(runs), paused_until=state.paused_until,
            runs=tuple(runs),
        )


def interval(facts: Mapping[str, Any]) -> int | None:
    """Minutes between two crawls by the timetable of the source; None when it has none."""
    minutes = (facts.get("timetable") or {}).get("minutes") or facts.get("interval_minutes")
    return None if minutes is None else int(minutes)


def last_complete(runs: Sequence[Run]) -> dt.datetime | None:
    """The end of the newest run that proves something whole (complete, or a proved empty one)."""
    whole = (Verdict.COMPLETE, Verdict.EMPTY)
    return max((run.ended_at for run in runs if run.ended_at is not None and run.verdict in whole), default=None)


def _covers(standing: Standing, regions: Sequence[str]) -> bool:
    """A source without a region is national; else its region and a chosen one must overlap."""
    if not regions or standing.region is None:
        return True
    own = standing.region.code
    return any(contains(own, code) or contains(code, own) for code in regions)


def _badness(standing: Standing) -> tuple[int, str]:
    return _ORDER.index(standing.health.value), standing.title


def _source_answer(standing: Standing) -> SourceAnswer:
    facts = standing.facts
    return SourceAnswer(
        id=standing.id, title=standing.title, publisher=facts.get("publisher"), official=facts.get("official"),
        region=standing.region, home=facts.get("home"), kind=facts.get("kind"), interval_minutes=interval(facts),
        attribution=facts.get("attribution"), demonstration=standing.demonstration,
        verified_live=facts.get("verified_live"), enabled=standing.enabled, health=standing.health.value,
        health_name=wording.HEALTH_TITLES[standing.health.value], sentence=standing.sentence,
        last_complete_at=standing.last_complete_at, paused_until=standing.paused_until,
        runs=[_run_answer(run) for run in standing.runs[:RUNS_SHOWN]],
    )


def _run_answer(run: Run) -> RunAnswer:
    return RunAnswer(
        id=run.id, started_at=run.started_at, ended_at=run.ended_at, verdict=run.verdict.value,
        verdict_name=run.verdict.chinese, sentence=run.sentence, new=run.counts.new, changed=run.counts.changed,
        rows=run.counts.rows, listed=run.listed, covered=run.covered,
        problems=[sentence for _, sentence in run.problems],
    )
