"""An invented project, and the draft in which a notice and its ground truth grow together.

Whatever a form writes into the text it also records as a fact, in the same call: so the truth cannot drift
from the text.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any, Literal

from opportunity.notice import SHANGHAI, Moment, NoticeType
from tests.replicas import boilerplate, wording
from tests.replicas.vocabulary import Kind, Place

Block = tuple[Literal["heading", "line", "pair", "table", "centre"], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """One package (采购包, 标段) of a project; amounts in 元."""

    name: str
    budget: Decimal
    supplier: str
    award: Decimal


@dataclass(slots=True, kw_only=True)
class Project:
    """What stays the same through all notices of one project. ``deadline`` moves with corrections."""

    name: str
    kind: Kind
    place: Place
    buyer: str
    agency: str | None
    number: str | None
    method: NoticeType
    central: bool
    budget: Decimal
    ceiling: Decimal | None
    deposit: Decimal | None
    lots: tuple[Lot, ...]
    begun: dt.datetime
    deadline: dt.datetime
    documents_until: dt.date
    quantity: int
    corrections: int = 0
    stage: NoticeType | None = None
    ended: bool = False

    @property
    def works(self) -> bool:
        return self.kind.category == "works" and self.method is NoticeType.TENDER

    @property
    def many(self) -> bool:
        return len(self.lots) > 1


@dataclass(slots=True, kw_only=True)
class Draft:
    """A notice being written: blocks of text, and the facts they state.

    ``unclear`` names fields for which the text allows more than one honest answer; a comparison leaves them out.
    """

    project: Project
    type: NoticeType
    published: dt.datetime
    rng: Random
    blocks: list[Block] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    unclear: set[str] = field(default_factory=set)

    def heading(self, text: str) -> None:
        self.blocks.append(("heading", text))

    def centre(self, text: str) -> None:
        self.blocks.append(("centre", text))

    def line(self, *texts: str) -> None:
        """One of the given sentences."""
        self.blocks.append(("line", self.rng.choice(texts)))

    def pair(self, label: str, value: str, *, fact: str | None = None, truth: Any = None) -> None:
        self.blocks.append(("pair", (label, value)))
        if fact is not None:
            self.facts[fact] = value if truth is None else truth

    def filler(self, sentences: tuple[str, ...], least: int, most: int, *, mark: str = "（{}）") -> None:
        """Numbered sentences that bear on no field."""
        for index, text in enumerate(boilerplate.some(self.rng, sentences, least, most), 1):
            self.blocks.append(("line", mark.format(index) + text))

    def table(self, *rows: tuple[str, ...]) -> None:
        self.blocks.append(("table", rows))

    def amount(self, label: str, value: Decimal, fact: str | None = None) -> None:
        suffix, text = wording.money(self.rng, value)
        self.pair(label + suffix, text)
        if fact is not None:
            self.facts[fact] = value

    def moment(self, label: str, at: Moment, *facts: str, after: str = "") -> None:
        self.pair(label, self.written(at) + after)
        for name in facts:
            self.facts[name] = at

    def written(self, at: Moment) -> str:
        if isinstance(at, dt.datetime):
            return wording.instant(self.rng, at)
        return wording.day(self.rng, at)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def today(self) -> dt.date:
        return self.published.astimezone(SHANGHAI).date()
