"""What people type, cut into tokens: operators, brackets, phrases, scoped text, filters, plain text.

White space separates. An operator is ASCII and stands alone (``OR``, ``AND``, ``NOT``, ``(``, ``)``, ``-(``),
or is a ``-`` before something that is not a digit (-80℃ is text). Quotes make a phrase only when set off on both
sides. A leading ``\\`` makes anything plain text. Everything else is text, so a pasted title stays one.
"""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass

from opportunity.query import Filter, Scope
from search_api.query_fields import FILTER_NAMES, SCOPES, WHOLE, read_filter

_WORD = re.compile(r"\S+")
_CLOSING = {opening: re.compile(closing + r"(?!\S)") for opening, closing in ('""', "“”")}
_FIELD = re.compile(r"(?P<name>[a-z_]{1,20}|[\u4e00-\u9fff]{1,6})[:：]", re.IGNORECASE)


class Kind(enum.Enum):
    TEXT = "text"
    FILTER = "filter"
    OR = "OR"
    AND = "AND"
    NOT = "NOT"
    OPEN = "("
    OPEN_NOT = "-("
    CLOSE = ")"


_ALONE = {kind.value: kind for kind in (Kind.OR, Kind.AND, Kind.NOT, Kind.OPEN, Kind.OPEN_NOT, Kind.CLOSE)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One token. ``typed`` is it as typed (without a leading ``-``), ``raw`` the text that it looks for.

    ``named`` says that a text was given a scope; ``unread`` that a filter's name stands before a value that
    cannot be read, so that it is text.
    """

    kind: Kind
    typed: str
    raw: str = ""
    scope: Scope = Scope.DEFAULT
    phrase: bool = False
    whole: bool = False
    negative: bool = False
    filter: Filter | None = None
    unread: bool = False


def tokens(text: str, now: dt.datetime) -> Iterator[Token]:
    """The tokens of a query in order. ``now`` (aware) gives relative times their meaning.

    Raises BadQuery for a range that runs backwards.
    """
    position = 0
    while (word := _WORD.search(text, position)) is not None:
        alone = _ALONE.get(word[0])
        if alone is not None:
            yield Token(kind=alone, typed=word[0])
            position = word.end()
            continue
        token, position = _operand(text, word.start(), word.end(), now)
        yield token


def _operand(text: str, start: int, end: int, now: dt.datetime) -> tuple[Token, int]:
    """The operand that begins at ``start``; a phrase may reach beyond the word that ends at ``end``."""
    if text[start] == "\\" and end > start + 1:
        return Token(kind=Kind.TEXT, typed=text[start:end], raw=text[start + 1 : end]), end
    negative = text[start] == "-" and end > start + 1 and not text[start + 1].isdecimal()
    begin = start + 1 if negative else start
    scope, at = _scope(text, begin, end)
    closed = _phrase_end(text, at)
    if closed is not None:
        token = Token(
            kind=Kind.TEXT, typed=text[begin:closed], raw=text[at + 1 : closed - 1], scope=scope, phrase=True, negative=negative
        )
        return token, closed
    return _word(text[begin:end], at - begin, scope, negative, now), end


def _scope(text: str, begin: int, end: int) -> tuple[Scope, int]:
    """The scope named at ``begin`` and where its value starts; DEFAULT and ``begin`` when none is."""
    field = _FIELD.match(text, begin, end)
    scope = SCOPES.get(field["name"].lower()) if field else None
    if field is None or scope is None or field.end() == end:
        return Scope.DEFAULT, begin
    return scope, field.end()


def _phrase_end(text: str, at: int) -> int | None:
    """Where the phrase that opens at ``at`` ends: its first closing quote before white space or the end."""
    closing = _CLOSING.get(text[at]) if at < len(text) else None
    if closing is None:
        return None
    found = closing.search(text, at + 1)
    return found.end() if found else None


def _word(typed: str, value_at: int, scope: Scope, negative: bool, now: dt.datetime) -> Token:
    """A token of one word: whole word, filter or text, with the scope already read."""
    value = typed[value_at:]
    field = _FIELD.match(value)
    name = field["name"].lower() if field else ""
    rest = value[field.end() :] if field else ""
    if name in WHOLE and rest:
        return Token(kind=Kind.TEXT, typed=typed, raw=rest, scope=scope, whole=True, negative=negative)
    unread = False
    if name in FILTER_NAMES and rest and value_at == 0:
        read = read_filter(name, rest, now)
        if read is not None:
            return Token(kind=Kind.FILTER, typed=typed, filter=read, negative=negative)
        unread = True
    return Token(kind=Kind.TEXT, typed=typed, raw=value, scope=scope, negative=negative, unread=unread)
