"""One Elasticsearch index (a build): reading, searching, counting. Writing is elastic_writing.py's.

An answer is whole or it is an error: partial results are switched off, and shards that failed or a search that ran out
of time are looked for in every answer.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from indexer.engine import FACET_NAMES, WordCutter
from indexer.engines.elastic_connection import Connection, Refusal
from indexer.engines.elastic_mapping import NOTICE
from indexer.engines.elastic_names import POSITION, Build, build_of
from indexer.engines.elastic_query import Clause, every_leaf, in_state, matched, term, text_leaves
from indexer.engines.elastic_ranking import ranked
from indexer.order import CLOSED, GATE_UNKNOWN, STILL_OPEN
from opportunity.errors import BadQuery, EngineError, EngineUnavailable, RebuildNeeded
from opportunity.facts import seconds
from opportunity.query import Query, Sort
from opportunity.results import AsOf, FacetCount, Facets, Hit, ResultPage, Total

_AT_ONCE = 10_000  # the server's own bound of one answer (index.max_result_window)
_FEW_IDS = 2_000  # so many are listed in one request
_MOST_VALUES = 10_000  # of one facet
_KEEP_ALIVE = "2m"
_NO_VALUE = -(2**63)  # what a missing number sorts as, last in a descending order
_FACET_FIELDS = {"type": "type", "region": "province", "source": "source"}
# More than any query that search_api lets through, and few enough clauses for the smallest server.
MOST_CHARACTERS = 2_000
_WHOLE = {"allow_partial_search_results": "false"}
_PARAMETERS = {
    **_WHOLE,
    "filter_path": "timed_out,_shards,hits.total,hits.hits.sort,aggregations,pit_id",
}
# Always the same copy of each shard, so that equal scores stay equal from page to page; statistics of all shards
# together, so that a word weighs the same in every month.
_RANKED_PARAMETERS = {**_PARAMETERS, "preference": "market", "search_type": "dfs_query_then_fetch"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One group of a list order: its number, the field that sorts it and its members."""

    group: int
    field: str
    descending: bool = True
    state: str | None = None

    def order(self) -> list[dict[str, Any]]:
        direction = "desc" if self.descending else "asc"
        return [{self.field: {"order": direction, "missing": "_last"}}, {"id": "asc"}]

    def hit(self, values: Sequence[Any]) -> Hit:
        """A hit from its sort values; its key is indexer.order.sort_key without the id."""
        number, id = values
        if number is None or number == _NO_VALUE:
            return Hit(id=id, score=0.0, key=(self.group, 1, 0))
        return Hit(id=id, score=0.0, key=(self.group, 0, -number if self.descending else number))

    def values(self, hit: Hit) -> list[Any]:
        """The way back: where the list goes on after a hit."""
        if hit.key[1]:
            return [_NO_VALUE, hit.id]
        return [-int(hit.key[2]) if self.descending else int(hit.key[2]), hit.id]


STRETCHES: dict[Sort, tuple[Stretch, ...]] = {
    Sort.PUBLISHED: (Stretch(group=0, field="published_start"),),
    Sort.BUDGET: (Stretch(group=0, field="budget"),),
    Sort.SEEN: (Stretch(group=0, field="first_seen"),),
    Sort.ENTER_UNTIL: (
        Stretch(group=STILL_OPEN, field="enter_until", descending=False, state="open"),
        Stretch(group=GATE_UNKNOWN, field="enter_until", state="unknown"),
        Stretch(group=CLOSED, field="enter_until", state="closed"),
    ),
}


class ElasticIndex:
    """A build opened for reading. A search sees every batch that was applied before it began."""

    def __init__(self, connection: Connection, build: Build, fingerprint: str, cutter: WordCutter) -> None:
        self.build = build
        self.fingerprint = fingerprint
        self._connection = connection
        self._cutter = cutter

    def cursor(self) -> int:
        return self.as_of().seq

    def as_of(self) -> AsOf:
        self._make_visible()
        return position_of(self._on_build(lambda: self._connection.tell("GET", f"/{self.build.base}/_doc/{POSITION}")))

    def count(self) -> int:
        return self._total(term("kind", NOTICE))

    # searching

    def search(self, query: Query, *, limit: int, after: Hit | None = None) -> ResultPage:
        self._answerable(query)
        # Read before the search: what it names is in what the search sees, since a batch shows before the cursor moves.
        as_of = self.as_of()
        stretches = STRETCHES.get(query.sort)
        if stretches is None and not any(text_leaves(query.root)):
            stretches = STRETCHES[Sort.PUBLISHED]  # nothing to score: newest first
        if stretches is not None:
            hits, total = self._in_order(query, stretches, limit, after)
        else:
            body = {"query": ranked(query, self._cutter.words), "sort": [{"_score": "desc"}, {"id": "asc"}]}
            start = None if after is None else [after.score, after.id]
            rows, total = self._rows(body, limit, start, _RANKED_PARAMETERS)
            hits = [Hit(id=id, score=score) for score, id in rows]
        return ResultPage(hits=tuple(hits), total=Total(value=total), as_of=as_of)

    def _in_order(
        self, query: Query, stretches: Sequence[Stretch], limit: int, after: Hit | None
    ) -> tuple[list[Hit], int]:
        now, hits = seconds(query.now), list[Hit]()
        total = None if len(stretches) == 1 else self._total(matched(query))
        for stretch in stretches:
            if total is not None and len(hits) >= limit:
                break
            if after is not None and stretch.group < int(after.key[0]):
                continue
            start = stretch.values(after) if after is not None and stretch.group == int(after.key[0]) else None
            members = matched(query) if stretch.state is None else matched(query, in_state(stretch.state, now))
            rows, found = self._rows({"query": members, "sort": stretch.order()}, limit - len(hits), start, _PARAMETERS)
            hits += map(stretch.hit, rows)
            total = found if total is None else total
        return hits, total or 0

    def _rows(
        self, body: dict[str, Any], limit: int, start: Sequence[Any] | None, parameters: dict[str, str]
    ) -> tuple[list[Any], int]:
        """Up to ``limit`` hits' sort values, and the exact total; several requests when more than one may hold."""
        rows, total = list[Any](), None
        while total is None or len(rows) < limit:
            asked = {**body, "size": max(0, min(limit - len(rows), _AT_ONCE)), "track_total_hits": total is None}
            if start is not None:
                asked["search_after"] = start
            answer = self._search(asked, parameters)
            if total is None:
                total = total_of(answer)
            found = [hit["sort"] for hit in hits_of(answer)]
            rows += found
            if len(found) < asked["size"] or not found:
                break
            start = found[-1]
        return rows, total

    def _total(self, query: Clause) -> int:
        answer = self._search({"query": query, "size": 0, "track_total_hits": True}, _PARAMETERS)
        return total_of(answer)

    # counting and listing

    def facets(self, query: Query, names: Sequence[str], *, size: int = 50) -> Facets:
        self._answerable(query)
        for name in names:
            if name not in FACET_NAMES:
                raise BadQuery(f"没有名为“{name}”的分面，可用：{'、'.join(FACET_NAMES)}。", facet=name)
        asked: dict[str, Any] = {
            name: {"terms": {"field": field, "size": _MOST_VALUES}}
            for name, field in _FACET_FIELDS.items() if name in names
        }
        if "state" in names:
            now = seconds(query.now)
            asked["state"] = {"filters": {"filters": {state: in_state(state, now) for state in ("open", "closed")}}}
        body = {"query": matched(query), "size": 0, "track_total_hits": True, "aggs": asked}
        answer = self._search(body, _PARAMETERS)
        total = total_of(answer)
        counts = {name: _counts(name, answer["aggregations"][name]) for name in names}
        unknown = {name: total - sum(item.count for item in counts[name]) for name in names}
        return Facets(counts={name: counts[name][:size] for name in names}, unknown=unknown)

    def every_id(self, query: Query) -> Iterator[str]:
        """Ordered by id; one state of the index throughout (a point in time, once it takes several requests)."""
        self._answerable(query)
        body = {"query": matched(query), "sort": [{"id": "asc"}]}
        first = self._search({**body, "size": _FEW_IDS, "track_total_hits": True}, _PARAMETERS, self._connection.waiting.listing)
        if total_of(first) <= _FEW_IDS:
            yield from (hit["sort"][0] for hit in hits_of(first))
            return
        yield from self._all_ids(body)

    def _all_ids(self, body: dict[str, Any]) -> Iterator[str]:
        waiting = self._connection.waiting.listing
        opened = self._connection.tell(
            "POST", f"/{self.build.notices}/_pit", params={"keep_alive": _KEEP_ALIVE, **_WHOLE}, timeout=waiting
        )
        point, start = opened["id"], None
        try:
            while True:
                asked = {**body, "size": _AT_ONCE, "track_total_hits": False, "pit": {"id": point, "keep_alive": _KEEP_ALIVE}}
                if start is not None:
                    asked["search_after"] = start
                answer = self._search(asked, _PARAMETERS, waiting, path="/_search")
                point = answer.get("pit_id", point)
                hits = hits_of(answer)
                yield from (hit["sort"][0] for hit in hits)
                if len(hits) < _AT_ONCE:
                    return
                start = hits[-1]["sort"]
        finally:
            try:
                self._connection.ask("DELETE", "/_pit", {"id": point}, missing=True)
            except EngineError as problem:  # the server forgets it by itself in two minutes
                logging.getLogger(__name__).info("point in time left to run out: %s", problem)

    def close(self) -> None:
        """Reading holds nothing that must be given back."""

    # asking

    def _make_visible(self) -> None:
        """Reading sees what was refreshed; an index being written refreshes first what it has put off."""

    def _search(
        self, body: dict[str, Any], parameters: dict[str, str], timeout: float | None = None, *, path: str | None = None
    ) -> dict[str, Any]:
        self._make_visible()
        body = {**body, "_source": False, "stored_fields": "_none_"}  # sort values tell all
        return whole(self._on_build(lambda: self._connection.tell(
            "POST", path or f"/{self.build.notices}/_search", body, params=parameters, timeout=timeout
        )))

    def _on_build(self, ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Asks; when the build was replaced and dropped meanwhile, asks the one that replaced it, once."""
        try:
            return ask()
        except Refusal as refusal:
            if refusal.status != 404 or not self._follow():
                raise
            return ask()

    def _follow(self) -> bool:
        """Whether another build of the same kind has taken this one's place; from now on that one is read."""
        now = current_build(self._connection, self.build.home)
        if now is None or now == self.build or now.fingerprint != self.build.fingerprint:
            return False
        self.build = now
        return True

    def _answerable(self, query: Query) -> None:
        """A query cut by another cutter would be answered wrongly; one too long is refused before the server does."""
        characters = 0
        for leaf in every_leaf(query.root):
            characters += len(leaf.raw)
            try:
                leaf.raw.encode()
            except UnicodeEncodeError as problem:
                raise BadQuery("检索词含有不是字符的内容（孤立代理项）。") from problem
        if characters > MOST_CHARACTERS:
            raise BadQuery("检索词过长。")
        if query.fingerprint != self._cutter.fingerprint:
            raise RebuildNeeded("检索词是用另一版分词切分的，请重新提交检索。", fingerprint=query.fingerprint)


def whole(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer, when every shard has answered in time; EngineUnavailable otherwise: part is never taken for all."""
    shards = answer.get("_shards") or {}
    if answer.get("timed_out") is not False or shards.get("failed") != 0 or shards["successful"] != shards["total"]:
        raise EngineUnavailable("Elasticsearch 只查到部分数据，结果不完整，请稍后再试。", shards=str(shards)[:300])
    return answer


def current_build(connection: Connection, home: str) -> Build | None:
    """The build that a home's alias names; its fingerprint may be another's."""
    answer = connection.ask("GET", f"/{home}/_doc/{POSITION}", params={"_source": "false"}, missing=True)
    return build_of(answer["_index"]) if answer is not None else None


def total_of(answer: dict[str, Any]) -> int:
    """How many notices match, exactly."""
    total = answer.get("hits", {}).get("total")
    if total is None or total["relation"] != "eq":
        raise EngineUnavailable("Elasticsearch 的回答不完整，请稍后再试。")
    return int(total["value"])


def hits_of(answer: dict[str, Any]) -> Sequence[Any]:
    """The hits; an answer without any leaves out the list."""
    hits: Sequence[Any] = answer.get("hits", {}).get("hits", ())
    return hits


def position_of(answer: dict[str, Any]) -> AsOf:
    """The cursor from the answer for its document."""
    if not answer.get("found"):
        raise EngineUnavailable("Elasticsearch 中的索引缺少进度记录，请运行 market rebuild。")
    return AsOf(seq=answer["_source"]["seq"], at=dt.datetime.fromisoformat(answer["_source"]["at"]))


def _counts(name: str, counted: dict[str, Any]) -> tuple[FacetCount, ...]:
    buckets = counted["buckets"]
    pairs: Iterable[tuple[str, int]]
    if name == "state":
        pairs = [(state, bucket["doc_count"]) for state, bucket in buckets.items()]
    else:
        if counted["sum_other_doc_count"] or counted["doc_count_error_upper_bound"]:
            raise EngineError("分面的取值过多，无法精确统计。", facet=name)
        pairs = [(bucket["key"], bucket["doc_count"]) for bucket in buckets]
    ordered = sorted((pair for pair in pairs if pair[1]), key=lambda pair: (-pair[1], pair[0]))
    return tuple(FacetCount(value=value, count=count) for value, count in ordered)
