"""Documents made ahead, in a process of its own, while the feeder writes the batch before.

Only an accelerator for a long backlog: reading, normalising and cutting take two thirds of the feeder's time and
hold the interpreter, so they go to a second core. Whatever is wrong with the worker (it died, it hangs, a notice
cannot be made into a document), the feeder makes that batch itself, as it does without one. The worker writes
nothing, and ends when the feeder's end of the socket closes, however the feeder ended.

The worker is ``python -m indexer.ahead``, its standard input the socket. It is told the settings, says hello
(home, fingerprint), and then answers each (after, limit) with one packed ``Batch``, or None.
"""

from __future__ import annotations

import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from multiprocessing.connection import Connection
from typing import Any

from indexer.document import Document
from indexer.documents import document_of
from indexer.words import Cutter, cutter
from opportunity.change import Change, ChangeKind
from opportunity.notice import NoticeRecord
from opportunity.settings import Settings
from opportunity.store import Store, open_store

PATIENCE_SECONDS = 60.0  # for one batch; then the worker is ended and the feeder goes on alone
_NAMES = tuple(field.name for field in fields(Document))
_WORDS = _NAMES.index("words")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The changes (after, last] as an index takes them: documents, and removed ids with their change number."""

    changes: int
    last: int
    at: str
    documents: list[Document]
    removed: dict[str, int]


class Ahead:
    """The feeder's side. Used from one thread; every method is harmless when there is no worker."""

    def __init__(self, settings: Settings, home_id: str, fingerprint: str) -> None:
        self._settings = settings
        self._expected = (home_id, fingerprint)
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._greeted = False
        self._asked: int | None = None
        self._failed = False

    def start(self) -> None:
        """Starts the worker, once: one that failed is not started again by this feeder."""
        if self._process is not None or self._failed:
            return
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "indexer.ahead"], stdin=theirs.fileno(), stdout=subprocess.DEVNULL
            )
        self._connection = Connection(ours.detach())
        with suppress(OSError):
            self._connection.send(self._settings)

    def ask(self, after: int, limit: int) -> None:
        """Asks for the batch behind ``after``, when the worker is up and has nothing else to do."""
        try:
            if self._connection is None or not self._ready():
                return
            if self._asked is not None:
                if not self._connection.poll():
                    return
                self._connection.recv_bytes()  # an answer to an older question
            self._connection.send((after, limit))
            self._asked = after
        except (OSError, EOFError):
            self._fail()

    def _ready(self) -> bool:
        assert self._connection is not None
        if not self._greeted and self._connection.poll():
            if self._connection.recv() != self._expected:
                raise EOFError
            self._greeted = True
        return self._greeted

    def take(self, after: int, limit: int) -> Batch | None:
        """The batch behind ``after`` if it was asked for, and the one behind it asked for in turn."""
        if self._asked != after or self._connection is None:
            return None
        self._asked = None
        try:
            if not self._connection.poll(PATIENCE_SECONDS):
                raise EOFError
            batch = unpacked(self._connection.recv_bytes())
        except (OSError, EOFError, pickle.UnpicklingError):
            self._fail()
            return None
        if batch is not None and batch.changes == limit:
            self.ask(batch.last, limit)
        return batch

    def _fail(self) -> None:
        self._failed = True
        self.close()

    def close(self) -> None:
        """Ends the worker. A later ``start`` begins a new one, unless this one failed."""
        connection, process = self._connection, self._process
        self._connection = self._process = self._asked = None
        self._greeted = False
        if connection is not None:
            connection.close()
        if process is not None:
            process.kill()  # it holds nothing that must be given back
            process.wait()

    def __del__(self) -> None:
        with suppress(Exception):
            self.close()


def removed_of(changes: Sequence[Change], records: Mapping[str, NoticeRecord]) -> dict[str, int]:
    """What the store no longer holds, with the number of the change after which it was gone.

    A notice whose removal lies beyond this batch is gone from the store already: it is removed now, and the later
    change finds it so.
    """
    newest = {change.notice: change.seq for change in changes}
    removals = {change.notice: change.seq for change in changes if change.kind is ChangeKind.REMOVED}
    return {id: removals.get(id, seq) for id, seq in newest.items() if id not in records}


def batch_after(store: Store, words: Cutter, after: int, limit: int) -> Batch | None:
    """The next changes made into documents; None when there are none."""
    changes = store.changes(after, limit)
    if not changes:
        return None
    records = store.records(list(dict.fromkeys(change.notice for change in changes)))
    return Batch(
        changes=len(changes), last=changes[-1].seq, at=store.committed_at(changes[-1].seq).isoformat(),
        documents=[document_of(record, words) for record in records.values()], removed=removed_of(changes, records),
    )


def packed(batch: Batch | None) -> bytes:
    """Words travel as one string a scope: a tenth of the objects, a third of the time."""
    if batch is None:
        return pickle.dumps(None)
    rows = []
    for document in batch.documents:
        row: list[Any] = [getattr(document, name) for name in _NAMES]
        row[_WORDS] = {scope: " ".join(words) for scope, words in document.words.items()}
        rows.append(tuple(row))
    return pickle.dumps((batch.changes, batch.last, batch.at, rows, batch.removed), pickle.HIGHEST_PROTOCOL)


def unpacked(data: bytes) -> Batch | None:
    """The way back. The bytes come from the worker that this process started, through a socket of their own."""
    content = pickle.loads(data)
    if content is None:
        return None
    changes, last, at, rows, removed = content
    documents = []
    for row in rows:
        values = dict(zip(_NAMES, row, strict=True))
        values["words"] = {scope: tuple(words.split(" ")) if words else () for scope, words in values["words"].items()}
        documents.append(Document(**values))
    return Batch(changes=changes, last=last, at=at, documents=documents, removed=removed)


def work(connection: Connection) -> None:
    """The worker: answers until the feeder is gone."""
    settings: Settings = connection.recv()
    words = cutter()
    with open_store(settings, create=False) as store:
        connection.send((store.home_id, words.fingerprint))
        while True:
            after, limit = connection.recv()
            try:
                batch = batch_after(store, words, after, limit)
            except Exception:  # the feeder meets the same when it makes the batch itself, and tells it
                batch = None
            connection.send_bytes(packed(batch))


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the feeder, whose end is ours
    with suppress(EOFError, OSError):
        work(Connection(0))


if __name__ == "__main__":
    main()
