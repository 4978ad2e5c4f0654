"""List orders of the embedded index: which column sorts, which stretches an order has, and paging.

An order column holds number and id as one text (embedded_schema.order_key), so tantivy sorts by it and
gives it back: neither ties nor ids need a second look. An order with groups is several
stretches one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from indexer.engines.embedded_query import Builder
from indexer.engines.embedded_schema import id_number, number_of
from indexer.order import CLOSED, GATE_UNKNOWN, STILL_OPEN
from opportunity.query import Sort
from opportunity.results import Hit


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One group of an order: the column that sorts it, the integer column behind it, and its members."""

    group: int
    column: str
    number: str
    descending: bool = True
    state: str | None = None

    def members(self, builder: Builder, matched: Any, now: int) -> Any:
        return matched if self.state is None else builder.all_of([matched, builder.state(self.state, now)])

    def beyond(self, builder: Builder, members: Any, after: Hit) -> Any:
        """The members at or after a hit's place. A few just before it may come too: ``hit_key`` tells."""
        rest = builder.id_range(id_number(after.id), 2**63 - 1)
        unknown = builder.term("missing", self.number.removesuffix("_start"))
        if after.key[1]:
            return builder.all_of([members, unknown, rest])
        value = -int(after.key[2]) if self.descending else int(after.key[2])
        further = builder.range(self.number, None, value - 1) if self.descending else builder.range(
            self.number, value + 1, None
        )
        same = builder.all_of([builder.range(self.number, value, value), rest])
        return builder.all_of([members, builder.any_of([further, same, unknown])])

    def hit(self, key: str) -> Hit:
        """A hit from an order column's text; its key is indexer.order.sort_key without the id."""
        number, id = number_of(key, descending=self.descending)
        if number is None:
            return Hit(id=id, score=0.0, key=(self.group, 1, 0))
        return Hit(id=id, score=0.0, key=(self.group, 0, -number if self.descending else number))


STRETCHES: dict[Sort, tuple[Stretch, ...]] = {
    Sort.PUBLISHED: (Stretch(group=0, column="order_published", number="published_start"),),
    Sort.BUDGET: (Stretch(group=0, column="order_budget", number="budget"),),
    Sort.SEEN: (Stretch(group=0, column="order_seen", number="first_seen"),),
    Sort.ENTER_UNTIL: (
        Stretch(
            group=STILL_OPEN, column="order_opening", number="enter_until", descending=False, state="open"
        ),
        Stretch(group=GATE_UNKNOWN, column="order_closed", number="enter_until", state="unknown"),
        Stretch(group=CLOSED, column="order_closed", number="enter_until", state="closed"),
    ),
}


def place(hit: Hit) -> tuple[int | float | str, ...]:
    """A hit's place in its list order, comparable within one order."""
    return (*hit.key, hit.id)
