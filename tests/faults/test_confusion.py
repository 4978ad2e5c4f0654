"""Unicode that looks alike is one text (fault 98): in search, in what makes a version, and in a notice's identity."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from opportunity.text import normalise
from tests.opportunity.store.samples import incoming
from tests.search_api.conftest import Market, open_market

# One text in many spellings: width, compatibility forms, traditional characters, zero-width and white space, marks.
SPELLINGS = {
    "PD1728标准台": [
        "PD1728标准台", "ＰＤ１７２８标准台", "pd1728標準臺", "P\u200bD\u200d1728\u2060标准台", "ＰD 1728　标 准 台",
        "Pd1728標准台", "𝐏𝐃𝟏𝟕𝟐𝟖标准台", "PD1728标\ufe0f准台", "PD1728\u00ad标准台",
        "PD1728「标准台」", "\ufeffPD1728标准台",
    ],
    "1.5亿元": ["1.5亿元", "１．５亿元", "1。5億元", "1.5 亿 元", "１.５億元"],
    "cafe": ["CAFE", "ｃａｆｅ", "Ｃａｆｅ", "ca\u200bfe"],
    "采购网络设备": ["采购网络设备", "採購網絡設備", "采購網络設備", "采\u3000购\n网络\t设备", "采购（网络）设备"],
    "第3号线": ["第3号线", "第３號線", "第\u00b3号线", "第③号线"],
}


@pytest.fixture
def market(tmp_path: Path) -> Iterator[Market]:
    yield from open_market(tmp_path / "home")


@pytest.mark.parametrize("plain", SPELLINGS)
def test_every_spelling_has_one_normal_form(plain: str) -> None:
    assert {normalise(spelling) for spelling in SPELLINGS[plain]} == {normalise(plain)}


@pytest.mark.parametrize("different", [("1-8号线", "18号线"), ("土", "士"), ("未", "末"), ("0", "O"), ("l", "1"), ("а", "a")])
def test_what_only_looks_alike_stays_apart(different: tuple[str, str]) -> None:
    """Other characters are other texts: a Cyrillic а is not folded into a Latin a, or a search would find too much."""
    one, other = different
    assert normalise(one) != normalise(other)


def test_any_spelling_finds_any_spelling(market: Market) -> None:
    everything = list(itertools.chain.from_iterable(SPELLINGS.values()))
    market.save([incoming(f"{n}", title=f"云溪公告{n}", body=text) for n, text in enumerate(everything)])
    for spellings in SPELLINGS.values():
        for spelling in spellings:
            query = {"q": '"' + spelling.replace("\n", " ").replace("\t", " ") + '"', "limit": 100}
            found = market.client.get("/api/v1/search", params=query).json()
            assert found["total"] == {"value": len(spellings), "exact": True}, spelling


@pytest.mark.parametrize("plain", SPELLINGS)
def test_another_spelling_is_no_new_version(market: Market, plain: str) -> None:
    first, *others = SPELLINGS[plain]
    [saved] = market.save([incoming("1", title="云溪公告", body=first, fields={})])
    for other in others:
        [again] = market.save([incoming("1", title="云溪公告", body=other, fields={})])
        assert (again.outcome, again.version) in {("reread", saved.version), ("unchanged", saved.version)}, other
    assert market.store.count() == 1
