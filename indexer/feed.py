"""The feeder: follows the store's changes and keeps the index at them. The index is disposable, the store is not.

The cursor lives in the index and is committed with the documents, so a feeder killed at any instant goes on
exactly where the index stands: nothing is lost and nothing needs undoing. A notice that cannot be
made into a document never stops the others: it is indexed with its texts alone, or set
aside, and either way reported in the quarantine with the reason.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence

from indexer.ahead import Ahead, Batch, removed_of
from indexer.attempts import Attempts
from indexer.document import Document
from indexer.documents import document_of
from indexer.engine import DocumentRefused, Engine, Index
from indexer.words import Cutter
from opportunity.errors import EngineUnavailable, IndexBusy, MarketError, RebuildNeeded
from opportunity.notice import NoticeRecord
from opportunity.settings import Settings
from opportunity.store import Store

DocumentOf = Callable[[NoticeRecord, Cutter], Document]
Progress = Callable[[int], object]

REASON = "index"  # of what the feeder puts into the quarantine
# While a new index is built the live one is fed after so many notices.
_LIVE_EVERY = 2_000
# With so many changes to catch up on a second process pays, which takes a second of work to start.
_LONG_BACKLOG = 5_000
# Then a commit holds so many batches: fewer segments are written only to be merged.
_BATCHES_AHEAD = 3


class Feeder:
    """Feeds one engine from one store. One per home: the engine refuses a second writer (IndexBusy)."""

    def __init__(
        self, store: Store, engine: Engine, cutter: Cutter, settings: Settings, clock: Callable[[], dt.datetime],
        *, make_document: DocumentOf = document_of, long_backlog: int = _LONG_BACKLOG,
    ) -> None:
        """``long_backlog``: from so many changes on documents are made ahead in a second process."""
        self._store = store
        self._engine = engine
        self._cutter = cutter
        self._batch = settings.index_batch
        self._clock = clock
        self._make_document = make_document
        self._long_backlog = long_backlog
        alone = make_document is not document_of or (os.cpu_count() or 1) < 2
        self._attempts = Attempts(settings.home)
        self._ahead = None if alone else Ahead(settings, store.home_id, cutter.fingerprint)

    def step(self) -> int:
        """Applies the next batch of changes in one commit; returns how many changes (0: nothing new).

        Raises RebuildNeeded when the index is of another cutter or schema, or is newer than the store (an
        older backup was put back); IndexBusy when another process feeds; EngineUnavailable.
        """
        index = self._engine.writer()
        try:
            return self._advance(index, self._attempts)
        finally:
            self._attempts.survived()

    def close(self) -> None:
        """Ends the process that makes documents ahead, if there is one. The feeder may go on."""
        if self._ahead is not None:
            self._ahead.close()

    def run_until_idle(self) -> int:
        """Steps until nothing is new; returns how many changes were applied."""
        return sum(iter(self.step, 0))

    def rebuild(self, progress: Progress | None = None) -> int:
        """Builds a new index from the whole store beside the current one, then switches.

        ``progress`` is called with the number of notices done. Searches and, where this process may
        write, the live index go on meanwhile. Before the switch the new index catches up with what was
        committed during the build. Killed at any instant before the switch the current index stays and the
        next build starts clean. Returns how many notices were read. Raises IndexBusy when another build goes on.
        """
        built = self._engine.build_beside()
        try:
            start = self._store.watermark()
            done = self._build(built, progress)
            built.apply([], {}, start, self._committed(start))
            while self._advance(built):
                pass
        except BaseException:
            built.close()
            raise
        self._engine.switch(built)
        return done

    def _build(self, built: Index, progress: Progress | None) -> int:
        done = fed = 0
        records = self._store.iterate(batch=self._batch)
        while batch := list(itertools.islice(records, self._batch)):
            self._apply(built, batch, {}, 0, self._committed(0))
            done += len(batch)
            if progress is not None:
                progress(done)
            if done - fed >= _LIVE_EVERY:
                fed = done
                self._feed_live()
        return done

    def _feed_live(self) -> None:
        """One step of the live index, unless it cannot be fed from here: the build matters more."""
        try:
            if self._engine.current() is not None:
                self.step()
        except (IndexBusy, RebuildNeeded, EngineUnavailable):
            return

    def _advance(self, index: Index, attempts: Attempts | None = None) -> int:
        """One batch; the live index's are noted in ``attempts``, since a batch may kill this very process."""
        cursor = index.cursor()
        care = "none" if attempts is None else attempts.care(cursor)
        if care == "none" and (made := self._made_ahead(index, cursor, attempts)):
            return made
        changes = self._store.changes(cursor, self._batch if care == "none" else 1)
        if not changes:
            self.close()
            watermark = self._store.watermark()
            if watermark < cursor:
                raise RebuildNeeded(
                    "索引比数据库还新：数据库可能换成了旧备份，请运行 market rebuild。", index=cursor, store=watermark
                )
            return 0
        last = changes[-1].seq
        if care == "none":
            self._look_ahead(last)
        records = self._store.records(list(dict.fromkeys(change.notice for change in changes)))
        removed = removed_of(changes, records)
        if care == "leave_out":
            for record in records.values():
                self._set_aside(record, "公告使索引进程反复中止，未编入索引", RuntimeError("process died"))
            records = {}
        if attempts is not None:
            attempts.begin(cursor, last)
        self._apply(index, list(records.values()), removed, last, self._committed(last))
        return len(changes)

    def _made_ahead(self, index: Index, cursor: int, attempts: Attempts | None) -> int:
        """Applies the batch that the second process has made for this place; 0 when there is none."""
        batch = self._ahead.take(cursor, self._batch * _BATCHES_AHEAD) if self._ahead is not None else None
        if batch is None:
            return 0
        if attempts is not None:
            attempts.begin(cursor, batch.last)
        return batch.changes if _applied(index, batch) else 0

    def _look_ahead(self, after: int) -> None:
        """Has the batch behind ``after`` made by the second process when there is much to catch up on."""
        if self._ahead is not None and self._store.watermark() - after >= self._long_backlog:
            self._ahead.start()
            self._ahead.ask(after, self._batch * _BATCHES_AHEAD)

    def _apply(
        self, index: Index, records: Sequence[NoticeRecord], removed: Mapping[str, int], cursor: int, at: str
    ) -> None:
        documents = {document.id: document for document in self._documents(records)}
        by_id = {record.id: record for record in records}
        while True:
            try:
                index.apply(list(documents.values()), removed, cursor, at)
                return
            except DocumentRefused as refused:
                id = refused.details["id"]
                bad = documents.pop(id)
                self._set_aside(by_id[id], "公告的字段值无法写入索引，仅按文本检索", refused)
                if plain := self._texts_alone(by_id[id], bad):
                    documents[id] = plain

    def _documents(self, records: Iterable[NoticeRecord]) -> Iterable[Document]:
        for record in records:
            try:
                yield self._make_document(record, self._cutter)
            except MarketError:
                raise
            except Exception as problem:  # whatever one notice holds, it must not stop the others
                self._set_aside(record, "公告无法处理成索引文档，仅按文本检索", problem)
                if plain := self._texts_alone(record, None):
                    yield plain

    def _texts_alone(self, record: NoticeRecord, refused: Document | None) -> Document | None:
        """The notice by its title, body and attachments, every fact unknown; None when even that fails."""
        bare = dataclasses.replace(record, extracted={}, notice=dataclasses.replace(record.notice, given={}))
        try:
            plain = self._make_document(bare, self._cutter)
        except MarketError:
            raise
        except Exception as problem:
            self._set_aside(record, "公告无法进入索引", problem)
            return None
        if plain == refused:
            self._set_aside(record, "公告无法进入索引", ValueError("仅按文本也无法写入"))
            return None
        return plain

    def _set_aside(self, record: NoticeRecord, sentence: str, problem: Exception) -> None:
        what = {"id": record.id, "version": record.version, "reading": record.reading, "seq": record.seq}
        self._store.quarantine(
            source=record.notice.source, key=record.notice.key, url=record.notice.url, reason=REASON,
            detail=f"{sentence}：{type(problem).__name__} {problem}"[:1000],
            payload=json.dumps(what, sort_keys=True).encode(), run=None, at=self._clock(),
        )

    def _committed(self, seq: int) -> str:
        return self._store.committed_at(seq).isoformat()


def _applied(index: Index, batch: Batch) -> bool:
    """Writes a batch made ahead; False when a document was refused: then nothing of the batch was written."""
    try:
        index.apply(batch.documents, batch.removed, batch.last, batch.at)
    except DocumentRefused:
        return False
    return True
