"""Search: what the interface, the page and the command line ask. Composes store, engine and cutter."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from indexer.engine import Engine, Index
from opportunity.errors import BadCursor, EngineUnavailable, NotFound
from opportunity.notice import NoticeRecord, Origin
from opportunity.query import Choice, Everything, Query, Sort
from opportunity.results import AsOf, Hit, Total
from search_api import presenting
from search_api.answers import (
    Coded,
    HitAnswer,
    NoticeAnswer,
    QueryAnswer,
    SearchAnswer,
    SourcesAnswer,
    State_,
    TotalCount,
    VersionAnswer,
)
from search_api.cursor import Cursor, decode, encode
from search_api.freshness import Freshness
from search_api.highlights import highlights, needles, opening
from search_api.paging import Place, Recent, SortedPager, place_after
from search_api.query_text import describe, parse_query
from search_api.request import SearchRequest, typed_filters, unknown_group, with_filters
from search_api.stored_results import KEPT, StoredResults, cursor_secret

if TYPE_CHECKING:
    from indexer.words import Cutter
    from opportunity.store import Store

FACETS = ("type", "region", "source", "state")
NOWHERE = Place()
MAX_COMPARED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """One page before it is dressed: what is shown and what the next cursor needs."""

    hits: Sequence[Hit]
    total: Total
    as_of: AsOf
    now: dt.datetime
    unknown: Mapping[str, int]
    more: bool
    shown: int = 0
    stored: str | None = None
    offset: int = 0
    place: Place = NOWHERE


class Search:
    """The search service. Safe to use from many threads; reads only, except for kept ranked lists."""

    def __init__(
        self, *, store: Store, engine: Engine, cutter: Cutter, clock: Callable[[], dt.datetime],
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.store, self.engine, self.cutter, self.clock = store, engine, cutter, clock
        self.freshness = Freshness(store=store, clock=clock)
        self._results = StoredResults(store)
        self._recent = Recent()
        # Made once per store, at the start: no search waits for the write lock.
        self._secret = cursor_secret(store, random_bytes)

    def flush(self) -> None:
        """Wait until the ranked lists of past searches are in the store."""
        self._results.flush()

    def close(self) -> None:
        """Write the ranked lists that still wait for the store."""
        self._results.close()

    def index(self) -> Index:
        """The index that answers now; raises when there is none, or RebuildNeeded if another cutter made it."""
        index = self.engine.current()
        if index is None:
            raise EngineUnavailable("还没有索引：请先运行 market feed，或稍等片刻。")
        return index

    def query(self, request: SearchRequest, now: dt.datetime) -> Query:
        """The query tree of a request; raises BadQuery."""
        return with_filters(parse_query(request.text, cutter=self.cutter, now=now), request)

    def search(
        self, request: SearchRequest, *, limit: int = 20, cursor: str | None = None, facets: bool = True
    ) -> SearchAnswer:
        """One page. ``cursor`` goes on where an earlier page of the same request ended."""
        index = self.index()
        if cursor is None:
            query = self.query(request, self.clock())
            page = self._first(index, query, request, limit)
        else:
            came = decode(
                cursor, self._secret, search=request.digest, fingerprint=index.fingerprint,
                now=self.clock(),
            )
            query = self.query(request, came.now)
            page = self._later(index, query, came, limit)
        counted = index.facets(query, FACETS) if facets and cursor is None else None
        titles = self.freshness.titles()
        return SearchAnswer(
            total=TotalCount(value=page.total.value, exact=page.total.exact),
            hits=self._dress(page, query, titles),
            facets=None if counted is None else presenting.facet_answers(counted, titles),
            as_of=State_(seq=page.as_of.seq, at=page.as_of.at),
            sources=self.freshness.line(request.sources, request.regions),
            query=QueryAnswer(
                text=request.text, description=describe(query), notes=list(query.notes), sort=query.sort.value
            ),
            unknown=dict(page.unknown),
            next=self._cursor(page, request, index) if page.more else None,
        )

    def demonstration(self, request: SearchRequest) -> bool:
        """True when hits of this search can be demonstration data (made up by a replica on this machine)."""
        if request.origins and Origin.REPLICA.value not in request.origins:
            return False
        scope = [each for each in self.freshness.standings().values() if not request.sources or each.id in request.sources]
        if any(each.demonstration and each.enabled for each in scope):
            return True
        replica = Choice(field="origin", values=(Origin.REPLICA.value,), unknown=False)
        chosen = (Choice(field="source", values=request.sources, unknown=False),) if request.sources else ()
        query = Query(
            root=Everything(), fingerprint=self.cutter.fingerprint, now=self.clock(), filters=(replica, *chosen),
            sort=Sort.PUBLISHED,
        )
        return self.index().search(query, limit=1).total.value > 0

    def notice(self, id: str) -> NoticeAnswer:
        """One notice with its evidence and versions; raises NotFound (also when it was taken down)."""
        record = self.store.record(id)
        if record is None:
            raise NotFound("没有这条公告，或已应要求删除。", id=id)
        standing = self.freshness.standing(record.notice.source)
        title = record.notice.source if standing is None else standing.title
        home = None if standing is None else standing.facts.get("home")
        return presenting.notice_answer(
            record, now=self.clock(), source=Coded(code=record.notice.source, name=title), source_home=home,
            versions=self._history(record),
        )

    def _history(self, record: NoticeRecord) -> list[VersionAnswer]:
        """The versions of a notice, the newest first; what changed is told for the newest few."""
        rows = self.store.versions(record.id)
        texts = {row.version: self.store.record(record.id, row.version) for row in rows[: MAX_COMPARED + 1] if len(rows) > 1}
        history = []
        for row in rows:
            before, after = texts.get(row.version - 1), texts.get(row.version)
            changes = presenting.version_changes(before, after) if before and after else []
            history.append(VersionAnswer(
                version=row.version, at=row.seen_at, title=row.title, current=row.version == record.version, changes=changes
            ))
        return history

    def sources(self) -> SourcesAnswer:
        """Every source with its health and last runs."""
        return SourcesAnswer(at=self.clock(), sources=self.freshness.answers())

    def _first(self, index: Index, query: Query, request: SearchRequest, limit: int) -> _Page:
        ranked = query.sort is Sort.RELEVANCE
        found = index.search(query, limit=max(limit + 1, KEPT) if ranked else limit + 1)
        shown = found.hits[:limit]
        page = _Page(
            hits=shown, total=found.total, as_of=found.as_of, now=query.now, more=len(found.hits) > limit,
            unknown=self._unknown(index, query, request), shown=len(shown),
        )
        if not ranked and self.store.watermark() > found.as_of.seq:
            return self._first_while_feeding(index, query, page, limit)
        if not page.more:
            return page
        if ranked:
            kept = found.hits[:KEPT]
            name = self._results.keep(
                search=request.digest, fingerprint=index.fingerprint, seq=found.as_of.seq, now=query.now, hits=kept
            )
            return replace(page, stored=name, offset=limit)
        return replace(page, place=place_after(shown[-1]))

    def _first_while_feeding(self, index: Index, query: Query, page: _Page, limit: int) -> _Page:
        """The first page of a sorted list while changes are on their way into the index.

        The index may hold some notices as they are since; they are listed as of its own number, as on every later page.
        """
        pager = self._pager(index, query, page.as_of.seq)
        try:
            rest = pager.read(NOWHERE, limit)
        except BadCursor:  # a backlog too long to look through: the engine's answer, and later pages will say so
            return replace(page, place=place_after(page.hits[-1])) if page.more else page
        total = replace(page.total, exact=page.total.exact and not pager.looked_back)
        return replace(page, hits=rest.hits, shown=len(rest.hits), place=rest.place, more=rest.more, total=total)

    def _later(self, index: Index, query: Query, came: Cursor, limit: int) -> _Page:
        page = _Page(
            hits=(), total=Total(value=came.total, exact=came.exact), as_of=AsOf(seq=came.seq, at=came.at),
            now=came.now, unknown=came.unknown, more=False, shown=came.shown, stored=came.stored, offset=came.offset,
            place=Place(engine=came.engine, last=came.last),
        )
        kept: list[Hit] = []
        leave_out: frozenset[str] = frozenset()
        if came.stored is not None:
            everything = self._results.load(came.stored)
            kept = everything[came.offset : came.offset + limit]
            leave_out = frozenset(hit.id for hit in everything)
            page = replace(page, hits=kept, offset=came.offset + len(kept), shown=came.shown + len(kept))
            if page.offset < len(everything):
                return replace(page, more=True)
            if len(everything) < KEPT:
                return page
            query = replace(query, sort=Sort.PUBLISHED)
        pager = self._pager(index, query, came.seq, leave_out)
        # With the page full already, one look says whether anything follows.
        rest = pager.read(page.place, max(1, limit - len(kept)))
        if len(kept) == limit:
            return replace(page, more=bool(rest.hits))
        return replace(
            page, hits=[*kept, *rest.hits], shown=page.shown + len(rest.hits), place=rest.place, more=rest.more
        )

    def _pager(self, index: Index, query: Query, seq: int, leave_out: frozenset[str] = frozenset()) -> SortedPager:
        return SortedPager(
            store=self.store, index=index, query=query, seq=seq, now=query.now, words_of=self.cutter.words,
            leave_out=leave_out, recent=self._recent,
        )

    def _unknown(self, index: Index, query: Query, request: SearchRequest) -> dict[str, int]:
        """How many notices each chosen filter cannot judge, whether they are shown or switched off."""
        return {
            name: index.search(unknown_group(query, filter_), limit=1).total.value
            for name, filter_ in {**typed_filters(query.root), **request.filters(query.now)}.items()
        }

    def _dress(self, page: _Page, query: Query, titles: Mapping[str, str]) -> list[HitAnswer]:
        records = self.store.records([hit.id for hit in page.hits])
        wanted, now = needles(query), self.clock()
        dressed = []
        for hit in page.hits:
            record = records.get(hit.id)
            if record is None:  # taken down since: gone by right
                continue
            marked = highlights(record, wanted)
            dressed.append(presenting.hit_answer(
                record, score=hit.score, now=now, seq=page.as_of.seq, marked=marked, opening=opening(record.notice.body),
                source_title=titles.get(record.notice.source, record.notice.source),
            ))
        return dressed

    def _cursor(self, page: _Page, request: SearchRequest, index: Index) -> str:
        cursor = Cursor(
            search=request.digest, fingerprint=index.fingerprint, seq=page.as_of.seq, at=page.as_of.at,
            now=page.now, total=page.total.value, exact=page.total.exact, shown=page.shown, unknown=page.unknown,
            stored=page.stored, offset=page.offset, engine=page.place.engine, last=page.place.last,
        )
        return encode(cursor, self._secret)
