"""A real store and a real embedded index for the tests of search."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from indexer.engine import Engine
from indexer.engines import open_engine
from indexer.feed import Feeder
from indexer.words import Cutter, cutter
from opportunity.run import Run, RunCounts, Verdict
from opportunity.settings import Settings
from opportunity.store import Store, open_store
from opportunity.store.content import Incoming, Saved
from search_api.app import create_app
from search_api.service import Search
from tests.search_api.notices import NOW, invented


@dataclass(kw_only=True)
class Market:
    """One home with its store, engine, cutter and a clock that stands where it is put."""

    settings: Settings
    store: Store
    engine: Engine
    cutter: Cutter
    now: dt.datetime = NOW
    client: TestClient = field(init=False)

    def __post_init__(self) -> None:
        self.app = create_app(self.settings, store=self.store, engine=self.engine, cutter=self.cutter, clock=self.clock)
        self.client = TestClient(self.app, base_url="http://127.0.0.1", raise_server_exceptions=False)

    def clock(self) -> dt.datetime:
        return self.now

    @property
    def search(self) -> Search:
        service: Search = self.app.state.search
        return service

    def save(self, items: Sequence[Incoming]) -> list[Saved]:
        """Stores and indexes notices."""
        saved = self.store.save(items)
        self.index()
        return saved

    def index(self) -> None:
        """Brings the index up to date with the store."""
        Feeder(self.store, self.engine, self.cutter, self.settings, self.clock).run_until_idle()

    def register(self, id: str, title: str, *, enabled: bool = True, minutes: int = 60, **facts: Any) -> None:
        """Registers a source with its standing facts."""
        self.store.set_source_state(id, enabled=enabled, facts_json={
            "id": id, "title": title, "publisher": "某公共资源交易中心", "official": True, "region": None,
            "home": "https://portal.example/", "kind": "public_resources", "timetable": {"minutes": minutes, "cron": None},
            "interval_minutes": minutes, "attribution": "数据来自虚构门户", "demonstration": id.startswith("demo_"),
            "verified_live": False, **facts,
        })

    def ran(self, source: str, verdict: Verdict, sentence: str, *, hours_ago: float = 0.5, **facts: Any) -> None:
        """Writes down one finished run of a source."""
        began = self.now - dt.timedelta(hours=hours_ago)
        number = self.store.start_run(source, slot=None, started_at=began, window_start=None)
        self.store.finish_run(Run(
            id=number, source=source, slot=None, started_at=began, ended_at=began + dt.timedelta(minutes=2),
            window_start=None, finish_reason="finished", counts=RunCounts(rows=30, new=12, known=18), verdict=verdict,
            sentence=sentence, **facts,
        ))


def open_market(home: Path, **changes: Any) -> Iterator[Market]:
    """A market in ``home``; everything is closed afterwards."""
    settings = Settings(home=home, index_memory_mb=15, **changes)
    store = open_store(settings)
    words = cutter()
    engine = open_engine(settings, words, home_id=store.home_id)
    try:
        yield Market(settings=settings, store=store, engine=engine, cutter=words)
    finally:
        engine.close()
        store.close()


@pytest.fixture
def market(tmp_path: Path) -> Iterator[Market]:
    """An empty home of this test alone."""
    yield from open_market(tmp_path / "home")


@pytest.fixture(scope="package")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """Three hundred invented notices and three sources; tests only read it."""
    for opened in open_market(tmp_path_factory.mktemp("filled") / "home"):
        opened.register("test_portal", "虚构交易平台")
        opened.register("late_portal", "迟到交易平台")
        opened.register("off_portal", "停用交易平台", enabled=False)
        opened.ran("test_portal", Verdict.COMPLETE, "完整：列表 30 条，新增 12 条", listed=30, covered=30)
        opened.ran("late_portal", Verdict.COMPLETE, "完整", hours_ago=30)
        opened.ran("late_portal", Verdict.BLOCKED, "网站返回验证码页面", problems=(("blocked", "网站返回验证码页面"),))
        opened.save([invented(number) for number in range(300)])
        yield opened
