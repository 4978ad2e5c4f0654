"""The cutter: jieba's cut and nothing else's, its invariants, its fingerprint, its private folder."""

from __future__ import annotations

import itertools
import random
import stat
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path

import jieba
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import words as module
from indexer.words import Cutter, cutter
from opportunity.errors import ConfigurationError
from opportunity.text import bounded, bounded_readings, normalise
from tests.opportunity.test_text import TRICKY, numbers, tricky

ROOT = Path(__file__).resolve().parents[2]
HAN = "智慧城市交通运输局监控采购项目公开招标待处理在建工程中国农业发展银行京东北路宁波市复盖着作权的和与台"


@pytest.fixture(scope="module")
def cut() -> Cutter:
    return cutter()


@pytest.fixture(scope="module")
def by_jieba() -> Cutter:
    return cutter(library="jieba")


def dictionary_words() -> list[str]:
    lines = (Path(jieba.__file__).parent / "dict.txt").read_text(encoding="utf-8").splitlines()
    return [line.split(" ")[0] for line in lines]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("智慧城市监控", ["智慧城市", "监控"]),
        ("24口交换机、1.5匹空调", ["24", "口", "交换机", "1.5", "匹", "空调"]),
        ("PD1728_A_1.1.1", ["pd1728", "a", "1.1.1"]),
        ("轨道交通1-8号线", ["轨道交通", "1.8", "号线"]),
        ("待\n处 理", ["待处理"]),
        ("北京，东路", ["北京", "东路"]),
        ("二〇二六年", ["二", "〇", "二", "六年"]),
        ("覆蓋率", ["复盖率"]),
        ("、。", []),
        ("", []),
    ],
)
def test_term_words(cut: Cutter, text: str, expected: list[str]) -> None:
    assert cut.term_words(text) == expected


def test_words_for_search_hold_the_words_inside_long_ones(cut: Cutter) -> None:
    assert cut.words("待处理") == ["处理", "待处理"]
    assert "京东" not in cut.words("北京东路128号")
    assert "京东" in cut.words("京东商城")


def test_procurement_terms_are_one_word_each(cut: Cutter) -> None:
    terms = [word for word, _ in module._read_words(ROOT / "indexer" / "dictionary.txt")]
    assert len(terms) == len(set(terms)) > 300
    for term in terms:
        assert normalise(term) == term
        assert cut.term_words(term) == [term]


def test_both_libraries_cut_alike_on_the_whole_dictionary(cut: Cutter, by_jieba: Cutter) -> None:
    """60,000 Han runs: dictionary words joined at random, and runs of random common characters."""
    chance = random.Random(20261124)
    vocabulary = [word for word in dictionary_words() if normalise(word) == word]
    joined = ["".join(chance.choices(vocabulary, k=chance.randint(1, 5))) for _ in range(50_000)]
    common = sorted(set("".join(vocabulary[:20_000])))
    noise = ["".join(chance.choices(common, k=chance.randint(1, 12))) for _ in range(10_000)]
    for piece in (joined[i : i + 500] for i in range(0, len(joined), 500)):
        text = "，".join(piece)
        assert cut.words(text) == by_jieba.words(text)
        assert cut.term_words(text) == by_jieba.term_words(text)
    text = "，".join(noise)
    assert cut.words(text) == by_jieba.words(text)
    assert cut.term_words(text) == by_jieba.term_words(text)


mixed = st.one_of(tricky, numbers, st.text(alphabet=HAN + "，1a \n-", max_size=30), st.text(alphabet=TRICKY + HAN, max_size=30))


@given(mixed)
@settings(max_examples=500, deadline=None)
def test_invariants(text: str) -> None:
    cut = cutter()
    whole = normalise(text)
    plain = cut.term_words(text)
    assert "".join(plain) == whole
    for word in itertools.chain(plain, cut.words(text)):
        assert word and word in whole
        assert normalise(word) == word or unicodedata.category(word[0])[0] == "M"  # a vowel sign after a Han run
    assert set(plain) <= set(cut.words(text))
    assert cut.words_of_bounded(bounded(text)) == cut.words(text)
    assert cut.term_words_of_bounded(bounded(text)) == plain


@given(mixed, st.data())
@settings(max_examples=300, deadline=None)
def test_the_words_of_a_piece_stand_in_the_text(text: str, data: st.DataObject) -> None:
    """A bare term accepts whatever contains it: of one of its readings every word is in the text."""
    whole = "".join(text.split())
    start = data.draw(st.integers(0, max(0, len(whole) - 1)))
    end = data.draw(st.integers(start, len(whole)))
    piece = whole[start:end]
    normalised = normalise(text)
    if normalise(piece) in normalised or len(bounded_readings(piece)) > 1:
        words = [cutter().term_words_of_bounded(form) for form in bounded_readings(piece)]
        assert any(all(word in normalised for word in form) for form in words)


def test_lone_parts_of_the_text_do_not_shift_the_others(cut: Cutter) -> None:
    assert cut.words("a监控b") == ["a", "监控", "b"]
    assert cut.words("监控b城市") == ["监控", "b", "城市"]
    assert cut.words("a b，c") == ["ab", "c"]


def test_the_fingerprint_names_what_the_words_depend_on(tmp_path: Path, cut: Cutter, by_jieba: Cutter) -> None:
    other = tmp_path / "dictionary.txt"
    other.write_text((ROOT / "indexer" / "dictionary.txt").read_text(encoding="utf-8") + "大模型机器人 3000\n", encoding="utf-8")
    changed = cutter(other)
    assert changed.fingerprint != cut.fingerprint == by_jieba.fingerprint
    assert changed.term_words("大模型机器人") == ["大模型机器人"]
    assert cut.term_words("大模型机器人") == ["大模型", "机器人"]


@pytest.mark.parametrize("line", ["监控", "监控 多", "PD1728 3", "监控 3 n"])
def test_a_bad_dictionary_line_is_named(tmp_path: Path, line: str) -> None:
    bad = tmp_path / "dictionary.txt"
    bad.write_text(f"# 注\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="第 2 行"):
        cutter(bad)


def test_the_respelled_words_are_what_the_generator_writes() -> None:
    code = "import sys; sys.path.insert(0, 'tools'); import make_respelled as m; sys.stdout.write(m.written(m.words()))"
    made = subprocess.run([sys.executable, "-X", "utf8", "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert made.stdout.decode() == (ROOT / "indexer" / "respelled.txt").read_text(encoding="utf-8")


def test_a_planted_cache_in_the_shared_folder_is_neither_read_nor_replaced(tmp_path: Path) -> None:
    """Two cold starts at once with a garbage jieba.cache planted where jieba would look for it."""
    shared = tmp_path / "shared"
    shared.mkdir()
    planted = shared / "jieba.cache"
    planted.write_bytes(b"garbage that marshal must never see")
    code = "from indexer.words import cutter; print(cutter(library='jieba').words('在建工程监控系统待处理'))"
    started = [
        subprocess.Popen(
            [sys.executable, "-X", "utf8", "-c", code], cwd=ROOT, env={"TMPDIR": str(shared), "PATH": ""},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    answers = [process.communicate() for process in started]
    assert {out.decode().strip() for out, _ in answers} == {str(cutter().words("在建工程监控系统待处理"))}
    assert [error for _, error in answers] == [b"", b""]
    assert planted.read_bytes() == b"garbage that marshal must never see"
    assert [entry.name for entry in shared.iterdir()] == ["jieba.cache"]


def test_the_folder_of_the_cache_is_private() -> None:
    with tempfile.TemporaryDirectory(prefix="market-jieba-") as private:
        assert stat.S_IMODE(Path(private).stat().st_mode) == 0o700
