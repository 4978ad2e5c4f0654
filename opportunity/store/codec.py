"""Values ↔ JSON, exactly: what goes in comes out equal and of the same type.

A value is written as its kind and a JSON scalar (or a pair for a region), so a Decimal keeps its
digits and a day stays a day. Instants in columns are integers of microseconds since 1970 UTC.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from opportunity.notice import SHANGHAI, Attachment, Fields, FieldValue, NoticeType, Region, Value

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
# Lone surrogates cannot be written as UTF-8, and PostgreSQL cannot hold NUL.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

_as_given = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_sorted = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=True)


def storable(text: str) -> str:
    """``text`` with each character no database can hold replaced by U+FFFD; offsets stay right."""
    return _UNSTORABLE.sub("\ufffd", text)


def storable_json(value: Any) -> Any:
    """The same for every string inside plain JSON values."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(str(key)): storable_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable_json(item) for item in value]
    return value


def instant_number(at: dt.datetime) -> int:
    """Microseconds since 1970 UTC; a time without a zone raises ValueError."""
    if at.tzinfo is None:
        raise ValueError(f"a time needs its zone: {at!r}")
    return (at - EPOCH) // _MICROSECOND


def instant(number: int) -> dt.datetime:
    """The instant (UTC) that ``instant_number`` wrote."""
    return EPOCH + dt.timedelta(microseconds=number)


def instant_or_none(number: int | None) -> dt.datetime | None:
    return None if number is None else instant(number)


def dump(value: Any) -> str:
    """Compact JSON text in the order given; NaN raises ValueError."""
    return _as_given.encode(value)


def dump_sorted(value: Any) -> str:
    """Compact JSON with sorted keys: one text for equal values, for hashing."""
    return _sorted.encode(value)


def encode_value(value: Value) -> tuple[str, Any]:
    """The kind of a value and its JSON form. Raises ValueError for what is no value of a field."""
    if isinstance(value, NoticeType):
        return "type", value.value
    if isinstance(value, str):
        return "text", value
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"not an amount: {value}")
        return "decimal", str(value)
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            raise ValueError(f"a time needs its zone: {value!r}")
        return "datetime", value.isoformat()
    if isinstance(value, dt.date):
        return "date", value.isoformat()
    if isinstance(value, Region):
        return "region", [value.code, value.name]
    raise ValueError(f"not a field value: {value!r}")


def decode_value(kind: str, value: Any) -> Value:
    """The value that ``encode_value`` wrote."""
    match kind:
        case "text":
            return cast(str, value)
        case "decimal":
            return Decimal(value)
        case "type":
            return NoticeType(value)
        case "datetime":
            return _datetime(value)
        case "date":
            return dt.date.fromisoformat(value)
        case "region":
            return Region(code=value[0], name=value[1])
    raise ValueError(f"unknown kind of value: {kind!r}")


def _datetime(text: str) -> dt.datetime:
    at = dt.datetime.fromisoformat(text)
    return at.replace(tzinfo=SHANGHAI) if at.utcoffset() == SHANGHAI.utcoffset(None) else at


def field_value_json(item: FieldValue) -> dict[str, Any]:
    """One value with its evidence as plain JSON values."""
    kind, value = encode_value(item.value)
    encoded = {
        "kind": kind, "value": value, "in": item.where, "start": item.start, "end": item.end, "text": item.text,
    }
    if item.confidence != 1.0:
        encoded["confidence"] = item.confidence
    return encoded


def field_value_from_json(data: Mapping[str, Any]) -> FieldValue:
    return FieldValue(
        value=decode_value(data["kind"], data["value"]), where=data["in"], start=data["start"], end=data["end"],
        text=data["text"], confidence=data.get("confidence", 1.0),
    )


def fields_json(fields: Fields) -> str:
    """Fields as JSON text, names sorted, so that equal fields have one text."""
    return dump({name: [field_value_json(item) for item in fields[name]] for name in sorted(fields)})


def fields_from_json(text: str) -> dict[str, tuple[FieldValue, ...]]:
    return {name: tuple(field_value_from_json(item) for item in items) for name, items in json.loads(text).items()}


def attachments_json(attachments: tuple[Attachment, ...]) -> list[list[str | None]]:
    return [[item.name, item.url, item.sha256] for item in attachments]


def attachments_from_json(items: list[list[Any]]) -> tuple[Attachment, ...]:
    return tuple(Attachment(name=name, url=url, sha256=sha256) for name, url, sha256 in items)
