"""A search as it is asked: text, chosen filters and order, before it becomes a ``Query``."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass, replace
from decimal import Decimal

from opportunity.errors import BadInput
from opportunity.notice import SHANGHAI
from opportunity.query import (
    AmountRange,
    And,
    Choice,
    Filter,
    MomentRange,
    Node,
    Not,
    Openness,
    Or,
    Phrase,
    Query,
    Sort,
    Term,
)

STATES = ("open", "closed", "unknown")
MAX_LIMIT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """Everything that decides the result of a search, but not which page of it.

    Amounts are in 元; days are days of Asia/Shanghai, both ends inclusive. ``include_unknown``
    keeps notices whose value for a chosen filter is unknown (the default: a filter hides nothing
    silently). ``sort`` None is relevance for a text, else the newest first.
    """

    text: str = ""
    types: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    budget_min: Decimal | None = None
    budget_max: Decimal | None = None
    published_from: dt.date | None = None
    published_to: dt.date | None = None
    deadline_from: dt.date | None = None
    deadline_to: dt.date | None = None
    include_unknown: bool = True
    sort: Sort | None = None

    def __post_init__(self) -> None:
        for low, high, what in (
            (self.budget_min, self.budget_max, "预算"),
            (self.published_from, self.published_to, "发布日期"),
            (self.deadline_from, self.deadline_to, "截止日期"),
        ):
            if low is not None and high is not None and low > high:  # type: ignore[operator]
                raise BadInput(f"{what}的下限大于上限，请对调或去掉其中一个。", low=str(low), high=str(high))

    @property
    def digest(self) -> str:
        """A short name of this very search; a cursor of one search does not continue another."""
        facts = json.dumps(asdict(self), sort_keys=True, default=str, ensure_ascii=True)
        return hashlib.sha256(facts.encode()).hexdigest()[:20]

    def filters(self, now: dt.datetime) -> dict[str, Filter]:
        """The chosen filters by the name under which their unknown group is counted."""
        keep = self.include_unknown
        chosen: dict[str, Filter] = {}
        for name, values in (
            ("type", self.types), ("region", self.regions), ("source", self.sources), ("origin", self.origins),
        ):
            if values:
                chosen[name] = Choice(field=name, values=values, unknown=keep)
        if self.states:
            states = self.states if not keep or "unknown" in self.states else (*self.states, "unknown")
            chosen["state"] = Openness(states=states, now=now)
        if self.budget_min is not None or self.budget_max is not None:
            chosen["budget"] = AmountRange(
                field="budget", low=self.budget_min, high=self.budget_max, unknown=keep
            )
        for name, first, last in (
            ("published", self.published_from, self.published_to),
            ("deadline", self.deadline_from, self.deadline_to),
        ):
            if first is not None or last is not None:
                chosen[name] = MomentRange(
                    field=name, low=_midnight(first), high=_midnight(last, days=1), unknown=keep
                )
        return chosen


def _midnight(day: dt.date | None, days: int = 0) -> dt.datetime | None:
    """The start of a day (plus ``days``) in Asia/Shanghai; None stays None."""
    if day is None:
        return None
    if day > dt.date(9990, 1, 1):
        return dt.datetime(9999, 1, 1, tzinfo=SHANGHAI)
    return dt.datetime.combine(day + dt.timedelta(days=days), dt.time(0), SHANGHAI)


def with_filters(parsed: Query, request: SearchRequest) -> Query:
    """The parsed text joined with the chosen filters and the order that is meant."""
    filters = (*parsed.filters, *request.filters(parsed.now).values())
    root = parsed.root if request.include_unknown else _without_unknown(parsed.root)
    return replace(parsed, root=root, filters=filters, sort=meant_sort(parsed.root, request.sort), raw=request.text)


_TYPED = (AmountRange, MomentRange, Choice)


def typed_filters(root: Node) -> dict[str, Filter]:
    """Filters that were typed beside the words (预算:>=100万) and keep unknown values, by field."""
    parts = root.parts if isinstance(root, And) else (root,)
    return {part.field: part for part in parts if isinstance(part, _TYPED) and part.unknown}


def _without_unknown(root: Node) -> Node:
    """The switch that leaves unknown values out holds for typed filters as for chosen ones."""
    if isinstance(root, And):
        return And(parts=tuple(_without_unknown(part) for part in root.parts))
    return replace(root, unknown=False) if isinstance(root, _TYPED) else root


def meant_sort(root: Node, sort: Sort | None) -> Sort:
    """Without any text there is no relevance: the newest come first."""
    if sort in (None, Sort.RELEVANCE):
        return Sort.RELEVANCE if _has_text(root) else Sort.PUBLISHED
    return sort or Sort.RELEVANCE


def _has_text(node: Node) -> bool:
    if isinstance(node, (And, Or)):
        return any(_has_text(part) for part in node.parts)
    return _has_text(node.part) if isinstance(node, Not) else isinstance(node, (Term, Phrase))


def unknown_group(query: Query, filter_: Filter) -> Query:
    """The same search, but only the notices whose value for ``filter_`` is unknown."""
    others = tuple(each for each in query.filters if each != filter_)
    only: Node
    if isinstance(filter_, AmountRange):
        only = Not(part=AmountRange(field=filter_.field, unknown=False))
    elif isinstance(filter_, MomentRange):
        only = Not(part=MomentRange(field=filter_.field, unknown=False))
    elif isinstance(filter_, Choice):
        # A region too coarse to answer is unknown too: all that is let in but does not match.
        only = And(parts=(replace(filter_, unknown=True), Not(part=replace(filter_, unknown=False))))
    else:
        only = Openness(states=("unknown",), now=filter_.now)
    return replace(query, root=And(parts=(query.root, only)), filters=others)
