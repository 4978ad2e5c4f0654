"""A store on each database, and notices to put into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opportunity.settings import Settings
from opportunity.store import Store, open_store
from tests import servers
from tests.opportunity.store.samples import Clock


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    with servers.postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    return Settings(home=tmp_path / "home", database=url, busy_seconds=20)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(settings: Settings, clock: Clock) -> Iterator[Callable[[], Store]]:
    """Opens the store of the home, as another process would; all are closed at the end."""
    stores: list[Store] = []

    def open_one() -> Store:
        stores.append(open_store(settings, clock=clock))
        return stores[-1]

    yield open_one
    for one in stores:
        one.close()


@pytest.fixture
def store(opened: Callable[[], Store]) -> Store:
    return opened()
