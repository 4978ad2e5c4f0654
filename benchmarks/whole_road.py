"""The whole road on two cores: ``python -m benchmarks.whole_road [--notices N] [--corpus DIR] [--rebuild]``.

A JSONL file is imported (parsed, extracted, stored) while a feeder in a second process keeps the index at the
store, as ``market import`` beside ``market feed`` do. The clock stops when the last notice can be
searched. Prints JSON: notices a second by stage and over all, processor milliseconds a notice (import with its readers; feeder), peak memory.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.corpus import Notices
from crawlers.importing import import_file
from indexer.engines import open_engine
from indexer.feed import Feeder
from indexer.words import cutter
from opportunity.settings import Settings
from opportunity.store import open_store
from opportunity.store.store import system_clock


def write(path: Path, notices: Notices, count: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for index in range(count):
            notice = notices.notice(index)
            row = {"id": index, "title": notice.title, "body": notice.body, "published": "2026-03-01"}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def feed(home: Path, count: int, report: Connection) -> None:
    """Feeds until the index holds ``count`` notices."""
    settings = Settings(home=home)
    words = cutter()
    with open_store(settings) as store:
        engine = open_engine(settings, words, home_id=store.home_id)
        feeder = Feeder(store, engine, words, settings, system_clock)
        report.send("ready")
        busy = 0.0
        while engine.writer().count() < count:
            began = time.perf_counter()
            if feeder.step():
                busy += time.perf_counter() - began
            else:
                time.sleep(0.02)
        engine.close()
    report.send((busy, peak(), time.process_time()))


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def children() -> float:
    """Processor seconds of ended child processes (the import's readers)."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notices", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home, rows = Path(folder) / "home", Path(folder) / "rows.jsonl"
        write(rows, Notices(options.seed, options.corpus), options.notices)
        settings = Settings(home=home)
        with open_store(settings) as store:
            here, there = multiprocessing.Pipe()
            feeding = multiprocessing.get_context("spawn").Process(target=feed, args=(home, options.notices, there))
            feeding.start()
            here.recv()
            began, started = time.perf_counter(), time.process_time() + children()
            import_file(store, rows, now=system_clock())
            imported = time.perf_counter() - began
            busy, feeder_peak, feeder_cpu = here.recv()
            import_cpu = time.process_time() - started + children()
            whole = time.perf_counter() - began
            feeding.join()
            began = time.perf_counter()
            engine = open_engine(settings, cutter(), home_id=store.home_id)
            Feeder(store, engine, cutter(), settings, system_clock).rebuild()
            rebuilt = time.perf_counter() - began
            engine.close()
    json.dump({
        "notices": options.notices, "whole_road_per_second": round(options.notices / whole),
        "import_per_second": round(options.notices / imported), "feed_per_second": round(options.notices / busy),
        "rebuild_per_second": round(options.notices / rebuilt), "import_peak_megabytes": peak(),
        "feeder_peak_megabytes": feeder_peak, "import_cpu_ms": round(import_cpu * 1000 / options.notices, 2),
        "feeder_cpu_ms": round(feeder_cpu * 1000 / options.notices, 2),
    }, sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
