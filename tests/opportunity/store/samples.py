"""Invented notices and pages for the store's tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from opportunity.notice import SHANGHAI, Fields, FieldValue, Notice, NoticeType, Origin, Region
from opportunity.page import Page, PageRequest
from opportunity.store import Incoming

START = dt.datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)


class Clock:
    """A clock that moves on by one second each time it is read."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> dt.datetime:
        self.now += dt.timedelta(seconds=1)
        return self.now


def given(value: Any, text: str = "") -> tuple[FieldValue, ...]:
    return (FieldValue(value=value, where="given", start=0, end=0, text=text or str(value)),)


def in_body(value: Any, body: str, text: str, confidence: float = 1.0) -> tuple[FieldValue, ...]:
    start = body.index(text)
    return (
        FieldValue(value=value, where="body", start=start, end=start + len(text), text=text, confidence=confidence),
    )


BODY = "项目名称：湖心小学校舍修缮\n预算金额：375万元\n投标截止：2026年3月20日\n联系人：某某 0000-0000"


def extracted(body: str = BODY) -> Fields:
    if "375万元" not in body:
        return {}
    return {
        "budget": in_body(Decimal("3750000"), body, "375万元", 0.9),
        "deadline": in_body(dt.date(2026, 3, 20), body, "2026年3月20日"),
    }


def incoming(
    key: str = "a", *, source: str = "import", title: str = "湖心小学校舍修缮工程招标公告", body: str = BODY,
    fields: Fields | None = None, reader: str = "reader-1", seen_at: dt.datetime = START, cause: str = "test",
    **more: Any,
) -> Incoming:
    values: Mapping[str, Any] = {
        "origin": Origin.IMPORT,
        "given": {
            "type": given(NoticeType.TENDER, "招标公告"),
            "region": given(Region(code="330200", name="浙江省宁波市")),
            "published": given(dt.datetime(2026, 3, 1, 10, 30, tzinfo=SHANGHAI)),
        },
        **more,
    }
    return Incoming(
        notice=Notice(source=source, key=key, title=title, body=body, **values),
        extracted=extracted(body) if fields is None else fields, reader=reader, seen_at=seen_at, cause=cause,
    )


def page(
    content: bytes = b"<html>a</html>", *, url: str = "http://127.0.0.1:9/a.html", purpose: str = "notice",
    origin: Origin = Origin.REPLICA,
) -> Page:
    return Page(
        request=PageRequest(url=url, purpose=purpose, row_key="a", state={"n": 1}, body=b"\xff"),  # type: ignore[arg-type]
        url=url, status=200, headers={"Content-Type": "text/html; charset=utf-8"}, content=content,
        text=content.decode("utf-8", "replace"), encoding="utf-8", replaced=0, fetched_at=START, origin=origin,
    )
