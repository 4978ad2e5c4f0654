"""A query in words: the text that would be typed for it, and the Chinese sentence that says what was searched."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from opportunity.notice import SHANGHAI, type_table
from opportunity.query import (
    AmountRange,
    And,
    Choice,
    Everything,
    Filter,
    MomentRange,
    Node,
    Not,
    Openness,
    Or,
    Phrase,
    Query,
    Scope,
    Term,
)
from opportunity.region import region
from search_api.query_fields import FIELD_NAMES, ORIGINS, STATES, write_filter
from search_api.query_tokens import Kind, tokens


def is_one_leaf(node: Node) -> bool:
    """Whether an OR is one thing typed: the readings of one text, or scoped text and its literal form."""
    if not isinstance(node, Or) or not isinstance(node.parts[0], Term | Phrase):
        return False
    first = node.parts[0]
    return all(_same_text(part, first) or _literal_of(part, first) for part in node.parts)


def _same_text(part: Node, first: Term | Phrase) -> bool:
    return isinstance(part, type(first)) and part.raw == first.raw and part.scope == first.scope


def _literal_of(part: Node, first: Term | Phrase) -> bool:
    """Whether ``part`` is 采购人:某局 as words, for 某局 in the scope of 采购人."""
    if first.scope in (Scope.DEFAULT, Scope.TITLE) or (isinstance(first, Term) and first.whole):
        return False
    return isinstance(part, Phrase) and part.scope is Scope.DEFAULT and first.raw in part.raw


def to_text(query: Query) -> str:
    """What would be typed for the root and filters of a query; parsed at the same ``now`` it is the same.

    Relative times come out as the days they meant; filters chosen beside the text become part of it.
    """
    parts = [] if isinstance(query.root, Everything) else [_typed(query.root, query.now, inside=bool(query.filters))]
    return " ".join((*parts, *map(write_filter, query.filters)))


def _typed(node: Node, now: dt.datetime, *, inside: bool = True) -> str:
    """``inside`` says that something stands around it, so that AND and OR need brackets."""
    match node:
        case Term() | Phrase():
            return _leaf(node, now)
        case Or(parts=parts) if is_one_leaf(node):
            last = parts[-1]
            first = parts[0]
            assert isinstance(first, Term | Phrase)
            return last.raw if isinstance(last, Phrase) and _literal_of(last, first) else _leaf(first, now)
        case Not(part=part):
            return f"NOT {_typed(part, now)}"
        case And(parts=parts) | Or(parts=parts):
            joint = " " if isinstance(node, And) else " OR "
            text = joint.join(_typed(part, now) for part in parts)
            return f"( {text} )" if inside else text
        case Everything():
            return ""
        case _:
            return write_filter(node)


def _leaf(node: Term | Phrase, now: dt.datetime) -> str:
    scope = "" if node.scope is Scope.DEFAULT else f"{node.scope.chinese}:"
    if isinstance(node, Phrase):
        straight = f'{scope}"{node.raw}"'
        return straight if _reads_as(straight, node.raw, now) else f"{scope}“{node.raw}”"
    text = f"{scope}{'整词:' if node.whole else ''}{node.raw}"
    return text if scope or node.whole or _reads_as(text, node.raw, now) else "\\" + text


def _reads_as(text: str, raw: str, now: dt.datetime) -> bool:
    """Whether a text is one token that looks for ``raw`` and nothing else."""
    read = list(tokens(text, now))
    return len(read) == 1 and read[0].kind is Kind.TEXT and read[0].raw == raw and not read[0].negative


def describe(query: Query) -> str:
    """One Chinese sentence that says what was searched, with the words a bare term was cut into."""
    root = query.root
    said = [] if isinstance(root, Everything) and query.filters else [_said(root, inside=bool(query.filters))]
    return "，并且".join((*said, *map(_filter_said, query.filters)))


def _said(node: Node, *, inside: bool = True) -> str:
    match node:
        case Everything():
            return "全部公告"
        case Term() | Phrase():
            return _text_said(node)
        case Or(parts=parts) if is_one_leaf(node):
            first, last = parts[0], parts[-1]
            assert isinstance(first, Term | Phrase)
            literal = f"（或文中写有“{last.raw}”）" if isinstance(last, Phrase) and _literal_of(last, first) else ""
            return _text_said(first) + literal
        case Not(part=part):
            return f"不要“{_said(part, inside=False)}”" if isinstance(part, And | Or) else f"不要{_said(part)}"
        case And(parts=parts) | Or(parts=parts):
            joint = "，并且" if isinstance(node, And) else "，或者"
            text = joint.join(_said(part) for part in parts)
            return f"（{text}）" if inside else text
        case _:
            return _filter_said(node)


def _text_said(node: Term | Phrase) -> str:
    where = node.scope.chinese
    if isinstance(node, Phrase):
        return f"{where}含原文“{node.raw}”"
    how = "含整词" if node.whole else "含"
    cut = f"（分为{'、'.join(node.words)}）" if len(node.words) > 1 else ""
    return f"{where}{how}“{node.raw}”{cut}"


def _filter_said(part: Filter) -> str:
    if isinstance(part, Openness):
        chinese = {code: name for name, code in reversed(STATES.items())}
        return "状态为" + "或".join(chinese[state] for state in part.states)
    name = FIELD_NAMES[part.field]
    unknown = "（含未知）" if part.unknown else "（不含未知）"
    if isinstance(part, AmountRange):
        low = None if part.low is None else f"不低于{_money(part.low)}"
        high = None if part.high is None else f"不超过{_money(part.high)}"
        return name + _range_said(low, high) + unknown
    if isinstance(part, MomentRange):
        begin = None if part.low is None else f"不早于{_time(part.low)}"
        end = None if part.high is None else f"早于{_time(part.high)}"
        return f"{name}时间{_range_said(begin, end)}{unknown}"
    return f"{name}为" + "或".join(_code_said(part, value) for value in part.values) + unknown


def _range_said(low: str | None, high: str | None) -> str:
    return "、".join(end for end in (low, high) if end is not None) or "不限"


def _money(amount: Decimal) -> str:
    for unit, size in (("亿元", 100_000_000), ("万元", 10_000)):
        if amount >= size and amount % (size // 10_000) == 0:
            return f"{(amount / size).normalize():f}{unit}"
    return f"{amount:f}元"


def _time(moment: dt.datetime) -> str:
    local = moment.astimezone(SHANGHAI)
    day = f"{local.year}年{local.month}月{local.day}日"
    return day if local.time() == dt.time(0) else f"{day}{local:%H:%M}"


def _code_said(part: Choice, value: str) -> str:
    if part.field == "type":
        return type_table.get(value, value)
    if part.field == "region":
        known = region(value)
        return known.name if known else value
    if part.field == "origin":
        return {origin.value: name for name, origin in ORIGINS.items()}.get(value, value)
    return value
