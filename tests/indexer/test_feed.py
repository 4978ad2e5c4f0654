"""The feeder: follows the store, survives kill -9, rebuilds beside, and no notice stops the others."""

from __future__ import annotations

import dataclasses
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from indexer.document import Document
from indexer.documents import document_of
from indexer.engine import Engine, Index
from indexer.engines import open_engine
from indexer.feed import REASON, DocumentOf, Feeder
from indexer.words import Cutter, cutter
from opportunity.errors import IndexBusy, RebuildNeeded, StoreError
from opportunity.notice import NoticeRecord
from opportunity.query import Phrase, Query
from opportunity.store import Incoming, Store, open_store
from tests.corpus import NOW
from tests.kills import feed_worker
from tests.kills.feed_worker import check, clock, load, mark, notice_of, settings_of

ROOT = Path(__file__).parents[2]


class Bench:
    """A home with store, engine and feeder."""

    def __init__(self, home: Path) -> None:
        self.settings = settings_of(home)
        self.store: Store = open_store(self.settings)
        self.words: Cutter = cutter()
        self.engine: Engine = self.new_engine()

    def new_engine(self) -> Engine:
        return open_engine(self.settings, self.words, home_id=self.store.home_id)

    def feeder(self, make_document: DocumentOf = document_of, engine: Engine | None = None) -> Feeder:
        return Feeder(
            self.store, engine or self.engine, self.words, self.settings, clock, make_document=make_document
        )

    def index(self) -> Index:
        index = self.engine.current()
        assert index is not None
        return index

    def found(self, text: str) -> list[str]:
        query = Query(root=Phrase(raw=text, text=text), fingerprint=self.words.fingerprint, now=NOW)
        return list(self.index().every_id(query))

    def check(self, newest: dict[int, int], removed: tuple[int, ...] = ()) -> None:
        self.engine.close()
        check(self.settings, newest, removed)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "home")
    yield made
    made.engine.close()
    made.store.close()


def test_an_empty_store_gives_an_empty_index(bench: Bench) -> None:
    assert bench.feeder().step() == 0
    assert (bench.index().count(), bench.index().cursor()) == (0, 0)


def test_changes_are_followed_batch_by_batch(bench: Bench) -> None:
    load(bench.store, 0, 40)
    feeder = bench.feeder()
    assert [feeder.step() for _ in range(4)] == [15, 15, 10, 0]
    assert bench.index().as_of().at == bench.store.committed_at(40)
    bench.check(dict.fromkeys(range(40), 0))


def test_new_versions_replace_and_take_downs_remove(bench: Bench) -> None:
    load(bench.store, 0, 20)
    bench.feeder().run_until_idle()
    load(bench.store, 5, 10, version=1)
    bench.store.take_down(notice_of(3, 0).id, reason="test", at=NOW)
    bench.store.take_down(notice_of(7, 0).id, reason="test", at=NOW)
    assert bench.feeder().run_until_idle() == 12
    bench.check({**dict.fromkeys(range(20), 0), **dict.fromkeys(range(5, 15), 1)}, removed=(3, 7))


def test_a_notice_that_came_and_went_before_the_feeder_looked(bench: Bench) -> None:
    load(bench.store, 0, 30)
    bench.store.take_down(notice_of(2, 0).id, reason="test", at=NOW)
    assert bench.feeder().run_until_idle() == 31
    bench.check(dict.fromkeys(range(30), 0), removed=(2,))


def test_a_removed_demonstration_source_may_come_again(bench: Bench) -> None:
    def save() -> None:
        notice = dataclasses.replace(notice_of(1, 0), source="demo_invented_city")
        bench.store.save([Incoming(notice=notice, extracted={}, reader="given", seen_at=NOW, cause="load")])
        bench.feeder().run_until_idle()

    save()
    bench.store.remove_source("demo_invented_city", at=NOW)
    bench.feeder().run_until_idle()
    assert bench.index().count() == 0
    save()
    assert bench.index().count() == 1


# --- poison


class Poison(Exception):
    pass


def failing_for(number: int, *, always: bool) -> DocumentOf:
    id = notice_of(number, 0).id

    def make(record: NoticeRecord, words: Cutter) -> Document:
        if record.id == id and (always or record.fields):
            raise Poison("不可解析")
        return document_of(record, words)

    return make


def test_a_notice_whose_facts_fail_is_found_by_its_text(bench: Bench) -> None:
    load(bench.store, 0, 20)
    bench.feeder(failing_for(4, always=False)).run_until_idle()
    assert (bench.index().count(), bench.index().cursor()) == (20, 20)
    assert notice_of(4, 0).id in bench.found(mark(0))
    (aside,) = bench.store.quarantined()
    assert aside.reason == REASON and aside.key == "4" and "不可解析" in aside.detail


def test_a_notice_that_cannot_be_made_at_all_stops_nobody(bench: Bench) -> None:
    load(bench.store, 0, 20)
    bench.feeder(failing_for(4, always=True)).run_until_idle()
    assert (bench.index().count(), bench.index().cursor()) == (19, 20)
    assert {aside.key for aside in bench.store.quarantined()} == {"4"}
    bench.feeder().rebuild()
    assert bench.index().count() == 20, "once it can be made, a rebuild brings it back"


@pytest.mark.parametrize("values", [{"amounts": {"budget": "面议"}}, {"texts": {"title": ("\ud800",)}}])
def test_a_value_that_no_index_holds_stops_nobody(bench: Bench, values: dict[str, Any]) -> None:
    poison = notice_of(9, 0).id

    def make(record: NoticeRecord, words: Cutter) -> Document:
        document = document_of(record, words)
        bad = record.id == poison and (record.fields or "texts" in values)
        return dataclasses.replace(document, **values) if bad else document

    load(bench.store, 0, 20)
    bench.feeder(make).run_until_idle()
    assert bench.index().cursor() == 20
    assert bench.index().count() == (20 if "amounts" in values else 19)
    assert {aside.key for aside in bench.store.quarantined()} == {"9"}


def test_a_failing_store_is_not_taken_for_a_bad_notice(bench: Bench) -> None:
    def make(record: NoticeRecord, words: Cutter) -> Document:
        raise StoreError("磁盘已满")

    load(bench.store, 0, 5)
    with pytest.raises(StoreError):
        bench.feeder(make).step()
    assert bench.index().cursor() == 0
    assert bench.feeder().run_until_idle() == 5


# --- rebuilding


def test_a_rebuild_tells_its_progress_and_switches(bench: Bench) -> None:
    load(bench.store, 0, 50)
    seen: list[int] = []
    assert bench.feeder().rebuild(seen.append) == 50
    assert seen == [15, 30, 45, 50]
    bench.check(dict.fromkeys(range(50), 0))


def test_what_is_committed_during_a_build_is_in_the_new_index(bench: Bench) -> None:
    load(bench.store, 0, 40)
    bench.feeder().run_until_idle()

    def meanwhile(done: int) -> None:
        if done == 15:
            load(bench.store, 0, 5, version=1)  # behind the reader
            load(bench.store, 30, 5, version=1)  # ahead of the reader
            load(bench.store, 60, 10)
            bench.store.take_down(notice_of(1, 0).id, reason="test", at=NOW)
            bench.store.take_down(notice_of(38, 0).id, reason="test", at=NOW)

    bench.feeder().rebuild(meanwhile)
    newest = dict.fromkeys([*range(40), *range(60, 70)], 0)
    newest |= dict.fromkeys([*range(5), *range(30, 35)], 1)
    bench.check(newest, removed=(1, 38))


def test_the_old_index_answers_and_the_live_feed_goes_on_during_a_build(bench: Bench) -> None:
    load(bench.store, 0, 30)
    bench.feeder().run_until_idle()
    live = bench.feeder(engine=bench.new_engine())
    bench.engine.close()
    counts: list[int] = []

    def meanwhile(done: int) -> None:
        load(bench.store, 100 + done, 2)
        live.run_until_idle()
        counts.append(bench.index().count())

    bench.feeder().rebuild(meanwhile)
    assert counts == [32 + 2 * number for number in range(len(counts))] and len(counts) >= 2
    assert bench.index().count() == bench.index().cursor() == counts[-1]
    load(bench.store, 200, 3)
    assert live.run_until_idle() == 3, "the live feed finds the new index by itself"
    assert bench.index().count() == counts[-1] + 3


def test_a_build_feeds_the_live_index_from_its_own_process(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.feed._LIVE_EVERY", 15)
    load(bench.store, 0, 60)
    feeder = bench.feeder()
    assert feeder.step() == 15
    cursors: list[int] = []
    feeder.rebuild(lambda done: cursors.append(bench.index().cursor()))
    assert cursors == [15, 30, 45, 60]


def test_a_failed_build_leaves_the_old_index_and_can_be_done_again(bench: Bench) -> None:
    load(bench.store, 0, 40)
    bench.feeder().run_until_idle()

    def fail(done: int) -> None:
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        bench.feeder().rebuild(fail)
    assert bench.index().count() == 40
    other = bench.feeder(engine=bench.new_engine())
    other.rebuild()
    assert bench.index().count() == 40


def test_an_index_newer_than_the_store_asks_for_a_rebuild(bench: Bench) -> None:
    load(bench.store, 0, 10)
    bench.feeder().run_until_idle()
    bench.engine.writer().apply([], {}, 99, NOW.isoformat())
    with pytest.raises(RebuildNeeded):
        bench.feeder().step()
    bench.feeder().rebuild()
    bench.check(dict.fromkeys(range(10), 0))


def test_a_second_feeder_is_refused(bench: Bench) -> None:
    load(bench.store, 0, 10)
    bench.feeder().step()
    with pytest.raises(IndexBusy):
        bench.feeder(engine=bench.new_engine()).step()


# --- kill -9


def start(home: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", feed_worker.__name__, str(home), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def kill_after(worker: subprocess.Popen[str], lines: int, seconds: float) -> list[str]:
    """Kills after so many lines and a little more; returns what had been said (without ``ready``)."""
    assert worker.stdout is not None
    said = [line for _, line in zip(range(lines + 1), worker.stdout, strict=False)]
    time.sleep(seconds)
    worker.send_signal(signal.SIGKILL)
    said += worker.stdout.readlines()
    worker.wait()
    return [line.strip() for line in said[1:]]


def finish(home: Path) -> None:
    worker = start(home)
    output, _ = worker.communicate(timeout=120)
    assert worker.returncode == 0 and output.endswith("idle\n")


def acknowledged(said: list[str]) -> int:
    return max((int(line.split()[1]) for line in said if line.startswith("cursor")), default=0)


def test_killed_in_the_middle_nothing_is_lost_or_done_twice(bench: Bench) -> None:
    load(bench.store, 0, 300)
    load(bench.store, 0, 100, version=1)
    bench.store.take_down(notice_of(50, 0).id, reason="test", at=NOW)
    r, before = random.Random(6), 0
    for _ in range(4):
        said = kill_after(start(bench.settings.home), r.randint(0, 4), r.random() * 0.05)
        reached = bench.index().cursor()
        assert reached >= max(before, acknowledged(said)), "a committed batch was lost"
        before = reached
    finish(bench.settings.home)
    bench.check({**dict.fromkeys(range(300), 0), **dict.fromkeys(range(100), 1)}, removed=(50,))


def test_killed_in_the_middle_of_a_rebuild_the_old_index_answers(bench: Bench) -> None:
    load(bench.store, 0, 200)
    finish(bench.settings.home)
    r = random.Random(7)
    for _ in range(2):
        said = kill_after(start(bench.settings.home, "--rebuild"), r.randint(1, 6), r.random() * 0.03)
        assert any(line.startswith("built") for line in said)
        assert (bench.index().count(), bench.index().cursor()) == (200, 200)
    load(bench.store, 0, 20, version=1)
    worker = start(bench.settings.home, "--rebuild")
    worker.communicate(timeout=120)
    bench.check({**dict.fromkeys(range(200), 0), **dict.fromkeys(range(20), 1)})
    folders = [path for path in (bench.settings.home / "index").iterdir() if path.is_dir()]
    assert len(folders) == 1, "what killed builds left behind is gone"
