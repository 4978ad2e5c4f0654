"""One embedded index: reading, searching, counting. Writing is embedded_writing.py's."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import tantivy
from tantivy import Order

from indexer.engine import FACET_NAMES, WordCutter
from indexer.engines.embedded_guard import contained
from indexer.engines.embedded_order import STRETCHES, Stretch, place
from indexer.engines.embedded_query import Builder, text_leaves
from indexer.engines.embedded_ranking import AGE_WEIGHT, age_scale, ranked
from indexer.engines.embedded_schema import CURSOR, MAX_TERM_BYTES
from opportunity.errors import BadQuery, EngineUnavailable, RebuildNeeded
from opportunity.facts import seconds
from opportunity.query import Query, Sort
from opportunity.results import AsOf, FacetCount, Facets, Hit, ResultPage, Total

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_FACET_COLUMNS = {"type": "type", "region": "province", "source": "source"}
_ALL_BUCKETS = 10_000
_FEW_IDS = 2_000  # so many are found and counted in one go
_IDS_AT_ONCE = 20_000
_MOST_PARTS = 512


class EmbeddedIndex:
    """An index folder opened for reading; sees each commit of the writing process at its next call."""

    def __init__(self, folder: Path, fingerprint: str, cutter: WordCutter) -> None:
        self.folder = folder
        self.fingerprint = fingerprint
        self._cutter = cutter
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        with contained("打开索引"):
            self._index = tantivy.Index.open(str(folder))
            self._schema = self._index.schema
            self._index.config_reader("manual")
        self._searcher()

    # the state that answers

    def _searcher(self) -> Any:
        """The newest committed state. meta.json is replaced by each commit, so its place on disk tells."""
        try:
            found = (self.folder / "meta.json").stat()
        except OSError as problem:
            if self._seen is None:
                raise EngineUnavailable(f"索引文件缺失（{problem}），请运行 market rebuild。") from problem
            # replaced and dropped while a request held it: its files are still open, that request ends on it
            with contained("读取索引"):
                return self._index.searcher()
        state = (found.st_ino, found.st_mtime_ns)
        with self._lock, contained("读取索引"):
            if state != self._seen:
                self._index.reload()
                self._seen = state
            return self._index.searcher()

    def cursor(self) -> int:
        return self.as_of().seq

    def as_of(self) -> AsOf:
        with contained("读取索引"):
            return self._as_of(self._searcher())

    def _as_of(self, searcher: Any) -> AsOf:
        found = searcher.search(tantivy.Query.term_query(self._schema, "kind", CURSOR, "basic"), 1, count=False)
        if not found.hits:
            return AsOf(seq=0, at=_EPOCH)
        stored = searcher.doc(found.hits[0][1])
        return AsOf(seq=stored["seq"][0], at=dt.datetime.fromisoformat(stored["at"][0]))

    def count(self) -> int:
        with contained("统计索引"):
            searcher = self._searcher()
            return self._count(searcher, Builder(self._schema, searcher).everything())

    def _count(self, searcher: Any, tree: Any) -> int:
        return int(searcher.search(tree, 1, count=True, order_by_field="seq").count)

    # searching

    def search(self, query: Query, *, limit: int, after: Hit | None = None) -> ResultPage:
        self._answerable(query)
        with contained("检索"):
            searcher = self._searcher()
            builder = Builder(self._schema, searcher)
            matched = builder.query(query)
            stretches = STRETCHES.get(query.sort)
            if stretches is None and not any(text_leaves(query.root)):
                stretches = STRETCHES[Sort.PUBLISHED]  # nothing to score: newest first
            if stretches is not None:
                hits, total = self._in_order(searcher, builder, matched, stretches, query, limit, after)
            else:
                hits, total = self._by_score(searcher, builder, matched, query, limit, after)
            return ResultPage(hits=tuple(hits), total=Total(value=total), as_of=self._as_of(searcher))

    def _in_order(
        self, searcher: Any, builder: Builder, matched: Any, stretches: Sequence[Stretch], query: Query,
        limit: int, after: Hit | None,
    ) -> tuple[list[Hit], int]:
        now, hits, total = seconds(query.now), list[Hit](), None
        for stretch in stretches:
            if len(hits) >= limit:
                break
            members = stretch.members(builder, matched, now)
            if after is not None and stretch.group < int(after.key[0]):
                continue
            if after is not None and stretch.group == int(after.key[0]):
                hits += self._after(searcher, stretch, stretch.beyond(builder, members, after), limit, after)
                continue
            found = searcher.search(
                members, limit - len(hits), count=True, order_by_field=stretch.column, order=Order.Asc
            )
            hits += [stretch.hit(key) for key, _ in found.hits]
            total = found.count if len(stretches) == 1 else None
        return hits[:limit], self._count(searcher, matched) if total is None else total

    def _after(self, searcher: Any, stretch: Stretch, members: Any, limit: int, after: Hit) -> list[Hit]:
        """The next hits behind ``after``; ids alike in their first eight bytes may stand before it."""
        wanted = limit + 8
        while True:
            found = searcher.search(
                members, wanted, count=False, order_by_field=stretch.column, order=Order.Asc
            ).hits
            hits = [hit for hit in map(stretch.hit, (key for key, _ in found)) if place(hit) > place(after)]
            if len(hits) >= limit or len(found) < wanted:
                return hits[:limit]
            wanted *= 4

    def _by_score(
        self, searcher: Any, builder: Builder, matched: Any, query: Query, limit: int, after: Hit | None
    ) -> tuple[list[Hit], int]:
        """By score, then id. A tie that crosses the edge of what was fetched is fetched to its end."""
        now = seconds(query.now)
        tree, scale = ranked(builder, query, matched, self._cutter.words, now), age_scale(now)
        behind = (-after.score, after.id) if after is not None else None
        wanted = limit + 1
        while True:
            found = searcher.search(tree, wanted, count=True, weight_by_field=AGE_WEIGHT)
            complete = len(found.hits) < wanted
            edge = found.hits[-1][0] if found.hits else 0.0
            whole = [item for item in found.hits if complete or item[0] > edge]
            if behind is not None:
                whole = [item for item in whole if item[0] * scale <= -behind[0]]
            places = sorted((-score * scale, searcher.doc(address)["id"][0]) for score, address in whole)
            places = [spot for spot in places if behind is None or spot > behind]
            if len(places) >= limit or complete:
                hits = [Hit(id=id, score=-negative) for negative, id in places[:limit]]
                return hits, int(found.count)
            wanted *= 4

    # counting and listing

    def facets(self, query: Query, names: Sequence[str], *, size: int = 50) -> Facets:
        self._answerable(query)
        for name in names:
            if name not in FACET_NAMES:
                raise BadQuery(f"没有名为“{name}”的分面，可用：{'、'.join(FACET_NAMES)}。", facet=name)
        with contained("统计分面"):
            searcher = self._searcher()
            matched = Builder(self._schema, searcher).query(query)
            asked = {
                name: {"terms": {"field": column, "size": _ALL_BUCKETS}}
                for name, column in _FACET_COLUMNS.items() if name in names
            }
            if "state" in names:
                now = seconds(query.now) + 1  # of a range "to" is not in and "from" is
                asked["state"] = {"range": {"field": "gate", "ranges": [{"to": float(now)}, {"from": float(now)}]}}
            asked["total"] = {"value_count": {"field": "seq"}}
            counted = searcher.aggregate(matched, asked)
            total = int(counted["total"]["value"])
        counts = {name: _buckets(name, counted[name]["buckets"]) for name in names}
        unknown = {name: total - sum(item.count for item in counts[name]) for name in names}
        return Facets(counts={name: counts[name][:size] for name in names}, unknown=unknown)

    def every_id(self, query: Query) -> Iterator[str]:
        """Ordered by id; one state of the index throughout. The whole id range is cut into even parts."""
        self._answerable(query)
        with contained("列出编号"):
            searcher = self._searcher()
            builder = Builder(self._schema, searcher)
            matched = builder.query(query)
            first = searcher.search(matched, _FEW_IDS, count=True, order_by_field="seq")
            total = int(first.count)
            if total <= _FEW_IDS:
                ids = sorted(searcher.doc(address)["id"][0] for _, address in first.hits)
        if total <= _FEW_IDS:
            yield from ids
            return
        parts = min(_MOST_PARTS, 1 + total // _IDS_AT_ONCE)
        for part in range(parts):
            with contained("列出编号"):
                low, high = (part << 63) // parts, ((part + 1 << 63) // parts) - 1
                members = matched if parts == 1 else builder.all_of([matched, builder.id_range(low, high)])
                found = searcher.search(members, max(1, total), count=False, order_by_field="seq").hits
                ids = sorted(searcher.doc(address)["id"][0] for _, address in found)
            yield from ids

    def close(self) -> None:
        """Reading holds nothing that must be given back."""

    def _answerable(self, query: Query) -> None:
        """A query cut by another cutter would be answered wrongly; one too long cannot stand in any text."""
        for leaf in text_leaves(query.root):
            if len(leaf.raw) * 4 > MAX_TERM_BYTES:
                raise BadQuery("检索词过长。")
        if query.fingerprint != self._cutter.fingerprint:
            raise RebuildNeeded("检索词是用另一版分词切分的，请重新提交检索。", fingerprint=query.fingerprint)


def _buckets(name: str, buckets: Iterable[dict[str, Any]]) -> tuple[FacetCount, ...]:
    if name == "state":
        closed, opened = (bucket["doc_count"] for bucket in buckets)
        pairs = [("open", opened), ("closed", closed)]
    else:
        pairs = [(bucket["key"], bucket["doc_count"]) for bucket in buckets]
    ordered = sorted((pair for pair in pairs if pair[1]), key=lambda pair: (-pair[1], pair[0]))
    return tuple(FacetCount(value=value, count=count) for value, count in ordered)
