"""Ranges as people type them: amounts (100万..500万, >=100万) and times (2026-11-01..2026-11-30, 7天内).

Readers give None for what is not such a value (it is then ordinary text) and raise BadQuery only for a range
that runs backwards. Writers give a form that the readers read back as the same value.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from opportunity.errors import BadQuery
from opportunity.money import parse_amount
from opportunity.notice import SHANGHAI

Times = tuple[dt.datetime | None, dt.datetime | None]
Amounts = tuple[Decimal | None, Decimal | None]

_DAY = dt.timedelta(days=1)
_CENT = Decimal("0.01")
_PLAIN_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,2})?")
_UNIT = re.compile(r"(?:[十百千]?万|[十百千]?亿)元?|元|[十百千]元?")
_AMOUNT = re.compile(rf"[0-9][0-9,，]*(?:\.[0-9]+)?(?:{_UNIT.pattern})?|[零壹贰叁肆伍陆柒捌玖拾佰仟万亿元圆角分整正]+")
_AMOUNT_RANGE = re.compile(r"(?P<low>.*?)(?:\.\.|~|～|至|-)(?P<high>.*)")
_TIME = re.compile(
    r"([0-9]{4})(?:-([0-9]{1,2})-|/([0-9]{1,2})/|年([0-9]{1,2})月)([0-9]{1,2})日?"
    r"(?:T([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?)?"
)
_TIME_RANGE = re.compile(r"(?P<low>.*?)(?:\.\.|~|～|至)(?P<high>.*)")
_DAYS = re.compile(r"([0-9]{1,4})(?:天|日)内?")
_COMPARED = re.compile(r"(?P<sign>>=|<=|>|<|≥|≤)(?P<value>.+)")


def read_amounts(value: str) -> Amounts | None:
    """(low, high) in 元, both inclusive; None when ``value`` is no range of amounts.

    A number without unit is 元, but before 万 or 亿 a small one shares the unit: 100..500万 is 100万 to 500万.
    """
    compared = _COMPARED.fullmatch(value)
    if compared:
        return _compared_amount(compared["sign"], _amount(compared["value"]))
    found = _AMOUNT_RANGE.fullmatch(value)
    if found is None or not (found["low"] or found["high"]):
        return None
    low_text, high_text = found["low"], found["high"]
    unit = _UNIT.search(high_text)
    if unit and unit[0][0] in "万亿" and re.fullmatch(r"[0-9]{1,4}(?:\.[0-9]+)?", low_text):
        low_text += unit[0]
    low, high = _amount(low_text), _amount(high_text)
    if (low is None and low_text) or (high is None and high_text):
        return None
    if low is not None and high is not None and low > high:
        raise BadQuery(f"金额范围“{value}”的下限大于上限")
    return low, high


def _compared_amount(sign: str, amount: Decimal | None) -> Amounts | None:
    if amount is None:
        return None
    if sign in (">=", "≥"):
        return amount, None
    if sign in ("<=", "≤"):
        return None, amount
    return (amount + _CENT, None) if sign == ">" else (None, amount - _CENT)


def _amount(text: str) -> Decimal | None:
    """An amount in 元: a plain number, or what ``money.parse_amount`` reads."""
    if _PLAIN_NUMBER.fullmatch(text):
        return Decimal(text)
    if not _AMOUNT.fullmatch(text):
        return None
    return parse_amount(text, unit=None if _UNIT.search(text) else "元")


def write_amounts(low: Decimal | None, high: Decimal | None) -> str:
    """The form that ``read_amounts`` reads back: plain 元."""
    if high is None:
        return f">={low:f}"
    return f"<={high:f}" if low is None else f"{low:f}..{high:f}"


def read_times(value: str, now: dt.datetime, *, past: bool) -> Times | None:
    """[low, high) as instants; None when ``value`` is no time or range of times.

    A day stands for all of it, so a range of days holds its last day; an hour (2026-11-01T09:00) ends a range
    before itself. ``past`` says which way 7天内 looks: back for what has happened (发布), else ahead.
    """
    named = _named_times(value, now, past=past)
    if named is not None:
        return named
    compared = _COMPARED.fullmatch(value)
    if compared:
        return _compared_time(compared["sign"], _time(compared["value"]))
    single = _time(value)
    if single is not None:
        return None if single[0] == single[1] else single
    found = _TIME_RANGE.fullmatch(value)
    if found is None or not (found["low"] or found["high"]):
        return None
    low, high = _time(found["low"]), _time(found["high"])
    if (low is None and found["low"]) or (high is None and found["high"]):
        return None
    if low and high and low[0] > high[1]:
        raise BadQuery(f"时间范围“{value}”的开始晚于结束")
    return (low[0] if low else None), (high[1] if high else None)


def _compared_time(sign: str, span: tuple[dt.datetime, dt.datetime] | None) -> Times | None:
    if span is None:
        return None
    if sign in (">=", "≥"):
        return span[0], None
    if sign in ("<=", "≤"):
        return None, span[1]
    return (span[1], None) if sign == ">" else (None, span[0])


def _time(text: str) -> tuple[dt.datetime, dt.datetime] | None:
    """Where a typed day or instant begins and ends; an instant begins and ends at once."""
    shape = _TIME.fullmatch(text)
    if shape is None:
        return None
    year, *months, day, hour, minute, second = shape.groups()
    month = next(filter(None, months))
    try:
        begin = dt.datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=SHANGHAI)
        return begin, begin if hour else begin + _DAY
    except (ValueError, OverflowError):
        return None


def _named_times(value: str, now: dt.datetime, *, past: bool) -> Times | None:
    local = now.astimezone(SHANGHAI)
    today = local.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - local.weekday() * _DAY
    month = today.replace(day=1)
    next_month = (month + 31 * _DAY).replace(day=1)
    days = _DAYS.fullmatch(value)
    if days:
        count = int(days[1]) * _DAY
        return (today - count, today + _DAY) if past else (local.replace(microsecond=0), today + count + _DAY)
    return {
        "今天": (today, today + _DAY), "今日": (today, today + _DAY), "昨天": (today - _DAY, today),
        "明天": (today + _DAY, today + 2 * _DAY), "本周": (monday, monday + 7 * _DAY),
        "上周": (monday - 7 * _DAY, monday), "下周": (monday + 7 * _DAY, monday + 14 * _DAY),
        "本月": (month, next_month), "上月": ((month - _DAY).replace(day=1), month),
    }.get(value)


def write_times(low: dt.datetime | None, high: dt.datetime | None) -> str:
    """The form that ``read_times`` reads back: days where both ends are midnights in Shanghai, else instants."""
    ends = [end.astimezone(SHANGHAI) for end in (low, high) if end is not None]
    whole = all(end.time() == dt.time(0) for end in ends)
    forward = low is None or high is None or low < high
    low_text = "" if low is None else _written(low, whole and forward)
    high_text = "" if high is None else _written(high - _DAY if whole and forward else high, whole and forward)
    return f"{low_text}..{high_text}"


def _written(moment: dt.datetime, day: bool) -> str:
    local = moment.astimezone(SHANGHAI)
    return local.date().isoformat() if day else local.replace(tzinfo=None).isoformat(timespec="seconds")
