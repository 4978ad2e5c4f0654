"""Amounts: every form read, every trap refused, cn2an as the oracle of capital numerals."""

from __future__ import annotations

from decimal import Decimal

import cn2an
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opportunity.money import UNITS, agree, find_amounts, parse_amount, parse_capital, parse_numerals, unit_of


@pytest.mark.parametrize(("text", "unit", "yuan"), [
    ("￥375.000000万元（人民币）", None, "3750000"),
    ("3,750,000.00元", None, "3750000"),
    ("539627元", None, "539627"),
    ("人民币9.9万元", None, "99000"),
    ("3750000", "元", "3750000"),
    ("96", "万元", "960000"),
    ("1.2", "亿元", "120000000"),
    ("贰万元整", None, "20000"),
    ("贰万元整（20000.00元）", None, "20000"),
    ("人民币（大写）壹拾贰万元整（¥120000.00）", None, "120000"),
    ("叁仟零伍拾元陆角伍分", None, "3050.65"),
    ("￥1,234.50", None, "1234.50"),
    ("人民币500000", None, "500000"),
    ("RMB 88,000", None, "88000"),
    ("１９，０００元", None, "19000"),
    ("２３．５万元", None, "235000"),
    ("￥：9980000.00元", None, "9980000"),
    ("999200（元）", None, "999200"),
    ("50万元", "万元", "500000"),
])
def test_amounts_are_read(text: str, unit: str | None, yuan: str) -> None:
    assert parse_amount(text, unit=unit) == Decimal(yuan)


@pytest.mark.parametrize(("text", "unit"), [
    ("3750000", None),  # no unit anywhere
    ("96万元", "元"),  # the header contradicts the cell
    ("贰万元整（19000.00元）", None),  # words contradict figures
    ("下浮率20.50%", None),
    ("按收费标准的50%", None),
    ("百分之五", None),
    ("0元", None),
    ("0.00", "元"),
    ("1", "元"),  # a placeholder
    ("100美元", None),
    ("5万美元", None),
    ("USD 5000", None),
    ("3500元/年", None),
    ("58800元/套", None),
    ("20万元，30万元", None),
    ("2000亿元", None),
    ("1万平方米", None),
    ("详见采购文件", None),
    ("", None),
    ("120元 13000000000", None),  # a number beside it that nobody explains
])
def test_what_is_no_amount_gives_none(text: str, unit: str | None) -> None:
    assert parse_amount(text, unit=unit) is None


def test_an_unknown_unit_raises() -> None:
    with pytest.raises(ValueError, match="unknown unit"):
        parse_amount("12", unit="美元")
    with pytest.raises(ValueError, match="unknown unit"):
        find_amounts("12", unit="公斤")


@pytest.mark.parametrize(("label", "unit"), [
    ("预算金额（万元）", "万元"), ("最高限价（人民币：元）", "元"), ("合同金额(亿元)", "亿元"), ("预算金额", None),
    ("单价（元/套）", None), ("报价（元或%）", None), ("金额（万元/元）", None), ("金额（万美元）", None),
])
def test_the_unit_of_a_label(label: str, unit: str | None) -> None:
    assert unit_of(label) == unit


def test_found_amounts_carry_place_and_evidence() -> None:
    text = "预算50万元，其中设备￥300,000.00，服务贰拾万元整，另有20%与1200元/人。"
    found = find_amounts(text)
    assert [(one.value, one.unit, one.per) for one in found] == [
        (Decimal(500000), "万元", False), (Decimal("300000.00"), "¥", False), (Decimal(200000), "大写", False),
        (Decimal(1200), "元", True),
    ]
    assert [text[one.start : one.end] for one in found] == ["50万元", "￥300,000.00", "贰拾万元整", "1200元"]


def test_a_full_width_comma_between_two_numbers_is_no_thousands_comma() -> None:
    assert [one.value for one in find_amounts("标段1，200万元")] == [Decimal(2000000)]


def test_words_and_figures_must_agree() -> None:
    text = "贰万元整（¥19000.00）"
    assert not agree(text, find_amounts(text)[0])
    text = "贰万元整（¥20000.00）"
    assert agree(text, find_amounts(text)[0])


@given(st.integers(min_value=1, max_value=999_999_999_999))
def test_capital_numerals_as_cn2an_writes_them(number: int) -> None:
    assert parse_capital(cn2an.an2cn(number, "rmb")) == number


@given(st.decimals(min_value=Decimal(1), max_value=Decimal("99999999.99"), places=2))
def test_capital_numerals_with_jiao_and_fen(amount: Decimal) -> None:
    assert parse_capital(cn2an.an2cn(str(amount), "rmb")) == amount


@pytest.mark.parametrize("text", ["二〇二六", "拾拾", "万", "贰贰", "壹佰仟", "伍万叁亿", "壹万万", "甲"])
def test_numerals_out_of_order_are_no_number(text: str) -> None:
    assert parse_numerals(text) is None


@given(st.integers(min_value=2, max_value=10**9), st.sampled_from(["元", "万元", "亿元"]))
def test_units_scale_exactly(number: int, unit: str) -> None:
    expected = number * UNITS[unit]
    read = parse_amount(f"{number}{unit}")
    assert read == (expected if expected < 10**11 else None)
    assert read == parse_amount(str(number), unit=unit)


@given(st.text(alphabet="0123456789.,，万亿元整¥￥（）()壹贰叁拾佰仟零 %/年abc", max_size=200))
def test_any_text_gives_amounts_inside_it(text: str) -> None:
    for one in find_amounts(text):
        assert 0 <= one.start < one.end <= len(text)
        assert one.value >= 0
    parse_amount(text)


def test_long_runs_are_read_in_one_pass() -> None:
    # A pattern with nested repetition would not come back from these.
    for text in ("9" * 1_000_000, "1," * 500_000, "壹" * 1_000_000, "（" * 1_000_000, "￥" * 1_000_000, "1 " * 500_000):
        assert find_amounts(text) == []
