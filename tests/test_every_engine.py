"""The contract of every engine, on the real thing. The oracle is opportunity.matching: plain substrings.

An engine is only what passes here. Nothing in this file knows an engine's name or type.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import inspect
import random
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from indexer.document import Document
from indexer.documents import document_of
from indexer.engine import FACET_NAMES, DocumentRefused, Engine, Index
from indexer.engines import engine_modules, module_for, open_engine
from indexer.order import sort_key
from indexer.words import Cutter, cutter
from opportunity.errors import BadQuery, ConfigurationError, IndexBusy, MarketError, RebuildNeeded
from opportunity.facts import seconds
from opportunity.matching import SearchText, contains_plainly, gate_of, matches, search_text
from opportunity.notice import NoticeRecord
from opportunity.query import (
    DEFAULT_SCOPE,
    And,
    Everything,
    MomentRange,
    Node,
    Not,
    Openness,
    Or,
    Phrase,
    Query,
    Scope,
    Sort,
    Term,
)
from opportunity.results import Hit
from opportunity.settings import Settings
from opportunity.text import readings
from tests.corpus import NOW, Corpus, given, record
from tests.engines import BENCHES, Factory
from tests.query_trees import query_trees, run_examples

NOTICES = 2_000
AT = NOW.isoformat()
# A case that disappears is a promise that nobody keeps any more.
LEAST_CASES = 40


@pytest.fixture(scope="module")
def words() -> Cutter:
    return cutter()


# One worker for an engine: its server starts once, whatever the number of workers.
_ENGINES = [pytest.param(name, marks=pytest.mark.xdist_group(f"engine-{name}")) for name in engine_modules()]


@pytest.fixture(scope="module", params=_ENGINES)
def factory(request: pytest.FixtureRequest, words: Cutter) -> Iterator[Factory]:
    bench = BENCHES[request.param]
    with bench.serve() as settings_for:
        yield Factory(name=request.param, strings=bench.strings, settings_for=settings_for, cutter=words)


class Built:
    """A corpus in an index, beside the same corpus for the oracle."""

    def __init__(self, engine: Engine, records: Sequence[NoticeRecord], words: Cutter) -> None:
        self.engine, self.records, self.words = engine, records, words
        self.documents = {item.id: document_of(item, words) for item in records}
        self.texts = {item.id: search_text(item) for item in records}
        self.words_of = lru_cache(maxsize=None)(words.words)
        writer = engine.writer()
        writer.apply(list(self.documents.values()), {}, len(records), AT)
        writer.close()
        index = engine.current()
        assert index is not None
        self.index: Index = index

    def query(self, root: Node, **more: Any) -> Query:
        return Query(root=root, fingerprint=self.words.fingerprint, now=NOW, **more)

    def phrase(self, text: str, scope: Scope = Scope.DEFAULT) -> Phrase:
        return Phrase(raw=text, text=readings(text)[0], scope=scope)

    def term(self, text: str, scope: Scope = Scope.DEFAULT, *, whole: bool = False) -> Term:
        return Term(raw=text, words=tuple(self.words.term_words(text)), scope=scope, whole=whole)

    def true_ids(self, query: Query) -> list[str]:
        return sorted(id for id, text in self.texts.items() if matches(query, text, self.words_of))

    def found(self, root: Node, **more: Any) -> list[str]:
        return list(self.index.every_id(self.query(root, **more)))

    def agrees(self, query: Query) -> list[str]:
        expected = self.true_ids(query)
        assert list(self.index.every_id(query)) == expected
        assert self.index.search(query, limit=3).total.value == len(expected)
        return expected


@pytest.fixture(scope="module")
def built(factory: Factory, words: Cutter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    engine = factory.open(tmp_path_factory.mktemp("built"))
    yield Built(engine, Corpus(longest=400).records(NOTICES), words)
    engine.close()


@pytest.fixture(scope="module")
def small(factory: Factory, words: Cutter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    engine = factory.open(tmp_path_factory.mktemp("small"))
    yield Built(engine, Corpus(seed=2, longest=300).records(300), words)
    engine.close()


@pytest.fixture
def home(factory: Factory, tmp_path: Path) -> Iterator[Engine]:
    engine = factory.open(tmp_path)
    yield engine
    engine.close()


class OtherWords:
    """The same cuts under another name: what counts is the fingerprint."""

    fingerprint = "another dictionary"

    def __init__(self, words: Cutter) -> None:
        self.words = words.words


@pytest.fixture(scope="module")
def documents(words: Cutter) -> list[Document]:
    return [document_of(item, words) for item in Corpus(seed=3, longest=120).records(12)]


def query_of(words: Cutter, root: Node, **more: Any) -> Query:
    return Query(root=root, fingerprint=words.fingerprint, now=NOW, **more)


def ids(index: Index, words: Cutter, root: Node | None = None) -> list[str]:
    return list(index.every_id(query_of(words, root or Everything())))


# --- the suite itself


def test_every_engine_file_has_a_bench_and_every_bench_a_file() -> None:
    assert set(BENCHES) == set(engine_modules()) and BENCHES
    assert all(bench.strings >= 2_000 for bench in BENCHES.values())


def test_the_suite_has_not_shrunk() -> None:
    module = sys.modules[__name__]
    cases = [name for name, case in inspect.getmembers(module, inspect.isfunction) if name.startswith("test_")]
    assert len(cases) >= LEAST_CASES, f"{len(cases)} cases"


def test_an_engine_is_found_by_its_name(factory: Factory, tmp_path: Path) -> None:
    assert module_for(factory.name) == factory.name
    assert factory.open(tmp_path).name


def test_an_unknown_engine_is_named(words: Cutter, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="无此"):
        open_engine(Settings(home=tmp_path, engine="无此:http://127.0.0.1"), words, home_id="x")


# --- nothing that contains the words is missed


class PlainText:
    """All normalised strings of a corpus in one text: the oracle for many strings, by ``str.find``."""

    def __init__(self, documents: dict[str, Document]) -> None:
        self.starts, self.owners, parts, at = [], [], [], 0
        for id, document in documents.items():
            for strings in document.texts.values():
                for text in strings:
                    self.starts.append(at)
                    self.owners.append(id)
                    parts.append(text)
                    at += len(text) + 1
        self.text = "\0".join(parts)

    def holders(self, needle: str) -> list[str]:
        found, at = set(), self.text.find(needle)
        while at >= 0:
            string = bisect_right(self.starts, at) - 1
            found.add(self.owners[string])
            # the rest of a string that has matched says nothing new
            behind = self.starts[string + 1] if string + 1 < len(self.starts) else len(self.text)
            at = self.text.find(needle, behind)
        return sorted(found)


def random_pieces(records: Sequence[NoticeRecord], count: int, seed: int) -> Iterator[str]:
    """Contiguous strings of 2 to 12 characters of the raw texts: across marks, full width, line breaks."""
    r = random.Random(seed)
    while count:
        text = r.choice(r.choice([list(strings) for strings in search_text(r.choice(records)).texts.values()]))
        length = r.randint(2, 12)
        if len(text) >= length:
            start = r.randint(0, len(text) - length)
            yield text[start : start + length]
            count -= 1


def test_every_string_of_the_corpus_is_found_exactly(built: Built, factory: Factory) -> None:
    plain, nothing, asked = PlainText(built.documents), 0, 0
    differences: list[str] = []
    seen: set[str] = set()
    for piece in random_pieces(built.records, factory.strings, seed=11):
        forms = [form for form in readings(piece) if form]
        nothing += not forms
        for form in forms[:1]:
            asked += 1
            if form in seen:
                continue
            seen.add(form)
            expected = plain.holders(form)
            if built.found(Phrase(raw=piece, text=form)) != expected:
                differences.append(piece)
    assert differences == []
    assert nothing < factory.strings / 50 and asked + nothing == factory.strings
    assert len(seen) > factory.strings / 2


def test_a_piece_of_a_notice_finds_that_notice(built: Built) -> None:
    r = random.Random(12)
    for item in r.sample(list(built.records), 300):
        piece = next(random_pieces([item], 1, r.random().__hash__()))
        forms = [form for form in readings(piece) if form]
        if forms:
            found = {id for form in forms for id in built.found(Phrase(raw=piece, text=form))}
            assert item.id in found, piece


def test_the_plain_check_without_normalisation_is_a_subset(built: Built) -> None:
    hits = 0
    for piece in random_pieces(built.records, 60, seed=13):
        forms = [form for form in readings(piece) if form]
        if not forms:
            continue
        plainly = {id for id, text in built.texts.items() if contains_plainly(text, piece)}
        assert plainly <= {id for form in forms for id in built.found(Phrase(raw=piece, text=form))}, piece
        hits += len(plainly)
    assert hits >= 50


@pytest.mark.parametrize("character", ["的", "桥", "1", "x", "龘", "𠮷", "〇", "瓢"])
def test_one_character_is_found_wherever_it_stands(built: Built, character: str) -> None:
    built.agrees(built.query(Phrase(raw=character, text=character)))


def test_the_last_and_the_first_character_of_a_string_are_found(built: Built) -> None:
    for document in list(built.documents.values())[:40]:
        for strings in document.texts.values():
            for text in strings:
                assert document.id in built.found(Phrase(raw=text[-1], text=text[-1]))
                assert document.id in built.found(Phrase(raw=text[:1], text=text[:1]))


def test_a_whole_text_is_a_query_for_itself(built: Built) -> None:
    for document in list(built.documents.values())[:40]:
        for text in (document.texts["title"][0], document.texts["body"][0][:400]):
            assert document.id in built.found(Phrase(raw=text, text=text))


def test_no_phrase_crosses_two_strings(home: Engine, words: Cutter, documents: list[Document]) -> None:
    texts = {
        "title": ("甲乙丙",), "body": ("丁戊己",), "buyer": ("东湖",), "suppliers": ("一二", "三四五", "六"),
        "agency": ("春夏", "某秋", "秋冬"),
    }
    across = ["丙丁", "己东", "湖一", "二三", "一二三", "一二三四", "二三四五", "五六", "四五六", "三四五六", "丙东", "甲乙丙丁戊己"]
    across += ["春夏秋冬", "夏某", "夏秋", "六春"]
    # a second notice holds each of them in one string: no part of them is unknown to the index
    whole = dict.fromkeys(("title", "body", "buyer", "suppliers", "agency"), tuple(across))
    index = home.writer()
    index.apply([
        dataclasses.replace(documents[0], texts=texts, words={}),
        dataclasses.replace(documents[1], texts=whole, words={}),
    ], {}, 2, AT)
    split, joined = documents[0].id, documents[1].id
    inside = ["甲乙丙", "乙丙", "丁戊己", "一二", "三四五", "四五", "六", "湖"]
    assert [t for t in inside if split in ids(index, words, Phrase(raw=t, text=t))] == inside
    assert [t for t in across if ids(index, words, Phrase(raw=t, text=t)) != [joined]] == []


def test_overlapping_repeats_are_found(home: Engine, words: Cutter, documents: list[Document]) -> None:
    index = home.writer()
    index.apply([dataclasses.replace(documents[0], texts={"body": ("哈哈哈哈a1a1a",)}, words={})], {}, 1, AT)
    for text, there in (("哈哈哈哈", 1), ("哈哈哈哈哈", 0), ("哈a1a1a", 1), ("a1a1", 1), ("a1a1a1", 0), ("1a1", 1)):
        assert len(ids(index, words, Phrase(raw=text, text=text))) == there, text


# --- scopes, words, trees


@pytest.mark.parametrize("scope", [Scope.DEFAULT, *DEFAULT_SCOPE])
def test_a_scope_looks_nowhere_else(built: Built, scope: Scope) -> None:
    found = [len(built.agrees(built.query(built.phrase(t, scope)))) for t in ("项目", "有限公司", "清单1", "云泽", "yz")]
    assert sum(found) > 0


@pytest.mark.parametrize("text", ["智慧城市", "京东", "在建工程", "视频监控设备 采购", "PD1728", "污水處理廠", "1-8号线"])
def test_a_bare_term_means_each_of_its_words_somewhere(built: Built, text: str) -> None:
    built.agrees(built.query(built.term(text)))
    built.agrees(built.query(built.term(text, Scope.TITLE)))


def test_whole_words_tell_apart_what_substrings_cannot(built: Built) -> None:
    as_substring = built.agrees(built.query(built.term("京东")))
    as_word = built.agrees(built.query(built.term("京东", whole=True)))
    assert set(as_word) < set(as_substring) and as_word
    for scope in DEFAULT_SCOPE:
        built.agrees(built.query(built.term("监控", scope, whole=True)))


def test_not_is_the_complement(built: Built) -> None:
    for node in (built.phrase("监控"), built.term("充电桩 采购"), Everything(), Or(parts=())):
        inside, outside = built.found(node), built.found(Not(part=node))
        assert sorted(inside + outside) == sorted(built.documents)
        assert built.found(Not(part=Not(part=node))) == inside


def test_query_trees_agree_with_the_oracle(small: Built) -> None:
    """Trees of NOT, OR, AND, phrases, terms, scopes, filters and unknowns, drawn by hypothesis."""
    with_hits = [0, 0]

    def check(query: Query) -> None:
        expected = small.agrees(query)
        with_hits[0] += 1
        with_hits[1] += 0 < len(expected) < len(small.records)

    run_examples(query_trees(small.records, small.words), check, examples=400)
    assert with_hits[0] >= 400 and with_hits[1] >= 0.3 * with_hits[0], with_hits


# --- orders and paging


def expected_order(built: Built, query: Query) -> list[str]:
    now = seconds(query.now)
    documents = [built.documents[id] for id in built.true_ids(query)]
    return [document.id for document in sorted(documents, key=lambda d: sort_key(d, query.sort, now))]


def pages(index: Index, query: Query, size: int, most: int = 10_000) -> list[Hit]:
    hits: list[Hit] = []
    while len(hits) < most:
        page = index.search(query, limit=size, after=hits[-1] if hits else None)
        hits += page.hits
        if len(page.hits) < size:
            break
    return hits


LISTS = [sort for sort in Sort if sort is not Sort.RELEVANCE]


@pytest.mark.parametrize("sort", LISTS)
def test_a_list_is_in_its_order_and_pages_never_repeat_or_lose(built: Built, sort: Sort) -> None:
    query = built.query(built.term("采购"), sort=sort)
    expected = expected_order(built, query)
    assert len(expected) > 500
    assert [hit.id for hit in built.index.search(query, limit=len(expected)).hits] == expected
    for size in (97, 250):
        assert [hit.id for hit in pages(built.index, query, size)] == expected
    assert built.index.search(query, limit=5, after=pages(built.index, query, 97)[-1]).hits == ()


@pytest.mark.parametrize("sort", LISTS)
def test_paging_by_one_walks_every_group_and_tie(small: Built, sort: Sort) -> None:
    query = small.query(Everything(), sort=sort)
    assert [hit.id for hit in pages(small.index, query, 1)] == expected_order(small, query)


@pytest.mark.parametrize("sort", LISTS)
def test_total_is_of_the_whole_result_on_every_page(small: Built, sort: Sort) -> None:
    query = small.query(Everything(), sort=sort)
    first = small.index.search(query, limit=10)
    second = small.index.search(query, limit=10, after=first.hits[-1])
    assert first.total == second.total and first.total.value == 300 and first.total.exact


def test_paging_goes_on_when_the_last_hit_has_gone(home: Engine, words: Cutter, documents: list[Document]) -> None:
    index = home.writer()
    index.apply(documents, {}, 12, AT)
    for sort in LISTS:
        query = query_of(words, Everything(), sort=sort)
        everything = index.search(query, limit=12).hits
        last = everything[4]
        index.apply([], {last.id: 13}, 13, AT)
        rest = index.search(query, limit=12, after=last).hits
        assert [hit.id for hit in rest] == [hit.id for hit in everything[5:]]
        index.apply([dataclasses.replace(d, seq=14) for d in documents], {}, 14, AT)
        documents = [dataclasses.replace(d, seq=d.seq + 20) for d in documents]
        index.apply(documents, {}, 40, AT)


def test_a_ranked_list_is_by_score_then_id_and_always_the_same(built: Built) -> None:
    query = built.query(built.term("视频监控采购"))
    hits = built.index.search(query, limit=400).hits
    assert len(hits) > 100
    assert [(-hit.score, hit.id) for hit in hits] == sorted((-hit.score, hit.id) for hit in hits)
    assert built.index.search(query, limit=400).hits == hits
    assert tuple(pages(built.index, query, 33, most=400)[: len(hits)]) == hits


def test_ranking_finds_no_more_and_no_less(built: Built) -> None:
    for root in (built.term("智慧城市运营"), built.phrase("购服"), Or(parts=(built.phrase("龘"), built.term("桥梁")))):
        query = built.query(root)
        hits = built.index.search(query, limit=NOTICES).hits
        assert sorted(hit.id for hit in hits) == built.true_ids(query)


def ranked_first(engine: Engine, words: Cutter, text: str, *records: NoticeRecord) -> str:
    index = engine.writer()
    filling = [document_of(item, words) for item in Corpus(seed=8).records(30)]
    index.apply([*filling, *(document_of(item, words) for item in records)], {}, 99, AT)
    term = Term(raw=text, words=tuple(words.term_words(text)))
    return index.search(query_of(words, term), limit=1).hits[0].id


def invented(key: str, title: str, body: str, **more: Any) -> NoticeRecord:
    fields = {name: given(value) for name, value in more.items()}
    notice = dataclasses.replace(Corpus().notice(0), key=key, title=title, body=body, given=fields, attachments=())
    return record(notice, seq=50)


def test_a_word_in_the_title_ranks_above_one_in_the_body(home: Engine, words: Cutter) -> None:
    title = invented("a", "激光雷达采购", "设备一批。")
    body = invented("b", "设备一批", "激光雷达采购。")
    assert ranked_first(home, words, "激光雷达", title, body) == title.id


def test_the_whole_string_ranks_above_its_scattered_words(home: Engine, words: Cutter) -> None:
    whole = invented("a", "公告", "本次采购激光雷达测绘服务一项。")
    scattered = invented("b", "公告", "本次采购测绘激光服务雷达一项。")
    assert ranked_first(home, words, "激光雷达测绘", whole, scattered) == whole.id


def test_the_fresh_ranks_above_the_old_and_the_open_above_the_closed(home: Engine, words: Cutter) -> None:
    day = dt.timedelta(days=1)
    fresh = invented("a", "激光雷达采购", "一批", published=NOW - day)
    old = invented("b", "激光雷达采购", "一批", published=NOW - 400 * day)
    assert ranked_first(home, words, "激光雷达", fresh, old) == fresh.id
    still = invented("c", "超声探头采购", "一批", deadline=NOW + day)
    over = invented("d", "超声探头采购", "一批", deadline=NOW - day)
    home.close()
    assert ranked_first(home, words, "超声探头", over, still) == still.id


# --- facets


def true_facets(built: Built, query: Query) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {name: Counter() for name in FACET_NAMES}
    for id in built.true_ids(query):
        text: SearchText = built.texts[id]
        facts = text.facts
        counts["type"][facts.type or ""] += 1
        counts["region"][facts.region[:2] + "0000" if facts.region else ""] += 1
        counts["source"][facts.source] += 1
        counts["state"][gate_of(text, Openness(states=(), now=query.now)).replace("unknown", "")] += 1
    return counts


@pytest.mark.parametrize("text", ["采购", "龘", "监控", "无此字样"])
def test_facets_are_the_oracles_counts(built: Built, text: str) -> None:
    for root in (built.phrase(text), Not(part=built.phrase(text))):
        query = built.query(root)
        facets, expected = built.index.facets(query, FACET_NAMES), true_facets(built, query)
        for name in FACET_NAMES:
            unknown = expected[name].pop("", 0)
            pairs = [(item.value, item.count) for item in facets.counts[name]]
            assert pairs == sorted(expected[name].items(), key=lambda pair: (-pair[1], pair[0]))
            assert facets.unknown[name] == unknown


def test_a_facet_can_be_cut_short_and_an_unknown_one_is_refused(built: Built) -> None:
    query = built.query(Everything())
    assert built.index.facets(query, ["type"], size=2).counts["type"] == (
        built.index.facets(query, ["type"]).counts["type"][:2]
    )
    with pytest.raises(BadQuery):
        built.index.facets(query, ["telephone"])


# --- filters that never hide the unknown


@pytest.mark.parametrize("field", ["published", "first_seen", "enter_until", "deadline", "registration_end"])
def test_moments_meet_ranges_at_their_edges(built: Built, field: str) -> None:
    for days in (-20, -1, 0, 1, 9):
        for unknown in (True, False):
            edge = NOW + dt.timedelta(days=days, microseconds=days % 2)
            for low, high in ((edge, None), (None, edge), (edge, edge + dt.timedelta(days=1))):
                built.agrees(built.query(MomentRange(field=field, low=low, high=high, unknown=unknown)))


def test_each_state_is_what_the_oracle_says_at_every_instant(small: Built) -> None:
    for hours in (-200, -12, 0, 1, 12, 300):
        for state in ("open", "closed", "unknown"):
            now = NOW + dt.timedelta(hours=hours, microseconds=1)
            small.agrees(small.query(Openness(states=(state,), now=now)))


# --- writing: one commit, the newest version, the cursor


def test_a_new_index_is_empty_and_its_cursor_is_nought(home: Engine, words: Cutter) -> None:
    assert home.current() is None
    index = home.writer()
    assert (index.cursor(), index.count(), ids(index, words)) == (0, 0, [])


def test_documents_and_cursor_appear_together(home: Engine, words: Cutter, documents: list[Document]) -> None:
    writer, reader = home.writer(), home.current()
    assert reader is not None
    for number, document in enumerate(documents, start=1):
        writer.apply([document], {}, number, AT)
        assert (reader.cursor(), reader.count()) == (number, number)
    page = reader.search(query_of(words, Everything()), limit=100)
    assert page.as_of.seq == 12 and page.as_of.at == NOW and page.total.value == 12


def test_the_cursor_is_never_counted_or_found(home: Engine, words: Cutter, documents: list[Document]) -> None:
    index = home.writer()
    index.apply(documents[:3], {documents[5].id: 9}, 9, AT)
    expected = sorted(document.id for document in documents[:3])
    for root in (Everything(), Not(part=Or(parts=())), Not(part=Phrase(raw="瓢", text="瓢")), And(parts=())):
        assert ids(index, words, root) == expected
    query = query_of(words, Everything())
    assert index.count() == 3 and index.search(query, limit=9).total.value == 3
    assert sum(item.count for item in index.facets(query, ["source"]).counts["source"]) == 3


def test_applying_again_changes_nothing(home: Engine, words: Cutter, documents: list[Document]) -> None:
    index = home.writer()
    query = query_of(words, Everything(), sort=Sort.SEEN)
    for _ in range(3):
        index.apply(documents, {}, 12, AT)
        assert (index.count(), index.cursor()) == (12, 12)
        assert len({hit.id for hit in index.search(query, limit=99).hits}) == 12


def versions_of(document: Document) -> list[Document]:
    return [
        dataclasses.replace(document, seq=seq, texts={"title": (f"第{seq}版标题",)}, words={}) for seq in range(1, 7)
    ]


@pytest.mark.parametrize("seed", range(4))
def test_the_newest_version_wins_in_whatever_order_they_come(
    home: Engine, words: Cutter, documents: list[Document], seed: int
) -> None:
    index, r = home.writer(), random.Random(seed)
    stream = [version for version in versions_of(documents[0]) for _ in range(2)]
    r.shuffle(stream)
    while stream:
        size = r.randint(1, 4)
        batch, stream = stream[:size], stream[size:]
        index.apply(batch, {}, max(version.seq for version in batch), AT)
    assert ids(index, words, Phrase(raw="第6版", text="第6版")) == [documents[0].id]
    assert ids(index, words, Phrase(raw="第5版", text="第5版")) == [] and index.count() == 1


def test_what_was_removed_does_not_come_back(home: Engine, words: Cutter, documents: list[Document]) -> None:
    index, versions = home.writer(), versions_of(documents[0])
    index.apply([versions[4]], {}, 5, AT)
    index.apply([], {documents[0].id: 6}, 6, AT)
    for version in versions[:5]:
        index.apply([version], {}, version.seq, AT)
    assert (index.count(), index.cursor()) == (0, 6)
    index.apply([], {documents[0].id: 3}, 6, AT)
    index.apply([dataclasses.replace(versions[0], seq=9)], {}, 9, AT)
    assert ids(index, words) == [documents[0].id]
    index.apply([], {documents[0].id: 8}, 9, AT)
    assert ids(index, words) == [documents[0].id], "an older removal does not take a newer version"


def test_a_document_and_its_later_removal_in_one_batch(home: Engine, words: Cutter, documents: list[Document]) -> None:
    index = home.writer()
    index.apply(documents[:2], {documents[0].id: 30}, 30, AT)
    assert ids(index, words) == [documents[1].id]


def test_the_cursor_never_goes_back(home: Engine, documents: list[Document]) -> None:
    index = home.writer()
    index.apply(documents[:1], {}, 50, AT)
    index.apply(documents[1:2], {}, 7, "1999-01-01T00:00:00+08:00")
    assert index.cursor() == 50 and index.as_of().at == NOW


def test_a_replaced_notice_leaves_nothing_behind(home: Engine, words: Cutter, documents: list[Document]) -> None:
    index = home.writer()
    index.apply(documents, {}, 12, AT)
    later = [dataclasses.replace(d, seq=d.seq + 12, texts={"title": ("全新",)}, words={}, type=None) for d in documents]
    index.apply(later, {}, 24, AT)
    query = query_of(words, Everything())
    assert index.count() == 12 and index.facets(query, ["type"]).unknown["type"] == 12
    assert ids(index, words, Phrase(raw="公", text="公")) == []
    assert len(ids(index, words, Phrase(raw="全新", text="全新"))) == 12


BAD_VALUES: dict[str, dict[str, Any]] = {
    "an amount in words": {"amounts": {"budget": "面议"}},
    "an amount with a fraction": {"amounts": {"budget": 1.5}},
    "a number without end": {"amounts": {"budget": 2**70}},
    "a moment in words": {"published": ("2026年2月30日", 5)},
    "a code that is a number": {"type": 7},
    "a lone surrogate": {"texts": {"body": ("坏\ud800字",)}},
    "a lone surrogate in a word": {"words": {"body": ("\udfff",)}},
    "an endless code": {"region": "3" * 70_000},
    "a number of its own kind": {"first_seen": True},
}


@pytest.mark.parametrize("bad", BAD_VALUES.values(), ids=BAD_VALUES)
def test_a_bad_value_is_refused_by_name_and_hurts_nothing(
    home: Engine, words: Cutter, documents: list[Document], bad: dict[str, Any]
) -> None:
    index = home.writer()
    index.apply(documents[:2], {}, 2, AT)
    with pytest.raises(DocumentRefused) as refused:
        index.apply([documents[2], dataclasses.replace(documents[3], **bad)], {}, 4, AT)
    assert refused.value.details["id"] == documents[3].id
    assert (index.count(), index.cursor()) == (2, 2), "nothing of the batch was applied"
    index.apply(documents[2:3], {}, 4, AT)
    assert len(ids(index, words)) == 3


def test_a_very_long_string_is_held_whole(home: Engine, words: Cutter, documents: list[Document]) -> None:
    text = "".join(chr(0x4E00 + number % 5000) for number in range(60_000)) + "终点"
    index = home.writer()
    index.apply([dataclasses.replace(documents[0], texts={"body": (text,)}, words={"body": ("x" * 40_000,)})], {}, 1, AT)
    for piece in (text[:40], text[-40:], text[30_000:30_500]):
        assert ids(index, words, Phrase(raw=piece, text=piece)) == [documents[0].id]


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "*", "?", ".*", "a?", "\\", '"', "AND", "(" * 900, "\x00", "\x1f", " "])
def test_no_string_of_a_query_means_anything_to_an_engine(small: Built, text: str) -> None:
    for leaf in (Phrase(raw=text, text=text), Term(raw=text, words=(text,)), Term(raw=text, words=(text,), whole=True)):
        try:
            assert small.found(leaf) == [] and small.index.search(small.query(leaf), limit=3).hits == ()
        except BadQuery:
            continue
    assert len(small.found(Everything())) == 300


def test_deep_and_wide_queries_are_answered(small: Built) -> None:
    node: Node = small.phrase("采购")
    for _ in range(20):
        node = Not(part=And(parts=(node, Everything())))
    small.agrees(small.query(node))
    small.agrees(small.query(Or(parts=tuple(small.phrase(text) for text in ("监控", "充电", "云泽市") * 21))))


# --- who may write, which index answers


def test_only_one_writer_at_a_time(factory: Factory, home: Engine, tmp_path: Path) -> None:
    first = home.writer()
    other = factory.open(tmp_path)
    with pytest.raises(IndexBusy):
        other.writer()
    first.close()
    other.writer().close()


def test_an_index_of_another_cutter_does_not_answer(
    factory: Factory, home: Engine, words: Cutter, documents: list[Document], tmp_path: Path
) -> None:
    writer = home.writer()
    writer.apply(documents, {}, 12, AT)
    writer.close()

    other = factory.open(tmp_path, cutter=OtherWords(words))
    for ask in (other.current, other.writer):
        with pytest.raises(RebuildNeeded):
            ask()
    built = other.build_beside()
    built.apply(documents[:5], {}, 12, AT)
    other.switch(built)
    index = other.current()
    assert index is not None and index.count() == 5


def test_a_query_of_another_cutter_is_not_answered(small: Built) -> None:
    query = dataclasses.replace(small.query(small.term("采购")), fingerprint="another dictionary")
    for ask in (lambda: small.index.search(query, limit=1), lambda: list(small.index.every_id(query))):
        with pytest.raises(RebuildNeeded):
            ask()


def test_two_homes_never_meet(factory: Factory, words: Cutter, documents: list[Document], tmp_path: Path) -> None:
    one, two = factory.open(tmp_path / "one"), factory.open(tmp_path / "two")
    one.writer().apply(documents, {}, 12, AT)
    assert two.current() is None
    two.writer().apply(documents[:1], {}, 1, AT)
    found = one.current(), two.current()
    assert found[0] is not None and found[1] is not None
    assert (found[0].count(), found[1].count()) == (12, 1)
    one.close()
    two.close()


def test_a_new_index_is_built_beside_and_switched_at_once(
    factory: Factory, home: Engine, words: Cutter, documents: list[Document], tmp_path: Path
) -> None:
    live = home.writer()
    live.apply(documents[:4], {}, 4, AT)
    reader = factory.open(tmp_path)
    builder = factory.open(tmp_path)
    built = builder.build_beside()
    built.apply(documents[:8], {}, 0, AT)
    old = reader.current()
    assert old is not None and old.count() == 4
    live.apply(documents[4:5], {}, 5, AT)
    assert old.count() == 5, "the live index goes on beside the build"
    built.apply(documents[8:], {}, 12, AT)
    builder.switch(built)
    new = reader.current()
    assert new is not None and (new.count(), new.cursor()) == (12, 12)
    for engine in (reader, builder):
        engine.close()


def test_a_build_that_was_given_up_leaves_the_old_index(
    factory: Factory, home: Engine, words: Cutter, documents: list[Document], tmp_path: Path
) -> None:
    home.writer().apply(documents, {}, 12, AT)
    given_up = factory.open(tmp_path)
    given_up.build_beside().apply(documents[:3], {}, 3, AT)
    given_up.close()
    reader = factory.open(tmp_path)
    old = reader.current()
    assert old is not None and old.count() == 12
    again = reader.build_beside()
    assert again.count() == 0, "a build starts clean"
    reader.close()


def test_two_builds_at_once_are_refused(factory: Factory, home: Engine, tmp_path: Path) -> None:
    home.build_beside()
    other = factory.open(tmp_path)
    with pytest.raises(IndexBusy):
        other.build_beside()


def test_what_is_asked_wrongly_is_our_error(small: Built) -> None:
    with pytest.raises(MarketError):
        small.index.search(small.query(small.phrase("x" * 70_000)), limit=1)
