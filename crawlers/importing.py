"""Importing notices from a file: streamed, in batches, and done again without harm.

A batch is one transaction of the store, so an import that was cut short is finished by running it
again: what is there already counts as unchanged.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crawlers.extraction import READER
from crawlers.import_notice import DEFAULT_SOURCE
from crawlers.import_rows import RawRow, rows, shape_of
from crawlers.import_work import ReadRow, read_parts
from opportunity.notice import Notice, Origin
from opportunity.store import Incoming, Store
from opportunity.store.quarantine import put

BATCH = 500
# So many single rows are named in a report; every refused row is in quarantine, every reason is counted.
NAMED = 100


@dataclass(slots=True, kw_only=True)
class ImportReport:
    """What one import did. ``removed`` rows are of notices that were taken down and stay down."""

    read: int = 0
    new: int = 0
    changed: int = 0
    reread: int = 0
    unchanged: int = 0
    removed: int = 0
    refused: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    refused_rows: list[tuple[int, str]] = field(default_factory=list)
    kept_aside: int = 0
    aside_reasons: Counter[str] = field(default_factory=Counter)
    aside_rows: list[tuple[int, str, str]] = field(default_factory=list)

    def refuse(self, line: int, reason: str) -> None:
        self.refused += 1
        self.reasons[reason] += 1
        if len(self.refused_rows) < NAMED:
            self.refused_rows.append((line, reason))

    def keep_aside(self, line: int, key: str, reason: str) -> None:
        self.kept_aside += 1
        self.aside_reasons[f"{key}：{reason}"] += 1
        if len(self.aside_rows) < NAMED:
            self.aside_rows.append((line, key, reason))

    def as_json(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        return {
            "read": self.read, "new": self.new, "changed": self.changed, "reread": self.reread,
            "unchanged": self.unchanged, "removed": self.removed, "refused": self.refused,
            "reasons": dict(self.reasons.most_common()),
            "refused_rows": [{"line": line, "reason": reason} for line, reason in self.refused_rows],
            "kept_aside": self.kept_aside, "aside_reasons": dict(self.aside_reasons.most_common()),
            "aside_rows": [{"line": line, "key": key, "reason": reason} for line, key, reason in self.aside_rows],
        }


def import_file(
    store: Store, path: Path, *, now: dt.datetime, progress: Callable[[int, int, ImportReport], None] | None = None,
    batch: int = BATCH, workers: int | None = None,
) -> ImportReport:
    """Import a JSONL or CSV file; ``progress`` is told (bytes read, bytes in all, report so far).

    Raises BadInput when the file as a whole cannot be read as rows; a bad row never stops the others.
    ``workers`` read rows in processes of their own (as many as there are processors when None).
    """
    shape = shape_of(path)
    report = ImportReport()
    passed = 0

    def note(done: int) -> None:
        nonlocal passed
        passed = done

    for rows_, read in read_parts(rows(path, shape, note), batch, workers=workers):
        _import_part(store, rows_, read, now, report)
        if progress is not None:
            progress(passed, shape.size, report)
    return report


def _import_part(
    store: Store, part: Sequence[RawRow], read: Sequence[ReadRow], now: dt.datetime, report: ImportReport
) -> None:
    report.read += len(part)
    crawled = _crawled(store, [one.notice for one in read if one.notice is not None])
    incoming: list[Incoming] = []
    refused: list[tuple[RawRow, str]] = []
    for row, one in zip(part, read, strict=True):
        if one.notice is None:
            refused.append((row, one.problem))
            continue
        if one.notice.id in crawled:
            refused.append((row, "该公告已由来源采集，导入不能覆盖"))
            continue
        for key, reason in one.kept_aside:
            report.keep_aside(row.line, key, reason)
        incoming.append(
            Incoming(notice=one.notice, extracted=one.extracted, reader=READER, seen_at=now, cause="import")
        )
    for saved in store.save(incoming):
        setattr(report, saved.outcome, getattr(report, saved.outcome) + 1)
    _quarantine(store, refused, now, report)


def _crawled(store: Store, notices: Sequence[Notice]) -> set[str]:
    """Which of these were collected from the source itself: an import never writes over them."""
    named = [notice.id for notice in notices if notice.source != DEFAULT_SOURCE]
    return {id for id, record in store.records(named).items() if record.notice.origin is not Origin.IMPORT}


def _quarantine(
    store: Store, refused: Sequence[tuple[RawRow, str]], now: dt.datetime, report: ImportReport
) -> None:
    if not refused:
        return
    with store.write() as connection:
        for row, reason in refused:
            report.refuse(row.line, reason)
            put(
                connection, source=DEFAULT_SOURCE, key=_stated(row, "id"), url=_stated(row, "url"), reason=reason,
                detail=f"第 {row.line} 行：{reason}", payload=row.payload, run=None, at=now,
            )


def _stated(row: RawRow, name: str) -> str | None:
    value = row.values.get(name)
    return str(value) if isinstance(value, str | int) and value != "" else None
