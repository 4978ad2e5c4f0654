"""Rows of an import file, streamed: JSONL or CSV, UTF-8 with or without a mark, else gb18030.

Nothing is guessed row by row: the encoding is settled by one pass over the whole file, and a line that
does not fit it is refused rather than read as something else.
"""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from opportunity.errors import BadInput

# No notice is larger; a CSV field beyond it is a quote that was never closed.
LARGEST_ROW = 16 * 1024 * 1024
_OTHER_MARKS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16", codecs.BOM_UTF32_BE: "UTF-32"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRow:
    """One row as it stands in the file: values by key, or the reason (Chinese) why it cannot be read.

    ``line`` counts from 1 and is where the row begins; ``payload`` is the row for quarantine.
    """

    line: int
    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    payload: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileShape:
    """What one pass over a file found. ``encoding`` is strict; ``size`` in bytes, ``lines`` counted."""

    kind: Literal["jsonl", "csv"]
    encoding: Literal["utf-8", "gb18030"]
    marked: bool
    size: int
    lines: int


def shape_of(path: Path) -> FileShape:
    """Settle kind and encoding. Raises BadInput for what cannot be read as rows at all."""
    utf8 = other = plain = gb18030 = size = 0
    first = b""
    try:
        with open(path, "rb") as file:
            start = file.read(4)
            for mark, name in _OTHER_MARKS.items():
                if start.startswith(mark):
                    raise BadInput(f"文件是 {name} 编码，请另存为 UTF-8 后再导入", path=str(path))
            file.seek(0)
            for line in _lines(file.readline):
                size += len(line)
                first = first or line.removeprefix(codecs.BOM_UTF8).strip()
                if line.isascii():
                    plain += 1
                elif _decodes(line, "utf-8"):
                    utf8 += 1
                else:
                    other += 1
                    gb18030 += _decodes(line, "gb18030")
    except OSError as error:
        raise BadInput(f"无法读取文件：{path}（{error.strerror}）", path=str(path)) from error
    marked = start.startswith(codecs.BOM_UTF8)
    in_gb18030 = not marked and other > utf8 and gb18030 == other
    return FileShape(
        kind=_kind(path, first), encoding="gb18030" if in_gb18030 else "utf-8", marked=marked, size=size,
        lines=plain + utf8 + other,
    )


def _kind(path: Path, first: bytes) -> Literal["jsonl", "csv"]:
    if first.startswith(b"["):
        raise BadInput("文件是一个 JSON 数组，请改为每行一个 JSON 对象（JSONL）", path=str(path))
    if path.suffix.lower() in (".csv", ".tsv"):
        return "csv"
    if path.suffix.lower() in (".jsonl", ".ndjson", ".json") or first.startswith(b"{"):
        return "jsonl"
    return "csv"


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _lines(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Lines of a file; one that is longer than any row comes in pieces, so memory stays bounded."""
    while line := read(LARGEST_ROW):
        yield line


def rows(path: Path, shape: FileShape, passed: Callable[[int], None] = lambda _: None) -> Iterator[RawRow]:
    """The rows in order; ``passed`` is told how many bytes have been read. Constant memory."""
    with open(path, "rb") as file:
        if shape.marked:
            file.seek(len(codecs.BOM_UTF8))
        source = _counted(_lines(file.readline), passed)
        yield from _json_rows(source, shape) if shape.kind == "jsonl" else _csv_rows(source, shape, path)


def _counted(lines: Iterator[bytes], passed: Callable[[int], None]) -> Iterator[bytes]:
    done = 0
    for line in lines:
        done += len(line)
        passed(done)
        yield line


def _json_rows(lines: Iterator[bytes], shape: FileShape) -> Iterator[RawRow]:
    number, too_long = 1, False
    for line in lines:
        whole = line.endswith(b"\n") or len(line) < LARGEST_ROW
        if too_long or not whole:
            if not too_long:
                yield RawRow(line=number, problem="这一行过长", payload=line[:1000])
            too_long = not whole
        elif line.strip():
            yield _json_row(number, line, shape.encoding)
        number += whole


def _json_row(number: int, line: bytes, encoding: str) -> RawRow:
    payload = line.rstrip(b"\r\n")
    try:
        values = json.loads(payload.decode(encoding), parse_float=Decimal, parse_constant=_no_number)
    except UnicodeDecodeError:
        return RawRow(line=number, problem=f"不是合法的 {encoding.upper()} 文字", payload=payload)
    except (ValueError, RecursionError):
        return RawRow(line=number, problem="不是合法的 JSON", payload=payload)
    if not isinstance(values, dict):
        return RawRow(line=number, problem="应为一个 JSON 对象", payload=payload)
    return RawRow(line=number, values=values, payload=payload)


def _no_number(text: str) -> None:
    raise ValueError(f"not JSON: {text}")


class _Text:
    """Decoded lines for the csv module; remembers whether a line since the last row could not be decoded."""

    def __init__(self, lines: Iterator[bytes], encoding: str) -> None:
        self._lines = lines
        self._encoding = encoding
        self.broken = False

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            try:
                yield line.decode(self._encoding)
            except UnicodeDecodeError:
                self.broken = True
                yield line.decode(self._encoding, "replace")


def _csv_rows(lines: Iterator[bytes], shape: FileShape, path: Path) -> Iterator[RawRow]:
    csv.field_size_limit(LARGEST_ROW)
    text = _Text(lines, shape.encoding)
    source = iter(text)
    head = next(source, "")
    delimiter = max(",\t;", key=head.count)
    reader = csv.reader(_chain(head, source), delimiter=delimiter)
    names: list[str] | None = None
    begins = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield RawRow(line=begins, problem=f"不是合法的 CSV（{error}），可能有引号没有配对")
            begins, text.broken = reader.line_num + 1, False
            continue
        line, begins = begins, reader.line_num + 1
        broken, text.broken = text.broken, False
        if not any(cell.strip() for cell in cells):
            continue
        if names is None:
            names = _header(cells, path)
            continue
        yield _csv_row(line, names, cells, broken, shape.encoding)


def _chain(head: str, rest: Iterator[str]) -> Iterator[str]:
    yield head
    yield from rest


def _header(cells: list[str], path: Path) -> list[str]:
    names = [cell.strip() for cell in cells]
    if "title" not in names:
        raise BadInput("CSV 第一行应为列名，且须有 title 列", path=str(path), columns=names)
    if len(set(names)) != len(names):
        raise BadInput("CSV 的列名有重复", path=str(path), columns=names)
    return names


def _csv_row(line: int, names: list[str], cells: list[str], broken: bool, encoding: str) -> RawRow:
    payload = json.dumps(cells, ensure_ascii=False).encode("utf-8", "replace")
    if broken:
        return RawRow(line=line, problem=f"不是合法的 {encoding.upper()} 文字", payload=payload)
    if len(cells) > len(names):
        return RawRow(line=line, problem=f"有 {len(cells)} 列，表头只有 {len(names)} 列", payload=payload)
    return RawRow(line=line, values=dict(zip(names, cells, strict=False)), payload=payload)
