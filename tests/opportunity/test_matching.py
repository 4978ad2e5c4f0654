"""The oracle, rule by rule."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.words import cutter
from opportunity.matching import SearchText, accepts, contains_plainly, filter_state, matches, search_text
from opportunity.notice import SHANGHAI, NoticeType, Region
from opportunity.query import (
    AmountRange,
    And,
    Choice,
    Everything,
    Filter,
    MomentRange,
    Node,
    Not,
    Openness,
    Or,
    Phrase,
    Query,
    Scope,
    Term,
)
from opportunity.text import normalise, readings
from tests.opportunity.records import record

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=SHANGHAI)


def phrase(raw: str, scope: Scope = Scope.DEFAULT) -> Phrase:
    return Phrase(raw=raw, text=normalise(raw), scope=scope)


def term(raw: str, scope: Scope = Scope.DEFAULT, *, whole: bool = False) -> Term:
    return Term(raw=raw, words=tuple(cutter().term_words(raw)), scope=scope, whole=whole)


def found(node: Node, text: SearchText, *filters: Filter) -> bool:
    query = Query(root=node, fingerprint=cutter().fingerprint, now=NOW, filters=filters)
    return matches(query, text, cutter().words)


NOTICE = search_text(
    record(
        "宁波市智慧城市監控系統采购公告", "采购人在北京东路128号；待处理\n设备、在建工程", buyer="宁波市某管理局",
        agency="某咨询公司", suppliers=("甲公司", "乙公司"), project_number="NB-2026-001", attachments=("图纸.pdf",),
    )
)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Everything(), True),
        (phrase("监控系统"), True), (phrase("處理"), True), (phrase("处理设备"), True), (phrase("工程"), True),
        (phrase("公告采购人"), False),  # never across two fields
        (phrase("甲公司乙公司"), False),
        (term("监控 工程"), True), (term("系统北京监控"), True), (term("监控电梯"), False),
        (phrase("京东"), True), (term("京东"), True), (term("京东", whole=True), False), (term("北京", whole=True), True),
        (term("处理", whole=True), True), (term("北京电梯", whole=True), False), (term("北京监控", whole=True), True),
        (phrase("监控", Scope.TITLE), True), (phrase("监控", Scope.BODY), False), (phrase("宁波", Scope.BUYER), True),
        (phrase("甲公司", Scope.SUPPLIER), True), (phrase("咨询", Scope.AGENCY), True), (phrase("nb2026.001", Scope.NUMBER), True),
        (phrase("2026-001"), True), (phrase("图纸", Scope.ATTACHMENT), True), (phrase("图纸"), True),
        (Not(part=phrase("监控")), False), (Not(part=phrase("电梯")), True),
        (And(parts=(phrase("监控"), phrase("电梯"))), False), (Or(parts=(phrase("监控"), phrase("电梯"))), True),
        (Not(part=And(parts=(phrase("监控"), phrase("电梯")))), True),
    ],
)
def test_text(node: Node, expected: bool) -> None:
    assert found(node, NOTICE) is expected


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("处理", "待处理设备"), ("工程", "在建工程清单"), ("简单", "安装简单方便"), ("农业", "中国农业发展银行"),
        ("前次募集", "前次募集资金"), ("24口交换机", "24 口交换机两台"), ("7号电池", "７号电池"), ("1.5匹", "1.5匹空调"),
        ("512寸", "512寸屏"), ("PD1728", "型号PD1728_A_1.1.1"), ("pd1728a", "PD1728_A_1.1.1"), ("台州", "臺州市"),
        ("采购", "采\u200b购\n人"), ("ＡＢＣ", "abc"),
    ],
)
def test_what_users_of_other_searches_could_not_find(wanted: str, text: str) -> None:
    seen = search_text(record("无", text))
    assert found(phrase(wanted), seen)
    assert found(term(wanted), seen)


@pytest.mark.parametrize(("wanted", "text"), [("18号线", "1-8号线"), ("羽毛球拍", "羽毛球"), ("175", "1,75"), ("235号楼", "2、35号楼")])
def test_what_is_not_there_is_not_found(wanted: str, text: str) -> None:
    assert not found(phrase(wanted), search_text(record("无", text)))


FACTS: dict[str, Any] = {
    "budget": Decimal("1000000.00"), "type": NoticeType.TENDER, "region": Region(code="330203", name="浙江省宁波市海曙区"),
    "published": dt.date(2026, 11, 20), "deadline": dt.datetime(2026, 12, 1, 9, tzinfo=SHANGHAI),
}
KNOWN = search_text(record(**FACTS))
UNKNOWN = search_text(record())


def at(day: int, hour: int = 0) -> dt.datetime:
    return dt.datetime(2026, 11, day, hour, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (AmountRange(field="budget", low=Decimal(1_000_000)), "in"), (AmountRange(field="budget", high=Decimal(1_000_000)), "in"),
        (AmountRange(field="budget", high=Decimal("999999.99")), "out"), (AmountRange(field="deposit", low=Decimal(1)), "unknown"),
        (Choice(field="type", values=("tender", "award")), "in"), (Choice(field="type", values=("award",)), "out"),
        (Choice(field="region", values=("330000",)), "in"), (Choice(field="region", values=("330200",)), "in"),
        (Choice(field="region", values=("330100", "330203")), "in"), (Choice(field="region", values=("320000",)), "out"),
        (Choice(field="source", values=("demo_source",)), "in"), (Choice(field="origin", values=("live",)), "out"),
        (MomentRange(field="published", low=at(20, 15)), "in"), (MomentRange(field="published", low=at(21)), "out"),
        (MomentRange(field="published", high=at(20)), "out"), (MomentRange(field="published", high=at(20, 1)), "in"),
        (MomentRange(field="deadline", low=at(30)), "in"), (MomentRange(field="opening_time", low=at(30)), "unknown"),
        (MomentRange(field="enter_until", high=at(30)), "out"), (MomentRange(field="first_seen", high=at(20, 9)), "out"),
        (MomentRange(field="first_seen", low=at(20, 9), high=at(20, 10)), "in"),
        (Openness(states=("open",), now=NOW), "in"), (Openness(states=("closed",), now=NOW), "out"),
        (Openness(states=("open",), now=at(30) + dt.timedelta(days=2)), "out"),
    ],
)
def test_three_answers(part: Filter, expected: str) -> None:
    assert filter_state(part, KNOWN) == expected
    admitted = expected == "in" or (expected == "unknown" and not isinstance(part, Openness) and part.unknown)
    assert found(Everything(), KNOWN, part) is admitted
    assert found(part, KNOWN) is admitted
    assert found(Not(part=part), KNOWN) is not admitted


@pytest.mark.parametrize(
    ("part", "admitted"),
    [
        (AmountRange(field="budget", low=Decimal(1)), True), (AmountRange(field="budget", low=Decimal(1), unknown=False), False),
        (Choice(field="region", values=("330000",)), True), (Choice(field="region", values=("330000",), unknown=False), False),
        (MomentRange(field="published", low=NOW, unknown=False), False), (MomentRange(field="published", low=NOW), True),
        (Openness(states=("open", "unknown"), now=NOW), True), (Openness(states=("open",), now=NOW), False),
    ],
)
def test_unknown_is_in_unless_switched_off(part: Filter, admitted: bool) -> None:
    assert filter_state(part, UNKNOWN) == "unknown"
    assert found(Everything(), UNKNOWN, part) is admitted


PIECES = st.text(alphabet="智慧城市監控系统采购 \n，,.-0123Ａa臺\u200b", max_size=40)


@given(PIECES, PIECES, st.data())
@settings(max_examples=300, deadline=None)
def test_the_plain_check_is_a_subset(title: str, body: str, data: st.DataObject) -> None:
    """Whatever plain ``in`` finds, the phrase finds, and whatever the phrase finds, the bare term finds."""
    text = search_text(record(title, body))
    whole = data.draw(st.sampled_from([title, body]))
    start = data.draw(st.integers(0, len(whole)))
    piece = whole[start : data.draw(st.integers(start, len(whole)))]
    assert not piece.split() or contains_plainly(text, piece)
    for wanted in filter(normalise, (piece, data.draw(PIECES))):
        phrases = Or(parts=tuple(Phrase(raw=wanted, text=form) for form in readings(wanted)))
        if contains_plainly(text, wanted):
            assert accepts(phrases, text, cutter().words)
        if accepts(phrase(wanted), text, cutter().words):
            assert accepts(term(wanted), text, cutter().words)


def test_a_region_too_coarse_to_answer_is_unknown() -> None:
    """浙江省 says of a search for 宁波 neither yes nor no; promise 1 counts it as unknown and keeps it."""
    province = search_text(record(region=Region(code="330000", name="浙江省")))
    city = search_text(record(region=Region(code="330200", name="浙江省宁波市")))
    other = search_text(record(region=Region(code="320000", name="江苏省")))
    ningbo = Choice(field="region", values=("330200",))
    assert filter_state(ningbo, city) == "in"
    assert filter_state(ningbo, province) == "unknown"
    assert filter_state(ningbo, other) == "out"
    assert filter_state(Choice(field="region", values=("330203",)), city) == "unknown"
    assert filter_state(Choice(field="region", values=("330000",)), city) == "in"
    assert found(Everything(), province, ningbo)
    assert not found(Everything(), province, Choice(field="region", values=("330200",), unknown=False))
