"""Invented notices for the tests of search, each with evidence that points into its own text."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any

from opportunity.notice import (
    SHANGHAI,
    Attachment,
    FieldValue,
    Notice,
    NoticeType,
    Origin,
    Region,
    Value,
)
from opportunity.store.content import Incoming

NOW = dt.datetime(2026, 11, 24, 10, 0, tzinfo=SHANGHAI)
SUBJECTS = ("智慧城市监控系统", "中心小学食堂食材配送", "人民医院直线加速器", "市政道路养护工程", "办公楼物业保洁", "图书馆空调维保")
BUYERS = ("云山市第一中学", "青禾县人民医院", "临溪区城市管理局", "北岭省图书馆")
REGIONS = (Region(code="330200", name="浙江省宁波市"), Region(code="320500", name="江苏省苏州市"), Region(code="440000", name="广东省"))
KINDS = (NoticeType.TENDER, NoticeType.NEGOTIATION, NoticeType.CORRECTION, NoticeType.AWARD, NoticeType.INTENTION)


def given(value: Value, text: str = "") -> tuple[FieldValue, ...]:
    """A value as a source's own structured data states it."""
    return (FieldValue(value=value, where="given", start=0, end=0, text=text or str(value)),)


def found(body: str, text: str, value: Value, confidence: float = 0.9) -> tuple[FieldValue, ...]:
    """A value as extraction reads it out of the body."""
    start = body.index(text)
    return (FieldValue(value=value, where="body", start=start, end=start + len(text), text=text, confidence=confidence),)


def notice(key: str, title: str, body: str = "", **changes: Any) -> Notice:
    """A notice of the test source."""
    facts: dict[str, Any] = {
        "source": "test_portal", "key": key, "title": title, "body": body, "url": f"https://portal.example/notices/{key}",
        "origin": Origin.LIVE,
    }
    return Notice(**{**facts, **changes})


def incoming(item: Notice, extracted: dict[str, tuple[FieldValue, ...]] | None = None, *, at: dt.datetime = NOW) -> Incoming:
    """A notice as a crawl hands it to the store."""
    return Incoming(notice=item, extracted=extracted or {}, reader="extraction-1", seen_at=at, cause="crawl")


def invented(number: int, seed: int = 1) -> Incoming:
    """The n-th invented notice: some fields given, some extracted, some unknown."""
    chance = random.Random(f"{seed}/{number}")
    subject, buyer = chance.choice(SUBJECTS), chance.choice(BUYERS)
    kind = chance.choice(KINDS)
    amount = chance.choice((None, Decimal(chance.randrange(5, 900)) * 10_000))
    day = dt.date(2026, 11, 23) - dt.timedelta(days=chance.randrange(0, 40))
    close = dt.datetime(2026, 11, 10, 9, 30, tzinfo=SHANGHAI) + dt.timedelta(days=chance.randrange(0, 40))
    title = f"{buyer}{subject}采购项目第{number}号{kind.chinese}"
    money = "" if amount is None else f"预算金额：{amount / 10_000} 万元。"
    body = (
        f"一、项目概况\n{buyer}就{subject}进行采购，项目编号：CS-2026-{number:05d}。\n{money}\n"
        f"二、投标截止时间：{close:%Y年%m月%d日 %H:%M}（北京时间）。\n三、联系人：某先生 0000-0000\n"
    )
    extracted = {
        "project_number": found(body, f"CS-2026-{number:05d}", f"CS-2026-{number:05d}"),
        "buyer": found(body, buyer, buyer),
    }
    if amount is not None:
        extracted["budget"] = found(body, money.removeprefix("预算金额：").rstrip("。"), amount)
    if chance.random() < 0.8:
        extracted["deadline"] = found(body, f"{close:%Y年%m月%d日 %H:%M}", close)
    fields: dict[str, tuple[FieldValue, ...]] = {}
    if chance.random() < 0.9:
        fields["type"] = given(kind, kind.chinese)
    if chance.random() < 0.9:
        region = chance.choice(REGIONS)
        fields["region"] = given(region, region.name)
    if chance.random() < 0.95:
        fields["published"] = given(day)
    files = (Attachment(name=f"招标文件{number}.pdf", url=f"https://portal.example/files/{number}.pdf"),) if number % 3 == 0 else ()
    item = notice(f"n{number}", title, body, given=fields, attachments=files)
    return incoming(item, extracted, at=NOW - dt.timedelta(minutes=number))
