"""What makes a version: hashes over published content, and the row a version is kept in."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Callable
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

import zstandard

from opportunity.errors import BadInput
from opportunity.notice import Attachment, Fields, FieldValue, Notice, Origin, Value
from opportunity.store.codec import (
    attachments_from_json,
    attachments_json,
    dump,
    dump_sorted,
    encode_value,
    fields_from_json,
    fields_json,
    instant_number,
    storable,
    storable_json,
)
from opportunity.text import normalise

Outcome = Literal["new", "changed", "unchanged", "reread", "removed"]

_PLAIN, _ZSTD = b"\x00", b"\x01"
# Below this many bytes a compressed body saves less than its frame costs.
_COMPRESS_FROM = 512


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One notice as a reader brought it: what it read, who read it, when it was seen, and why."""

    notice: Notice
    extracted: Fields
    reader: str
    seen_at: dt.datetime
    cause: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What became of one incoming notice; ``seq`` is None when there is nothing new."""

    id: str
    outcome: Outcome
    version: int
    seq: int | None


class Prepared:
    """An incoming notice with its hashes and row parts, each made once and only when needed."""

    def __init__(self, incoming: Incoming, pack: Callable[[str], bytes]) -> None:
        self.incoming = incoming
        self.notice = clean(incoming.notice)
        self.id = self.notice.id
        self.seen_at = instant_number(incoming.seen_at)
        self._pack = pack

    @cached_property
    def given_json(self) -> str:
        return fields_json(self.notice.given)

    @cached_property
    def fields_json(self) -> str:
        return storable_fields(self.incoming.extracted)

    @cached_property
    def fields_hash(self) -> bytes:
        return hashlib.sha256(self.fields_json.encode()).digest()

    @cached_property
    def raw_hash(self) -> bytes:
        """Over everything published, exactly as read: equal means nothing at all has changed."""
        notice = self.notice
        head = dump_sorted([
            notice.title, notice.url, notice.origin.value, notice.extra, attachments_json(notice.attachments),
            notice.body_missing, self.given_json,
        ])
        return hashlib.sha256(f"{head}\x1f{notice.body}".encode()).digest()

    @cached_property
    def input_hash(self) -> bytes:
        """Over what was read from: the same pages and row are the same publication, whoever reads them."""
        return hashlib.sha256(dump_sorted([self.notice.pages, self.notice.row]).encode()).digest()

    @cached_property
    def body(self) -> bytes:
        return self._pack(self.notice.body)

    def version_row(self) -> dict[str, Any]:
        """The columns of ``version`` that come from the notice itself."""
        notice = self.notice
        detail = {
            "extra": notice.extra, "attachments": attachments_json(notice.attachments), "pages": notice.pages,
            "row": notice.row,
        }
        return {
            "origin": notice.origin.value, "title": notice.title, "url": notice.url, "body": self.body,
            "body_missing": notice.body_missing, "given": self.given_json, "detail": self._pack(dump(detail)),
            "raw_hash": self.raw_hash, "input_hash": self.input_hash,
            "seen_at": self.seen_at,
        }


def body_packer() -> Callable[[str], bytes]:
    """A function that packs long texts; for one thread."""
    compress = zstandard.ZstdCompressor(level=3).compress

    def pack(body: str) -> bytes:
        data = body.encode()
        if len(data) < _COMPRESS_FROM:
            return _PLAIN + data
        return _ZSTD + compress(data)

    return pack


def body_unpacker() -> Callable[[bytes], str]:
    """A function that unpacks what ``body_packer`` packed; for one thread."""
    decompress = zstandard.ZstdDecompressor().decompress

    def unpack(data: bytes) -> str:
        return (decompress(data[1:]) if data[:1] == _ZSTD else bytes(data[1:])).decode()

    return unpack


def notice_from_row(row: Any, unpack: Callable[[bytes], str]) -> Notice:
    """The Notice of a joined row of notice, version and reading."""
    detail = json.loads(unpack(row.detail))
    return Notice(
        source=row.source, key=row.key, title=row.title, body=unpack(row.body), url=row.url,
        origin=Origin(row.origin), given=fields_from_json(row.given), extra=detail["extra"],
        attachments=attachments_from_json(detail["attachments"]), pages=tuple(detail["pages"]), row=detail["row"],
        body_missing=row.body_missing, withdrawn=row.withdrawn,
    )


def same_content(old: Notice, new: Notice) -> bool:
    """Whether both publish the same: normalised title and body, given values, attachments.

    White space, marks, width and the way a number is written do not count. A document whose bytes
    are known only once is no change. Compared here and now and not by a stored hash, so that
    a newer character table is no change by itself, and a new notice costs no normalising.
    """
    return (
        old.body_missing == new.body_missing
        and _facts(old) == _facts(new)
        and not attachments_differ(old.attachments, new.attachments)
        and (old.body == new.body or normalise(old.body) == normalise(new.body))
    )


def _facts(notice: Notice) -> Any:
    given = {name: [_canonical(item.value) for item in items] for name, items in notice.given.items()}
    names = [normalise(item.name) or item.name for item in notice.attachments]
    return normalise(notice.title) or notice.title, given, names


def attachments_differ(old: tuple[Attachment, ...], new: tuple[Attachment, ...]) -> bool:
    """True when a document of the same name has other bytes than before."""
    known = {item.name: item.sha256 for item in old if item.sha256}
    return any(item.sha256 and known.get(item.name, item.sha256) != item.sha256 for item in new)


def _canonical(value: Value) -> Any:
    kind, encoded = encode_value(value)
    if isinstance(value, Decimal):
        return [kind, format(value.normalize(), "f")]
    if isinstance(value, dt.datetime):
        return [kind, instant_number(value)]
    if kind == "text":
        return [kind, normalise(encoded) or encoded]
    return [kind, encoded]


def clean(notice: Notice) -> Notice:
    """The notice as it can be stored. A key that cannot be is refused: it would change the identity."""
    for name in ("source", "key"):
        value = getattr(notice, name)
        if not value or storable(value) != value:
            raise BadInput("公告的来源或键为空，或含有不能保存的字符", field=name)
    texts = [notice.title, notice.body, notice.url or ""]
    changes: dict[str, Any] = {}
    if any(storable(text) != text for text in texts):
        changes = {"title": storable(notice.title), "body": storable(notice.body)}
        changes["url"] = None if notice.url is None else storable(notice.url)
    if notice.attachments and any(storable(item.name + item.url) != item.name + item.url for item in notice.attachments):
        changes["attachments"] = tuple(
            dataclasses.replace(item, name=storable(item.name), url=storable(item.url)) for item in notice.attachments
        )
    if notice.extra:
        changes["extra"] = storable_json(notice.extra)
    if notice.row:
        changes["row"] = storable_json(notice.row)
    if notice.given:
        changes["given"] = {name: tuple(map(_clean_value, items)) for name, items in notice.given.items()}
    return dataclasses.replace(notice, **changes) if changes else notice


def storable_fields(fields: Fields) -> str:
    """The JSON text of extracted fields; strings cleaned only where they need it."""
    text = fields_json(fields)
    if "\\u0000" not in text and storable(text) == text:
        return text
    return fields_json({name: tuple(map(_clean_value, items)) for name, items in fields.items()})


def _clean_value(item: FieldValue) -> FieldValue:
    value = storable(item.value) if type(item.value) is str else item.value
    text = storable(item.text)
    if value is item.value and text is item.text:
        return item
    return dataclasses.replace(item, value=value, text=text)
