"""Making a FieldValue from a flat span: plain[start:end] == text, always."""

from __future__ import annotations

import re

from crawlers.extraction.flat import Flat
from opportunity.notice import FieldValue, Value

_gap = re.compile(r"\s+")
_inner = re.compile(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])")


def body_value(flat: Flat, start: int, end: int, value: Value | None, confidence: float) -> FieldValue:
    """Evidence in the body for the flat [start, end); without ``value`` the text itself is the value."""
    first, last = flat.to_plain(start, end)
    text = flat.plain[first:last]
    if value is None:
        value = clean(text)
    return FieldValue(value=value, where="body", start=first, end=last, text=text, confidence=confidence)


def title_value(title: str, start: int, end: int, value: Value | None, confidence: float) -> FieldValue:
    """Evidence in the title for title[start:end]."""
    text = title[start:end]
    return FieldValue(
        value=clean(text) if value is None else value, where="title", start=start, end=end, text=text,
        confidence=confidence,
    )


def clean(text: str) -> str:
    """White space inside Chinese text goes, between ASCII words one space stays."""
    return _gap.sub(" ", _inner.sub("", text)).strip()
