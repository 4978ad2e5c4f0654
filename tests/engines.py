"""How the tests open each engine. One entry per file in indexer/engines; the contract suite runs on all.

To add an engine: write ``indexer/engines/<name>.py`` and add ``BENCHES["<name>"]``. A bench whose engine
needs a server starts the real one in ``serve`` (once per test run, loopback, port 0) and stops it at the
end; there is no stand-in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from indexer.engine import Engine, WordCutter
from indexer.engines import open_engine
from opportunity.settings import Settings
from tests.elasticsearch_server import elasticsearch

# home folder -> settings that name the engine
SettingsFor = Callable[[Path], Settings]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """``serve`` yields how to make settings for a home; ``strings`` is how many random strings the
    recall proof asks (an engine over a network may ask fewer, never under 2,000).
    """

    serve: Callable[[], AbstractContextManager[SettingsFor]]
    strings: int = 20_000


@contextmanager
def _embedded() -> Iterator[SettingsFor]:
    yield lambda home: Settings(home=home, engine="embedded", index_memory_mb=32)


@contextmanager
def _elastic() -> Iterator[SettingsFor]:
    with elasticsearch() as url:
        yield lambda home: Settings(home=home, engine=f"elasticsearch:{url}")


BENCHES: dict[str, Bench] = {
    "elastic": Bench(serve=_elastic),
    "embedded": Bench(serve=_embedded),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Factory:
    """Opens engines of one kind; two engines over one home are as two processes."""

    name: str
    strings: int
    settings_for: SettingsFor
    cutter: WordCutter

    def open(self, home: Path, *, cutter: WordCutter | None = None, home_id: str = "") -> Engine:
        """An engine over ``home``; the home's id is by default its path, so two tests never meet."""
        return open_engine(self.settings_for(home), cutter or self.cutter, home_id=home_id or str(home))
