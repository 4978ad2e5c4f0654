"""Words for people: amounts are never rounded, times say what they mean."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opportunity.notice import SHANGHAI
from search_api import wording
from search_api.evidence import Mark, marked, pieces


@pytest.mark.parametrize(("amount", "words"), [
    ("0", "0 元"), ("9999.99", "9,999.99 元"), ("10000", "1 万元"), ("1285000", "128.5 万元"), ("1730000.50", "173.00005 万元"),
    ("123456789", "12,345.6789 万元"), ("100000000", "1 亿元"), ("250000000.00", "2.5 亿元"), ("-50000", "-5 万元"), (None, "未知"),
])
def test_amounts(amount: str | None, words: str) -> None:
    assert wording.amount_title(amount) == words


@given(st.decimals(min_value=0, max_value=10**12, places=2))
def test_an_amount_in_words_is_exactly_the_amount(amount: Decimal) -> None:
    number, unit = wording.amount_title(amount).split(" ")
    assert Decimal(number.replace(",", "")) * {"元": 1, "万元": 10_000, "亿元": 100_000_000}[unit] == amount


def test_the_end_of_a_day_is_its_own_midnight() -> None:
    assert wording.end_title(dt.datetime(2026, 11, 27, tzinfo=SHANGHAI)) == "2026-11-26 24:00"
    assert wording.end_title(dt.datetime(2026, 11, 27, 9, 30, tzinfo=SHANGHAI)) == "2026-11-27 09:30"
    assert wording.end_title(dt.datetime(2026, 11, 26, 16, tzinfo=dt.UTC)) == "2026-11-26 24:00"


@pytest.mark.parametrize(("hours", "words"), [(-1, ""), (0, ""), (0.5, "不足 1 小时"), (5, "还有 5 小时"), (47.9, "还有 47 小时"), (49, "还有 2 天")])
def test_time_left(hours: float, words: str) -> None:
    now = dt.datetime(2026, 11, 24, tzinfo=SHANGHAI)
    assert wording.left_title(now + dt.timedelta(hours=hours), now) == words


def test_a_day_stays_a_day() -> None:
    assert wording.moment_title("2026-11-24") == "2026-11-24"
    assert wording.moment_title("2026-11-24T01:30:00+00:00") == "2026-11-24 09:30"


def test_an_unknown_code_stands_for_itself() -> None:
    assert wording.region_title("330000") == "浙江省"
    assert wording.region_title("999999") == "999999"
    assert wording.type_title("nonsense") == "nonsense"


spans = st.lists(st.tuples(st.integers(-3, 40), st.integers(-3, 40)), max_size=8)


@given(st.text(max_size=30), spans)
def test_pieces_give_the_text_back_and_cover_the_evidence(text: str, found: list[tuple[int, int]]) -> None:
    marks = [Mark(anchor=f"a{number}", name=f"n{number}", start=start, end=end) for number, (start, end) in enumerate(found)]
    cut = pieces(text, marks)
    assert "".join(piece.text for piece in cut) == text
    for mark in marks:
        covered = "".join(piece.text for piece in cut if mark.name in piece.names)
        assert covered == (text[mark.start : mark.end] if 0 <= mark.start < mark.end <= len(text) else "")
    assert sum(len(piece.anchors) for piece in cut) == sum(0 <= m.start < m.end <= len(text) for m in marks)


@given(st.text(max_size=30), spans)
def test_marked_runs_give_the_text_back(text: str, found: list[tuple[int, int]]) -> None:
    assert "".join(run for run, _ in marked(text, found)) == text
