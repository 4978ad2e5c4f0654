"""Stored records as answers: hits, and one notice with its evidence. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from opportunity.notice import FIELD_NAMES, FieldValue, NoticeRecord, NoticeType, Region, enter_until, gate_state
from opportunity.results import FacetCount, Facets
from search_api import wording
from search_api.answers import (
    AttachmentAnswer,
    Coded,
    FacetAnswer,
    FacetValue,
    FieldAnswer,
    FieldChange,
    Fragment,
    HitAnswer,
    LinkAnswer,
    NoticeAnswer,
    VersionAnswer,
)
from search_api.links import safe_link


def hit_answer(
    record: NoticeRecord, *, score: float, now: dt.datetime, seq: int, source_title: str,
    marked: dict[str, list[Fragment]], opening: str,
) -> HitAnswer:
    """One hit. ``seq`` is the state the list speaks of; a later change of the notice is told."""
    until, gate = enter_until(record.fields)
    published, budget = record.first("published"), record.first("budget")
    buyer = record.first("buyer")
    return HitAnswer(
        id=record.id, opportunity_id=record.opportunity_id, title=record.notice.title, url=record.notice.url,
        published=None if published is None else wording.plain_value(published),
        type=coded_type(record), region=coded_region(record),
        buyer=None if buyer is None else str(buyer),
        budget=None if budget is None else wording.plain_value(budget),
        enter_until=until, gate=gate, state=gate_state(record.fields, now), origin=record.notice.origin.value,
        source=Coded(code=record.notice.source, name=source_title), score=round(score, 6),
        changed_since=record.seq > seq, highlights=marked, opening=opening,
    )


def coded_type(record: NoticeRecord) -> Coded | None:
    kind = record.first("type")
    return Coded(code=kind.value, name=kind.chinese) if isinstance(kind, NoticeType) else None


def coded_region(record: NoticeRecord) -> Coded | None:
    region = record.first("region")
    return Coded(code=region.code, name=region.name) if isinstance(region, Region) else None


def field_answers(record: NoticeRecord) -> dict[str, list[FieldAnswer]]:
    """Every field in its fixed order: the given values first, then what was extracted."""
    given, extracted = record.notice.given, record.extracted
    names = [name for name in FIELD_NAMES if name in given or name in extracted]
    names += sorted((set(given) | set(extracted)) - set(names))
    return {
        name: [
            *(_field(value, "given", used=True) for value in given.get(name, ())),
            *(_field(value, "extracted", used=not given.get(name)) for value in extracted.get(name, ())),
        ]
        for name in names
    }


def _field(value: FieldValue, origin: str, *, used: bool) -> FieldAnswer:
    return FieldAnswer.model_validate({
        "value": wording.plain_value(value.value), "name": wording.value_name(value.value), "in": value.where,
        "start": value.start, "end": value.end, "text": value.text, "confidence": value.confidence,
        "origin": origin, "used": used,
    })


def notice_answer(
    record: NoticeRecord, *, now: dt.datetime, source: Coded, source_home: str | None,
    versions: Iterable[VersionAnswer],
) -> NoticeAnswer:
    """One notice with every field, its evidence, links that are safe to follow, and its versions."""
    until, gate = enter_until(record.fields)
    notice = record.notice
    places = (("original", "原文", notice.url), ("source", source.name, source_home))
    links = [
        LinkAnswer.model_validate({"kind": kind, "title": title, "url": link})
        for kind, title, url in places if (link := safe_link(url)) is not None
    ]
    return NoticeAnswer(
        id=record.id, opportunity_id=record.opportunity_id, title=notice.title, url=notice.url, source=source,
        origin=notice.origin.value, type=coded_type(record), region=coded_region(record),
        state=gate_state(record.fields, now), enter_until=until, gate=gate, version=record.version,
        reading=record.reading, reader=record.reader, seq=record.seq, first_seen_at=record.first_seen_at,
        last_seen_at=record.last_seen_at, withdrawn=notice.withdrawn, body_missing=notice.body_missing,
        fields=field_answers(record), plain=notice.body, versions=list(versions), links=links,
        attachments=[
            AttachmentAnswer(name=each.name, url=safe_link(each.url), sha256=each.sha256)
            for each in notice.attachments
        ],
    )


def version_changes(before: NoticeRecord, after: NoticeRecord) -> list[FieldChange]:
    """What a version changed: every field whose value in use differs, in words, then title and body."""
    changes = [
        FieldChange(field=name, before=_in_words(before, name), after=_in_words(after, name))
        for name in FIELD_NAMES
        if name != "title" and _values(before, name) != _values(after, name)
    ]
    if before.notice.title != after.notice.title:
        changes.append(FieldChange(field="title", before=before.notice.title, after=after.notice.title))
    if before.notice.body != after.notice.body:
        changes.append(FieldChange(field="body", before=None, after=None))
    return changes


def _values(record: NoticeRecord, name: str) -> list[str]:
    return [wording.plain_value(each.value) for each in record.fields.get(name, ())]


def _in_words(record: NoticeRecord, name: str) -> str | None:
    values = record.fields.get(name, ())
    words = [wording.value_title(name, wording.plain_value(each.value), wording.value_name(each.value)) for each in values]
    return "、".join(words) or None


def facet_answers(facets: Facets, titles: Mapping[str, str]) -> dict[str, FacetAnswer]:
    """Counts with the Chinese name of each value; ``titles`` are the titles of sources."""
    return {
        name: FacetAnswer(
            values=[_facet_value(name, each, titles) for each in counts], unknown=facets.unknown.get(name, 0)
        )
        for name, counts in facets.counts.items()
    }


def _facet_value(name: str, each: FacetCount, titles: Mapping[str, str]) -> FacetValue:
    if name == "type":
        title = wording.type_title(each.value)
    elif name == "region":
        title = wording.region_title(each.value)
    elif name == "state":
        title = wording.STATE_TITLES.get(each.value, each.value)
    else:
        title = titles.get(each.value, each.value)
    return FacetValue(code=each.value, name=title, count=each.count)
