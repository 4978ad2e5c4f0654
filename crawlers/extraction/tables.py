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

_composite = re.compile(r"[/()、]|(?:价|额|人|商)(?:名称)?$")
_parts = re.compile(r"[/()、]|(?<=价)及|(?<=额)及")
# Headers put words before a label: 招标总价最高限价, 本项目采购预算.
_ends_in = re.compile(r"(?:预算金额|采购预算|项目预算|最高限价|招标控制价|最高投标限价|中标金额|成交金额|中标价|中标人|中标供应商)(?:名称)?$")
_generic = re.compile(
    r"名称|单位|数量|序号|备注|金额|价格|报价|时间|日期|地点|编号|内容|要求|需求|等级|资质|工期|期限|描述|参数|负责人|经理|得分|排名|规格|型号|品牌|包|代码|结果|(?<!询)价|情况|比例|成员"
)
_not_generic = re.compile(r"\d|公司|局$|院$|:|某")
_bracketed = re.compile(r"\([^()]*\)")
_last_bracket = re.compile(r"\([^()]*\)$")
_long_number = re.compile(r"\d{3}")
_value_like = re.compile(r"\d|公司")
_heading = re.compile(r"[一二三四五六七八九十]{1,3}、|\d{1,2}\.[^\d]")
_unit_line = re.compile(r"单位[:：]\s{0,3}(?:人民币)?[:：]?(万元|元)")
_total = re.compile(r"合计|总计|总价|共计")
WANTED = frozenset(("budget", "ceiling_price", "award_amount", "deposit", "suppliers", "candidate", "project_number"))


@dataclass(slots=True)
class ColumnCell:
    """One cell below a header: flat [start, end); whether its row is a total; a unit from the cell beside it."""

    start: int
    end: int
    total: bool
    unit: str | None


@dataclass(slots=True)
class Column:
    """One column under a label with its cells."""

    kind: str
    rank: int
    label: str
    unit: str | None
    start: int
    cells: list[ColumnCell]


class _Columns:
    """Collects columns by kind, and the flat spans of the header rows they hang on."""

    def __init__(self) -> None:
        self.found: dict[str, list[Column]] = {}
        self.headers: list[tuple[int, int]] = []

    def open(self, name: str, start: int, unit: str | None) -> list[Column]:
        out = []
        for label in _labels_of(name):
            if label.kind in WANTED:
                column = Column(label.kind, label.rank, name, unit_of(name) or unit, start, [])
                self.found.setdefault(label.kind, []).append(column)
                out.append(column)
        return out


def find_columns(flat: Flat) -> tuple[dict[str, list[Column]], list[tuple[int, int]]]:
    """Columns by kind, and the flat spans of the header rows they hang on."""
    columns = _Columns()
    if "\t" in flat.wide:
        _tabbed(flat, columns)
    _runs(flat, columns)
    columns.headers.sort()
    return columns.found, columns.headers


def _tabbed(flat: Flat, columns: _Columns) -> None:
    opened: dict[int, list[Column]] = {}
    names: list[str] = []
    unit = None
    at = 0
    for line in flat.wide.split("\n"):
        if "单位" in line and len(line) < 200 and (stated := _unit_line.search(line)):
            unit = stated[1]
        elif "\t" not in line:
            unit = None
        if "\t" not in line:
            opened = {}
            at += len(line) + 1
            continue
        cells = line.split("\t")
        if _is_header(cells):
            opened, offset = {}, at
            names = ["".join(cell.split()) for cell in cells]
            for index, name in enumerate(names):
                if name:
                    opened[index] = columns.open(name, flat.to_flat(offset), unit)
                offset += len(cells[index]) + 1
            columns.headers.append((flat.to_flat(at), flat.to_flat(at + len(line))))
        elif opened:
            _fill(flat, cells, at, opened, names)
        at += len(line) + 1


def _fill(flat: Flat, cells: list[str], at: int, opened: dict[int, list[Column]], names: list[str]) -> None:
    if not any(opened.values()):
        return
    total = any(_total.search(cell) for cell in cells[:3])
    offset = at
    for index, cell in enumerate(cells):
        if opened.get(index) and cell.strip():
            start = offset + len(cell) - len(cell.lstrip())
            end = start + len(cell.strip())
            beside = cells[index + 1].strip() if index + 1 < min(len(cells), len(names)) else ""
            unit = beside if beside in ("元", "万元") and "单位" in names[index + 1] else None
            for column in opened[index]:
                column.cells.append(ColumnCell(flat.to_flat(start), flat.to_flat(end - 1) + 1, total, unit))
        offset += len(cell) + 1


def _is_header(cells: list[str]) -> bool:
    """Two label cells side by side, at least half of the cells labels, none with a colon."""
    if len(max(cells, key=len)) > 60:
        return False
    names = ["".join(cell.split()) for cell in cells]
    full = [name for name in names if name]
    if len(full) < 2 or any(len(name) > 40 or name[-1] == ":" for name in full):
        return False
    known = [bool(_labels_of(name)) if name else False for name in names]
    if True not in known:
        return False
    marks = [
        label or (0 < len(name) <= 14 and _generic.search(name) is not None and not _value_like.search(name))
        for label, name in zip(known, names, strict=True)
    ]
    side_by_side = any(a and b for a, b in itertools.pairwise(marks))
    return side_by_side and sum(marks) * 3 >= len(full) * 2


def _labels_of(name: str) -> tuple[Label, ...]:
    """The labels that a header cell states: 预算价/最高限价 and 采购预算（最高限价） state two."""
    bare = name.rstrip(":")
    if not bare or len(name) > 40:
        return ()
    found = LABELS.get(bare)
    if found is None and bare[-1] == ")":
        found = LABELS.get(_last_bracket.sub("", bare))
    if found is not None or len(bare) < 3:
        # 采购预算（最高限价）: the bracket may be a label of its own.
        inner = _last_bracket.search(bare)
        return (*(found or ()), *(LABELS.get(inner[0][1:-1], ()) if inner else ()))
    if _long_number.search(bare) or (":" in bare and ":" in _bracketed.sub("", bare)):
        return ()
    parts = [part for part in _parts.split(bare) if part]
    if len(parts) > 1 or bare[-1] == "元":
        out: list[Label] = []
        for part in parts:
            out += LABELS.get(part) or LABELS.get(part.removesuffix("万元").removesuffix("元")) or ()
        if out:
            return tuple(out)
    ending = _ends_in.search(parts[0]) if parts else None
    return LABELS[ending[0]] if ending else ()


def _runs(flat: Flat, columns: _Columns) -> None:
    """Label lines in succession without marks, then as many value lines for each row."""
    bounds = [*flat.lines, len(flat.text)]
    text = flat.text
    index, count = 0, len(bounds) - 1
    while index < count - 3:
        run = known = 0
        first = text[bounds[index] : min(bounds[index + 1], bounds[index] + 25)].removesuffix(" ")
        if first not in LABELS and not _composite.search(first):
            index += 1
            continue
        while index + run < count and bounds[index + run + 1] - bounds[index + run] <= 24:
            if flat.cell_end(bounds[index + run]) < bounds[index + run + 1]:
                break  # a row of cells, not a label on a line of its own
            line = text[bounds[index + run] : bounds[index + run + 1]].removesuffix(" ")
            if line[-1:] == ":" or line[:1].isdigit():
                break
            if _labels_of(line):
                known += 1
            elif not (run and len(line) <= 16 and _generic.search(line) and not _not_generic.search(line)):
                break
            run += 1
        if run < 2 or known < 2:
            index += max(run, 1)
            continue
        index = _read_run(flat, bounds, index, run, columns)


def _read_run(flat: Flat, bounds: list[int], index: int, run: int, columns: _Columns) -> int:
    """Read the rows below one run of label lines; the index of the line after them."""
    text = flat.text
    rows: list[list[tuple[int, int]]] = []
    at = index + run
    while at < len(bounds) - 1 and len(rows) < 200:
        row: list[tuple[int, int]] = []
        for n in range(run):
            if at + n >= len(bounds) - 1:
                break
            start, end = bounds[at + n], bounds[at + n + 1]
            value = text[start:end].strip()
            if _heading.match(value) or _labels_of(value) or len(value) > 160 or (not n and ":" in value[:20]):
                break
            row.append((start, end))
        if len(row) < max(2, run // 2):
            break
        rows.append(row)
        at += len(row)
        if len(row) < run:
            break
    if not rows:
        return index + run
    columns.headers.append((bounds[index], bounds[index + run]))
    names = [text[bounds[index + n] : bounds[index + n + 1]].strip() for n in range(run)]
    for n, name in enumerate(names):
        for column in columns.open(name, bounds[index + n], None):
            for row in rows:
                if n < len(row):
                    beside = text[slice(*row[n + 1])].strip() if n + 1 < len(row) else ""
                    unit = beside if beside in ("元", "万元") and "单位" in names[n + 1] else None
                    total = _total.search(text[slice(*row[0])]) is not None
                    column.cells.append(ColumnCell(row[n][0], row[n][1], total, unit))
    return at
