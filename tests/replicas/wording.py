"""How the same amount or moment is written in different notices. Pure; randomness is passed in."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from random import Random

from opportunity.notice import SHANGHAI, Moment

_digits = "零壹贰叁肆伍陆柒捌玖"
_units = ("", "拾", "佰", "仟")
_groups = ("", "万", "亿")


def _upper_group(number: int) -> str:
    text = ""
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            text += _digits[digit] + _units[place]
        elif text and not text.endswith("零"):
            text += "零"
    return text.rstrip("零")


def upper(amount: Decimal) -> str:
    """An amount in 元 in capital numerals: 3750000 -> 叁佰柒拾伍万元整."""
    whole, cents = divmod(int(amount * 100), 100)
    text, rest, group = "", whole, 0
    parts: list[tuple[int, int]] = []
    while rest:
        parts.append((rest % 10000, group))
        rest, group = rest // 10000, group + 1
    for number, group in reversed(parts):
        if not number:
            continue
        # a group that does not fill its four places is announced by one 零
        text += ("零" if text and number < 1000 else "") + _upper_group(number) + _groups[group]
    text = (text or "零") + "元"
    if not cents:
        return text + "整"
    jiao, fen = divmod(cents, 10)
    text += (_digits[jiao] + "角") if jiao else "零"
    return text + ((_digits[fen] + "分") if fen else "")


def ten_thousands(amount: Decimal) -> str:
    """The number of 万元 without needless zeros."""
    text = format(amount / 10000, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def bare(amount: Decimal) -> str:
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(rng: Random, amount: Decimal) -> tuple[str, str]:
    """(what is appended to the label, how the value is written) for an amount in 元."""
    ways: list[tuple[str, str]] = [
        ("", f"{amount:,.2f}元"),
        ("", f"{amount:.2f}元"),
        ("", f"{bare(amount)}元"),
        ("", f"￥{amount / 10000:.6f}万元（人民币）"),
        ("", f"{ten_thousands(amount)}万元"),
        ("", f"人民币{ten_thousands(amount)}万元"),
        ("", f"人民币{upper(amount)}（¥{amount:,.2f}元）"),
        ("", f"{upper(amount)}（￥{bare(amount)}元）"),
        ("（元）", bare(amount)),
        ("（元）", f"{amount:.2f}"),
        ("（万元）", ten_thousands(amount)),
        ("（人民币：元）", f"{amount:.2f}"),
        ("", upper(amount)),
    ]
    if amount >= 100_000_000:
        ways.append(("", f"{bare(amount / 100_000_000)}亿元"))
    return rng.choice(ways)


def instant(rng: Random, at: dt.datetime) -> str:
    """An instant to the minute, in one of the forms portals print (Asia/Shanghai, no offset)."""
    local = at.astimezone(SHANGHAI)
    year, month, day, hour, minute = local.year, local.month, local.day, local.hour, local.minute
    forms = [
        f"{year}-{month:02}-{day:02} {hour:02}:{minute:02}:00",
        f"{year}-{month:02}-{day:02} {hour:02}:{minute:02}",
        f"{year}年{month:02}月{day:02}日{hour:02}时{minute:02}分",
        f"{year}年{month:02}月{day:02}日 {hour:02}:{minute:02}",
        f"{year}年{month}月{day}日 {hour}:{minute:02}",
        f"{year}年{month}月{day}日 {hour}：{minute:02}",
        f"{year}年{month:02}月{day:02}日 {hour:02}点{minute:02}分",
        f"{year} 年 {month} 月 {day} 日 {hour} 时 {minute:02} 分",
        f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:00",
        f"{year}/{month:02}/{day:02} {hour:02}:{minute:02}",
    ]
    half, clock = ("上午", hour) if hour < 12 else ("下午", hour - 12 if hour > 12 else hour)
    forms.append(f"{year}年{month}月{day}日{half}{clock}" + (f"时{minute:02}分" if minute else "时"))
    forms.append(f"{year}年{month:02}月{day:02}日{half}{clock:02}:{minute:02}")
    return rng.choice(forms)


def day(rng: Random, value: dt.date) -> str:
    forms = (
        f"{value.year}年{value.month}月{value.day}日",
        f"{value.year}年{value.month:02}月{value.day:02}日",
        f"{value.year}-{value.month:02}-{value.day:02}",
    )
    return rng.choice(forms)


def window(rng: Random, begin: dt.date, end: dt.date) -> tuple[str, Moment]:
    """A period in which documents can be had, and the moment at which it truly ends."""
    way = rng.randrange(4)
    first, last = day(rng, begin), day(rng, end)
    if way == 0:  # a daily window: over at its end on the last day
        text = f"{first}至{last}，每天上午08:30至12:00，下午13:30至17:30（北京时间，法定节假日除外）"
        return text, dt.datetime.combine(end, dt.time(17, 30), SHANGHAI)
    if way == 1:
        closing = dt.datetime.combine(end, dt.time(23, 59), SHANGHAI)
        opening = dt.datetime.combine(begin, dt.time(9, 0), SHANGHAI)
        return f"{instant(rng, opening)}至{instant(rng, closing)}（北京时间，下同）", closing
    if way == 2:
        closing = dt.datetime.combine(end, dt.time(17, 0), SHANGHAI)
        gap = " " if "-" in first + last else ""
        return f"{first}{gap}09:00起至{last}{gap}17:00止", closing
    return f"{first}至{last}（法定节假日除外）", end
