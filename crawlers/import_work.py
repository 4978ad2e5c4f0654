"""Reading import rows into notices, on every processor: the part of an import that takes the time.

Nothing here touches the store, so a worker process is light and one that dies loses nothing: its rows
are read again in the process that asked.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import chain, islice

from crawlers.extraction import extract
from crawlers.import_notice import RowRefused, notice_of
from crawlers.import_rows import RawRow
from opportunity.notice import FIELD_NAMES, Fields, Notice, Region


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRow:
    """What became of one row: a notice with its extracted fields, or the reason why it is none.

    ``kept_aside`` are (key, reason) pairs of values that could not be used and are kept as given.
    """

    notice: Notice | None = None
    extracted: Fields = field(default_factory=dict)
    kept_aside: tuple[tuple[str, str], ...] = ()
    problem: str = ""


Part = tuple[Sequence[RawRow], list[ReadRow]]


def read_rows(part: Sequence[RawRow]) -> list[ReadRow]:
    """Each row of a part, in order. Pure."""
    return [_read_row(row) for row in part]


def _read_row(row: RawRow) -> ReadRow:
    if row.problem:
        return ReadRow(problem=row.problem)
    try:
        imported = notice_of(row.values)
    except RowRefused as refusal:
        return ReadRow(problem=str(refusal))
    notice = imported.notice
    # The title is stated by every row; what else is stated is not read again.
    wanted = [name for name in FIELD_NAMES if name != "title" and name not in notice.given]
    region = notice.given["region"][0].value if "region" in notice.given else None
    try:
        source_region = region if isinstance(region, Region) else None
        fields = extract(notice.title, notice.body, source_region=source_region, wanted=wanted)
    except Exception as error:  # a text that no reader can take is no reason to lose the row
        problem = ("body", f"正文无法抽取（{type(error).__name__}）")
        return ReadRow(notice=notice, kept_aside=(*imported.kept_aside, problem))
    return ReadRow(notice=notice, extracted=fields, kept_aside=imported.kept_aside)


def read_parts(rows: Iterable[RawRow], size: int, *, workers: int | None = None) -> Iterator[Part]:
    """Parts of ``size`` rows with what was read, in the order of the file.

    A file of one or two parts is read here; more are read by worker processes, a few parts ahead.
    """
    parts = _parts(rows, size)
    first = list(islice(parts, 2))
    count = os.cpu_count() or 1 if workers is None else workers
    if len(first) < 2 or count < 2:
        for part in chain(first, parts):
            yield part, read_rows(part)
        return
    # Never forked: the parent holds a database connection and may run threads.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_ignore_interrupt)
    try:
        yield from _in_order(pool, chain(first, parts), ahead=count + 1)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, parts: Iterator[Sequence[RawRow]], ahead: int) -> Iterator[Part]:
    waiting: deque[tuple[Sequence[RawRow], Future[list[ReadRow]] | None]] = deque()
    while True:
        while len(waiting) < ahead and (part := next(parts, None)) is not None:
            waiting.append((part, _submit(pool, part)))
        if not waiting:
            return
        part, future = waiting.popleft()
        try:
            read = read_rows(part) if future is None else future.result()
        except BrokenProcessPool:
            read = read_rows(part)
        yield part, read


def _submit(pool: ProcessPoolExecutor, part: Sequence[RawRow]) -> Future[list[ReadRow]] | None:
    """None when the pool has died; the part is then read here."""
    try:
        return pool.submit(read_rows, part)
    except BrokenProcessPool:
        return None


def _parts(rows: Iterable[RawRow], size: int) -> Iterator[Sequence[RawRow]]:
    iterator = iter(rows)
    while part := list(islice(iterator, size)):
        yield part


def _ignore_interrupt() -> None:
    """Ctrl-C is for the parent, which ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
