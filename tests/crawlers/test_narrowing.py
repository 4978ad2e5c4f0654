"""A coarse given region gives way to a place inside it, and to nothing else."""

from __future__ import annotations

import pytest

from crawlers.narrowing import narrowed
from opportunity.notice import Fields, FieldValue, Notice, Origin
from opportunity.region import region


def field(code: str) -> Fields:
    found = region(code)
    assert found is not None
    return {"region": (FieldValue(value=found, where="given", start=0, end=0, text=found.name),)}


def notice(given: Fields) -> Notice:
    return Notice(source="demo_bench", key="k", title="虚构路灯招标公告", body="", origin=Origin.REPLICA, given=given)


@pytest.mark.parametrize(
    ("given", "read", "kept"),
    [
        ("530000", "530300", False),  # the province alone, and a city of it
        ("530300", "530302", False),
        ("530000", "530000", True),
        ("530300", "530000", True),   # what is given says more
        ("530000", "110000", True),   # the two disagree: what is given stands
        ("530300", "530400", True),
    ],
)
def test_only_a_place_inside_the_given_one_takes_over(given: str, read: str, kept: bool) -> None:
    before = notice(field(given))
    after = narrowed(before, field(read))
    assert after == (before if kept else notice({}))


def test_nothing_given_or_nothing_read_changes_nothing() -> None:
    assert narrowed(notice({}), field("530300")) == notice({})
    assert narrowed(notice(field("530000")), {}) == notice(field("530000"))
