"""Servers on loopback for the tests that run whole crawls."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crawlers.site import Sites, open_sites


@pytest.fixture
def sites() -> Iterator[Sites]:
    with open_sites() as opened:
        yield opened
