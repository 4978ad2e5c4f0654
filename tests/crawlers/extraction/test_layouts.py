"""Whole notices in fourteen layouts: every stated field is read, nothing else is."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from crawlers.extraction import extract, plain_of
from opportunity.notice import Fields, Region
from tests.crawlers.extraction.notices import CASES, Case


def plain_values(fields: Fields) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, values in fields.items():
        read = [_plain(value.value) for value in values]
        out[name] = read if name == "suppliers" else read[0]
    return out


def _plain(value: Any) -> Any:
    if isinstance(value, Region):
        return value.code
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, dt.date) else str(value)


@pytest.mark.parametrize("case", CASES, ids=[case.layout for case in CASES])
def test_every_stated_field_is_read_and_nothing_else(case: Case) -> None:
    read = plain_values(extract(case.title, plain_of(case.body)))
    assert read.pop("title") == case.title
    assert read == case.expected


@pytest.mark.parametrize("case", CASES, ids=[case.layout for case in CASES])
def test_every_value_shows_the_characters_it_was_read_from(case: Case) -> None:
    plain = plain_of(case.body)
    for values in extract(case.title, plain).values():
        for value in values:
            text = case.title if value.where == "title" else plain
            assert text[value.start : value.end] == value.text != ""
            assert 0 < value.confidence <= 1


def test_only_wanted_fields_are_read() -> None:
    case = CASES[0]
    plain = plain_of(case.body)
    whole = extract(case.title, plain)
    for wanted in ({"budget"}, {"deadline", "buyer"}, {"title"}, {"opening_time"}, {"region"}, {"type", "agency"}, set[str]()):
        part = extract(case.title, plain, wanted=wanted)
        assert part == {name: whole[name] for name in whole if name in wanted}


def test_a_title_may_stand_in_the_body() -> None:
    body = "首页>公告\n栎舟中学课桌椅采购项目公开招标公告\n采购人：栎舟中学"
    fields = extract("", body)
    assert fields["title"][0].value == "栎舟中学课桌椅采购项目公开招标公告"
    assert fields["title"][0].where == "body"
