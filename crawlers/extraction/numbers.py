"""The project number: what 项目编号 or 招标编号 states, never the numbers that stand beside it."""

from __future__ import annotations

import re

from crawlers.extraction.candidates import Candidates
from crawlers.extraction.evidence import body_value, title_value
from crawlers.extraction.flat import half_width
from opportunity.notice import FieldValue

_number = re.compile(
    r"[A-Za-z0-9\u4e00-\u9fff\[\]()【】{}〔〕\-_/.*#&+|—–－、· ]{3,60}"
)
_trim = " 、.,，。;；:-—()（"
_in_title = re.compile(r"编号[:：]?\s{0,2}([A-Za-z0-9\[][\w\-/.\[\]()]{3,40})")
_next_item = re.compile(r" \d{1,2}[、.]?$")
_not_number = re.compile(r"^(?:详见|见|无|/|-|—|略)$|编号|名称|预算")


def read_project_number(candidates: Candidates, stated: str) -> tuple[FieldValue, ...]:
    """One number, ``stated`` being the title; labels of lots count only where no other label stands."""
    flat = candidates.flat
    reads: list[tuple[int, int, int, int]] = []
    for mention in candidates.of("project_number"):
        end = min(mention.limit, flat.cell_end(mention.value) if mention.value < len(flat.text) else mention.value)
        span = _span(flat.text, mention.value, end)
        if span is not None:
            reads.append((mention.rank if mention.strong else mention.rank + 20, mention.start, *span))
    for column in candidates.columns.get("project_number", []):
        spans = [span for cell in column.cells if (span := _span(flat.text, cell.start, cell.end))]
        if len({flat.text[a:b] for a, b in spans}) == 1:
            reads.append((column.rank + 5, column.start, *spans[0]))
    if reads:
        rank, _, start, end = min(reads)
        return (body_value(flat, start, end, None, 0.95 if rank < 20 else 0.75),)
    title = half_width(stated)
    match = _in_title.search(title)
    if match:
        start, end = match.span(1)
        end = _own_brackets(title, start, end)
        if end - start >= 4:
            return (title_value(stated, start, end, None, 0.85),)
    return ()


def _own_brackets(text: str, start: int, end: int) -> int:
    """Where a number ends: （项目编号：A-1(2)）更正公告 stops at the bracket that it did not open."""
    depth = 0
    for at in range(start, end):
        depth += (text[at] in "([【{") - (text[at] in ")]】}")
        if depth < 0:
            return at
    return end


def _span(text: str, start: int, end: int) -> tuple[int, int] | None:
    match = _number.match(text, start, end)
    if match is None:
        return None
    low, high = match.span()
    high = _own_brackets(text, low, high)
    next_item = _next_item.search(text, low, high)  # 1、项目编号：A-1 2、项目名称：…
    high = next_item.start() if next_item else high
    while low < high and text[low] in _trim and text[low] not in "(（":
        low += 1
    value = text[low:high]
    if value.startswith("(") and value.endswith(")"):
        low, high = low + 1, high - 1
    while high > low and (text[high - 1] in " 、.,-—_/" or _unbalanced(text[low:high])):
        high -= 1
    value = text[low:high]
    if len(value) < 4 or not re.search(r"\d", value) or _not_number.search(value):
        return None
    return low, high


def _unbalanced(value: str) -> bool:
    return (value.endswith(")") and value.count(")") > value.count("(")) or value.endswith("(") or (
        value.endswith("]") and value.count("]") > value.count("["))
