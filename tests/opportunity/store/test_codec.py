"""Values come back equal and of the same type."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opportunity.notice import SHANGHAI, FieldValue, NoticeType, Region, Value
from opportunity.store.codec import (
    fields_from_json,
    fields_json,
    instant,
    instant_number,
    storable,
    storable_json,
)

WITHOUT_ZONE = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - to be refused
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
zones = st.sampled_from([SHANGHAI, dt.UTC, dt.timezone(-dt.timedelta(hours=3, minutes=30))])
moments = st.datetimes(timezones=zones)
values: st.SearchStrategy[Value] = st.one_of(
    texts, st.decimals(allow_nan=False, allow_infinity=False), st.dates(), moments, st.sampled_from(NoticeType),
    st.builds(lambda code, name: Region(code=code, name=name), texts, texts),
)
field_values = st.builds(
    lambda value, where, start, text, confidence: FieldValue(
        value=value, where=where, start=start, end=start + len(text), text=text, confidence=confidence
    ),
    values, st.sampled_from(["title", "body", "attachment", "given"]), st.integers(0, 10**6), texts,
    st.floats(0, 1),
)
fields = st.dictionaries(texts, st.lists(field_values, max_size=3).map(tuple), max_size=4)


@given(fields)
def test_fields_come_back_exactly(original: dict[str, tuple[FieldValue, ...]]) -> None:
    text = fields_json(original)
    again = fields_from_json(text)
    assert again == original
    assert fields_json(again) == text
    for name, items in original.items():
        for one, other in zip(items, again[name], strict=True):
            assert type(one.value) is type(other.value)
            assert str(one.value) == str(other.value)


@given(fields)
def test_equal_fields_have_one_text_whatever_their_order(original: dict[str, tuple[FieldValue, ...]]) -> None:
    assert fields_json(dict(reversed(original.items()))) == fields_json(original)


@given(moments)
def test_instants_are_exact_to_the_microsecond(moment: dt.datetime) -> None:
    assert instant(instant_number(moment)) == moment


@pytest.mark.parametrize(
    "value", [Decimal("NaN"), Decimal("Infinity"), WITHOUT_ZONE, 1.5, None, ["a"]]
)
def test_what_is_no_value_is_refused(value: object) -> None:
    item = FieldValue(value=value, where="body", start=0, end=0, text="")  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        fields_json({"budget": (item,)})


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError):
        instant_number(WITHOUT_ZONE)


@given(st.text())
def test_what_cannot_be_stored_is_replaced_one_for_one(text: str) -> None:
    clean = storable(text)
    assert len(clean) == len(text)
    clean.encode()
    assert "\x00" not in clean
    assert storable_json({text: [text, 1, None]}) == {clean: [clean, 1, None]}
