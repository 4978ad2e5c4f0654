"""Fields as plain JSON values: what ``market extract --json`` and ``--jsonl`` print."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from opportunity.notice import MANY_VALUED, Fields, FieldValue, NoticeType, Region, Value


def fields_json(fields: Fields) -> dict[str, Any]:
    """{name: {value, in, start, end, text, confidence}}; a list of these for suppliers.

    Amounts are numbers of 元, moments ISO 8601 with offset (a day stays a day), a region {code, name},
    a type its code with the Chinese term beside it.
    """
    return {
        name: [_one(value) for value in values] if name in MANY_VALUED else _one(values[0])
        for name, values in fields.items() if values
    }


def _one(value: FieldValue) -> dict[str, Any]:
    out: dict[str, Any] = {
        "value": _plain(value.value), "in": value.where, "start": value.start, "end": value.end, "text": value.text,
        "confidence": round(value.confidence, 2),
    }
    if isinstance(value.value, NoticeType):
        out["chinese"] = value.value.chinese
    return out


def _plain(value: Value) -> Any:
    if isinstance(value, Region):
        return {"code": value.code, "name": value.name}
    if isinstance(value, Decimal):
        # An amount has at most 15 significant digits (LARGEST), which a float's shortest form keeps.
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)
