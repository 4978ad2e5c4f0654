"""One scheduler by lease, each (source, slot) once, a zombie refused by its token."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

from opportunity.notice import SHANGHAI
from opportunity.store import Store
from schedules import slots

NOW = dt.datetime(2026, 11, 24, 10, 0, tzinfo=SHANGHAI)
SECOND = dt.timedelta(seconds=1)


def claim(store: Store, token: int, now: dt.datetime = NOW, slot: str = "2026-11-24T02:00:00+00:00",
          merged: int = 0) -> slots.Claim | None:
    return slots.claim(store, "place_site", slot, token, now, stale_seconds=60, merged=merged)


def test_one_holder_at_a_time(store: Store) -> None:
    assert slots.acquire(store, "a", NOW, 30) == 1
    assert slots.acquire(store, "b", NOW + 10 * SECOND, 30) is None
    assert slots.acquire(store, "a", NOW + 20 * SECOND, 30) == 1, "renewing keeps the token"
    assert slots.acquire(store, "b", NOW + 49 * SECOND, 30) is None
    assert slots.acquire(store, "b", NOW + 51 * SECOND, 30) == 2
    assert slots.acquire(store, "a", NOW + 52 * SECOND, 30) is None


def test_a_clean_stop_hands_over_at_once(store: Store) -> None:
    slots.acquire(store, "a", NOW, 30)
    slots.release(store, "a")
    assert slots.acquire(store, "b", NOW + SECOND, 30) == 2


def test_a_clock_set_back_does_not_freeze_the_election(store: Store) -> None:
    assert slots.acquire(store, "a", NOW + dt.timedelta(days=1), 30) == 1
    assert slots.acquire(store, "b", NOW, 30) == 2


def test_a_slot_runs_once(store: Store) -> None:
    token = slots.acquire(store, "a", NOW, 30)
    assert token is not None
    first = claim(store, token, merged=3)
    assert first is not None
    assert first.merged == 3
    assert claim(store, token) is None
    assert slots.finish(store, first, NOW, state="done", exit_code=0, reason="完成")
    assert claim(store, token) is None, "a finished slot is not run again"
    assert claim(store, token, slot="2026-11-24T03:00:00+00:00") is not None


def test_many_bells_at_once_claim_once(store: Store) -> None:
    token = slots.acquire(store, "a", NOW, 30)
    assert token is not None
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: claim(store, token), range(24)))
    assert sum(item is not None for item in claims) == 1


def test_a_zombie_is_refused(store: Store) -> None:
    """SIGSTOP the leader past its lease, then CONT: it may neither claim nor record."""
    old = slots.acquire(store, "a", NOW, 30)
    assert old is not None
    mine = claim(store, old)
    assert mine is not None
    later = NOW + 100 * SECOND
    new = slots.acquire(store, "b", later, 30)
    assert new == 2
    assert claim(store, old, later, slot="2026-11-24T03:00:00+00:00") is None
    again = claim(store, new, later)
    assert again is not None
    assert again.attempt == 2
    assert not slots.show_life(store, mine, later)
    assert not slots.finish(store, mine, later, state="done", exit_code=0, reason="完成")
    assert slots.newest(store, "place_site")[0].state == "running"
    assert slots.finish(store, again, later, state="done", exit_code=0, reason="完成")


def test_a_killed_run_is_run_again_three_times_at_most(store: Store) -> None:
    now = NOW
    attempts = []
    for _ in range(6):
        token = slots.acquire(store, "a", now, 30)
        assert token is not None
        got = claim(store, token, now)
        attempts.append(None if got is None else got.attempt)
        now += 100 * SECOND
    assert attempts == [1, 2, 3, None, None, None]


def test_a_run_that_shows_life_is_left_alone(store: Store) -> None:
    token = slots.acquire(store, "a", NOW, 30)
    assert token is not None
    mine = claim(store, token)
    assert mine is not None
    now = NOW
    for _ in range(5):
        now += 50 * SECOND
        token = slots.acquire(store, "a", now, 300)
        assert token is not None
        assert claim(store, token, now) is None
        assert slots.show_life(store, mine, now)


def test_an_expired_lease_claims_nothing(store: Store) -> None:
    token = slots.acquire(store, "a", NOW, 30)
    assert token is not None
    assert claim(store, token, NOW + 31 * SECOND) is None
