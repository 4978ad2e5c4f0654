"""One import row → a Notice with what the row states, or the reason why it cannot be one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crawlers.extraction import clean_plain, html_to_plain
from crawlers.import_values import source_of, text_of, url_of, values_of
from opportunity.notice import AMOUNT_FIELDS, MOMENT_FIELDS, FieldValue, Notice, Origin

DEFAULT_SOURCE = "import"
GIVEN = (
    "type", "region", "published", "buyer", "agency", "project_number", *AMOUNT_FIELDS, *MOMENT_FIELDS, "suppliers",
)
_TAGS = (
    "html|body|head|div|p|br|hr|table|tbody|thead|tr|td|th|span|h[1-6]|ul|ol|li|a|font|b|i|u|strong|em|img|style|script"
    "|section|article|pre|center|label|input|meta|link"
)
# A whole tag, without attributes or with at least one that has a value: a<b 且 c>d is text.
_HTML = re.compile(rf"<!doctype html|<(?:{_TAGS})(?:\s[^<>]*=[^<>]*)?\s*/?>", re.IGNORECASE)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class RowRefused(Exception):
    """The row cannot be a notice; the message is the reason in Chinese."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedNotice:
    """A notice and what of its row could not be used: (key, reason), each kept in ``extra``."""

    notice: Notice
    kept_aside: tuple[tuple[str, str], ...]


def notice_of(values: Mapping[str, Any]) -> ImportedNotice:
    """Read one row. Raises RowRefused; a bad value of an optional key never loses the row or the value."""
    rest = {key: value for key, value in values.items() if not _absent(value)}
    title = _title(rest.pop("title", None))
    problems: list[tuple[str, str]] = []

    def take(key: str, read: Any) -> Any:
        if key not in rest:
            return None
        try:
            value = read(rest[key])
        except ValueError as error:
            problems.append((key, str(error)))
            return None
        del rest[key]
        return value

    source = take("source", source_of) or DEFAULT_SOURCE
    stated_key = take("id", text_of)
    url = take("url", url_of)
    html = take("body", _body_text) or ""
    given: dict[str, tuple[FieldValue, ...]] = {}
    for name in GIVEN:
        stated = rest.get(name)
        found = take(name, lambda value, name=name: values_of(name, value))
        if found:
            given[name] = tuple(_given(value, _stated(stated, value, name)) for value in found)
    body, row = (html_to_plain(html), {"body": html}) if _HTML.search(html) else (clean_plain(html), {})
    notice = Notice(
        source=source, key=stated_key or url or _hashed(title, values), title=title, body=body, url=url,
        origin=Origin.IMPORT, given=given, extra=_plain_json(rest), row=row, body_missing=not body,
    )
    if _UNSTORABLE.search(notice.key):
        raise RowRefused("id 中有不能保存的字符")
    return ImportedNotice(notice=notice, kept_aside=tuple(problems))


def _absent(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or value == []


def _title(value: Any) -> str:
    if value is None:
        raise RowRefused("没有标题（title）")
    if not isinstance(value, str):
        raise RowRefused("标题（title）应为文字")
    title = " ".join((html_to_plain(value) if _HTML.search(value) else value).split())
    if not title:
        raise RowRefused("没有标题（title）")
    return title


def _body_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("正文应为文字")
    return value


def _given(value: Any, text: str) -> FieldValue:
    return FieldValue(value=value, where="given", start=0, end=0, text=text)


def _stated(stated: Any, value: Any, name: str) -> str:
    """The value as the row states it; each supplier states itself."""
    return str(value) if name == "suppliers" else str(stated).strip()


def _hashed(title: str, values: Mapping[str, Any]) -> str:
    """The key of a row without id and url: over its title, publish time and buyer as the row writes them."""
    parts = [title, *(str(values.get(name) or "").strip() for name in ("published", "buyer"))]
    return "sha256:" + hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _plain_json(value: Any) -> Any:
    """Plain JSON values; a number that a float would change stays as the digits it was written in."""
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() and Decimal(repr(float(value))) == value else str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain_json(item) for item in value]
    return value
