"""Writing one Elasticsearch index: versions, removals, then the cursor, so that a replay changes nothing.

Elasticsearch has no transaction over several documents. So the order does it: every item of a batch is settled, the
indices are refreshed, and only then the cursor is written; a search reads the cursor first. What was cut short is
sent again by the next ``apply`` and settles by its external versions. A removed notice stays as a small document of
its own kind with its version (the server forgets real deletions after a minute, and an older version could come back).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, NamedTuple

from indexer.document import Document
from indexer.engine import WordCutter
from indexer.engines.elastic_bulk import Bulk, Item
from indexer.engines.elastic_connection import Connection, Refusal
from indexer.engines.elastic_index import ElasticIndex, position_of, whole
from indexer.engines.elastic_mapping import CURSOR, MAX_ID_BYTES, notices_index, removal_row, row_of
from indexer.engines.elastic_names import BASE, POSITION, Build, build_of
from opportunity.errors import EngineError, EngineUnavailable, IndexBusy
from opportunity.results import AsOf

_IDS_AT_ONCE = 2_000
_REFRESH_WHEN_BUILDING = 20_000  # documents
_MOST_IN_DOUBT = 100_000


class Held(NamedTuple):
    """What the index holds for an id: in which month's index, and the change number."""

    month: str
    seq: int


class ElasticWritingIndex(ElasticIndex):
    """A build opened for writing. ``lock`` keeps a second writer of this machine out.

    A writer elsewhere that opens the same build takes it over: the cursor can only be written by who
    wrote it last, so the one before finds out at its next batch (IndexBusy).
    """

    def __init__(
        self, connection: Connection, build: Build, fingerprint: str, cutter: WordCutter, *, lock: IO[bytes],
        building_lock: IO[bytes] | None = None, bulk: Bulk | None = None,
    ) -> None:
        super().__init__(connection, build, fingerprint, cutter)
        self._lock, self._building_lock = lock, building_lock
        self._bulk = bulk or Bulk(connection)
        self._writer = secrets.token_hex(8)
        self._pending: dict[str, Held] = {}  # written but not yet refreshed
        self._in_doubt: dict[str, str] = {}  # id -> month of writes whose outcome is not known
        self._stale = True  # whether anything may have been written since the last refresh
        self._months = self._known_months()
        self._claim()

    # one batch

    def apply(self, documents: Sequence[Document], removed: Mapping[str, int], cursor: int, at: str) -> None:
        moment = dt.datetime.fromisoformat(at)
        newest: dict[str, Document] = {}
        for document in documents:
            if document.id not in newest or newest[document.id].seq < document.seq:
                newest[document.id] = document
        rows = {id: row_of(document) for id, document in newest.items()}  # refused here, before anything is sent
        self._must_be_open()
        held = self._held([*newest, *removed])
        items = [
            self._item(held[id].month if id in held and held[id].month != BASE else rows[id][0], id, document.seq, rows[id][1])
            for id, document in newest.items()
            if (id not in held or held[id].seq < document.seq) and removed.get(id, -1) < document.seq
        ]
        for id, seq in removed.items():
            if (id not in held or held[id].seq < seq) and (id not in newest or newest[id].seq <= seq) and _storable(id):
                month = held[id].month if id in held else self._in_doubt.get(id, BASE)
                items.append(self._item(month, id, seq, removal_row(id, seq)))
        if items:
            self._write(items)
        if cursor > self._position.seq:
            self._move_cursor(AsOf(seq=cursor, at=moment))

    def _item(self, month: str, id: str, seq: int, row: bytes) -> Item:
        return Item(target=self.build.month_alias(month), id=id, seq=seq, row=row)

    def _write(self, items: Sequence[Item]) -> None:
        months = {item.id: item.target.removeprefix(self.build.month_alias("")) for item in items}
        for month in sorted(set(months.values()) - self._months):
            self._add_month(month)
        self._stale = True
        try:
            self._bulk.settle(items)
        except EngineError:
            self._remember_doubt(months)
            raise
        self._pending |= {item.id: Held(months[item.id], item.seq) for item in items}
        if not self.building or len(self._pending) >= _REFRESH_WHEN_BUILDING:
            self._refresh()

    def _remember_doubt(self, months: Mapping[str, str]) -> None:
        """A write that was not answered may still arrive: a later removal must stand in the same index."""
        self._in_doubt |= {id: month for id, month in months.items() if month != BASE}
        while len(self._in_doubt) > _MOST_IN_DOUBT:
            del self._in_doubt[next(iter(self._in_doubt))]

    def _held(self, ids: Iterable[str]) -> dict[str, Held]:
        """id -> what the index holds for it, document or remembered removal; a document's place comes first."""
        if self._stale and not self._pending:
            self._refresh()  # an earlier batch was cut short
        held = {id: self._pending[id] for id in ids if id in self._pending}
        asked = sorted({id for id in ids if id not in held and _storable(id)})
        for start in range(0, len(asked), _IDS_AT_ONCE):
            for index, id, seq in self._look_up(asked[start : start + _IDS_AT_ONCE]):
                known, found = held.get(id), Held(self.build.month_of_index(index), seq)
                if known is not None:
                    month = known.month if found.month == BASE else found.month
                    found = Held(month, max(known.seq, seq))
                held[id] = found
        return held

    def _look_up(self, ids: Sequence[str]) -> Iterable[tuple[str, str, int]]:
        body = {
            "query": {"terms": {"id": list(ids)}}, "size": 2 * len(ids), "track_total_hits": True, "_source": False,
            "docvalue_fields": ["id", "seq"],
        }
        answer = whole(self._connection.tell(
            "POST", f"/{self.build.notices},{self.build.base}/_search", body, params={"allow_partial_search_results": "false"},
            timeout=self._connection.waiting.write,
        ))
        hits = answer["hits"]["hits"]
        if answer["hits"]["total"]["value"] != len(hits):
            raise EngineError("索引中同一公告出现多次，请运行 market rebuild。")
        return [(hit["_index"], hit["fields"]["id"][0], hit["fields"]["seq"][0]) for hit in hits]

    def _refresh(self) -> None:
        answer = self._connection.tell(
            "POST", f"/{self.build.notices},{self.build.base}/_refresh", timeout=self._connection.waiting.write
        )
        if answer["_shards"]["failed"]:
            raise EngineUnavailable("Elasticsearch 未能刷新索引，本批公告将重新写入。", shards=str(answer["_shards"])[:300])
        self._pending.clear()
        self._stale = False

    def _make_visible(self) -> None:
        if self._pending:
            self._refresh()

    def _follow(self) -> bool:
        return False  # what is written here belongs to this build alone

    # months

    def _known_months(self) -> set[str]:
        answer = self._connection.tell("GET", f"/{self.build.notices}-*/_alias")
        if len(answer) > 1 and self.build.notices in answer[self.build.base]["aliases"]:
            self._search_months_only()
        return {self.build.month_of_index(index) for index in answer}

    def _add_month(self, month: str) -> None:
        add_month(self._connection, self.build, month)
        if self._months == {BASE}:
            self._search_months_only()
        self._months.add(month)

    def _search_months_only(self) -> None:
        """Once there is a month, searches need not ask the base, which holds no notice."""
        action = {"remove": {"index": self.build.base, "alias": self.build.notices}}
        self._connection.tell("POST", "/_aliases", {"actions": [action]}, timeout=self._connection.waiting.write)

    # the cursor

    def _claim(self) -> None:
        """Makes this the writer that may move the cursor."""
        answer = self._connection.tell("GET", f"/{self.build.base}/_doc/{POSITION}")
        self._position, self._place = position_of(answer), (answer["_seq_no"], answer["_primary_term"])
        try:
            self._put_position(self._position)
        except Refusal as refusal:
            if refusal.status == 409:
                raise IndexBusy("另一个进程同时打开了索引的写入。") from refusal
            raise

    def _move_cursor(self, position: AsOf) -> None:
        try:
            self._put_position(position)
        except Refusal as refusal:
            if refusal.status != 409:
                raise
            answer = self._connection.tell("GET", f"/{self.build.base}/_doc/{POSITION}")
            if answer["_source"]["writer"] != self._writer:
                self.close()
                raise IndexBusy("另一个进程接管了索引的写入，本进程已停止写入。") from refusal
            # our own earlier write, whose answer was lost
            self._place = answer["_seq_no"], answer["_primary_term"]
            self._put_position(position)

    def _put_position(self, position: AsOf) -> None:
        answer = self._connection.tell(
            "PUT", f"/{self.build.base}/_doc/{POSITION}",
            position_row(position.seq, position.at.isoformat(), self._writer),
            params={"if_seq_no": self._place[0], "if_primary_term": self._place[1]},
            timeout=self._connection.waiting.write,
        )
        self._position, self._place = position, (answer["_seq_no"], answer["_primary_term"])

    # ending

    @property
    def building(self) -> bool:
        """Whether this is an index that is being built beside the current one."""
        return self._building_lock is not None

    @property
    def is_open(self) -> bool:
        """Whether this index still holds its writer's lock."""
        return not self._lock.closed

    def _must_be_open(self) -> None:
        if not self.is_open:
            raise IndexBusy("索引的写入已经关闭，请重新打开。")

    def finish(self) -> None:
        """Makes visible what was put off; needs the server."""
        if self.is_open and (self._stale or self._pending):
            self._refresh()

    def close(self) -> None:
        """Gives back the locks; needs no server, since every batch was settled when ``apply`` returned."""
        if self.is_open:
            with contextlib.suppress(EngineError):
                self._make_visible()
        self._lock.close()
        if self._building_lock is not None:
            self._building_lock.close()


def _storable(id: str) -> bool:
    """Whether a document of this id could ever have been written."""
    try:
        return 0 < len(id.encode()) <= MAX_ID_BYTES and id != POSITION
    except UnicodeEncodeError:
        return False


def position_row(seq: int, at: str, writer: str) -> dict[str, object]:
    """The cursor's document: of a kind of its own, so no search counts it."""
    return {"kind": CURSOR, "seq": seq, "at": at, "writer": writer}


def add_month(connection: Connection, build: Build, month: str) -> None:
    """The index of a month with its two aliases, in one step; nothing when it is there already."""
    wanted = {**notices_index(), "aliases": {build.notices: {}, build.month_alias(month): {}}}
    create_index(connection, build.month_index(month), wanted)


def create_index(connection: Connection, name: str, wanted: dict[str, object]) -> None:
    """Creates an index; one of the same name that is there already is ours (a lost answer)."""
    try:
        connection.tell("PUT", f"/{name}", wanted, timeout=connection.waiting.write)
    except Refusal as refusal:
        if refusal.status != 400 or "resource_already_exists" not in refusal.reason:
            raise


def indices_of(connection: Connection, home: str) -> dict[str, Build]:
    """Every index of a home and the build it belongs to."""
    answer = connection.ask("GET", f"/{home}-*/_alias", params={"expand_wildcards": "all"}, missing=True) or {}
    builds = {index: build_of(index) for index in answer}
    return {index: build for index, build in builds.items() if build is not None and build.home == home}
