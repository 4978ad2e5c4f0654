"""Running replicas for the tests of the replicas themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.replicas.replica import ManualClock, Replica

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def still() -> Iterator[Replica]:
    """Replicas whose clock stands still; tests that use it change nothing."""
    with Replica(seed=3, clock=ManualClock(), notices=130) as replica:
        yield replica


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def replica(clock: ManualClock) -> Iterator[Replica]:
    with Replica(seed=5, clock=clock, notices=60, control=True) as running:
        yield running


