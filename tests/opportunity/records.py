"""Invented notice records for tests of meaning; nothing here was published by anybody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from opportunity.notice import Attachment, FieldValue, Notice, NoticeRecord, Origin, Value

SEEN = dt.datetime(2026, 11, 20, 1, 2, 3, tzinfo=dt.UTC)


def given(value: Value) -> FieldValue:
    """A field stated by the source itself."""
    return FieldValue(value=value, where="given", start=0, end=0, text=str(value))


def record(
    title: str = "某项目招标公告",
    body: str = "",
    *,
    key: str = "1",
    source: str = "demo_source",
    attachments: tuple[str, ...] = (),
    suppliers: tuple[str, ...] = (),
    **fields: Any,
) -> NoticeRecord:
    """A stored notice; keyword arguments are given fields (buyer="…", budget=Decimal("1"), …)."""
    stated: Mapping[str, tuple[FieldValue, ...]] = {name: (given(value),) for name, value in fields.items()}
    if suppliers:
        stated = {**stated, "suppliers": tuple(map(given, suppliers))}
    notice = Notice(
        source=source, key=key, title=title, body=body, origin=Origin.IMPORT, given=stated,
        attachments=tuple(Attachment(name=name, url="") for name in attachments),
    )
    return NoticeRecord(
        notice=notice, version=1, reading=1, reader="test", extracted={}, seq=7, first_seq=5,
        first_seen_at=SEEN, last_seen_at=SEEN, opportunity_id=notice.id,
    )
