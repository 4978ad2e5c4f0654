"""Ready documents in a file, made once for all contestants: the same for each, and none waits for them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from benchmarks.corpus import Notices
from indexer.ahead import Batch, packed, unpacked
from indexer.document import Document
from indexer.documents import document_of
from indexer.words import Cutter

BATCH = 1_000
_LENGTH = struct.Struct("<Q")


def made(notices: Notices, count: int, words: Cutter) -> Iterator[list[Document]]:
    for start in range(0, count, BATCH):
        yield [document_of(record, words) for record in notices.records(min(BATCH, count - start), start)]


def write(path: Path, notices: Notices, count: int, words: Cutter) -> None:
    with path.open("wb") as file:
        for documents in made(notices, count, words):
            data = packed(Batch(changes=len(documents), last=0, at="", documents=documents, removed={}))
            file.write(_LENGTH.pack(len(data)) + data)


def read(path: Path) -> Iterator[list[Document]]:
    with path.open("rb") as file:
        while head := file.read(_LENGTH.size):
            batch = unpacked(file.read(*_LENGTH.unpack(head)))
            if batch is None:
                raise ValueError(f"{path} holds no documents")
            yield batch.documents
