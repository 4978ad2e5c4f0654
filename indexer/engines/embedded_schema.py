"""The embedded index's fields, and how a Document becomes a row of it.

Texts are indexed as every pair of neighbouring characters with its position ("abcd" -> ab bc cd d),
so a string of two or more characters is a run of pairs and every substring is found. Between two strings of
a field stand the last character alone and a boundary token, so no run of pairs crosses from one to the
next. Single characters are a column of their own: which stand in the field, without positions.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any

import tantivy

from indexer.document import Document
from indexer.engine import DocumentRefused
from indexer.order import MAX_NUMBER
from indexer.values import checked_code, checked_number, region_terms
from opportunity.notice import AMOUNT_FIELDS, MOMENT_FIELDS
from opportunity.query import DEFAULT_SCOPE

# Raised whenever a field or its meaning changes; part of the fingerprint.
SCHEMA_VERSION = 1

SCOPES = tuple(scope.value for scope in DEFAULT_SCOPE)
# The short fields that a default search reads as one (title apart: it is ranked apart).
HEAD = ("project_number", "buyer", "agency", "suppliers")
NOTICE, CURSOR, REMOVED = "notice", "cursor", "removed"
MOMENTS = ("published", *MOMENT_FIELDS)
BOUNDARY = "\x1f"
# Order columns: 16 digits that sort as the order wants, then the id; "~" sorts after any digit.
ORDERS = ("published", "budget", "seen", "opening", "closed")
KEY_WIDTH = 16
_UNKNOWN_KEY = "~" * KEY_WIDTH
# Seconds since 1970 of 2024-01-01; a year halves a score. Seven years on (MOST_HALVINGS: tantivy takes the
# weight in 32 bits) the base must be moved on, with SCHEMA_VERSION; until then newer notices are alike.
FRESHNESS_BASE = 1_704_067_200
FRESHNESS_HALF_LIFE = 365 * 86_400
MOST_HALVINGS = 6.98
TIE_BREAK = 0.001  # the part of a score that the id decides, so that few scores are alike
MAX_TERM_BYTES = 60_000  # tantivy silently drops longer terms


def build_schema() -> Any:
    """The tantivy schema. Integers are signed everywhere: a value of another type would end the writer."""
    builder = tantivy.SchemaBuilder()
    for name in ("kind", "missing", "region", "origin"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("type", "province", "source"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_text_field("at", stored=True, tokenizer_name="raw", index_option="basic")
    for name in (*SCOPES, "head"):
        builder.add_text_field(f"text_{name}", tokenizer_name="whitespace", index_option="position")
        builder.add_text_field(f"characters_{name}", tokenizer_name="whitespace", index_option="basic")
    for name in SCOPES:
        builder.add_text_field(f"words_{name}", tokenizer_name="whitespace", index_option="freq")
    builder.add_integer_field("seq", stored=True, fast=True)
    for name in ("id_number", "gate", "enter_until", "first_seen", *AMOUNT_FIELDS):
        builder.add_integer_field(name, fast=True)
    builder.add_float_field("freshness", fast=True)
    for name in MOMENTS:
        builder.add_integer_field(f"{name}_start", fast=True)
        builder.add_integer_field(f"{name}_end", fast=True)
    for name in ORDERS:
        builder.add_text_field(f"order_{name}", tokenizer_name="raw", index_option="basic", fast=True)
    return builder.build()


def pairs(text: str) -> str:
    """"abcd" -> "ab bc cd d  ". Ten times as fast as joining slices: three strided copies."""
    points = array("I", text.encode("utf-32-le"))
    out = array("I", (32,)) * (3 * len(points))
    out[0::3] = points
    out[1:-2:3] = points[1:]
    return out.tobytes().decode("utf-32-le")


def paired(strings: Iterable[str]) -> str:
    """The pairs of several strings with a boundary between each two."""
    return f"{BOUNDARY} ".join(pairs(text) for text in strings if text)


def id_number(id: str) -> int:
    """An integer that orders ids as their text does, as far as their first eight bytes tell them apart."""
    return int.from_bytes(id.encode()[:8].ljust(8, b"\0"), "big") >> 1


def order_key(number: int | None, id: str, *, descending: bool) -> str:
    """The text by which an order column sorts ascending: the number (or after all numbers), then the id."""
    if number is None:
        return _UNKNOWN_KEY + id
    return f"{MAX_NUMBER - number if descending else MAX_NUMBER + number:016x}{id}"


def number_of(key: str, *, descending: bool) -> tuple[int | None, str]:
    """The way back from an order column's text to (number, id)."""
    digits, id = key[:KEY_WIDTH], key[KEY_WIDTH:]
    if digits == _UNKNOWN_KEY:
        return None, id
    value = int(digits, 16)
    return (MAX_NUMBER - value if descending else value - MAX_NUMBER), id


def freshness(published: int | None, first_seen: int, id: str) -> float:
    """What tantivy's weight, log2(2 + value), turns into 2 ** (years since FRESHNESS_BASE).

    A score times this falls by half with every year of age, whatever "now" is: no clause has to count days.
    Without a publish date the day it was first seen counts; a date in the future gains nothing. Of two
    notices alike the smaller id weighs a trace more.
    """
    at = first_seen if published is None else min(published, first_seen + 86_400)
    halvings = min(max(0.0, (at - FRESHNESS_BASE) / FRESHNESS_HALF_LIFE), MOST_HALVINGS)
    by_id = 1.0 + TIE_BREAK * (1.0 - id_number(id) / 2**63)
    return float(2.0 ** (by_id * 2.0**halvings) - 2.0)


def row_of(document: Document) -> Any:
    """The tantivy document; DocumentRefused when a value cannot be held (so no bad value reaches tantivy)."""
    try:
        values = _values(document)
    except (TypeError, ValueError, UnicodeError, OverflowError, AttributeError) as problem:
        raise DocumentRefused(
            f"公告 {document.id} 无法写入索引：{problem}", id=document.id, reason=str(problem)
        ) from problem
    return tantivy.Document(**values)


def _values(document: Document) -> dict[str, Any]:
    texts, id = document.texts, _term(document.id)
    values: dict[str, Any] = {
        "kind": NOTICE, "id": id, "seq": checked_number(document.seq),
        "id_number": id_number(id), "first_seen": checked_number(document.first_seen),
        "freshness": freshness(document.published[0] if document.published else None, document.first_seen, id),
        "source": _term(document.source), "origin": _term(document.origin),
    }
    fields = {**{scope: texts.get(scope, ()) for scope in SCOPES}, "head": [t for s in HEAD for t in texts.get(s, ())]}
    for name, strings in fields.items():
        if text := paired(strings):
            values[f"text_{name}"] = text
            values[f"characters_{name}"] = " ".join(set("".join(strings)))
    for scope in SCOPES:
        if words := " ".join(document.words.get(scope, ())):
            values[f"words_{scope}"] = words
            words.encode()
    missing = _facts(document, values)
    if missing:
        values["missing"] = missing
    return values


def _facts(document: Document, values: dict[str, Any]) -> list[str]:
    """Adds codes, numbers and order columns; returns the names of what is unknown."""
    missing: list[str] = []
    if document.type is None:
        missing.append("type")
    else:
        values["type"] = _term(document.type)
    if document.region is None:
        missing.append("region")
    else:
        values["region"] = region_terms(_term(document.region))
        values["province"] = document.region[:2] + "0000"
    for name in AMOUNT_FIELDS:
        if name in document.amounts:
            values[name] = checked_number(document.amounts[name])
        else:
            missing.append(name)
    for name in MOMENTS:
        pair = document.published if name == "published" else document.moments.get(name)
        if pair is None:
            missing.append(name)
        else:
            values[f"{name}_start"], values[f"{name}_end"] = checked_number(pair[0]), checked_number(pair[1])
    if document.enter_until is None:
        missing.append("enter_until")
    else:
        values["enter_until"] = checked_number(document.enter_until)
    if document.closed_by_type:
        values["gate"] = -MAX_NUMBER  # closed at every instant
    elif document.enter_until is None:
        missing.append("gate")
    else:
        values["gate"] = values["enter_until"]
    _orders(document, values)
    return missing


def _orders(document: Document, values: dict[str, Any]) -> None:
    id, published = document.id, values.get("published_start")
    values["order_published"] = order_key(published, id, descending=True)
    values["order_budget"] = order_key(values.get("budget"), id, descending=True)
    values["order_seen"] = order_key(document.first_seen, id, descending=True)
    values["order_opening"] = order_key(document.enter_until, id, descending=False)
    values["order_closed"] = order_key(document.enter_until, id, descending=True)


def _term(value: Any) -> str:
    return checked_code(value, MAX_TERM_BYTES)
