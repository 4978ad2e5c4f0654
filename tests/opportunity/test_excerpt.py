"""Snippets of original texts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from opportunity.excerpt import excerpt


def test_the_window_holds_the_most_different_needles() -> None:
    original = "监控" + "无关文字" * 50 + "智慧　城市，监控系统" + "尾" * 100
    shown, marked = excerpt(original, ("监控", "智慧城市"), 40)
    assert [shown[a:b] for a, b in marked] == ["智慧　城市", "监控"]
    assert len(shown) == 40


def test_of_equals_the_first_is_shown() -> None:
    assert excerpt("甲" + "一" * 50 + "甲", ("甲",), 10) == ("甲" + "一" * 9, [(0, 1)])


def test_nothing_found_gives_the_beginning() -> None:
    assert excerpt("采购公告全文", ("不在",), 4) == ("采购公告", [])
    assert excerpt("采购公告全文", (), 4) == ("采购公告", [])
    assert excerpt("", ("甲",), 4) == ("", [])


def test_a_hit_longer_than_the_window_is_marked_as_far_as_shown() -> None:
    shown, marked = excerpt("前文" + "甲乙丙丁戊己庚辛", ("甲乙丙丁戊己庚辛",), 4)
    assert (shown, marked) == ("甲乙丙丁", [(0, 4)])


@given(st.text(alphabet="甲乙 ，1", max_size=60), st.lists(st.text(alphabet="甲乙1", max_size=3), max_size=3), st.integers(1, 30))
def test_the_excerpt_is_a_piece_and_the_spans_lie_in_it(original: str, needles: list[str], width: int) -> None:
    shown, marked = excerpt(original, needles, width)
    assert shown in original
    assert len(shown) <= width
    end = 0
    for start, stop in marked:
        assert end <= start < stop <= len(shown)
        end = stop
