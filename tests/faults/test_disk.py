"""A disk that is full or fails: refused loudly, nothing half done, well again without hands."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from opportunity.settings import Settings
from opportunity.store import open_store
from tests.faults.processes import ROOT, acknowledged, run_code
from tests.kills.store_writer import check

FULL = """
import json, os, sys
from pathlib import Path
from indexer.engines import open_engine
from indexer.feed import Feeder
from indexer.words import cutter
from opportunity.errors import MarketError
from opportunity.settings import Settings
from opportunity.store import open_store
from tests.corpus import NOW
from tests.kills.store_writer import check, take

disk = Path(sys.argv[1])
ballast = disk / "ballast"
ballast.write_bytes(bytes(int(sys.argv[2])))
settings = Settings(home=disk / "home", index_memory_mb=16, index_batch=20)
told = {"refused": [], "feeder_refused": [], "read_while_full": 0}
with open_store(settings) as store:
    engine = open_engine(settings, cutter(), home_id=store.home_id)
    feeder = Feeder(store, engine, cutter(), settings, lambda: NOW)
    step = 0
    while len(told["refused"]) < 3 and step < 3000:
        try:
            take(store, "demo_a", step)
            step += 1
            told["refused"].clear()
        except MarketError as error:
            told["refused"].append(error.message)
        if step % 4 == 0:
            try:
                feeder.run_until_idle()
            except MarketError as error:
                told["feeder_refused"].append(error.message)
    told["read_while_full"] = sum(1 for _ in store.iterate())
    told["count_while_full"] = store.count()
    told["index_while_full"] = engine.current().count()
    ballast.unlink()
    take(store, "demo_a", step)
    feeder.run_until_idle()
    check(store, {"demo_a": step})
    told |= {"steps": step, "notices": store.count(), "indexed": engine.current().count(),
             "cursor": engine.current().cursor(), "watermark": store.watermark()}
    engine.close()
print(json.dumps(told, ensure_ascii=False))
"""


@pytest.mark.parametrize(("megabytes", "ballast"), [
    (7, 5_000_000), pytest.param(5, 2_500_000, marks=pytest.mark.long), pytest.param(12, 6_000_000, marks=pytest.mark.long),
])
def test_a_full_disk_refuses_reads_on_and_heals_in_the_same_process(tmp_path: Path, megabytes: int, ballast: int) -> None:
    """A small disk of its own, mounted in a namespace that ends with the program."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size={megabytes}m tmpfs {disk} && exec \"$@\""
    done = run_code(FULL, disk, ballast, before=["unshare", "-Urm", "sh", "-c", mount, "sh"])
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert len(told["refused"]) == 3, "the disk was never full"
    assert all("磁盘" in message or "索引" in message for message in told["refused"] + told["feeder_refused"]), told
    assert told["read_while_full"] == told["count_while_full"] > 0
    assert told["index_while_full"] > 0
    assert told["indexed"] == told["notices"]
    assert told["cursor"] == told["watermark"]
    assert list(disk.iterdir()) == [], "the disk was not ours alone"


@pytest.mark.parametrize(("file", "call", "count"), [
    ("market.db-wal", "fdatasync", 1), ("market.db-wal", "fdatasync", 2), ("market.db-wal", "fdatasync", 7),
    ("pages/00000001.pack", "fsync", 1), ("pages/00000001.pack", "fsync", 3),
])
def test_a_failed_sync_is_never_acknowledged_and_ends_the_process(tmp_path: Path, file: str, call: str, count: int) -> None:
    """SQLite itself passes over a failed sync of the folder at the log's birth; all others must be told."""
    home = tmp_path / "home"
    with open_store(Settings(home=home)):
        pass
    command = [
        "strace", "-f", "-qq", "-o", str(tmp_path / "trace"), "-P", str(home / file), "-e", f"trace={call}", "-e",
        f"inject={call}:error=EIO:when={count}", sys.executable, "-m", "tests.kills.store_writer", str(home), "--writer",
        "demo_a", "--to", "8",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert "INJECTED" in (tmp_path / "trace").read_text("utf-8")
    assert done.returncode != 0, "a process that cannot sync must not go on"
    assert "磁盘读写出错" in done.stderr
    last = acknowledged(done.stdout)
    assert last < 7
    with open_store(Settings(home=home)) as store:
        check(store, {"demo_a": last})
