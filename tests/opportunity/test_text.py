"""Normalisation: the rules, the fast path against the reference, and what holds at the edges of a query."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opportunity import text as module
from opportunity.text import (
    SIMPLIFIED,
    bounded,
    bounded_readings,
    normalise,
    normalise_with_offsets,
    readings,
    spans,
)

ROOT = Path(__file__).resolve().parents[2]

# Characters that meet every rule: digits, commas, marks, white space, zero-width, accents, traditional,
# full-width, vowel signs, half-width voicing, expansions, surrogates, other planes.
TRICKY = (
    "0123456789,，.．-/—、 \t\n\u3000\u200b\ufeff\u00adaZéＡｂ１２３４中国號線臺灣瞭覆①½㎡㈱ﬃßẞİſ²Σΐΰǰŉᾼ"
    "\u0301\u0308\u0345\u0f40\u0f72\u0f7c\u09a4\u09c7\u09be\u09d7\ufe00\U000e0100\u20dd\u3099ｶﾞ\uff9fか"
    "\ud800\ue000\U00020000\U0002f800\u3007〇々٣١\u1100\u1161\u11a8한\u034f\u180b\u0e33\u0eb3‰"
)
tricky = st.text(alphabet=st.one_of(st.sampled_from(TRICKY), st.characters(exclude_categories=())), max_size=24)
numbers = st.text(alphabet="0123,，.- 4号", max_size=14)


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("轨道交通1-8号线", "轨道交通1.8号线"),
        ("轨道交通１－８號線", "轨道交通1.8号线"),
        ("18号线", "18号线"),
        ("1 8号线", "18号线"),
        ("1 - 8号线", "1.8号线"),
        ("2026-11-01", "2026.11.01"),
        ("2026/11/01", "2026.11.01"),
        ("预算：3,750,000.00元", "预算3750000.00元"),
        ("预算：３，７５０，０００元", "预算3750000元"),
        ("1,2,3号楼", "1.2.3号楼"),
        ("1,2345", "1.2345"),
        ("1,,234", "1.234"),
        ("3, 750", "3750"),
        ("、，。！", ""),
        ("", ""),
        ("PD1728_A_1.1.1", "pd1728a1.1.1"),
        ("100㎡", "100m2"),
        ("（株）①", "株1"),
        ("臺灣大學答覆瞭解", "台湾大学答复了解"),
        ("王甯", "王宁"),
        ("采\u200b购\ufeff人", "采购人"),
        ("葛\U000e0100城", "葛城"),
        ("cafe\u0301 CAFÉ", "cafécafé"),
        ("ｶﾞｽ", "ガス"),
        ("\u0301x", "x"),
        ("，\u0301x", "x"),
        ("བོད་ཡིག", "བོདཡིག"),
        ("a\ud800b", "ab"),
        ("Straße", "strasse"),
        ("二〇二六", "二〇二六"),
    ],
)
def test_rules(given_text: str, expected: str) -> None:
    assert normalise(given_text) == expected


def test_bounded_keeps_marks_as_gaps() -> None:
    assert bounded("采购人：宁波\n某局，1-8号线（二期）A_1") == "采购人 宁波某局 1.8号线 二期 a 1"


# Every plane that has characters, whole; of the empty ones a few.
CODES = (*range(0x32400), *range(0x40000, 0xE0000, 0x3FFF), *range(0xE0000, 0xE0200), *range(0xF0000, 0x110000, 0x3FFF))


def test_every_code_point_the_fast_path_equals_the_reference() -> None:
    """Surrogates included: alone, and between digits where marks matter."""
    for start in range(0, len(CODES), 64):
        block = [chr(code) for code in CODES[start : start + 64]]
        for joined in ("".join(block), "1" + "2".join(block) + "3"):
            assert module._folded(joined) == module.folded_slowly(joined), hex(CODES[start])


def test_every_code_point_is_idempotent_and_keeps_only_letters_digits_and_points() -> None:
    for code in CODES:
        once = normalise(f"1{chr(code)}2")
        assert normalise(once) == once, hex(code)
        for character in once:
            letter = unicodedata.category(character)[0] in "LNM" or 0x20000 <= ord(character) < 0x3FFFE
            assert letter or character == ".", hex(code)


def test_the_table_is_one_to_one_and_ends() -> None:
    assert len(SIMPLIFIED) > 4000
    for left, right in SIMPLIFIED.items():
        assert len(left) == len(right) == 1
        assert right not in SIMPLIFIED
        assert unicodedata.normalize("NFKC", right).casefold() == right


def test_the_shipped_table_is_what_the_generator_writes() -> None:
    code = "import sys; sys.path.insert(0, 'tools'); import make_simplified as m; sys.stdout.write(m.written(m.table()))"
    made = subprocess.run([sys.executable, "-X", "utf8", "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert made.stdout.decode() == (ROOT / "opportunity" / "simplified.txt").read_text(encoding="utf-8")


@given(tricky)
@settings(max_examples=600, deadline=None)
@example("ে,া")
@example("\u1100,\u1161")
def test_idempotent_and_both_paths_alike(given_text: str) -> None:
    once = normalise(given_text)
    assert normalise(once) == once
    assert module._folded(given_text) == module.folded_slowly(given_text)
    assert bounded(given_text).replace(" ", "") == once
    assert normalise(bounded(given_text).replace(" ", ", ")) .replace(".", "") == once.replace(".", "")


@given(st.one_of(tricky, numbers))
@settings(max_examples=600, deadline=None)
def test_offsets_lead_back(given_text: str) -> None:
    with_offsets = normalise_with_offsets(given_text)
    assert with_offsets.text == normalise(given_text)
    assert len(with_offsets.starts) == len(with_offsets.ends) == len(with_offsets.text)
    previous = 0
    for character, start, end in zip(with_offsets.text, with_offsets.starts, with_offsets.ends, strict=True):
        assert previous <= start < end <= len(given_text)
        previous = start
        if character != ".":
            assert character in normalise(given_text[start:end])


def _without_space(given_text: str) -> str:
    return "".join(character for character in given_text if not character.isspace())


def _splits_cluster(piece: str, whole: str) -> bool:
    """Whether a piece is cut from its combining marks everywhere it stands."""
    ends = [i + len(piece) for i in range(len(whole)) if whole.startswith(piece, i)]
    return all(end < len(whole) and module._is_combining(whole[end]) for end in ends)


@given(st.one_of(tricky, numbers), st.data())
@settings(max_examples=1500, deadline=None)
@example("3,750,000元", None)
def test_a_piece_of_a_text_is_found_in_it(given_text: str, data: st.DataObject | None) -> None:
    """The guarantee: whatever is cut out of a text, one of its readings stands in the normalised text."""
    whole = _without_space(given_text)
    pairs = [(a, b) for a in range(len(whole)) for b in range(a + 1, len(whole) + 1)]
    for start, end in pairs:
        piece = whole[start:end]
        if not _splits_cluster(piece, whole):
            assert any(reading in normalise(given_text) for reading in readings(piece)), piece


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("750,00", ("750.00", "75000")),
        ("3,750,000", ("3750000", "3750.000")),
        ("1-2,3", ("1.2.3", "1.23")),
        ("8号线", ("8号线",)),
        ("1,2,3号楼", ("1.2.3号楼",)),
        ("3,", ("3",)),
        (",000", ("000",)),
        ("1、2", ("1.2",)),
    ],
)
def test_readings(given_text: str, expected: tuple[str, ...]) -> None:
    assert readings(given_text) == expected
    assert tuple(form.replace(" ", "") for form in bounded_readings(given_text)) == expected


def test_spans_point_at_the_original() -> None:
    original = "采购人：寧波 市\u200b某局；宁波市"
    assert [original[a:b] for a, b in spans(original, normalise("宁波市"))] == ["寧波 市", "宁波市"]
    assert spans("aaaa", "aa") == [(0, 4)]
    assert spans("任何", "") == []
    assert [("1 - 8号线")[a:b] for a, b in spans("1 - 8号线", "1.8号")] == ["1 - 8号"]
    assert [("面积100㎡")[a:b] for a, b in spans("面积100㎡", "0m")] == ["0㎡"]
