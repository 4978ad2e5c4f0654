"""Elasticsearch when it goes wrong: the real server stopped, killed, blocked, and answers broken on the way.

The contract itself is in tests/test_every_engine.py.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from indexer.document import Document
from indexer.documents import document_of
from indexer.engine import DocumentRefused
from indexer.engines import elastic_index, elastic_ranking, embedded_ranking, open_engine
from indexer.engines.elastic import ElasticEngine
from indexer.engines.elastic_bulk import ATTEMPTS, Bulk
from indexer.engines.elastic_connection import Connection, Waiting
from indexer.engines.elastic_index import ElasticIndex
from indexer.engines.elastic_writing import ElasticWritingIndex
from indexer.words import Cutter, cutter
from opportunity.errors import ConfigurationError, EngineError, EngineUnavailable, IndexBusy
from opportunity.query import Everything, Phrase, Query, Sort, Term
from opportunity.settings import Settings
from tests.corpus import NOW, Corpus
from tests.elasticsearch_server import _command, elasticsearch, free_port
from tests.faulty_elasticsearch import (
    Fault,
    FaultyElasticsearch,
    another_product,
    change,
    cut_short,
    drop_after,
    faulty,
    refuse,
    refuse_items,
)
from tools.prepare_tests import ELASTICSEARCH, cache_folder

pytestmark = pytest.mark.xdist_group("elasticsearch")  # one server for all of them
AT = NOW.isoformat()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with elasticsearch() as url:
        yield url


@pytest.fixture(scope="module")
def words() -> Cutter:
    return cutter()


@pytest.fixture(scope="module")
def documents(words: Cutter) -> list[Document]:
    return [document_of(item, words) for item in Corpus(seed=3, longest=120).records(12)]


@dataclasses.dataclass(slots=True, kw_only=True)
class Bench:
    """An engine over a proxy before the real server; ``pauses`` are those it wanted between its tries."""

    engine: ElasticEngine
    connection: Connection
    proxy: FaultyElasticsearch
    pauses: list[float]
    words: Cutter
    server: str

    def writer(self) -> ElasticWritingIndex:
        return self.engine.writer()

    def index(self) -> ElasticIndex:
        index = self.engine.current()
        assert index is not None
        return index

    def ids(self) -> list[str]:
        return list(self.index().every_id(query_of(self.words)))

    def holds(self, documents: Sequence[Document], cursor: int) -> None:
        """Exactly these notices in their versions, each once, and the cursor."""
        assert self.ids() == sorted(document.id for document in documents)
        assert (self.index().count(), self.index().cursor()) == (len(documents), cursor)

    def wait(self, waiting: Waiting) -> None:
        """How long the server may take from now on."""
        self.connection.waiting = waiting

    def real(self, method: str, path: str, body: Any = None) -> Any:
        """Asks the server past the proxy."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.server + path, data, {"content-type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


def query_of(words: Cutter, root: Any = None, **more: Any) -> Query:
    return Query(root=root or Everything(), fingerprint=words.fingerprint, now=NOW, **more)


def engine_over(url: str, home: Path, words: Cutter, pauses: list[float], *, home_id: str = "", **waiting: float) -> ElasticEngine:
    settings = Settings(home=home, engine=f"elasticsearch:{url}")
    connection = Connection(settings, waiting=Waiting(**waiting))
    bulk = Bulk(connection, pause=pauses.append, chance=lambda: 0.5)
    return ElasticEngine(settings, words, home_id=home_id or str(home), connection=connection, bulk=bulk)


@pytest.fixture
def bench(server: str, words: Cutter, tmp_path: Path) -> Iterator[Bench]:
    with faulty(server) as proxy:
        pauses: list[float] = []
        engine = engine_over(proxy.url, tmp_path, words, pauses)
        yield Bench(engine=engine, connection=engine.connection, proxy=proxy, pauses=pauses, words=words, server=server)
        engine.close()


# --- a bulk request: every item settled, sent again or refused, none forgotten


@pytest.mark.parametrize("status", [429, 503])
def test_only_the_refused_items_are_sent_again(bench: Bench, documents: list[Document], status: int) -> None:
    index, late = bench.writer(), {documents[3].id, documents[7].id}
    bench.proxy.faults["/_bulk"] = [refuse_items(late, status, "es_rejected_execution_exception")] * 3
    index.apply(documents, {}, 12, AT)
    assert [set(ids) for ids in bench.proxy.bulks()] == [{d.id for d in documents}, late, late, late]
    assert bench.pauses == sorted(bench.pauses) and len(set(bench.pauses)) == 3, "each pause is longer"
    bench.holds(documents, 12)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, "es_rejected_execution_exception"), (503, "unavailable"), (403, "cluster_block_exception"),
     (429, "cluster_block_exception")],
)
def test_a_refused_request_is_sent_again_and_then_given_up(
    bench: Bench, documents: list[Document], status: int, kind: str
) -> None:
    index = bench.writer()
    index.apply(documents[:2], {}, 2, AT)
    bench.proxy.faults["/_bulk"] = [refuse(status, kind, "FORBIDDEN/12/index read-only")] * ATTEMPTS
    with pytest.raises(EngineUnavailable, match="会自动继续"):
        index.apply(documents, {}, 12, AT)
    assert len(bench.pauses) == ATTEMPTS - 1
    assert index.cursor() == 2, "the cursor waits for every item"
    index.apply(documents, {}, 12, AT)
    bench.holds(documents, 12)


def test_a_disk_that_is_nearly_full_blocks_and_is_lifted(bench: Bench, documents: list[Document]) -> None:
    """The server's own flood-stage block, set as the server sets it."""
    index = bench.writer()
    index.apply(documents[:2], {}, 2, AT)
    block = f"/{index.build.name}-*/_settings"
    bench.real("PUT", block, {"index.blocks.read_only_allow_delete": True})
    with pytest.raises(EngineUnavailable, match="磁盘"):
        index.apply(documents, {}, 12, AT)
    assert len(bench.ids()) == 2, "searches go on"
    bench.real("PUT", block, {"index.blocks.read_only_allow_delete": None})
    index.apply(documents, {}, 12, AT)
    bench.holds(documents, 12)


def test_a_document_that_the_server_refuses_is_named_and_the_rest_goes_in(bench: Bench, documents: list[Document]) -> None:
    index, bad = bench.writer(), documents[4]
    bench.proxy.faults["/_bulk"] = [refuse_items({bad.id}, 400, "document_parsing_exception")]
    with pytest.raises(DocumentRefused) as refused:
        index.apply(documents, {}, 12, AT)
    assert refused.value.details["id"] == bad.id and index.cursor() == 0
    rest = [document for document in documents if document is not bad]
    index.apply(rest, {}, 12, AT)
    bench.holds(rest, 12)


def test_a_request_that_is_too_large_is_halved_and_a_document_that_is_too_large_is_named(
    bench: Bench, documents: list[Document]
) -> None:
    index, bad = bench.writer(), documents[6]

    def too_large(exchange: Any) -> None:
        ids = [json.loads(action)["index"]["_id"] for action, _ in exchange.items()]
        if len(ids) > 3 or bad.id in ids:
            refuse(413, "content_too_long_exception")(exchange)
        else:
            exchange.status, exchange.answer = exchange.forward(exchange.body)

    bench.proxy.faults["/_bulk"] = [too_large] * 100
    with pytest.raises(DocumentRefused) as refused:
        index.apply(documents, {}, 12, AT)
    assert refused.value.details["id"] == bad.id
    rest = [document for document in documents if document is not bad]
    index.apply(rest, {}, 12, AT)
    bench.holds(rest, 12)


def answer_less(answer: Any) -> None:
    answer["items"].pop()


def answer_others(answer: Any) -> None:
    answer["items"].reverse()


@pytest.mark.parametrize(
    "fault", [drop_after, cut_short, change(answer_less), change(answer_others), another_product],
    ids=["dropped", "cut short", "an item less", "in another order", "another product"],
)
def test_an_answer_that_is_lost_or_broken_leads_to_a_replay_that_changes_nothing(
    bench: Bench, documents: list[Document], fault: Fault
) -> None:
    index = bench.writer()
    bench.proxy.faults["/_bulk"] = [fault]
    with pytest.raises(EngineError):
        index.apply(documents, {}, 12, AT)
    assert index.cursor() == 0
    index.apply(documents, {}, 12, AT)
    bench.holds(documents, 12)


def test_an_unheard_of_status_is_an_error_and_not_forgotten(bench: Bench, documents: list[Document]) -> None:
    index = bench.writer()
    bench.proxy.faults["/_bulk"] = [refuse_items({documents[1].id}, 500, "something_exception")]
    with pytest.raises(EngineError, match=documents[1].id):
        index.apply(documents, {}, 12, AT)
    index.apply(documents, {}, 12, AT)
    bench.holds(documents, 12)


def test_a_cursor_whose_answer_was_lost_is_our_own(bench: Bench, documents: list[Document]) -> None:
    index = bench.writer()
    index.apply(documents[:2], {}, 2, AT)
    bench.proxy.faults["/_doc/*"] = [drop_after]
    with pytest.raises(EngineUnavailable):
        index.apply(documents[2:6], {}, 6, AT)
    index.apply(documents[2:], {}, 12, AT)
    bench.holds(documents, 12)


# --- answers that are not whole


def one_shard_failed(answer: Any) -> None:
    answer["_shards"] |= {"failed": 1, "successful": answer["_shards"]["total"] - 1}


def out_of_time(answer: Any) -> None:
    answer["timed_out"] = True


def no_shards_told(answer: Any) -> None:
    del answer["_shards"]


@pytest.mark.parametrize("edit", [one_shard_failed, out_of_time, no_shards_told])
def test_part_of_an_answer_is_never_given_for_the_whole(
    bench: Bench, documents: list[Document], edit: Callable[[Any], None]
) -> None:
    bench.writer().apply(documents, {}, 12, AT)
    index, query = bench.index(), query_of(bench.words)
    asks: list[Callable[[], object]] = [
        lambda: index.search(query, limit=5), lambda: index.facets(query, ["type"]),
        lambda: list(index.every_id(query)), index.count,
        lambda: index.search(dataclasses.replace(query, sort=Sort.ENTER_UNTIL), limit=5),
    ]
    for ask in asks:
        bench.proxy.faults["/_search"] = [change(edit)]
        with pytest.raises(EngineUnavailable, match="不完整"):
            ask()
    assert all("allow_partial_search_results=false" in e.path for e in bench.proxy.seen if "/_search" in e.path)


@pytest.mark.parametrize("status", [429, 500, 503, 401, 403])
def test_a_refused_search_is_our_error(bench: Bench, documents: list[Document], status: int) -> None:
    bench.writer().apply(documents, {}, 12, AT)
    bench.proxy.faults["/_search"] = [refuse(status, "search_phase_execution_exception")]
    with pytest.raises(EngineError if status == 500 else EngineUnavailable, match="Elasticsearch"):
        bench.index().search(query_of(bench.words), limit=5)


def test_an_index_that_was_deleted_is_neither_empty_nor_made_anew(bench: Bench, documents: list[Document]) -> None:
    index = bench.writer()
    index.apply(documents[:3], {}, 3, AT)
    held = bench.index()
    names = sorted(bench.real("GET", f"/{index.build.name}-*/_alias"))
    bench.real("DELETE", "/" + ",".join(names))
    with pytest.raises(EngineError):
        held.search(query_of(bench.words), limit=3)
    with pytest.raises(EngineError):
        index.apply(documents, {}, 12, AT)
    assert bench.real("GET", f"/{index.build.name}-*/_alias") == {}
    assert bench.engine.current() is None


# --- the server itself


def test_a_server_that_is_not_there_is_told_in_a_sentence(words: Cutter, tmp_path: Path) -> None:
    engine = engine_over(f"http://127.0.0.1:{free_port()}", tmp_path, words, [])
    asks: list[Callable[[], object]] = [engine.current, engine.writer, engine.build_beside]
    for ask in asks:
        with pytest.raises(EngineUnavailable, match="连接不上 Elasticsearch"):
            ask()
    engine.close()


@pytest.mark.parametrize("address", ["", "127.0.0.1:9200", "ftp://127.0.0.1", "http://user:secret@127.0.0.1:9200"])
def test_an_address_that_cannot_be_one_is_told(words: Cutter, tmp_path: Path, address: str) -> None:
    with pytest.raises(ConfigurationError, match="MARKET_ENGINE") as told:
        open_engine(Settings(home=tmp_path, engine=f"elasticsearch:{address}"), words, home_id="x")
    assert "secret" not in str(told.value)


def process_of(url: str) -> int:
    """The server's own process, as it says."""
    with urllib.request.urlopen(f"{url}/_nodes/_local/process", timeout=60) as answer:
        [node] = json.load(answer)["nodes"].values()
    return int(node["process"]["id"])


def test_a_server_that_hangs_is_given_up_and_nothing_comes_twice(bench: Bench, documents: list[Document]) -> None:
    """SIGSTOP just as a batch arrives: it is given up, and what the server did receive is done when it goes on."""
    index, process = bench.writer(), process_of(bench.server)
    index.apply(documents[:4], {}, 4, AT)
    later = [dataclasses.replace(d, seq=d.seq + 20, texts={"title": ("全新",)}, words={}) for d in documents]
    patient, hasty = Waiting(), Waiting(search=0.5, write=1.0, listing=0.5)

    def stop(exchange: Any) -> None:
        os.kill(process, signal.SIGSTOP)
        exchange.status, exchange.answer = exchange.forward(exchange.body)  # answered when it goes on

    bench.proxy.faults["/_bulk"] = [stop]
    bench.wait(hasty)
    try:
        until_it_hangs(lambda: index.apply(documents, {}, 12, AT), bench)
        for ask in (index.count, bench.engine.current, lambda: index.search(query_of(bench.words), limit=3)):
            with pytest.raises(EngineUnavailable, match="没有及时回答"):
                ask()
    finally:
        os.kill(process, signal.SIGCONT)
    bench.wait(patient)
    # not the same batch again: newer versions and a removal, while the old one may still be under way
    until_it_goes(lambda: index.apply(later, {later[0].id: 40}, 40, AT))
    bench.holds(later[1:], 40)
    new = query_of(bench.words, Phrase(raw="全新", text="全新"))
    assert len(list(index.every_id(new))) == 11


def until_it_hangs(step: Callable[[], None], bench: Bench) -> None:
    """Under load another request may be given up first; the batch is sent again until the server has stopped."""
    while bench.proxy.faults["/_bulk"]:
        with pytest.raises(EngineUnavailable):
            step()


def until_it_goes(step: Callable[[], None], seconds: float = 120.0) -> None:
    """As the feeder does: again until the server is back."""
    end = time.monotonic() + seconds
    while True:
        try:
            step()
            return
        except EngineUnavailable:
            assert time.monotonic() < end
            time.sleep(0.2)


def test_a_server_killed_in_mid_feed_loses_nothing_that_was_acknowledged(words: Cutter, tmp_path: Path) -> None:
    documents = [document_of(item, words) for item in Corpus(seed=5, longest=80).records(120)]
    with elasticsearch() as url:
        process = process_of(url)
        environment = dict(
            pair.split("=", 1) for pair in Path(f"/proc/{process}/environ").read_text().split("\0") if "=" in pair
        )
        owner = Path(f"/proc/{process}").owner()
        engine = engine_over(url, tmp_path, words, [], search=4, write=10)
        index = engine.writer()
        for start in range(0, 60, 20):
            index.apply(documents[start : start + 20], {}, start + 20, AT)
        os.kill(process, signal.SIGKILL)
        with pytest.raises(EngineUnavailable):
            index.apply(documents[60:80], {}, 80, AT)
        again = start_again(environment, owner, tmp_path / "out")
        try:
            until_it_goes(lambda: index.apply(documents[40:80], {}, 80, AT))
            assert (index.count(), index.cursor()) == (80, 80)
            index.apply(documents, {}, 120, AT)
            assert list(index.every_id(query_of(words))) == sorted(d.id for d in documents)
        finally:
            os.killpg(again.pid, signal.SIGKILL)
            again.wait(30)
        engine.close()


def start_again(environment: dict[str, str], owner: str, output: Path) -> subprocess.Popen[bytes]:
    """The same server over the same data, as the same user."""
    import pwd

    user = pwd.getpwnam(owner) if os.geteuid() == 0 else None
    with output.open("wb") as out:
        return subprocess.Popen(
            [*_command(user), str(cache_folder() / f"elasticsearch-{ELASTICSEARCH}" / "bin" / "elasticsearch")],
            cwd=environment["HOME"], env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True,
        )


# --- who writes, and where


def test_a_writer_of_another_machine_takes_over_and_the_first_one_stops(
    bench: Bench, server: str, words: Cutter, documents: list[Document], tmp_path: Path
) -> None:
    first = bench.writer()
    first.apply(documents[:3], {}, 3, AT)
    elsewhere = engine_over(server, tmp_path / "elsewhere", words, [], home_id=str(tmp_path))
    second = elsewhere.writer()
    second.apply(documents[3:6], {}, 6, AT)
    with pytest.raises(IndexBusy, match="接管"):
        first.apply(documents[6:], {}, 12, AT)
    assert not first.is_open and second.cursor() == 6
    second.apply(documents[6:], {}, 12, AT)
    bench.holds(documents, 12)
    elsewhere.close()


def test_a_notice_stays_in_the_month_in_which_it_was_first_seen(bench: Bench, documents: list[Document]) -> None:
    day = 86_400
    documents = documents[:4]
    spread = [dataclasses.replace(d, first_seen=d.first_seen + 31 * day * number) for number, d in enumerate(documents)]
    index = bench.writer()
    index.apply(spread, {}, 12, AT)
    moved = [dataclasses.replace(d, seq=d.seq + 12, first_seen=documents[0].first_seen) for d in spread]
    index.apply(moved, {}, 24, AT)
    bench.holds(documents, 24)
    months = [name for name in bench.real("GET", f"/{index.build.name}-*/_alias") if re.search(r"-\d{6}$", name)]
    assert len(months) == 4
    found = index.search(query_of(bench.words, sort=Sort.SEEN), limit=20).hits
    assert [hit.id for hit in found] == sorted(d.id for d in documents), "one order over all months"


def test_a_removal_is_remembered_longer_than_the_server_remembers_deletions(
    bench: Bench, documents: list[Document]
) -> None:
    index = bench.writer()
    index.apply(documents[:3], {}, 3, AT)
    bench.real("PUT", f"/{index.build.name}-*/_settings", {"index.gc_deletes": "0s"})
    index.apply([], {documents[0].id: 20, "neverheld": 21}, 21, AT)
    bench.real("POST", f"/{index.build.name}-*/_forcemerge?max_num_segments=1")
    index.apply([documents[0], dataclasses.replace(documents[5], id="neverheld", seq=20)], {}, 22, AT)
    bench.holds(documents[1:3], 22)
    back = dataclasses.replace(documents[5], id="neverheld", seq=30)
    index.apply([back], {}, 30, AT)
    index.apply([], {"neverheld": 31}, 31, AT)
    index.apply([back], {}, 31, AT)
    bench.holds(documents[1:3], 31)


def test_long_lists_are_read_in_one_state_though_the_index_moves_on(
    bench: Bench, documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elastic_index, "_FEW_IDS", 2)
    monkeypatch.setattr(elastic_index, "_AT_ONCE", 3)
    index = bench.writer()
    index.apply(documents, {}, 12, AT)
    listing = bench.index().every_id(query_of(bench.words))
    got = [next(listing)]
    index.apply([], {document.id: 50 for document in documents}, 50, AT)
    got += listing
    assert got == sorted(document.id for document in documents) and bench.ids() == []
    assert [e.method for e in bench.proxy.seen if e.path.startswith("/_pit")] == ["DELETE"], "given back"


def test_a_page_beyond_the_servers_bound_is_put_together(
    bench: Bench, documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elastic_index, "_AT_ONCE", 5)
    bench.writer().apply(documents, {}, 12, AT)
    page = bench.index().search(query_of(bench.words, sort=Sort.SEEN), limit=100)
    assert len({hit.id for hit in page.hits}) == 12 and page.total.value == 12


def test_a_reader_whose_build_was_replaced_reads_the_new_one(
    bench: Bench, documents: list[Document], tmp_path: Path
) -> None:
    bench.writer().apply(documents[:5], {}, 5, AT)
    held = bench.index()
    bench.writer().close()
    builder = engine_over(bench.server, tmp_path, bench.words, [], home_id=str(tmp_path))
    built = builder.build_beside()
    built.apply(documents, {}, 12, AT)
    builder.switch(built)
    page = held.search(query_of(bench.words), limit=20)
    assert (page.total.value, page.as_of.seq, len(page.hits)) == (12, 12, 12)
    assert len(bench.real("GET", f"/{built.build.home}-*/_alias")) == 2, "the old one is gone"
    builder.close()


# --- ranking in substance as the embedded engine does


def test_the_weights_are_those_of_the_embedded_engine() -> None:
    for name in (
        "WORD_WEIGHTS", "WHOLE_IN_TITLE", "WHOLE_ELSEWHERE", "FRESHNESS_HALF_LIFE", "MATCHED", "STILL_OPEN", "GATE_UNKNOWN",
        "MAX_WORDS",
    ):
        assert getattr(elastic_ranking, name) == getattr(embedded_ranking, name), name


def test_both_engines_put_the_same_notices_first(bench: Bench, words: Cutter, tmp_path: Path) -> None:
    documents = [document_of(item, words) for item in Corpus(seed=9, longest=300).records(400)]
    embedded = open_engine(Settings(home=tmp_path / "embedded", index_memory_mb=32), words, home_id="x")
    for engine in (bench.engine, embedded):
        engine.writer().apply(documents, {}, 400, AT)
    shares = []
    for text in ("视频监控采购", "污水处理", "智慧城市运营平台", "充电桩", "公务用车租赁", "桥梁加固施工"):
        query = query_of(words, Term(raw=text, words=tuple(words.term_words(text))))
        firsts = []
        for engine in (bench.engine, embedded):
            index = engine.current()
            assert index is not None
            firsts.append({hit.id for hit in index.search(query, limit=20).hits})
        shares.append(len(firsts[0] & firsts[1]) / max(1, len(firsts[0])))
    embedded.close()
    assert min(shares) >= 0.7 and sum(shares) / len(shares) >= 0.85, shares
