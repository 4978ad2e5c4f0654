"""What extraction reads from invented notices, held against their ground truth: precision and recall per field.

The notices were made without looking at the extractor; their truth was recorded while the text was written. A value
that the text does not state counts against precision, a stated value that is not found against recall. Run with
``-s`` to see the table and every misreading.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from crawlers.extraction import extract, html_to_plain
from opportunity.notice import SHANGHAI, Fields, Region
from opportunity.region import contains
from tests.replicas.invented import Invented, Inventor
from tests.replicas.layouts import LAYOUTS

HOW_MANY = 420
SINGLE = (
    "project_number", "buyer", "agency", "budget", "ceiling_price", "award_amount", "deposit", "registration_end", "deposit_due",
    "question_end", "deadline", "opening_time", "type", "region",
)
# field -> (least precision, least recall), set just under what was measured; a wrong amount is worse than none, so amounts must be right
FLOORS: Mapping[str, tuple[float, float]] = {
    "project_number": (0.97, 0.90),
    "buyer": (0.99, 0.94),
    "agency": (0.99, 0.94),
    "budget": (1.00, 0.98),
    "ceiling_price": (1.00, 0.98),
    "award_amount": (1.00, 0.97),
    "deposit": (1.00, 0.80),
    "registration_end": (0.99, 0.98),
    "deposit_due": (0.93, 0.93),
    "question_end": (0.98, 0.98),
    "deadline": (0.90, 0.89),
    "opening_time": (0.88, 0.88),
    "type": (0.96, 0.96),
    "region": (0.99, 0.98),
    "suppliers": (0.99, 0.89),
}


@dataclass(slots=True, kw_only=True)
class Score:
    right: int = 0
    answered: int = 0
    stated: int = 0
    misread: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / self.answered if self.answered else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.stated if self.stated else 1.0


def invented() -> list[Invented]:
    start = dt.datetime(2026, 10, 9, 9, 17, tzinfo=SHANGHAI)
    inventor = Inventor("held against extraction", central_share=0.05)
    return [inventor.next(start + dt.timedelta(minutes=131 * number)) for number in range(HOW_MANY)]


def read_value(fields: Fields, name: str) -> Any:
    if name == "suppliers":
        return tuple(sorted({str(value.value) for value in fields.get(name, ())})) or None
    values = fields.get(name)
    return values[0].value if values else None


def true_value(notice: Invented, name: str) -> Any:
    value = getattr(notice, name)
    return (tuple(sorted(set(value))) or None) if name == "suppliers" else value


def same(name: str, read: Any, true: Any) -> bool:
    if name == "region" and isinstance(read, Region) and isinstance(true, Region):
        # the city that holds the county is right, if less exact
        return contains(read.code, true.code) and not read.code.endswith("0000")
    return bool(read == true)


@pytest.fixture(scope="module")
def scores() -> dict[str, Score]:
    found = {name: Score() for name in (*SINGLE, "suppliers")}
    for notice in invented():
        fields = extract(notice.title, html_to_plain(notice.html))
        for name, score in found.items():
            if name in notice.unclear:
                continue
            read, true = read_value(fields, name), true_value(notice, name)
            score.answered += read is not None
            score.stated += true is not None
            if read is not None and true is not None and same(name, read, true):
                score.right += 1
            elif read is not None or true is not None:
                score.misread.append(f"{notice.type.value}/{notice.layout}: {notice.title}: read {read!r}, true {true!r}")
    print_table(found)
    return found


def print_table(scores: Mapping[str, Score]) -> None:
    print(f"\n{'field':<18}{'precision':>10}{'recall':>8}{'answered':>10}{'stated':>8}")
    for name, score in scores.items():
        print(f"{name:<18}{score.precision:>10.3f}{score.recall:>8.3f}{score.answered:>10}{score.stated:>8}")
    for name, score in scores.items():
        for line in score.misread:
            print(f"{name}: {line}")


@pytest.mark.parametrize("name", (*SINGLE, "suppliers"))
def test_fields_are_read_at_least_as_well_as_measured(scores: dict[str, Score], name: str) -> None:
    score = scores[name]
    least_precision, least_recall = FLOORS[name]
    assert score.stated >= 10, "too few to say anything"
    shown = "\n".join(score.misread[:10])
    assert score.precision >= least_precision, f"precision {score.precision:.3f}\n{shown}"
    assert score.recall >= least_recall, f"recall {score.recall:.3f}\n{shown}"


def test_every_layout_takes_part() -> None:
    assert {notice.layout for notice in invented()} == set(LAYOUTS)


def test_every_value_shows_its_evidence() -> None:
    seen: Counter[str] = Counter()
    for notice in invented()[:200]:
        plain = html_to_plain(notice.html)
        for name, values in extract(notice.title, plain).items():
            for value in values:
                text = notice.title if value.where == "title" else plain
                assert value.where in ("title", "body") and text[value.start : value.end] == value.text
                seen[name] += 1
    assert len(seen) >= 12
