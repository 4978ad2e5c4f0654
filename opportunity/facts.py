"""The facts of a notice that filters ask: codes, whole 分, whole seconds. Oracle and index share them.

Amounts are integers of 分 (half a 分 rounds to even), moments [start, end) in seconds since 1970 UTC:
a day without an hour is its whole day in Shanghai, an instant its own second. What cannot be
expressed so (not a finite number, beyond 63 bits) is unknown.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from opportunity.notice import (
    AMOUNT_FIELDS,
    CLOSED_TYPES,
    MOMENT_FIELDS,
    SHANGHAI,
    Fields,
    NoticeRecord,
    NoticeType,
    Region,
    Value,
    enter_until,
    type_table,
)

Span = tuple[int, int]

_LARGEST = 2**63
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SECOND = dt.timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The coded facts of one notice; a missing key or None is unknown.

    ``enter_until`` is rounded up to a whole second: it lies ahead of a ``now`` of whole seconds exactly when
    the entry gate itself does.
    """

    type: str | None
    region: str | None
    source: str
    origin: str
    amounts: dict[str, int]
    moments: dict[str, Span]
    published: Span | None
    enter_until: int | None
    closed_by_type: bool
    first_seen: int


def facts_of(record: NoticeRecord) -> Facts:
    """The facts of the newest reading; of a many-valued field the first value counts."""
    fields = record.fields
    kind = _first(fields, "type")
    region = _first(fields, "region")
    until, _ = enter_until(fields)
    return Facts(
        type=NoticeType(kind).value if isinstance(kind, str) and kind in type_table else None,
        region=region.code if isinstance(region, Region) else None,
        source=record.notice.source,
        origin=record.notice.origin.value,
        amounts=_known({name: cents(_first(fields, name)) for name in AMOUNT_FIELDS}),
        moments=_known({name: moment_span(_first(fields, name)) for name in MOMENT_FIELDS}),
        published=moment_span(_first(fields, "published")),
        enter_until=None if until is None else _seconds_up(until),
        closed_by_type=kind in CLOSED_TYPES,
        first_seen=seconds(record.first_seen_at),
    )


def _first(fields: Fields, name: str) -> Value | None:
    values = fields.get(name)
    return values[0].value if values else None


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def cents(amount: Value | None) -> int | None:
    """An amount of 元 in whole 分; None when unknown or not expressible."""
    if not isinstance(amount, Decimal) or not amount.is_finite() or abs(amount) >= _LARGEST // 100:
        return None
    return int((amount * 100).to_integral_value(ROUND_HALF_EVEN))


def seconds(moment: dt.datetime) -> int:
    """An aware instant in whole seconds since 1970 UTC, rounded down."""
    return (moment - _EPOCH) // _SECOND


def _seconds_up(moment: dt.datetime) -> int:
    return -((_EPOCH - moment) // _SECOND)


def moment_span(moment: Value | None) -> Span | None:
    """A moment as [start, end) seconds: the second of an instant, the whole day of a day."""
    if isinstance(moment, dt.datetime):
        start = seconds(moment)
        return start, start + 1
    if isinstance(moment, dt.date):
        start = seconds(dt.datetime.combine(moment, dt.time(0), SHANGHAI))
        return start, start + 86_400
    return None


def amount_bounds(low: Decimal | None, high: Decimal | None) -> tuple[int | None, int | None]:
    """Whole 分 such that ``low <= amount <= high`` (元) is ``bounds[0] <= 分 <= bounds[1]``."""
    lowest = None if low is None else math.ceil(low * 100)
    highest = None if high is None else math.floor(high * 100)
    return lowest, highest


def moment_bounds(low: dt.datetime | None, high: dt.datetime | None) -> tuple[int | None, int | None]:
    """Whole seconds such that a span [start, end) meets [low, high) when end > bounds[0] and start < bounds[1]."""
    earliest = None if low is None else seconds(low)
    latest = None if high is None else _seconds_up(high)
    return earliest, latest


def regions_above(code: str) -> tuple[str, ...]:
    """The codes of the divisions that hold a division: too coarse to say whether a notice lies in it."""
    return tuple(each for each in dict.fromkeys((code[:2] + "0000", code[:4] + "00")) if each != code)


def region_prefix(code: str) -> str:
    """The digits that a GB/T 2260 division and all it holds share: two, four or six.

    ``inner.startswith(region_prefix(outer))`` is ``region.contains(outer, inner)``, for engines that index prefixes.
    """
    if code.endswith("0000"):
        return code[:2]
    return code[:4] if code.endswith("00") else code
