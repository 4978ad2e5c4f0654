"""A home and a store of their own for each test of the schedule."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opportunity.settings import Settings
from opportunity.store import Store, open_store


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    opened = open_store(settings)
    yield opened
    opened.close()
