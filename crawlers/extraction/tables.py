"""Columns of tables: a header row of labels with its values below, in tabbed rows and in runs of lines.

Some portals flatten a table to one cell a line: k label lines followed by k value lines for each row.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from crawlers.extraction.flat import Flat
from crawlers.extraction.labels import LABELS, Label
from opportunity.money import unit_of

_bracket = re.compile(r"\([^()]{0,30}\)")
_generic = re.compile(
    r"名称|单位|数量|序号|备注|金额|价格|报价|时间|日期|地点|编号|内容|要求|需求|等级|资质|工期|期限|描述|参数|负责人|经理|得分|排名|规格|型号|品牌|包"
)
_total = re.compile(r"合计|总计|总价|共计")
WANTED = frozenset(("budget", "ceiling_price", "award_amount", "deposit", "suppliers", "candidate", "project_number"))


@dataclass(slots=True)
class Column:
    """One column under a label: ``cells`` are flat [start, end) with a mark for a total row."""

    kind: str
    rank: int
    label: str
    unit: str | None
    start: int
    cells: list[tuple[int, int, bool]]


@dataclass(slots=True)
class _Cell:
    start: int
    end: int
    text: str
    labels: tuple[Label, ...]


def find_columns(flat: Flat) -> tuple[dict[str, list[Column]], list[tuple[int, int]]]:
    """Columns by kind, and the flat spans of the header rows they hang on."""
    columns: dict[str, list[Column]] = {}
    headers: list[tuple[int, int]] = []
    if "\t" in flat.wide:
        _tabbed(flat, columns, headers)
    _runs(flat, columns, headers)
    headers.sort()
    return columns, headers


def _tabbed(flat: Flat, columns: dict[str, list[Column]], headers: list[tuple[int, int]]) -> None:
    open_columns: dict[int, list[Column]] = {}
    at = 0
    for line in flat.wide.split("\n"):
        if "\t" not in line:
            open_columns = {}
            at += len(line) + 1
            continue
        cells = line.split("\t")
        if _is_header(cells):
            open_columns = {}
            offset = at
            for index, cell in enumerate(cells):
                _open(flat, cell, offset, index, open_columns, columns)
                offset += len(cell) + 1
            headers.append((flat.to_flat(at), flat.to_flat(at + len(line))))
        elif open_columns:
            _fill(flat, cells, at, open_columns)
        at += len(line) + 1


def _open(
    flat: Flat, cell: str, offset: int, index: int, open_columns: dict[int, list[Column]], columns: dict[str, list[Column]]
) -> None:
    name = "".join(cell.split())
    for label in _labels_of(name):
        if label.kind in WANTED:
            column = Column(label.kind, label.rank, name, unit_of(name), flat.to_flat(offset), [])
            open_columns.setdefault(index, []).append(column)
            columns.setdefault(label.kind, []).append(column)


def _fill(flat: Flat, cells: list[str], at: int, open_columns: dict[int, list[Column]]) -> None:
    total = any(_total.search(cell) for cell in cells[:3])
    offset = at
    for index, cell in enumerate(cells):
        if index in open_columns and cell.strip():
            start = offset + len(cell) - len(cell.lstrip())
            end = start + len(cell.strip())
            for column in open_columns[index]:
                column.cells.append((flat.to_flat(start), flat.to_flat(end - 1) + 1, total))
        offset += len(cell) + 1


def _is_header(cells: list[str]) -> bool:
    """Two label cells side by side, at least half of the cells labels, none with a colon."""
    names = ["".join(cell.split()) for cell in cells]
    full = [name for name in names if name]
    if len(full) < 2 or any(name.endswith(":") for name in full):
        return False
    marks = [bool(_labels_of(name)) or (len(name) <= 14 and _generic.search(name) is not None
                                        and not re.search(r"\d{3}|公司", name)) for name in names]
    known = sum(bool(_labels_of(name)) for name in full)
    side_by_side = any(a and b for a, b in itertools.pairwise(marks))
    return known >= 1 and side_by_side and sum(marks) * 3 >= len(full) * 2


def _labels_of(name: str) -> tuple[Label, ...]:
    if len(name) > 40 or not name:
        return ()
    bare = name.rstrip(":")
    found = LABELS.get(bare) or LABELS.get(_bracket.sub("", bare))
    if found:
        return found
    for unit in ("万元", "元"):
        if bare.endswith(unit) and bare.removesuffix(unit) in LABELS:
            return LABELS[bare.removesuffix(unit)]
    return ()


def _runs(flat: Flat, columns: dict[str, list[Column]], headers: list[tuple[int, int]]) -> None:
    """Label lines in succession without marks, then as many value lines for each row."""
    bounds = [*flat.lines, len(flat.text)]
    text = flat.text
    index, count = 0, len(bounds) - 1
    while index < count - 3:
        run = 0
        while index + run < count and bounds[index + run + 1] - bounds[index + run] <= 24 and _labels_of(
            text[bounds[index + run] : bounds[index + run + 1]].removesuffix(" ")
        ) and text[bounds[index + run + 1] - 1] != ":":
            run += 1
        if run < 2:
            index += run + 1
            continue
        _read_run(flat, bounds, index, run, columns, headers)
        index += run


def _read_run(
    flat: Flat, bounds: list[int], index: int, run: int, columns: dict[str, list[Column]], headers: list[tuple[int, int]]
) -> None:
    text = flat.text
    rows: list[list[tuple[int, int]]] = []
    at = index + run
    while at + run < len(bounds) and len(rows) < 200:
        row = [(bounds[at + n], bounds[at + n + 1]) for n in range(run)]
        values = [text[start:end] for start, end in row]
        if any(":" in value[:20] or _labels_of(value.strip()) or len(value) > 120 for value in values):
            break
        if re.match(r"[一二三四五六七八九十]{1,3}、", values[0]):
            break
        rows.append(row)
        at += run
    if not rows:
        return
    headers.append((bounds[index], bounds[index + run]))
    for n in range(run):
        name = text[bounds[index + n] : bounds[index + n + 1]].strip()
        for label in _labels_of(name):
            if label.kind in WANTED:
                cells = [(row[n][0], row[n][1], _total.search(text[row[0][0] : row[0][1]]) is not None) for row in rows]
                columns.setdefault(label.kind, []).append(
                    Column(label.kind, label.rank, name, unit_of(name), bounds[index + n], cells))
