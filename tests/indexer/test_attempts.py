"""A notice that kills the feeder's process is found, set aside and reported; all others are indexed."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

from indexer.attempts import DEATHS, Attempts
from indexer.document import Document
from indexer.documents import document_of
from indexer.engines import open_engine
from indexer.feed import REASON, Feeder
from indexer.words import Cutter, cutter
from opportunity.notice import NoticeRecord
from opportunity.query import Everything, Query
from opportunity.store import open_store
from tests.corpus import NOW
from tests.kills.feed_worker import clock, load, notice_of, settings_of

COUNT = 40
POISON = 22


def _feed(home: str) -> None:
    """One life of a feeder; the engine ends the process at the poison, as tantivy does without memory."""
    settings = settings_of(Path(home))

    def deadly(record: NoticeRecord, words: Cutter) -> Document:
        if record.id == notice_of(POISON, 0).id:
            os._exit(134)
        return document_of(record, words)

    with open_store(settings) as store:
        engine = open_engine(settings, cutter(), home_id=store.home_id)
        Feeder(store, engine, cutter(), settings, clock, make_document=deadly).run_until_idle()
        engine.close()
    os._exit(0)


def test_a_notice_that_kills_the_process_stops_nobody(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    with open_store(settings) as store:
        load(store, 0, COUNT)
    fork = multiprocessing.get_context("fork")
    deaths = 0
    while True:
        life = fork.Process(target=_feed, args=(str(tmp_path),))
        life.start()
        life.join(60)
        if life.exitcode == 0:
            break
        assert life.exitcode == 134
        deaths += 1
        assert deaths <= 2 * DEATHS
    assert deaths == 2 * DEATHS, "so many of the batch, so many alone"
    with open_store(settings) as store:
        engine = open_engine(settings, cutter(), home_id=store.home_id)
        index = engine.current()
        assert index is not None
        assert index.cursor() == store.watermark()
        query = Query(root=Everything(), fingerprint=cutter().fingerprint, now=NOW)
        assert set(index.every_id(query)) == {notice_of(number, 0).id for number in range(COUNT) if number != POISON}
        aside = [item for item in store.quarantined() if item.reason == REASON]
        assert [item.key for item in aside] == [notice_of(POISON, 0).key]
        engine.close()
    assert not (tmp_path / "run" / "feeder-attempt.json").exists()


def test_deaths_count_only_at_one_place_and_only_in_a_row(tmp_path: Path) -> None:
    for cursor in range(3 * DEATHS):
        life = Attempts(tmp_path)
        assert life.care(cursor) == "none"
        life.begin(cursor, cursor + 10)
    for _ in range(DEATHS - 1):
        life = Attempts(tmp_path)
        assert life.care(100) == "none"
        life.begin(100, 110)
    life.survived()
    assert Attempts(tmp_path).care(100) == "none"


def test_a_note_that_cannot_be_read_is_no_note(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "feeder-attempt.json").write_text("{", "utf-8")
    assert Attempts(tmp_path).care(0) == "none"
