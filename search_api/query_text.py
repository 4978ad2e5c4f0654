"""From what people type to a ``Query``. Pure: the cutter and the time are passed in. See docs/query-language.md.

White space is AND, which binds tighter than OR. An operator without an operand, and a bracket without its
partner, are text. What normalises to nothing (a lone dash) is left out. The parser is iterative: brackets cannot
exhaust the stack.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from indexer.words import Cutter
from opportunity.errors import BadQuery
from opportunity.query import (
    MAX_DEPTH,
    MAX_LEAVES,
    MAX_QUERY_CHARACTERS,
    And,
    Everything,
    Filter,
    Node,
    Not,
    Or,
    Phrase,
    Query,
    Scope,
    Sort,
    Term,
)
from opportunity.text import bounded_readings, readings
from search_api.query_tokens import Kind, Token, tokens
from search_api.query_words import describe, is_one_leaf, to_text

__all__ = ["describe", "parse_query", "to_text"]


def parse_query(
    text: str, *, cutter: Cutter, now: dt.datetime, filters: Sequence[Filter] = (), sort: Sort = Sort.RELEVANCE
) -> Query:
    """The query that a text asks, with the filters and order chosen beside it.

    White space alone asks for everything. ``now`` must be aware; it is kept in whole seconds. Raises BadQuery
    when the text is too long, too deep or has too many parts, has only marks, or a range runs backwards.
    """
    if len(text) > MAX_QUERY_CHARACTERS:
        raise BadQuery(f"查询太长：最多 {MAX_QUERY_CHARACTERS} 个字，现有 {len(text)} 个", limit=MAX_QUERY_CHARACTERS)
    now = now.replace(microsecond=0)
    typed = list(tokens(text, now))
    root = _tree(typed, cutter)
    if root is None:
        if typed:
            raise BadQuery("查询里只有标点或运算符，没有可以搜索的字")
        root = Everything()
    _check_size(root)
    return Query(
        root=root, fingerprint=cutter.fingerprint, now=now, filters=tuple(filters), sort=sort, raw=text, notes=_notes(typed)
    )


def _notes(typed: Sequence[Token]) -> tuple[str, ...]:
    """What was probably meant otherwise than it was read, one sentence each."""
    notes = [f"“{token.typed}”不能按条件理解，已当作文字搜索" for token in typed if token.unread]
    words = [token.typed for token in typed if token.kind is Kind.TEXT and not token.phrase]
    touching = any(word.startswith("(") or word.endswith(")") for word in words)
    if touching and any(token.kind in (Kind.OR, Kind.NOT) for token in typed):
        notes.append("紧挨着文字的括号已当作文字；要分组，请在括号两边加空格")
    return tuple(notes)


@dataclass(slots=True)
class _Frame:
    """One level of brackets while it is read: alternatives (OR) of parts (AND), and operators still waiting."""

    negative: bool = False
    alternatives: list[list[Node]] = field(default_factory=lambda: [[]])
    joint: Token | None = None  # an OR or AND that waits for its right side
    nots: list[Token] = field(default_factory=list)

    def add(self, node: Node) -> None:
        """Takes an operand: applies the waiting NOTs, and begins an alternative after an OR."""
        if len(self.nots) % 2:
            node = _negated(node)
        if self.joint is not None and self.joint.kind is Kind.OR:
            self.alternatives.append([])
        self.alternatives[-1].append(node)
        self.joint, self.nots = None, []

    def join(self, token: Token) -> bool:
        """Takes an OR or AND; False when there is nothing on its left, so that it is text."""
        if self.joint is not None or self.nots or not self.alternatives[-1]:
            return False
        self.joint = token
        return True

    def waiting(self) -> list[Token]:
        """The operators that never got an operand; they are forgotten here and become text."""
        left = [*([self.joint] if self.joint else []), *self.nots]
        self.joint, self.nots = None, []
        return left


def _tree(typed: Sequence[Token], cutter: Cutter) -> Node | None:
    """The tree of the tokens; None when nothing is left to search for."""
    frames = [_Frame()]
    for token, partner in zip(typed, _partners(typed), strict=True):
        match token.kind:
            case Kind.OPEN | Kind.OPEN_NOT:
                if partner:
                    frames.append(_Frame(negative=token.kind is Kind.OPEN_NOT))
                    if len(frames) > MAX_DEPTH:
                        raise BadQuery(f"括号嵌套太深：最多 {MAX_DEPTH - 1} 层", limit=MAX_DEPTH)
            case Kind.CLOSE:
                if partner:
                    _add(frames[-2], _closed(frames.pop(), cutter))
            case Kind.NOT:
                frames[-1].nots.append(token)
            case Kind.OR | Kind.AND:
                if not frames[-1].join(token):
                    _add_operators(frames[-1], [*frames[-1].waiting(), token], cutter)
            case _:
                _add(frames[-1], _leaf(token, cutter))
    return _closed(frames[0], cutter)


def _partners(typed: Sequence[Token]) -> list[bool]:
    """For each token, whether it is a bracket that has its partner."""
    paired = [False] * len(typed)
    opened: list[int] = []
    for index, token in enumerate(typed):
        if token.kind in (Kind.OPEN, Kind.OPEN_NOT):
            opened.append(index)
        elif token.kind is Kind.CLOSE and opened:
            paired[index] = paired[opened.pop()] = True
    return paired


def _add(frame: _Frame, node: Node | None) -> None:
    if node is not None:
        frame.add(node)


def _add_operators(frame: _Frame, operators: Iterable[Token], cutter: Cutter) -> None:
    """Operators that lack an operand are words: a title may be called OR."""
    for token in operators:
        _add(frame, _leaf(Token(kind=Kind.TEXT, typed=token.typed, raw=token.typed), cutter))


def _closed(frame: _Frame, cutter: Cutter) -> Node | None:
    """What a finished level of brackets means; None when it is empty."""
    _add_operators(frame, frame.waiting(), cutter)
    parts = [_joined(And, alternative) for alternative in frame.alternatives if alternative]
    if not parts:
        return None
    node = _joined(Or, parts)
    return _negated(node) if frame.negative else node


def _joined(kind: type[And] | type[Or], parts: Iterable[Node]) -> Node:
    """AND or OR of the parts: those of the same kind are taken in, repeated ones left out."""
    flat: dict[Node, None] = {}
    for part in parts:
        inner = part.parts if isinstance(part, And | Or) and isinstance(part, kind) and not is_one_leaf(part) else (part,)
        flat.update(dict.fromkeys(inner))
    return next(iter(flat)) if len(flat) == 1 else kind(parts=tuple(flat))


def _negated(node: Node) -> Node:
    return node.part if isinstance(node, Not) else Not(part=node)


def _leaf(token: Token, cutter: Cutter) -> Node | None:
    """The node of one operand; None when it normalises to nothing."""
    if token.filter is not None:
        node: Node | None = token.filter
    else:
        node = _text_leaf(token, cutter)
    return _negated(node) if node is not None and token.negative else node


def _text_leaf(token: Token, cutter: Cutter) -> Node | None:
    """A phrase or bare term in each of its readings; scoped text also as the words that it literally is.

    采购人:某局 also finds a notice that says 采购人：某局 without anything having been read from it: nothing
    that contains what was typed is missed.
    """
    parts: list[Node] = []
    if token.phrase:
        forms = filter(None, readings(token.raw))
        parts += (Phrase(raw=token.raw, text=form, scope=token.scope) for form in forms)
    else:
        for form in bounded_readings(token.raw):
            words = tuple(dict.fromkeys(cutter.term_words_of_bounded(form)))
            if words:
                parts.append(Term(raw=token.raw, words=words, scope=token.scope, whole=token.whole))
    if parts and token.scope not in (Scope.DEFAULT, Scope.TITLE) and not token.whole:
        parts += (Phrase(raw=token.typed, text=form) for form in readings(token.typed))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else Or(parts=tuple(parts))


def _check_size(root: Node) -> None:
    """Raises BadQuery when the tree is deeper or has more leaves than an engine should be asked."""
    leaves = 0
    level: list[Node] = [root]
    for _ in range(MAX_DEPTH):
        below: list[Node] = []
        for node in level:
            if isinstance(node, And | Or):
                below += node.parts
            elif isinstance(node, Not):
                below.append(node.part)
            else:
                leaves += 1
        if leaves + len(below) > MAX_LEAVES:
            raise BadQuery(f"查询的词和条件太多：最多 {MAX_LEAVES} 个", limit=MAX_LEAVES)
        if not below:
            return
        level = below
    raise BadQuery(f"查询嵌套太深：最多 {MAX_DEPTH} 层", limit=MAX_DEPTH)
