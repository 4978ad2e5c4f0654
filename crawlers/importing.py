"""Importing notices from a file: streamed, in batches, and done again without harm.

A batch is one transaction of the store, so an import that was cut short is finished by running it
again: what is there already counts as unchanged.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from crawlers.extraction import READER, extract
from crawlers.import_notice import DEFAULT_SOURCE, ImportedNotice, RowRefused, notice_of
from crawlers.import_rows import RawRow, rows, shape_of
from opportunity.notice import FIELD_NAMES, Fields, Notice, Origin, Region
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    row: RawRow
    reason: str


def import_file(
    store: Store, path: Path, *, now: dt.datetime, progress: Callable[[int, int, ImportReport], None] | None = None,
    batch: int = BATCH,
) -> ImportReport:
    """Import a JSONL or CSV file; ``progress`` is told (bytes read, bytes in all, report so far).

    Raises BadInput when the file as a whole cannot be read as rows; a bad row never stops the others.
    """
    shape = shape_of(path)
    report = ImportReport()
    passed = 0

    def note(done: int) -> None:
        nonlocal passed
        passed = done

    for part in _batches(rows(path, shape, note), batch):
        _import_batch(store, part, now, report)
        if progress is not None:
            progress(passed, shape.size, report)
    return report


def _batches(items: Iterable[RawRow], size: int) -> Iterator[list[RawRow]]:
    iterator = iter(items)
    while part := list(islice(iterator, size)):
        yield part


def _import_batch(store: Store, part: list[RawRow], now: dt.datetime, report: ImportReport) -> None:
    report.read += len(part)
    good: list[tuple[RawRow, ImportedNotice]] = []
    refused: list[_Refusal] = []
    for row in part:
        try:
            if row.problem:
                raise RowRefused(row.problem)
            good.append((row, notice_of(row.values)))
        except RowRefused as refusal:
            refused.append(_Refusal(row=row, reason=str(refusal)))
    good, crawled = _spare_crawled(store, good)
    refused = sorted([*refused, *crawled], key=lambda one: one.row.line)
    incoming = []
    for row, imported in good:
        fields, problem = _extracted(imported.notice)
        aside = (*imported.kept_aside, *([("body", problem)] if problem else []))
        for key, reason in aside:
            report.keep_aside(row.line, key, reason)
        incoming.append(
            Incoming(notice=imported.notice, extracted=fields, reader=READER, seen_at=now, cause="import")
        )
    for saved in store.save(incoming):
        setattr(report, saved.outcome, getattr(report, saved.outcome) + 1)
    _quarantine(store, refused, now, report)


def _spare_crawled(
    store: Store, good: list[tuple[RawRow, ImportedNotice]]
) -> tuple[list[tuple[RawRow, ImportedNotice]], list[_Refusal]]:
    """An import never writes over what was collected from the source itself."""
    named = [imported.notice.id for _, imported in good if imported.notice.source != DEFAULT_SOURCE]
    if not named:
        return good, []
    own = {id for id, record in store.records(named).items() if record.notice.origin is not Origin.IMPORT}
    refused = [
        _Refusal(row=row, reason="该公告已由来源采集，导入不能覆盖")
        for row, imported in good if imported.notice.id in own
    ]
    return [pair for pair in good if pair[1].notice.id not in own], refused


def _extracted(notice: Notice) -> tuple[Fields, str]:
    """What the row did not state, read from its text; a text that no reader can take is no reason to lose it."""
    wanted = [name for name in FIELD_NAMES if name != "title" and name not in notice.given]
    region = notice.given["region"][0].value if "region" in notice.given else None
    try:
        source_region = region if isinstance(region, Region) else None
        return extract(notice.title, notice.body, source_region=source_region, wanted=wanted), ""
    except Exception as error:
        return {}, f"正文无法抽取（{type(error).__name__}）"


def _quarantine(store: Store, refused: list[_Refusal], now: dt.datetime, report: ImportReport) -> None:
    if not refused:
        return
    with store.write() as connection:
        for one in refused:
            report.refuse(one.row.line, one.reason)
            put(
                connection, source=DEFAULT_SOURCE, key=_stated(one.row, "id"), url=_stated(one.row, "url"),
                reason=one.reason, detail=f"第 {one.row.line} 行：{one.reason}",
                payload=one.row.payload or json.dumps(str(one.row.values)).encode(), run=None, at=now,
            )


def _stated(row: RawRow, name: str) -> str | None:
    value = row.values.get(name)
    return str(value) if isinstance(value, str | int) and value != "" else None
