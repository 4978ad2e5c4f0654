"""Pages kept by their hash, in packs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from opportunity.errors import NotFound, StoreError
from opportunity.settings import Settings
from opportunity.store import Store
from tests.opportunity.store.samples import page


def test_a_page_comes_back_whole(store: Store) -> None:
    kept = page("<html>湖心小学</html>".encode())
    sha256 = store.save_page(kept, run=7)
    assert store.load_page(sha256) == kept.content
    assert store.page(sha256) == kept
    meta = store.page_meta(sha256)
    assert (meta.origin, meta.run, meta.size, meta.request) == (kept.origin, 7, len(kept.content), kept.request)


def test_the_same_bytes_twice_are_kept_once(store: Store, settings: Settings) -> None:
    store.save_page(page())
    [pack] = (settings.home / "pages").iterdir()
    size = pack.stat().st_size
    assert store.save_page(page(url="http://127.0.0.1:9/b.html")) == page().sha256
    assert pack.stat().st_size == size
    assert store.page_meta(page().sha256).url == page().url


def test_the_text_is_decoded_as_it_was(store: Store) -> None:
    content = "采购公告".encode("gb18030") + b"\xff"
    text = content.decode("gb18030", "replace")
    kept = dataclasses.replace(page(content), text=text, encoding="gb18030", replaced=1)
    assert store.page(store.save_page(kept)) == kept


def test_an_unknown_page_is_not_found(store: Store) -> None:
    for name in ("ab" * 32, "not a hash"):
        with pytest.raises(NotFound):
            store.load_page(name)


def test_a_damaged_pack_is_noticed(store: Store, settings: Settings) -> None:
    sha256 = store.save_page(page(b"0123456789" * 50))
    [pack] = (settings.home / "pages").iterdir()
    whole = pack.read_bytes()
    for position in range(len(whole)):
        pack.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        try:
            assert store.load_page(sha256) == b"0123456789" * 50
        except StoreError:
            continue
        assert position >= 0
    pack.write_bytes(whole[:-1])
    with pytest.raises(StoreError):
        store.load_page(sha256)
    pack.unlink()
    with pytest.raises(StoreError):
        store.load_page(sha256)


def test_the_tail_a_crash_left_is_harmless(opened: Callable[[], Store], settings: Settings) -> None:
    one = opened()
    first = one.save_page(page(b"first"))
    one.close()
    [pack] = (settings.home / "pages").iterdir()
    with open(pack, "ab") as file:
        file.write(b"MPK1 half a frame")
    two = opened()
    second = two.save_page(page(b"second"))
    assert (two.load_page(first), two.load_page(second)) == (b"first", b"second")
    assert [item.name for item in (settings.home / "pages").iterdir()] == [pack.name]


def test_two_writers_have_a_pack_each_and_a_full_pack_is_left(
    opened: Callable[[], Store], settings: Settings
) -> None:
    one, two = opened(), opened()
    hashes = []
    for number in range(3):
        hashes.append(one.save_page(page(f"one {number}".encode())))
        hashes.append(two.save_page(page(f"two {number}".encode())))
    assert len(list((settings.home / "pages").iterdir())) == 2
    one.packs.pack_bytes = 1
    hashes.append(one.save_page(page(b"one in a new pack")))
    assert len(list((settings.home / "pages").iterdir())) == 3
    assert [two.load_page(sha256) for sha256 in hashes[-1:]] == [b"one in a new pack"]
    assert {one.load_page(sha256)[:3] for sha256 in hashes} == {b"one", b"two"}
