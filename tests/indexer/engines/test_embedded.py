"""What only the embedded engine promises: its files, its columns, damage told at once, panics contained."""

from __future__ import annotations

import dataclasses
import itertools
import math
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from indexer.document import Document
from indexer.documents import document_of
from indexer.engines import embedded_index, embedded_schema
from indexer.engines.embedded import EmbeddedEngine, open_engine
from indexer.engines.embedded_files import IndexFolders
from indexer.engines.embedded_guard import contained
from indexer.engines.embedded_query import cheapest_chain
from indexer.engines.embedded_schema import (
    BOUNDARY,
    freshness,
    id_number,
    number_of,
    order_key,
    paired,
    pairs,
)
from indexer.order import MAX_NUMBER
from indexer.words import Cutter, cutter
from opportunity.errors import EngineError, EngineUnavailable, IndexBusy, RebuildNeeded
from opportunity.query import Everything, Phrase, Query
from opportunity.settings import Settings
from tests.corpus import NOW, Corpus

AT = NOW.isoformat()


@pytest.fixture(scope="module")
def words() -> Cutter:
    return cutter()


@pytest.fixture(scope="module")
def documents(words: Cutter) -> list[Document]:
    return [document_of(item, words) for item in Corpus(seed=5, longest=120).records(30)]


@pytest.fixture
def opened(tmp_path: Path, words: Cutter) -> Iterator[Callable[[], EmbeddedEngine]]:
    engines: list[EmbeddedEngine] = []

    def new() -> EmbeddedEngine:
        engines.append(open_engine(Settings(home=tmp_path, index_memory_mb=16), words, home_id="home"))
        return engines[-1]

    yield new
    for engine in engines:
        engine.close()


def everything(words: Cutter) -> Query:
    return Query(root=Everything(), fingerprint=words.fingerprint, now=NOW)


# --- columns


@pytest.mark.parametrize("text", ["a", "ab", "abc", "招标公告", "𠮷野家𠮷", "x" * 999])
def test_pairs_are_each_two_neighbours_and_the_last_alone(text: str) -> None:
    assert pairs(text).split(" ")[: len(text)] == [*map("".join, itertools.pairwise(text)), text[-1]]
    assert paired([text, "", text]).split(" ").count(BOUNDARY) == 1


@pytest.mark.parametrize("descending", [True, False])
def test_order_columns_sort_as_numbers_do_and_unknown_last(descending: bool) -> None:
    r = random.Random(1)
    numbers = [0, 1, -1, 16, 255, 256, MAX_NUMBER, -MAX_NUMBER, *(r.randint(-(2**40), 2**40) for _ in range(200))]
    keys = [order_key(number, "b", descending=descending) for number in numbers]
    assert [number_of(key, descending=descending)[0] for key in sorted(keys)] == sorted(numbers, reverse=descending)
    assert max(keys) < order_key(None, "a", descending=descending)
    assert number_of(order_key(None, "a", descending=descending), descending=descending) == (None, "a")


def test_id_numbers_never_contradict_the_order_of_ids() -> None:
    r = random.Random(2)
    ids = sorted("".join(r.choices("abcz2347", k=r.randint(1, 12))) for _ in range(500))
    numbers = [id_number(id) for id in ids]
    assert numbers == sorted(numbers) and numbers[-1] < 2**63


def test_the_cheapest_chain_is_the_cheapest_that_leaves_no_gap() -> None:
    r = random.Random(3)
    for _ in range(300):
        costs = [r.randint(0, 9) for _ in range(r.randint(1, 9))]
        last = len(costs) - 1
        choices = [
            chain for size in range(1, len(costs) + 1) for chain in itertools.combinations(range(len(costs)), size)
            if chain[0] == 0 and chain[-1] == last and all(b - a <= 2 for a, b in itertools.pairwise(chain))
        ]
        chain = tuple(cheapest_chain(costs))
        assert chain in choices
        assert sum(costs[i] for i in chain) == min(sum(costs[i] for i in choice) for choice in choices)


def test_every_id_in_parts_is_every_id(
    opened: Callable[[], EmbeddedEngine], words: Cutter, documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    index = opened().writer()
    index.apply(documents, {}, 30, AT)
    monkeypatch.setattr(embedded_index, "_FEW_IDS", 4)
    monkeypatch.setattr(embedded_index, "_IDS_AT_ONCE", 3)
    assert list(index.every_id(everything(words))) == sorted(document.id for document in documents)


def test_a_tie_of_scores_across_a_page_is_broken_by_id(
    opened: Callable[[], EmbeddedEngine], words: Cutter, documents: list[Document]
) -> None:
    alike = [
        dataclasses.replace(documents[0], id=f"{number:04d}", texts={"title": ("同文",)}, words={"title": ("同文",)})
        for number in range(200)
    ]
    random.Random(4).shuffle(alike)
    index = opened().writer()
    index.apply(alike, {}, 1, AT)
    query = dataclasses.replace(everything(words), root=Phrase(raw="同文", text="同文"))
    assert [hit.id for hit in index.search(query, limit=7).hits] == [f"{number:04d}" for number in range(7)]
    second = index.search(query, limit=7, after=index.search(query, limit=7).hits[-1])
    assert [hit.id for hit in second.hits] == [f"{number:04d}" for number in range(7, 14)]


# --- files


def test_a_reader_in_another_engine_sees_each_commit(
    opened: Callable[[], EmbeddedEngine], documents: list[Document]
) -> None:
    writer = opened().writer()
    reader = opened().current()
    assert reader is not None
    for number in range(1, 6):
        writer.apply([documents[number]], {}, number, AT)
        assert reader.count() == number


def test_what_left_over_builds_and_old_indexes_held_is_dropped(
    opened: Callable[[], EmbeddedEngine], documents: list[Document], tmp_path: Path
) -> None:
    engine = opened()
    engine.writer().apply(documents, {}, 30, AT)
    engine.build_beside().close()
    assert len(folders(tmp_path)) == 2
    built = engine.build_beside()
    built.apply(documents, {}, 30, AT)
    engine.switch(built)
    assert folders(tmp_path) == [(tmp_path / "index" / "current").read_text()]


def test_an_index_being_built_is_not_dropped_by_the_live_writer(
    opened: Callable[[], EmbeddedEngine], documents: list[Document], tmp_path: Path
) -> None:
    live = opened()
    live.writer().apply(documents[:1], {}, 1, AT)
    live.close()
    builder = opened()
    built = builder.build_beside()
    built.finish()  # its folder is held no more, and is not yet current
    opened().writer()
    assert built.folder.name in folders(tmp_path)
    builder.switch(built)
    assert (tmp_path / "index" / "current").read_text() == built.folder.name


def test_without_an_index_a_feeder_waits_for_the_build(
    opened: Callable[[], EmbeddedEngine], tmp_path: Path
) -> None:
    builder = opened()
    built = builder.build_beside()
    feeding = opened()
    with pytest.raises(IndexBusy):
        feeding.writer()
    builder.switch(built)
    assert feeding.writer().count() == 0


def test_segment_files_that_no_commit_names_are_collected(
    opened: Callable[[], EmbeddedEngine], documents: list[Document], tmp_path: Path
) -> None:
    engine = opened()
    index = engine.writer()
    for number in range(1, 41):
        index.apply([dataclasses.replace(documents[number % 9], seq=number)], {}, number, AT)
    engine.close()
    opened().writer()
    assert len(list(index.folder.glob("*.idx"))) < 20


def folders(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "index").iterdir() if path.is_dir())


def damage_meta(folder: Path) -> None:
    (folder / "meta.json").unlink()


def spoil_meta(folder: Path) -> None:
    (folder / "meta.json").write_text("{", encoding="utf-8")


def largest(folder: Path, suffix: str) -> Path:
    return max(folder.glob(f"*.{suffix}"), key=lambda path: path.stat().st_size)


def flip(suffix: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = largest(folder, suffix)
        content = bytearray(file.read_bytes())
        content[len(content) // 3] ^= 0x40
        file.write_bytes(content)

    return change


def truncate(folder: Path) -> None:
    file = largest(folder, "pos")
    file.write_bytes(file.read_bytes()[:-20])


def delete_segment(folder: Path) -> None:
    largest(folder, "idx").unlink()


def empty_file(folder: Path) -> None:
    largest(folder, "fast").write_bytes(b"")


DAMAGES = {
    "no meta": damage_meta, "half a meta": spoil_meta, "truncated": truncate, "a file gone": delete_segment,
    "an empty file": empty_file, **{f"a flipped bit in {s}": flip(s) for s in ("idx", "pos", "term", "fast", "store")},
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_is_told_at_opening_and_a_rebuild_mends_it(
    opened: Callable[[], EmbeddedEngine], words: Cutter, documents: list[Document], damage: Callable[[Path], None]
) -> None:
    engine = opened()
    index = engine.writer()
    index.apply(documents, {}, 30, AT)
    engine.close()
    damage(index.folder)
    broken = opened()
    for ask in (broken.current, broken.writer):
        with pytest.raises(EngineUnavailable, match="market rebuild"):
            ask()
    built = broken.build_beside()
    built.apply(documents, {}, 30, AT)
    broken.switch(built)
    mended = broken.current()
    assert mended is not None
    assert list(mended.every_id(everything(words))) == sorted(document.id for document in documents)


def test_a_pointer_to_nowhere_is_told(opened: Callable[[], EmbeddedEngine], tmp_path: Path) -> None:
    engine = opened()
    engine.writer()
    name = engine.fingerprint + "-99"
    IndexFolders(tmp_path).point_to(name)
    with pytest.raises(EngineUnavailable):
        opened().current()
    IndexFolders(tmp_path).point_to("not-one-of-ours")
    with pytest.raises(RebuildNeeded):
        opened().current()


def test_a_copy_of_another_home_does_not_answer(
    opened: Callable[[], EmbeddedEngine], words: Cutter, tmp_path: Path
) -> None:
    opened().writer()
    stranger = open_engine(Settings(home=tmp_path), words, home_id="another home")
    with pytest.raises(RebuildNeeded):
        stranger.current()


# --- panics


def test_a_panic_is_an_error_of_ours_and_writing_goes_on(
    opened: Callable[[], EmbeddedEngine], words: Cutter, documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A float in an integer column, past our own checks: tantivy's indexing thread really panics."""
    index = opened().writer()
    index.apply(documents[:3], {}, 3, AT)

    def unchecked(value: object) -> object:
        return value

    with monkeypatch.context() as patch:
        patch.setattr(embedded_schema, "checked_number", unchecked)
        with pytest.raises(EngineError):
            index.apply([dataclasses.replace(documents[5], first_seen=2.5)], {}, 4, AT)  # type: ignore[arg-type]
    assert (index.count(), index.cursor()) == (3, 3)
    index.apply(documents[3:6], {}, 6, AT)
    assert (index.count(), index.cursor()) == (6, 6)


def test_a_panic_exception_never_crosses_the_port() -> None:
    panic = type("PanicException", (BaseException,), {})
    with pytest.raises(EngineUnavailable, match="market rebuild"), contained("检索"):
        raise panic("index out of bounds")
    with pytest.raises(KeyboardInterrupt), contained("检索"):
        raise KeyboardInterrupt


# --- the weight of age


def test_a_year_of_age_halves_a_score_and_the_id_breaks_ties() -> None:
    day = 86_400
    seen = int(NOW.timestamp())

    def weight(published: int | None, id: str = "m" * 16, first_seen: int = seen) -> float:
        return math.log2(2 + freshness(published, first_seen, id))

    assert weight(seen) / weight(seen - 365 * day) == pytest.approx(2)
    assert weight(seen) / weight(seen - 30 * day) == pytest.approx(2 ** (30 / 365))
    assert weight(None) == weight(seen), "without a publish date the day it was first seen counts"
    assert weight(seen + 900 * day) == weight(seen + day), "a date in the future gains nothing"
    assert weight(0) >= 1 and weight(seen, "2" * 16) > weight(seen, "z" * 16) > 0.999 * weight(seen, "2" * 16)
    far = seen + 100 * 365 * day
    assert 2 + freshness(far, far, "2") < 2.0**128, "tantivy takes the weight in 32 bits"


def test_a_request_ends_on_the_index_it_began_with(
    opened: Callable[[], EmbeddedEngine], words: Cutter, documents: list[Document]
) -> None:
    engine = opened()
    engine.writer().apply(documents, {}, 30, AT)
    reader = opened()
    held = reader.current()
    assert held is not None
    built = engine.build_beside()
    built.apply(documents[:7], {}, 30, AT)
    engine.switch(built)
    assert not held.folder.exists()
    assert held.count() == 30 and len(list(held.every_id(everything(words)))) == 30
    assert held.search(everything(words), limit=40).total.value == 30
    new = reader.current()
    assert new is not None and new.count() == 7
