"""Amounts of money in Chinese notices, in 元 as Decimal. Pure functions, standard library only.

Strict by intent: a wrong 万元/元 is worse than no value. A number counts as money only when its unit is
stated beside it, by a currency sign, or by the caller (``unit=``, read from a label or a header cell).
Statements that disagree (贰万元整（19000.00元）), rates, placeholders and foreign currencies give no value.

Source of the forms: 财办库〔2020〕50号 notices; the capital numerals of 正确填写票据和结算凭证的基本规定.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

UNITS: dict[str, Decimal] = {
    "元": Decimal(1),
    "圆": Decimal(1),
    "块": Decimal(1),
    "千元": Decimal(1_000),
    "仟元": Decimal(1_000),
    "百元": Decimal(100),
    "万元": Decimal(10_000),
    "万": Decimal(10_000),
    "万圆": Decimal(10_000),
    "百万元": Decimal(1_000_000),
    "千万元": Decimal(10_000_000),
    "亿元": Decimal(100_000_000),
    "亿": Decimal(100_000_000),
}
# Above this an amount is a slip of unit or of keys: no single notice has tendered 1,000亿元.
LARGEST = Decimal(100_000_000_000)

_digits = {c: i for i, group in enumerate((
    "零〇○", "壹一弌", "贰貳二两", "叁叄三", "肆四", "伍五", "陆陸六", "柒七", "捌八", "玖九",
)) for c in group}
_small = {"拾": 10, "十": 10, "佰": 100, "百": 100, "仟": 1000, "千": 1000}
_large = {"万": 10_000, "萬": 10_000, "亿": 100_000_000, "億": 100_000_000}

_unit = r"亿元|千万元|百万元|万元|万圆|仟元|千元|百元|万(?![平个套份件人台户次只册张支亩吨立米公])|元|圆|亿(?![平个人])"
_currency = r"(?:人民币|RMB|CNY|rmb|cny)"
_lead = rf"(?:{_currency}[ \t:：(（]{{0,2}})?+(?P<sign>[¥￥])?+[ \t]?+"
# Bounded digit runs with look-behind: linear on any input, and never a tail of a longer code.
_number = r"(?<![\d.,A-Za-z_\-])(?P<number>\d{1,3}(?:,\d{3}){1,5}(?:\.\d{1,10})?|\d{1,15}(?:\.\d{1,10})?)(?![\d]|,\d{3}|\.\d)"
_numeral = "零〇○壹弌贰貳叁叄肆伍陆陸柒捌玖拾佰仟一二两三四五六七八九十百千万萬亿億"
_capital = rf"(?P<capital>[{_numeral}]{{1,40}}[元圆圓](?:[{_numeral}]{{1,2}}角)?+(?:[{_numeral}]{{1,2}}分)?+[整正]?+)"
_amount = re.compile(
    rf"(?:{_lead}{_number}[ \t]?+(?:(?P<unit>{_unit})|[(（](?P<bracketed>万元|元|亿元)[)）])?+(?P<whole>整|人民币)?+)|(?<![{_numeral}]){_capital}"
)
_foreign = re.compile(r"美元|美金|欧元|英镑|日元|港元|港币|USD|EUR|GBP|JPY|HKD|HK\$|US\$|[$€£]|瑞士法郎|韩元|卢布|加元|澳元")
_rate = re.compile(r"[%‰％]|下浮|费率|折扣|系数|优惠率|百分之")
_per = re.compile(r"[ \t]?(?:/|／|每)[ \t]?(?!$)(?:[人年月天日次份套台件个户吨米亩平张㎡mMkKtT]|立方|公里|千)")
_label_unit = re.compile(r"亿元|百万元|千万元|万元|千元|仟元|元|圆")
_wide = str.maketrans("０１２３４５６７８９．：（）￥％／", "0123456789.:()¥%/")
_any_wide = re.compile("[０-９．：（）￥％／]")
_wide_comma = re.compile(r"(?<=[０-９])，(?=[０-９])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """One amount in a text: ``text[start:end]`` is what was read, ``value`` is in 元.

    ``unit`` is the evidence for the unit: 元/万元/亿元… as printed, ``¥`` for a sign alone, ``大写`` for
    capital numerals, ``given`` where the caller's unit was used. ``per`` marks a price per unit (元/人).
    """

    start: int
    end: int
    value: Decimal
    unit: str
    per: bool = False


def widen(text: str) -> str:
    """Full-width digits and marks to ASCII, one character for one, so offsets stay.

    A full-width comma is a thousands comma only between full-width digits: 标段1，200万元 are two numbers.
    """
    return _wide_comma.sub(",", text).translate(_wide) if _any_wide.search(text) else text


def unit_of(text: str) -> str | None:
    """The unit that a label or header states: 预算金额（万元） → 万元. None when it states none or two.

    万元/元 in one label, or a percentage beside a unit (报价（元或%）), is no statement.
    """
    if _foreign.search(text):
        return None
    printed = _label_unit.findall(text.replace("元整", "元"))
    found: set[str] = {"元" if unit == "圆" else unit for unit in printed}
    if len(found) != 1 or "%" in text or "％" in text or re.search(r"元[/／]", text):
        return None
    return found.pop()


def parse_numerals(text: str) -> int | None:
    """A whole Chinese numeral (壹佰贰拾万零伍佰, 二十) as int; None when it is not well formed.

    Orders must fall inside each group of four and from 亿 to 万; a run of bare digits (二〇二六) is not
    an amount.
    """
    total, section, digit, last_small, last_large = 0, 0, -1, 10_000, 10**12
    zero = False
    for character in text:
        if character in _digits:
            if digit > 0 or (digit == 0 and _digits[character] == 0 and not zero):
                return None
            digit = _digits[character]
            zero = zero or digit == 0
        elif character in _small:
            order = _small[character]
            if order >= last_small or (digit <= 0 and not (order == 10 and section == 0 and digit == -1)):
                return None
            section += (digit if digit > 0 else 1) * order
            last_small, digit = order, -1
        elif character in _large:
            order = _large[character]
            section += max(digit, 0)
            if section == 0 or order >= last_large:
                return None
            total += section * order
            section, digit, last_small, last_large = 0, -1, 10_000, order
        else:
            return None
    return total + section + max(digit, 0) if text else None


def parse_capital(text: str) -> Decimal | None:
    """An amount in words (大写): 贰万元整, 叁仟零伍拾元陆角伍分 → 元. None when not well formed."""
    body = text.strip().removesuffix("整").removesuffix("正").replace("圆", "元").replace("圓", "元")
    whole, mark, rest = body.partition("元")
    if not mark:
        return None
    value = parse_numerals(whole)
    if value is None:
        return None
    cents = Decimal(0)
    for name, weight in (("角", Decimal("0.1")), ("分", Decimal("0.01"))):
        part, mark, after = rest.partition(name)
        if not mark:
            continue
        digit = parse_numerals(part.lstrip("零") or "零")
        if digit is None or digit > 9:
            return None
        cents, rest = cents + digit * weight, after
    return None if rest.strip("零") else value + cents


def find_amounts(text: str, *, unit: str | None = None) -> list[Amount]:
    """Every amount of money in the text, in order; numbers without unit evidence are left out.

    ``unit`` (a key of UNITS; another raises ValueError) is what a label or header states: it is used for
    numbers that bring none; a number that brings a different one is left out, for the two disagree.
    Time is linear in the text.
    """
    scale = _scale(unit)
    text = widen(text)
    found: list[Amount] = []
    for match in _amount.finditer(text):
        amount = _read(match, text, unit, scale)
        if amount is not None:
            found.append(amount)
    return found


def parse_amount(text: str, *, unit: str | None = None) -> Decimal | None:
    """The one amount that a value states, in 元; None for anything doubtful.

    None for: no unit known, several amounts that differ, digits against 大写, a rate or discount, a price
    per piece or year, a foreign currency, 0 and placeholders, more than 1,000亿元.
    An unknown ``unit`` raises ValueError.
    """
    text = widen(text)
    if _foreign.search(text) or _rate.search(text):
        _scale(unit)
        return None
    found = find_amounts(text, unit=unit)
    if not found or any(amount.per for amount in found):
        return None
    values = {amount.value for amount in found}
    if len(values) > 1 or _leftover_number(text, found):
        return None
    value = values.pop()
    return value if 1 < value < LARGEST else None


def agree(text: str, amount: Amount) -> bool:
    """Whether what stands right beside an amount (within 40 characters) states the same sum.

    Notices repeat a sum in words and figures, 贰万元整（20000.00元）; when the two differ none is true.
    """
    window = text[amount.end : amount.end + 40]
    lead = re.match(r"[ \t]{0,2}[(（,，:：]?(?:大写|小写|人民币|¥|￥|[:：]|即|[ \t]){0,4}", window)
    offset = lead.end() if lead else 0
    for other in find_amounts(window):
        if other.start <= offset + 1 and (other.unit == "大写") != (amount.unit == "大写"):
            return other.value == amount.value
    return True


def _scale(unit: str | None) -> Decimal | None:
    if unit is None:
        return None
    if unit not in UNITS:
        raise ValueError(f"unknown unit of money: {unit!r}")
    return UNITS[unit]


def _read(match: re.Match[str], text: str, unit: str | None, scale: Decimal | None) -> Amount | None:
    start, end = match.start(), match.end()
    per = _per.match(text, end) is not None
    if match["capital"]:
        value = parse_capital(match["capital"])
        return None if value is None else Amount(start=start, end=end, value=value, unit="大写", per=per)
    after = text[end : end + 3].lstrip()
    if after[:1] in ("%", "‰") or _foreign.match(after) or _foreign.search(text[max(0, start - 4) : start]):
        return None
    printed = match["unit"] or match["bracketed"]
    if printed is not None:
        own = UNITS[printed]
        if scale is not None and scale != own:
            return None
        evidence = printed
    elif scale is not None:
        own, evidence = scale, "given"
    elif match["sign"] or match["whole"] or text[max(0, match.start("number") - 4) : match.start("number")].rstrip(" :(").endswith(("人民币", "RMB")):
        own, evidence = Decimal(1), "¥"
    else:
        return None
    value = Decimal(match["number"].replace(",", "")) * own
    # 375.000000万元 is 3750000, not 3750000.000000
    value = value.to_integral_value() if value == value.to_integral_value() else value.normalize()
    return Amount(start=start, end=end, value=value, unit=evidence, per=per)


def _leftover_number(text: str, found: list[Amount]) -> bool:
    """Whether a number of three or more digits stands outside what was read."""
    at = 0
    for amount in found:
        if re.search(r"\d{3}", text[at : amount.start]):
            return True
        at = amount.end
    return re.search(r"\d{3}", text[at:]) is not None
