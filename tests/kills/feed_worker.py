"""A feeder to be killed: ``python -m tests.kills.feed_worker HOME [--rebuild]`` feeds until idle, then ends.

Prints, flushed: ``cursor N`` after each committed batch, ``built N`` during a rebuild, ``idle`` at the end.
``load`` fills a home with notices whose titles tell their version; ``check`` proves that the index is
the store: every notice once, in its newest version, nothing removed, the cursor at the watermark.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path

from indexer.engines import open_engine
from indexer.feed import Feeder
from indexer.words import cutter
from opportunity.notice import Notice
from opportunity.query import Everything, Phrase, Query, Scope
from opportunity.settings import Settings
from opportunity.store import Incoming, Store, open_store
from tests.corpus import NOW, Corpus

BATCH = 15
CORPUS = Corpus(seed=4, longest=90)
VERSIONS = "甲乙丙丁戊己庚辛"


def settings_of(home: Path, batch: int = BATCH, engine: str = "embedded") -> Settings:
    return Settings(home=home, index_batch=batch, index_memory_mb=16, engine=engine)


def clock() -> dt.datetime:
    return NOW


def mark(version: int) -> str:
    """What stands in the title of a version and of no other."""
    return f"{VERSIONS[version]}稿公示标记"


def notice_of(index: int, version: int) -> Notice:
    return dataclasses.replace(CORPUS.notice(index), title=mark(version), body=CORPUS.notice(index, version).body)


def load(store: Store, first: int, count: int, version: int = 0) -> None:
    """Notices of one version; a hundred a transaction."""
    notices = [notice_of(index, version) for index in range(first, first + count)]
    for start in range(0, count, 100):
        store.save([
            Incoming(notice=notice, extracted={}, reader="given", seen_at=NOW, cause="load")
            for notice in notices[start : start + 100]
        ])


def check(settings: Settings, newest: dict[int, int], removed: Sequence[int] = ()) -> None:
    """``newest``: notice number -> its newest version."""
    words = cutter()
    with open_store(settings) as store:
        engine = open_engine(settings, words, home_id=store.home_id)
        index = engine.current()
        assert index is not None and index.cursor() == store.watermark()
        kept = {number: version for number, version in newest.items() if number not in removed}
        assert index.count() == len(kept) == store.count()

        def ids(text: str | None) -> list[str]:
            root = Everything() if text is None else Phrase(raw=text, text=text, scope=Scope.TITLE)
            return list(index.every_id(Query(root=root, fingerprint=words.fingerprint, now=NOW)))

        assert ids(None) == sorted(notice_of(number, 0).id for number in kept)
        for version in range(len(VERSIONS)):
            expected = sorted(notice_of(number, 0).id for number, v in kept.items() if v == version)
            assert ids(mark(version)) == expected
        engine.close()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--rebuild", action="store_true")
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--engine", default="embedded")
    options = parser.parse_args(arguments)
    settings = settings_of(options.home, options.batch, options.engine)
    words = cutter()
    with open_store(settings) as store:
        engine = open_engine(settings, words, home_id=store.home_id)
        feeder = Feeder(store, engine, words, settings, clock)
        say("ready")
        if options.rebuild:
            feeder.rebuild(lambda done: say(f"built {done}"))
        while feeder.step():
            say(f"cursor {engine.writer().cursor()}")
        engine.close()
    say("idle")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
