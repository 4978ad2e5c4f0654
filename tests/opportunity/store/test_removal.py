"""What is taken down is gone from the disk and stays down; a demonstration can go whole."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from opportunity.change import ChangeKind
from opportunity.errors import BadInput, NotFound, StoreError
from opportunity.notice import Origin
from opportunity.settings import Settings
from opportunity.store import Store, open_store
from tests.opportunity.store.samples import START, incoming, page

# Letters that no compression shortens and no other file holds.
SECRET = "".join(random.Random(5).choice("甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥") for _ in range(120))


def everything_on_disk(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_a_take_down_removes_every_text_and_its_own_pages_from_the_disk(
    store: Store, settings: Settings
) -> None:
    own = store.save_page(page(SECRET.encode()))
    shared = store.save_page(page(b"a list of many", purpose="list", url="http://127.0.0.1:9/list"))
    store.save([incoming("b", pages=(shared,))])
    [saved] = store.save([incoming(title=SECRET, fields={}, pages=(own, shared), extra={"x": SECRET})])
    store.save([incoming(title=SECRET + "更正", fields={}, pages=(own, shared))])
    store.quarantine(source="import", key="a", url=None, reason="r", detail=SECRET, payload=b"", run=None, at=START)
    own_frame = everything_on_disk(settings.home / "pages").index(b"MPK1", 1)
    if not settings.database:  # so that the search below would find it
        assert SECRET.encode() in everything_on_disk(settings.home)
    store.take_down(saved.id, reason="本人要求", at=START)
    assert store.record(saved.id) is None and store.record(saved.id, 1) is None
    assert store.record_as_of(saved.id, 4) is None
    with pytest.raises(NotFound):
        store.load_page(own)
    assert store.load_page(shared) == b"a list of many"
    assert store.quarantined() == []
    assert SECRET.encode() not in everything_on_disk(settings.home)
    assert everything_on_disk(settings.home / "pages").startswith(bytes(own_frame) + b"MPK1")
    assert store.changes(3, 9)[0].kind is ChangeKind.REMOVED
    assert store.taken_down(saved.id) == ("本人要求", START)


def test_what_was_taken_down_stays_down(opened: Callable[[], Store]) -> None:
    store = opened()
    kept = page(SECRET.encode())
    [saved] = store.save([incoming(pages=(store.save_page(kept),))])
    store.take_down(saved.id, reason="r", at=START)
    store.take_down(saved.id, reason="again", at=START)
    store.close()
    store = opened()
    before = store.watermark()
    # the same page again, the page with other bytes, and a page asked for in other words
    for again in (kept, page(SECRET.encode() + b"!"), page(SECRET.encode() + b"?", url="http://127.0.0.1:9/a?s=1")):
        sha256 = store.save_page(again)
        [one] = store.save([incoming(pages=(sha256,), body="新的正文", fields={})])
        assert (one.outcome, one.seq) == ("removed", None)
        with pytest.raises(NotFound):
            store.load_page(sha256)
    assert (store.count(), store.watermark()) == (0, before)
    assert store.known_keys("import", ["a"]) == {"a"}
    payload = SECRET.encode()
    assert store.quarantine(
        source="import", key="a", url=None, reason="r", detail="", payload=payload, run=None, at=START
    ) == 0
    assert list(store.iterate()) == []


def test_a_list_page_of_other_notices_outlives_the_crawl_of_one_that_was_taken_down(store: Store) -> None:
    [saved] = store.save([incoming()])
    store.take_down(saved.id, reason="r", at=START)
    listing = store.save_page(page(b"many rows", purpose="list"))
    store.save([incoming(pages=(listing,))])
    store.save([incoming("b", pages=(listing,))])
    assert store.load_page(listing) == b"many rows"


def test_a_take_down_that_was_cut_short_is_finished_at_the_next_opening(
    opened: Callable[[], Store], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened()
    [saved] = store.save([incoming(pages=(store.save_page(page(SECRET.encode())),))])

    def crash(*_: object) -> None:
        raise StoreError("power cut")

    monkeypatch.setattr(store.packs, "erase", crash)
    with pytest.raises(StoreError):
        store.take_down(saved.id, reason="r", at=START)
    size = len(everything_on_disk(settings.home / "pages"))
    assert everything_on_disk(settings.home / "pages").strip(b"\0")
    opened()
    assert everything_on_disk(settings.home / "pages") == bytes(size)


def test_a_reader_of_an_old_snapshot_only_postpones_the_emptying_of_the_log(tmp_path: Path) -> None:
    with open_store(Settings(home=tmp_path, busy_seconds=0.2)) as store:
        [saved] = store.save([incoming(title=SECRET, fields={})])
        with store.read() as connection:
            connection.execute(sa.text("SELECT count(*) FROM notice")).one()
            store.take_down(saved.id, reason="r", at=START)
            assert SECRET.encode() in everything_on_disk(tmp_path)
        with open_store(Settings(home=tmp_path)):
            assert SECRET.encode() not in everything_on_disk(tmp_path)


def test_an_unknown_notice_cannot_be_taken_down(store: Store) -> None:
    with pytest.raises(NotFound):
        store.take_down("none", reason="r", at=START)


def test_a_demonstration_source_goes_whole_and_may_come_back(store: Store) -> None:
    items = [
        incoming(
            str(number), source="demo_x", origin=Origin.REPLICA,
            pages=(store.save_page(page(f"page {number}".encode())),),
        )
        for number in range(3)
    ]
    saved = store.save(items)
    store.save([incoming()])
    run = store.start_run("demo_x", slot=None, started_at=START, window_start=None)
    listing = store.save_page(page(b"a list", purpose="list"), run=run)
    store.set_source_state("demo_x", enabled=True)
    assert store.remove_source("demo_x", at=START) == 3
    assert (store.count(), store.run(run), store.source_states()) == (1, None, {})
    for sha256 in (listing, *items[0].notice.pages):
        with pytest.raises(NotFound):
            store.load_page(sha256)
    assert [change.notice for change in store.changes(4, 9)] == [one.id for one in saved]
    assert store.remove_source("demo_x", at=START) == 0
    [again] = store.save(items[:1])
    assert (again.outcome, again.version, again.seq) == ("new", 1, 8)
    record = store.record(again.id)
    assert record is not None and record.notice == items[0].notice


def test_a_real_source_cannot_be_removed_whole(store: Store) -> None:
    store.save([incoming()])
    with pytest.raises(BadInput):
        store.remove_source("import", at=START + dt.timedelta(days=1))
    assert store.count() == 1
