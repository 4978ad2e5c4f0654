"""Which window a run reads, and how far it may trust that known rows mean "everything below is known".

Pure: runs and the time are passed in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opportunity.notice import SHANGHAI
from opportunity.run import Run, Verdict
from opportunity.source import Source

# A gap longer than this is not caught up by one run: the window stops growing there and the run
# before it stays incomplete in the ledger.
LONGEST_WINDOW = dt.timedelta(days=30)
# Rows come to a list some time after the time they bear: what bears a time just before a run began may
# not have been there for it to see.
TRUST_MARGIN = dt.timedelta(hours=1)

# Runs looked at every time, and at most when none of those read everything (a month of one each quarter of an hour).
LATE_RUNS = 50
MOST_RUNS = 3_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What ``Crawl`` is given: rows published since ``start`` are wanted.

    ``trust_until``: stored rows published until then lie under a run that read everything, so two
    pages of them end a walk; None trusts none. ``whole``: walk on through known rows all the same,
    to find rows that the portal inserted late under an older date.
    """

    start: dt.datetime
    trust_until: dt.datetime | None = None
    whole: bool = False


def is_base(run: Run) -> bool:
    """Whether a run read everything that the portal listed at its time.

    A run whose only fault is that the portal keeps no more rows than it read is such a run: what
    lies between it and the next run can be proved even though its own window could not.
    """
    if run.verdict in (Verdict.COMPLETE, Verdict.EMPTY):
        return True
    only_the_cap = all(label == "limit" for label, _ in run.problems)
    return run.finish_reason == "finished" and run.total_capped and not run.chain_broken and only_the_cap


def runs_that_count(newest: Callable[[int], list[Run]]) -> list[Run]:
    """The runs a window is planned by: the newest, and however far back the last that read everything, or the first.

    ``newest`` gives so many of a source's newest runs. A portal that fails every half hour for a week
    has hundreds of runs after its last good one, and the window must reach that one all the same.
    """
    runs = newest(LATE_RUNS)
    if len(runs) == LATE_RUNS and not any(is_base(run) for run in runs):
        older = newest(MOST_RUNS)
        runs.append(next((run for run in older if is_base(run)), older[-1]))
    return runs


def plan_window(source: Source, runs: Sequence[Run], now: dt.datetime) -> Window:
    """The window of the next run of a source.

    ``runs`` are its finished runs in any order, as ``runs_that_count`` gives them. The window reaches
    ``overlap_hours`` behind the last run that read everything, or behind the first run there is. The
    first run of each day in Shanghai walks its whole window, unless runs of late met their budget.
    """
    ended = sorted((run for run in runs if run.ended_at is not None), key=lambda run: run.started_at)
    overlap = dt.timedelta(hours=source.timetable.overlap_hours)
    base = next((run for run in reversed(ended) if is_base(run)), None)
    anchor = base.started_at if base else min([now, *(run.started_at for run in ended)])
    start = max(min(now, anchor) - overlap, now - LONGEST_WINDOW)
    if base is None:
        return Window(start=start)
    newest = ended[-1]
    # A list that prints days only dates today's rows to the end of the day: hence the day added.
    trust = now + dt.timedelta(days=1) if newest is base else base.started_at - TRUST_MARGIN
    today = now.astimezone(SHANGHAI).date()
    first_today = newest.started_at.astimezone(SHANGHAI).date() < today
    overrun = any(run.chain_broken and any(label == "limit" for label, _ in run.problems) for run in ended)
    return Window(start=start, trust_until=trust, whole=first_today and not overrun)
