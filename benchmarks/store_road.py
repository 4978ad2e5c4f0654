"""From parsed rows through store and index: ``python -m benchmarks.store_road [--notices N] [--corpus DIR]``.

Rows come with their fields, as from a spider, and are saved while a feeder in another process (which makes documents
ahead in a third) keeps the index at the store, as in production; the clock stops when the last notice can be searched. Making the rows
is not counted: they lie pickled in a file, and reading that is. Before it each stage is measured alone
over the first notices, one process: extraction (which the road does not hold), saving, documents, writing
the index. Prints JSON: notices a second, processor milliseconds a notice, peak megabytes of each process.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import pickle
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.corpus import Notices
from benchmarks.machine import machine
from crawlers.extraction import extract
from indexer.documents import document_of
from indexer.engines import open_engine
from indexer.feed import Feeder
from indexer.words import cutter
from opportunity.settings import Settings
from opportunity.store import Incoming, Store, open_store
from opportunity.store.store import system_clock
from tests.corpus import NOW

SAVED_AT_ONCE = 500


def rows_of(notices: Notices, start: int, count: int) -> list[Incoming]:
    return [
        Incoming(notice=record.notice, extracted=record.extracted, reader="given", seen_at=NOW, cause="benchmark")
        for record in notices.records(count, start)
    ]


def write_rows(path: Path, notices: Notices, count: int) -> None:
    with path.open("wb") as file:
        for start in range(0, count, SAVED_AT_ONCE):
            pickle.dump(rows_of(notices, start, min(SAVED_AT_ONCE, count - start)), file)


def read_rows(path: Path) -> Iterator[list[Incoming]]:
    with path.open("rb") as file:
        while True:
            try:
                yield pickle.load(file)
            except EOFError:
                return


def peak(who: int = resource.RUSAGE_SELF) -> int:
    return resource.getrusage(who).ru_maxrss // 1024


def spent(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def feed(home: Path, count: int, report: Connection) -> None:
    """The feeder's process: until the index holds ``count`` notices."""
    settings, words = Settings(home=home), cutter()
    with open_store(settings) as store:
        engine = open_engine(settings, words, home_id=store.home_id)
        feeder = Feeder(store, engine, words, settings, system_clock)
        report.send("ready")
        while engine.writer().cursor() < count:
            if not feeder.step():
                time.sleep(0.02)
        done = time.time()
        feeder.close()
        engine.close()
    report.send({
        "done": done, "feeder_cpu": spent(resource.RUSAGE_SELF), "ahead_cpu": spent(resource.RUSAGE_CHILDREN),
        "feeder_megabytes": peak(), "ahead_megabytes": peak(resource.RUSAGE_CHILDREN),
    })


def stages(folder: Path, notices: Notices, count: int) -> dict[str, dict[str, float]]:
    """Each stage alone: wall notices a second and processor milliseconds a notice, all threads."""
    rows, words = rows_of(notices, 0, count), cutter()
    words.words("采购")
    figures: dict[str, dict[str, float]] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        cpu = time.process_time() - cpu
        figures[name] = {
            "per_second": round(count / (time.perf_counter() - wall)), "cpu_ms": round(cpu * 1000 / count, 3)
        }
        return result

    def read(store: Store) -> list[Any]:
        return list(store.iterate(batch=1000))

    timed("extraction_apart", lambda: [extract(row.notice.title, row.notice.body) for row in rows])
    settings = Settings(home=folder / "stages")
    with open_store(settings) as store:
        parts = [rows[at : at + SAVED_AT_ONCE] for at in range(0, count, SAVED_AT_ONCE)]
        timed("store_save", lambda: [store.save(part) for part in parts])
        records = timed("store_read", lambda: read(store))
        documents = timed("documents", lambda: [document_of(record, words) for record in records])
        engine = open_engine(settings, words, home_id=store.home_id)
        index = engine.writer()

        def apply() -> None:
            for at in range(0, count, settings.index_batch):
                part = documents[at : at + settings.index_batch]
                index.apply(part, {}, part[-1].seq, NOW.isoformat())

        timed("index_apply", apply)
        engine.close()
    return figures


def road(folder: Path, notices: Notices, count: int) -> dict[str, Any]:
    path, home = folder / "rows", folder / "home"
    write_rows(path, notices, count)
    with open_store(Settings(home=home)) as store:
        here, there = multiprocessing.Pipe()
        feeding = multiprocessing.get_context("spawn").Process(target=feed, args=(home, count, there))
        feeding.start()
        here.recv()
        began, cpu = time.time(), time.process_time()
        for part in read_rows(path):
            store.save(part)
        saved, cpu = time.time(), time.process_time() - cpu
        report = here.recv()
        feeding.join()
    index = sum(file.stat().st_size for file in (home / "index").rglob("*") if file.is_file())
    return {
        "notices": count, "whole_per_second": round(count / (report["done"] - began)),
        "saved_per_second": round(count / (saved - began)), "saver_cpu_ms": round(cpu * 1000 / count, 3),
        "feeder_cpu_ms": round(report["feeder_cpu"] * 1000 / count, 3),
        "ahead_cpu_ms": round(report["ahead_cpu"] * 1000 / count, 3),
        "feeder_megabytes": report["feeder_megabytes"], "ahead_megabytes": report["ahead_megabytes"],
        "index_bytes_per_notice": round(index / count),
        "store_bytes_per_notice": round(sum(file.stat().st_size for file in home.glob("market.db*")) / count),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notices", type=int, default=100_000)
    parser.add_argument("--stage-notices", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path)
    options = parser.parse_args(arguments)
    notices = Notices(options.seed, options.corpus)
    with tempfile.TemporaryDirectory() as folder:
        result: dict[str, Any] = {"machine": machine(), "road": road(Path(folder), notices, options.notices)}
        result["road"]["saver_megabytes"] = peak()
        result["stages"] = stages(Path(folder), notices, min(options.notices, options.stage_notices))
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
