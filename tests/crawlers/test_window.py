"""Which window a run reads and how far it trusts known rows; and many runs in a row against one portal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.reading import RunOutcome
from crawlers.window import LONGEST_WINDOW, is_base, plan_window
from opportunity.page import PageRequest
from opportunity.run import Run, RunCounts, Verdict
from tests.crawlers.portals import SOURCE, START, Driver, Shelf, clean

HOUR = dt.timedelta(hours=1)


def run(
    hours: float, verdict: Verdict = Verdict.COMPLETE, *, finish_reason: str = "finished", capped: bool = False,
    broken: tuple[str, ...] = (), problems: tuple[tuple[str, str], ...] = (), number: int = 1,
) -> Run:
    at = START + hours * HOUR
    return Run(
        id=number, source=SOURCE.id, slot=None, started_at=at, ended_at=at + dt.timedelta(minutes=5),
        window_start=at - 24 * HOUR, finish_reason=finish_reason, counts=RunCounts(), total_capped=capped,
        chain_broken=broken, problems=problems, verdict=verdict,
    )


def test_the_first_window_looks_back_the_overlap_and_trusts_nothing() -> None:
    window = plan_window(SOURCE, [], START)
    assert window.start == START - 24 * HOUR
    assert window.trust_until is None
    assert not window.whole


def test_after_a_complete_run_known_rows_are_trusted() -> None:
    window = plan_window(SOURCE, [run(-0.5)], START)
    assert window.start == START - 24.5 * HOUR
    assert window.trust_until is not None and window.trust_until > START


def test_an_incomplete_run_is_no_ground_for_trust_in_what_it_stored() -> None:
    window = plan_window(SOURCE, [run(-5), run(-0.5, Verdict.INCOMPLETE)], START)
    assert window.start == START - 29 * HOUR
    assert window.trust_until == START - 6 * HOUR


def test_the_window_grows_over_an_outage_up_to_a_limit() -> None:
    assert plan_window(SOURCE, [run(-200)], START).start == START - 224 * HOUR
    assert plan_window(SOURCE, [run(-5000)], START).start == START - LONGEST_WINDOW


def test_without_any_complete_run_the_window_keeps_its_first_start() -> None:
    runs = [run(-30, Verdict.BLOCKED), run(-1, Verdict.BROKEN)]
    assert plan_window(SOURCE, runs, START).start == START - 54 * HOUR


def test_the_first_run_of_a_day_walks_its_whole_window_unless_runs_met_their_budget() -> None:
    assert plan_window(SOURCE, [run(-10)], START).whole
    assert not plan_window(SOURCE, [run(-1)], START).whole
    spent = run(-12, Verdict.INCOMPLETE, broken=("a",), problems=(("limit", "请求用完"),))
    assert not plan_window(SOURCE, [spent, run(-10)], START).whole


def test_a_run_that_read_all_a_cut_list_holds_is_a_base_and_one_that_broke_off_is_not() -> None:
    cut = (("limit", "只保留前 25 页"),)
    assert is_base(run(0, Verdict.INCOMPLETE, capped=True, problems=cut))
    assert not is_base(run(0, Verdict.INCOMPLETE, capped=True, problems=cut, broken=("dfgg",)))
    assert not is_base(run(0, Verdict.INCOMPLETE, capped=True, problems=(*cut, ("network", "超时"))))
    assert not is_base(run(0, Verdict.INCOMPLETE, capped=True, problems=cut, finish_reason="shutdown"))


@dataclass(slots=True)
class History:
    """Runs in a row against one portal, judged as strictly as may be: complete only without any remark."""

    driver: Driver
    runs: list[Run] = field(default_factory=list)

    def go(self, at: dt.datetime, budget: int) -> tuple[RunOutcome, dt.datetime]:
        window = plan_window(SOURCE, self.runs, at)
        outcome = self.driver.run(window, at, budget)
        self.runs.append(
            Run(
                id=len(self.runs) + 1, source=SOURCE.id, slot=None, started_at=at,
                ended_at=at + dt.timedelta(minutes=1), window_start=window.start,
                finish_reason=outcome.finish_reason, counts=outcome.counts, listed=outcome.listed,
                covered=outcome.covered, total_capped=outcome.total_capped, proved_empty=outcome.proved_empty,
                chain_broken=outcome.chain_broken, problems=outcome.problems,
                verdict=Verdict.COMPLETE if clean(outcome) else Verdict.INCOMPLETE,
            )
        )
        return outcome, window.start


@dataclass(frozen=True, slots=True)
class Turn:
    minutes: int
    published: int
    rate: int
    fail_at: int | None
    kill_at: int | None
    budget: int
    removed: tuple[int, ...]


turns = st.builds(
    Turn,
    minutes=st.sampled_from([30, 30, 30, 240, 1500]),
    published=st.integers(0, 30),
    rate=st.integers(0, 7),
    fail_at=st.one_of(st.none(), st.none(), st.integers(1, 40)),
    kill_at=st.one_of(st.none(), st.none(), st.integers(1, 40)),
    budget=st.sampled_from([15, 60, 10_000, 10_000]),
    removed=st.one_of(st.just(()), st.just(()), st.lists(st.integers(0, 40), max_size=3).map(tuple)),
)


@settings(max_examples=200, deadline=None)
@given(
    plan=st.lists(turns, min_size=1, max_size=7),
    shelf=st.builds(
        Shelf,
        size=st.integers(2, 6),
        totals=st.booleans(),
        keeps=st.sampled_from([None, None, 12, 40]),
        days_only=st.booleans(),
        cap=st.sampled_from([None, None, 20]),
    ),
)
def test_a_run_that_claims_to_be_complete_has_missed_nothing(plan: list[Turn], shelf: Shelf) -> None:
    """Portals publish between and during runs; runs fail, are killed, run out of budget. What a run
    that makes no remark leaves unread in its window would be a notice lost without a word."""
    history, now = History(Driver(shelf)), START
    ever: list[tuple[str, dt.datetime]] = []
    for turn in plan:
        for _ in range(turn.published):
            now += dt.timedelta(minutes=turn.minutes) / turn.published
            ever += [(one.key, now) for one in shelf.publish(1, now)]
        history.driver.fails = frozenset({turn.fail_at} if turn.fail_at else ())
        history.driver.kill_at = turn.kill_at
        before = list(ever)
        history.driver.between = busy(shelf, turn, now, ever)
        outcome, start = history.go(now, turn.budget)
        if clean(outcome):
            here = {one.key for one in shelf.entries}
            due = {key for key, published in before if key in here and published >= start and published > _told(history)}
            assert due <= history.driver.stored
            assert outcome.listed is None or outcome.listed == outcome.covered


def busy(
    shelf: Shelf, turn: Turn, at: dt.datetime, ever: list[tuple[str, dt.datetime]]
) -> Callable[[int, PageRequest], None]:
    """What a portal does between two answers: publish, and (where it counts its rows) withdraw some."""
    withdrawals = list(turn.removed) if shelf.totals and shelf.keeps is None else []

    def between(number: int, request: PageRequest) -> None:
        if request.purpose != "list" or number == 1:
            return
        if shelf.made < 400:
            ever.extend((one.key, at) for one in shelf.publish(turn.rate, at))
        if withdrawals and shelf.entries:
            del shelf.entries[withdrawals.pop() % len(shelf.entries)]

    return between


def _told(history: History) -> dt.datetime:
    """Until when rows may be gone because they scrolled out of a cut list, as an earlier run has said."""
    told = [run.started_at for run in history.runs[:-1] if run.total_capped]
    return max(told, default=dt.datetime.min.replace(tzinfo=dt.UTC))
