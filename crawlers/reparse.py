"""Reading again (重读): stored pages through today's readers, shown before anything is changed.

The store keeps every input of a reading (pages, list row), so a better reader needs no portal. A
re-reading is a new reading of the same version: it is indexed again and never alerted.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from crawlers.extraction import READER, extract
from crawlers.narrowing import narrowed
from crawlers.platforms.base import Platform, row_from_json
from crawlers.spiders import all_sources
from opportunity.errors import MarketError
from opportunity.notice import Fields, Notice, NoticeRecord
from opportunity.source import Source
from opportunity.store import Incoming, Store

BATCH = 500
SAMPLES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field that another reading gives otherwise: shown as before → after."""

    notice: str
    title: str
    field: str
    before: str
    after: str


@dataclass(slots=True)
class Report:
    """What a re-reading found: counts, changed fields by name, and samples of them."""

    read: int = 0
    same: int = 0
    changed: int = 0
    written: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    samples: list[FieldChange] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)


def read_again(store: Store, record: NoticeRecord, source: Source | None, platform: Platform | None) -> Notice:
    """The notice as today's reader reads its stored pages; an import or a push keeps its own text.

    Raises MarketError when a page is gone or cannot be read any more.
    """
    notice = record.notice
    if source is None or platform is None or not notice.row:
        return notice
    pages = [store.page(sha256) for sha256 in notice.pages]
    fresh = platform.read_notice(source, row_from_json(notice.row), pages)
    return replace(fresh, pages=notice.pages, row=notice.row, origin=notice.origin, withdrawn=notice.withdrawn)


def reparse(
    store: Store, *, source: str | None = None, apply: bool, now: dt.datetime,
    progress: Callable[[int], None] = lambda done: None,
) -> Report:
    """Read every stored notice (of one source) again and compare; with ``apply`` write what differs.

    A notice whose pages cannot be read any more keeps its present reading and is counted by reason.
    """
    report = Report()
    waiting: list[Incoming] = []
    for record in store.iterate(source=source):
        report.read += 1
        progress(report.read)
        try:
            facts = _source_of(record.notice.source)
            notice = read_again(store, record, *facts)
            region = None if facts[0] is None else facts[0].region
            extracted = extract(notice.title, notice.body, source_region=region)
            if facts[0] is not None:
                notice = narrowed(notice, extracted)
        except MarketError as error:
            report.failed[error.message] += 1
            continue
        changes = list(_differences(record, notice, extracted))
        if not changes and extracted == record.extracted:
            report.same += 1
            continue
        report.changed += 1
        report.fields.update(change.field for change in changes)
        report.samples += changes[: max(0, SAMPLES - len(report.samples))]
        if apply:
            # Seen when the portal last showed it: a re-reading is no new sight of the notice.
            waiting.append(Incoming(notice=notice, extracted=extracted, reader=READER,
                                    seen_at=record.last_seen_at, cause=f"reparse:{now.date().isoformat()}"))
            if len(waiting) >= BATCH:
                report.written += _write(store, waiting)
    report.written += _write(store, waiting)
    return report


def _write(store: Store, waiting: list[Incoming]) -> int:
    saved = store.save(waiting) if waiting else []
    waiting.clear()
    return sum(answer.seq is not None for answer in saved)


def _source_of(id: str) -> tuple[Source | None, Platform | None]:
    """Facts and reader of a stored notice's source; a demonstration reads as the source it imitates."""
    return all_sources().get(id.removeprefix("demo_"), (None, None))


def _differences(record: NoticeRecord, notice: Notice, extracted: Fields) -> Iterator[FieldChange]:
    before, after = record.fields, {**extracted, **notice.given}
    for name in sorted(before.keys() | after.keys()):
        old, new = _shown(before, name), _shown(after, name)
        if old != new:
            yield FieldChange(notice=record.id, title=notice.title, field=name, before=old, after=new)
    old_notice = record.notice
    if notice.body != old_notice.body:
        yield FieldChange(notice=record.id, title=notice.title, field="body",
                          before=f"{len(old_notice.body)} 字", after=f"{len(notice.body)} 字")
    # What a better reader gives beside the fields: the title, the documents, and what is kept as it was said.
    pairs = {
        "title": (old_notice.title, notice.title), "attachments": (_documents(old_notice), _documents(notice)),
        "extra": (_said(old_notice), _said(notice)), "url": (old_notice.url or "—", notice.url or "—"),
    }
    for name, (old, new) in pairs.items():
        if old != new and name not in before.keys() | after.keys():
            yield FieldChange(notice=record.id, title=notice.title, field=name, before=old, after=new)


def _documents(notice: Notice) -> str:
    return "；".join(f"{one.name} {one.url}" for one in notice.attachments) or "—"


def _said(notice: Notice) -> str:
    return "；".join(f"{name}：{value}" for name, value in sorted(notice.extra.items())) or "—"


def _shown(fields: Mapping[str, tuple[object, ...]], name: str) -> str:
    return "；".join(str(getattr(item, "value", item)) for item in fields.get(name, ())) or "—"
