"""The fields of an Elasticsearch index, and how a Document becomes one of its documents.

Mappings are strict: nothing that is not named here is ever stored. Texts come as pairs of neighbouring characters
("abcd" -> "ab bc cd d") under the prebuilt ``whitespace`` analyzer: a string of two or more characters is a phrase of
pairs, so every substring is found; for strings of one character a field holds the set of characters. Each string is a value of its own and the gap between values is
wider than any phrase reaches, so none crosses two. Nothing here needs a plugin, a script or a declared analyzer.
"""

from __future__ import annotations

import hashlib
import json
import operator
from typing import Any

from indexer.document import Document
from indexer.engine import DocumentRefused
from indexer.engines.elastic_names import month_of
from indexer.order import MAX_NUMBER
from indexer.values import checked_code, checked_number, region_terms
from opportunity.notice import AMOUNT_FIELDS, MOMENT_FIELDS
from opportunity.query import DEFAULT_SCOPE

# Raised whenever a field or its meaning changes; part of the fingerprint.
SCHEMA_VERSION = 1

SCOPES = tuple(scope.value for scope in DEFAULT_SCOPE)
# The short fields that a default search reads as one (title apart: it is ranked apart).
HEAD = ("project_number", "buyer", "agency", "suppliers")
MOMENTS = ("published", *MOMENT_FIELDS)
NOTICE, REMOVED, CURSOR = "notice", "removed", "cursor"
MAX_ID_BYTES = 512  # of Elasticsearch's _id
_MAX_CODE_BYTES = 32_766  # of one of Lucene's terms
_DAY = 86_400
_LONGEST_WORD = 64  # the analyzer would cut a word after 255

Json = dict[str, Any]

_SETTINGS: Json = {
    "number_of_shards": 1,
    "auto_expand_replicas": "0-1",
    "refresh_interval": "-1",  # the writer refreshes when a batch is whole
}


def notices_index() -> Json:
    """Settings and mappings of an index of notices."""
    codes = {"type": "keyword"}
    number = {"type": "long"}
    properties: Json = dict.fromkeys(("kind", "id", "type", "region", "province", "source", "origin", "at", "writer"), codes)
    properties |= dict.fromkeys(("seq", "first_seen", "fresh_at", "enter_until", "gate", *AMOUNT_FIELDS), number)
    for name in MOMENTS:
        properties |= {f"{name}_start": number, f"{name}_end": number}
    text = {"type": "text", "analyzer": "whitespace", "norms": False, "position_increment_gap": 100}
    properties |= {f"text_{name}": text for name in (*SCOPES, "head")}
    characters = {"type": "text", "analyzer": "whitespace", "norms": False, "index_options": "docs"}
    properties |= {f"characters_{name}": characters for name in (*SCOPES, "head")}
    words = {"type": "text", "analyzer": "whitespace", "index_options": "freqs"}
    properties |= {f"words_{name}": words for name in SCOPES}
    source = {"excludes": ["text_*", "characters_*", "words_*"]}  # the store has them; here they would be most of the disk
    return {"settings": _SETTINGS, "mappings": {"dynamic": "strict", "_source": source, "properties": properties}}



def pairs(text: str) -> str:
    """"abcd" -> "ab bc cd"."""
    return " ".join(map(operator.add, text, text[1:]))


def word_token(word: str) -> str:
    """A word as it is indexed: long ones by their digest, since the analyzer would cut them in two."""
    if len(word) <= _LONGEST_WORD:
        return word
    return f"#{hashlib.sha256(word.encode()).hexdigest()}"  # no word begins with a mark


def row_of(document: Document) -> tuple[str, bytes]:
    """The month whose index holds the document, and its JSON; DocumentRefused when a value cannot be held."""
    try:
        if not document.id or len(document.id.encode()) > MAX_ID_BYTES:
            raise ValueError("编号为空或过长")
        row = json.dumps(_values(document), ensure_ascii=False, separators=(",", ":")).encode()
        return month_of(document.first_seen), row
    except (TypeError, ValueError, UnicodeError, OverflowError, AttributeError) as problem:
        raise DocumentRefused(
            f"公告 {document.id} 无法写入索引：{problem}", id=document.id, reason=str(problem)
        ) from problem


def removal_row(id: str, seq: int) -> bytes:
    """What stays of a removed notice: its id and the number of the change. Kept for good, so it cannot come back."""
    return json.dumps({"kind": REMOVED, "id": id, "seq": seq}).encode()


def _values(document: Document) -> Json:
    texts = document.texts
    values: Json = {
        "kind": NOTICE, "id": _code(document.id), "seq": checked_number(document.seq),
        "first_seen": checked_number(document.first_seen), "source": _code(document.source), "origin": _code(document.origin),
    }
    fields = {**{scope: texts.get(scope, ()) for scope in SCOPES}, "head": [t for s in HEAD for t in texts.get(s, ())]}
    for name, strings in fields.items():
        if any(strings):
            values[f"text_{name}"] = [pairs(text) for text in strings if len(text) > 1]
            values[f"characters_{name}"] = " ".join(sorted(set("".join(strings))))
    for scope in SCOPES:
        if words := " ".join(map(word_token, document.words.get(scope, ()))):
            values[f"words_{scope}"] = words
    if document.type is not None:
        values["type"] = _code(document.type)
    if document.region is not None:
        values["region"] = region_terms(_code(document.region))
        values["province"] = document.region[:2] + "0000"
    values |= {name: checked_number(document.amounts[name]) for name in AMOUNT_FIELDS if name in document.amounts}
    for name in MOMENTS:
        pair = document.published if name == "published" else document.moments.get(name)
        if pair is not None:
            values[f"{name}_start"], values[f"{name}_end"] = checked_number(pair[0]), checked_number(pair[1])
    published = values.get("published_start", document.first_seen)
    values["fresh_at"] = min(published, document.first_seen + _DAY)  # a date in the future gains nothing
    if document.enter_until is not None:
        values["enter_until"] = values["gate"] = checked_number(document.enter_until)
    if document.closed_by_type:
        values["gate"] = -MAX_NUMBER  # closed at every instant
    return values


def _code(value: Any) -> str:
    return checked_code(value, _MAX_CODE_BYTES)
