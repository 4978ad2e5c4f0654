"""Writing one embedded index: versions, removals and the cursor in one commit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import tantivy

from indexer.document import Document
from indexer.engine import WordCutter
from indexer.engines.embedded_guard import contained
from indexer.engines.embedded_index import EmbeddedIndex
from indexer.engines.embedded_schema import CURSOR, MAX_TERM_BYTES, REMOVED, row_of


class EmbeddedWritingIndex(EmbeddedIndex):
    """An index folder opened for writing; tantivy's lock in the folder keeps a second writer out.

    ``commit_every``: with more than 1 a commit waits until so many documents have been added (a
    building index loses nothing by it: an interrupted build starts anew). Reading commits first.
    """

    def __init__(
        self, folder: Path, fingerprint: str, cutter: WordCutter, *, memory_mb: int, threads: int, commit_every: int,
        build_lock: IO[bytes] | None = None,
    ) -> None:
        self._uncommitted = 0
        super().__init__(folder, fingerprint, cutter)
        self._memory = max(memory_mb, 15 * threads) * 1_000_000
        self._threads = threads
        self._commit_every = commit_every
        self._build_lock = build_lock
        self._writer: Any = None
        self._pending: dict[str, int] = {}  # what the next commit will hold
        self._open_writer()
        self._position = super().as_of()

    def _open_writer(self) -> None:
        with contained("打开索引写入"):
            self._writer = self._index.writer(self._memory, self._threads)

    def apply(self, documents: Sequence[Document], removed: Mapping[str, int], cursor: int, at: str) -> None:
        newest: dict[str, Document] = {}
        for document in documents:
            if document.id not in newest or newest[document.id].seq < document.seq:
                newest[document.id] = document
        moment = dt.datetime.fromisoformat(at)
        with contained("写入索引"):
            held = self._held([*newest, *removed])
            rows = [
                (document.id, document.seq, row_of(document)) for document in newest.values()
                if held.get(document.id, -1) < document.seq and removed.get(document.id, -1) < document.seq
            ]
            gone = [
                (id, seq, tantivy.Document(kind=REMOVED, id=id, seq=seq)) for id, seq in removed.items()
                if held.get(id, -1) < seq and (id not in newest or newest[id].seq <= seq)
            ]
            if not rows and not gone and cursor <= self._position.seq:
                return
            try:
                self._write([*rows, *gone], held, max(cursor, self._position.seq), moment)
            except BaseException:
                self._give_up()
                raise

    def _write(
        self, rows: Sequence[tuple[str, int, Any]], held: Mapping[str, int], cursor: int, at: dt.datetime
    ) -> None:
        if self._writer is None:
            self._open_writer()
        for id, seq, row in rows:
            if id in held:
                self._writer.delete_documents_by_term("id", id)
            self._writer.add_document(row)
            self._pending[id] = seq
        if cursor > self._position.seq:
            self._position = type(self._position)(seq=cursor, at=at)
        self._uncommitted += len(rows)
        if self._uncommitted >= self._commit_every or self._commit_every == 1:
            self._commit()

    def _commit(self) -> None:
        position = self._position
        self._writer.delete_documents_by_term("kind", CURSOR)
        self._writer.add_document(tantivy.Document(kind=CURSOR, seq=position.seq, at=position.at.isoformat()))
        self._writer.commit()
        self._pending.clear()
        self._uncommitted = 0

    def _give_up(self) -> None:
        """After any failure nothing of the batch stays; the next apply begins with a new writer."""
        self._writer, self._uncommitted = None, 0
        self._pending.clear()
        self._position = super().as_of()

    def _held(self, ids: Sequence[str]) -> dict[str, int]:
        """id -> change number of what the index holds for it, document or remembered removal."""
        held = {id: self._pending[id] for id in ids if id in self._pending}
        asked = [id for id in ids if id not in held and 0 < len(id) <= MAX_TERM_BYTES // 4]
        if asked:
            searcher = super()._searcher()
            tree = tantivy.Query.term_set_query(self._schema, "id", asked)
            addresses = [address for _, address in searcher.search(tree, len(asked) + 8, count=False).hits]
            numbers = searcher.fast_field_values("seq", addresses)
            for address, number in zip(addresses, numbers, strict=True):
                held[searcher.doc(address)["id"][0]] = number
        return held

    def _searcher(self) -> Any:
        if self._uncommitted:
            with contained("提交索引"):
                self._commit()
        return super()._searcher()

    def collect_garbage(self) -> None:
        """Drops segment files that no commit names any more."""
        if self._writer is not None:
            with contained("清理索引"):
                self._writer.garbage_collect_files()

    @property
    def building(self) -> bool:
        """Whether this is an index that is being built beside the current one."""
        return self._build_lock is not None

    @property
    def is_open(self) -> bool:
        """Whether this index still holds its folder's lock."""
        return self._writer is not None

    def close(self) -> None:
        """Commits what waits, ends merging and gives back the locks."""
        try:
            self.finish()
        finally:
            if self._build_lock is not None:
                self._build_lock.close()

    def finish(self) -> None:
        """Commits what waits, ends merging and gives back the folder's lock, but not the build's."""
        if self._writer is None:
            return
        with contained("关闭索引"):
            try:
                if self._uncommitted:
                    self._commit()
                self._writer.wait_merging_threads()
            finally:
                self._writer = None


def create(folder: Path, schema: Any) -> None:
    """A new empty index in a new folder."""
    with contained("新建索引"):
        folder.mkdir(parents=True)
        tantivy.Index(schema, str(folder))
