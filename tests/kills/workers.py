"""The five kinds of process that are killed: what each does in the home, over and over, until it is killed.

Each runs the code of production in a process forked by ``tests.kills.lane``; a number acknowledged on
the board is a promise that ``tests.kills.ledger`` holds it to.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from opportunity.errors import IndexBusy
from opportunity.settings import Settings
from opportunity.store import open_store
from tests.kills import store_writer
from tests.kills.board import Board, Phase, note_index, note_search, note_store

IMPORT_ROWS = 12
WRITER = "demo_writer"
PLACES = ("place_one", "place_two", "place_three")
PLACE_MINUTES = 30
LEASE_SECONDS = 2.0
NOW = dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)


class Worker:
    """One kind: ``prepare`` once in the killer (imports, wrappers), ``work`` in each forked process."""

    syscalls: tuple[str, ...]
    mean_seconds: float

    def prepare(self, board: Board) -> None:
        raise NotImplementedError

    def work(self, board: Board, settings: Settings, number: int, *, once: bool) -> None:
        raise NotImplementedError


def settings_of(home: Path, replicas: str = "") -> Settings:
    """Small batches and long patience: five lanes wait for one lock."""
    return Settings(
        home=home, replicas=replicas, port=0, index_batch=40, index_memory_mb=16, busy_seconds=120,
        lease_seconds=LEASE_SECONDS, crawls_at_once=4,
    )


def import_rows(step: int) -> list[dict[str, str]]:
    """The rows of one file that the writer imports."""
    return [
        {
            "id": f"{step}-{row}", "title": f"湖心镇第{step}号文件第{row}项采购公告", "body": f"采购内容为第{step}批课桌椅。",
            "url": f"http://127.0.0.1/import/{step}/{row}", "published": "2026-03-02",
        }
        for row in range(IMPORT_ROWS)
    ]


class WriterWorker(Worker):
    """Saves pages, notices and take-downs, and imports a file, step by step."""

    syscalls = ("pwrite64", "fdatasync", "fsync", "write")
    mean_seconds = 0.15

    def prepare(self, board: Board) -> None:
        import crawlers.importing  # noqa: F401

        note_store(board)

    def work(self, board: Board, settings: Settings, number: int, *, once: bool) -> None:
        from crawlers.importing import import_file

        file = settings.home.parent / "rows.jsonl"
        with open_store(settings) as store:
            board.enter(Phase.OUTSIDE)
            board.set_ready(True)
            while True:
                step = board.acknowledged + 1
                lines = [json.dumps(row, ensure_ascii=False) for row in import_rows(step)]
                file.write_text("\n".join(lines) + "\n", "utf-8")
                store_writer.take(store, WRITER, step)
                import_file(store, file, now=NOW, batch=5, workers=1)
                board.acknowledge(step)
                if once:
                    return


class FeederWorker(Worker):
    """Follows the store; every ninth process builds a new index beside the current one first."""

    syscalls = ("write", "fdatasync", "rename,renameat,renameat2")
    mean_seconds = 0.1

    def prepare(self, board: Board) -> None:
        import indexer.feed
        from indexer.engines import open_engine  # noqa: F401
        from indexer.words import cutter

        cutter()
        indexer.feed._LIVE_EVERY = 200
        note_store(board)
        note_index(board)

    def work(self, board: Board, settings: Settings, number: int, *, once: bool) -> None:
        from indexer.engines import open_engine
        from indexer.feed import Feeder
        from indexer.words import cutter

        with open_store(settings) as store:
            engine = open_engine(settings, cutter(), home_id=store.home_id)
            feeder = Feeder(store, engine, cutter(), settings, lambda: NOW)
            board.enter(Phase.OUTSIDE)
            board.set_ready(True)
            if number % 9 == 4:
                feeder.rebuild()
            while True:
                applied = feeder.step()
                board.acknowledge(engine.writer().cursor())
                if applied == 0:
                    if once:
                        engine.close()
                        return
                    board.enter(Phase.IDLE)
                    time.sleep(0.02)
                    board.enter(Phase.OUTSIDE)


class CrawlWorker(Worker):
    """One crawl of a replica, the next portal each time."""

    syscalls = ("pwrite64", "fdatasync", "fsync", "write")
    mean_seconds = 1.2

    def prepare(self, board: Board) -> None:
        import scrapy.crawler  # noqa: F401

        import crawlers.crawl_process
        import crawlers.spiders

        crawlers.spiders.all_sources()
        note_store(board)

    def work(self, board: Board, settings: Settings, number: int, *, once: bool) -> None:
        from crawlers.crawl_process import run_crawl

        sources = sorted(settings.replica_bases)
        board.enter(Phase.FETCHING)
        board.set_ready(True)
        run_crawl(sources[number % len(sources)], settings)


class SchedulerWorker(Worker):
    """A scheduler whose crawls are small programs that take the source's lock and write down that they ran."""

    syscalls = ("pwrite64", "fdatasync", "rename,renameat,renameat2")
    mean_seconds = 0.35

    def prepare(self, board: Board) -> None:
        import schedules.scheduler  # noqa: F401

        note_store(board)

    def work(self, board: Board, settings: Settings, number: int, *, once: bool) -> None:
        from schedules.jobs import CrawlLauncher
        from schedules.scheduler import Scheduler

        def clock() -> dt.datetime:
            return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=board.shift_seconds)

        program = Path(__file__).with_name("small_crawl.py")
        command = (sys.executable, "-I", "-S", str(program), str(settings.home.parent / "crawls.log"))
        with open_store(settings) as store:
            launcher = CrawlLauncher(settings, command=command, poll_seconds=0.02, life_seconds=0.2)
            scheduler = Scheduler(store, settings, launcher, clock)
            board.enter(Phase.OUTSIDE)
            board.set_ready(True)
            scheduler.start()
            while not (once and all_done(settings, clock)):
                time.sleep(0.02)
            scheduler.stop()


def all_done(settings: Settings, clock: Callable[[], dt.datetime]) -> bool:
    """Whether the newest slot of every place has ended."""
    from schedules import slots
    from schedules.scheduler import slot_name
    from schedules.timetable import Entry, newest_slot

    with open_store(settings, create=False) as store:
        for place in PLACES:
            entry = Entry(source=place, minutes=PLACE_MINUTES, cron=None, time_limit_minutes=5)
            planned = newest_slot(entry, clock())
            last = slots.newest(store, place)
            if planned is None or not last or last[0].slot != slot_name(planned):
                return False
            if last[0].state == "running" and last[0].attempt < slots.ATTEMPTS:
                return False
    return True


class WebWorker(Worker):
    """The web server; the lane searches it meanwhile."""

    syscalls = ("pwrite64", "fdatasync", "sendto,send,write")
    mean_seconds = 0.5

    def prepare(self, board: Board) -> None:
        import search_api.server  # noqa: F401
        from indexer.words import cutter
        from search_api.app import create_app  # noqa: F401

        cutter()
        note_store(board)
        note_search(board)

    def work(self, board: Board, settings: Settings, number: int, *, once: bool) -> None:
        from indexer.engines import open_engine
        from indexer.words import cutter
        from opportunity.store.store import system_clock
        from search_api.app import create_app
        from search_api.server import serve

        with open_store(settings) as store:
            engine = open_engine(settings, cutter(), home_id=store.home_id)
            app = create_app(settings, store=store, engine=engine, cutter=cutter())
            board.enter(Phase.OUTSIDE)
            serve(app, settings, system_clock)


WORKERS: dict[str, Worker] = {
    "writer": WriterWorker(), "feeder": FeederWorker(), "crawl": CrawlWorker(), "scheduler": SchedulerWorker(),
    "web": WebWorker(),
}


def run_worker(kind: str, board: Board, settings: Settings, number: int, *, once: bool) -> int:
    """What a forked process does; its exit code. An index lock that a killed process has just left is waited for."""
    logging.getLogger().setLevel(logging.ERROR)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    for _ in range(200):
        try:
            WORKERS[kind].work(board, settings, number, once=once)
            return 0
        except IndexBusy:
            time.sleep(0.05)
    return 3
