"""HTML of a notice → plain text in reading order. Every offset of the project counts its characters.

Blocks and <br> end lines; the cells of a table row are separated by a tab and rows by a line end, so that a
label cell and its value cell stay neighbours and columns stay aligned (colspan and rowspan leave empty
cells). A table that only lays out the page (one cell in a row, tables within cells) becomes lines.
Script, style, templates and hidden parts are dropped. The same input gives the same text, always.

lxml's parser is driven by events and nothing here recurses: 100,000 nested tags are harmless.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

LARGEST_HTML = 16_000_000  # characters; what stands behind is not read
_deepest_table = 8  # tables nested deeper are read as blocks
_widest_row = 60  # columns that spans may create

_blocks = frozenset(re.findall(
    r"\w+",
    "address article aside blockquote body br caption center dd details div dl dt fieldset figure footer form h1 h2 h3"
    " h4 h5 h6 header hr html legend li main nav ol option p pre section summary table tbody td tfoot th thead tr ul",
))
_dropped = frozenset(("script", "style", "template", "head", "title", "noscript", "svg", "object", "iframe"))
_verbatim = frozenset(("pre", "textarea"))
_space = re.compile(r"[\s\x1c-\x1f\xa0\u3000]+")
_invisible = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1b\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\xad]")
_line_ends = re.compile(r" *\n[ \n]*")
_spaces = re.compile(r" {2,}")
_markup = re.compile(
    r"<(?:!doctype|html|head|body|div|p|br|table|tbody|tr|td|th|span|h[1-6]|ul|ol|li|a|font|b|strong|em|img|style|script|section)\b[^<>]*>",
    re.IGNORECASE,
)
_hidden_style = re.compile(r"display\s{0,5}:\s{0,5}none", re.IGNORECASE)


def html_to_plain(html: str) -> str:
    """Plain text of an HTML document or fragment (str, never bytes); text without tags keeps its lines.

    Bounded: at most LARGEST_HTML characters are read. Parts hidden by style are left out unless there is
    nothing else. Never raises for odd markup.
    """
    html = html[:LARGEST_HTML]
    if "<" not in html:
        return clean_plain(_unescape(html))
    text = _render(html, keep_hidden=False)
    return text or _render(html, keep_hidden=True)


def clean_plain(text: str) -> str:
    """Plain text as the extraction expects it: tabs and line ends kept, other white space made one space."""
    text = _invisible.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = (re.sub(r"[^\S\t]+", " ", line).strip(" ") for line in text.split("\n"))
    return "\n".join(line for line in lines if line.strip())


def plain_of(body: str) -> str:
    """Plain text of a body that may be HTML or plain text already; a lone < in a sentence is no HTML."""
    return html_to_plain(body) if _markup.search(body) else clean_plain(body)


def _unescape(text: str) -> str:
    return entities.unescape(text) if "&" in text else text


def _render(html: str, *, keep_hidden: bool) -> str:
    renderer = _Renderer(keep_hidden)
    target: Any = renderer  # the stubs ask for events that lxml never sends to us
    parser: Any = etree.HTMLParser(target=target, encoding="utf-8", huge_tree=True)
    clean = _invisible.sub("", html).encode("utf-8", "replace")
    try:
        parser.feed(clean)
        parser.close()
    except etree.LxmlError:  # an empty document is an error to lxml
        pass
    return renderer.text()


@dataclass(slots=True)
class _Cell:
    column: int
    rows: int
    columns: int
    parts: list[str] = field(default_factory=list)
    holds_table: bool = False


@dataclass(slots=True)
class _Table:
    rows: list[list[_Cell]] = field(default_factory=list)
    cell: _Cell | None = None
    spans: dict[int, int] = field(default_factory=dict)  # column -> rows that a rowspan still covers
    in_row: bool = False


class _Renderer:
    """Receives the parser's events; keeps a stack of open tables and the parts of the innermost cell."""

    def __init__(self, keep_hidden: bool) -> None:
        self._keep_hidden = keep_hidden
        self._parts: list[str] = []
        self._tables: list[_Table] = []
        self._too_deep = 0
        self._drop_depth = 0
        self._verbatim = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if self._drop_depth:
            self._drop_depth += tag not in ("br", "hr", "img", "input", "meta", "link", "col")
            return
        if self._is_dropped(tag, attributes):
            self._drop_depth = 1
            return
        if tag == "table":
            self._open_table()
        elif tag in ("tr", "td", "th") and self._tables and not self._too_deep:
            self._open_part(tag, attributes)
        elif tag in _blocks:
            self._out().append("\n")
        if tag in _verbatim:
            self._verbatim += 1

    def end(self, tag: str) -> None:
        if self._drop_depth:
            self._drop_depth -= tag not in ("br", "hr", "img", "input", "meta", "link", "col")
            return
        if tag in _verbatim and self._verbatim:
            self._verbatim -= 1
        if tag == "table":
            self._close_table()
        elif tag in ("td", "th") and self._tables and not self._too_deep:
            self._tables[-1].cell = None
        elif tag == "tr" and self._tables and not self._too_deep:
            self._tables[-1].cell, self._tables[-1].in_row = None, False
        elif tag in _blocks and tag != "br":
            self._out().append("\n")

    def data(self, text: str) -> None:
        if self._drop_depth:
            return
        if self._verbatim:
            self._out().append("\n".join(_space.sub(" ", line) for line in text.split("\n")))
        elif self._tables and not self._too_deep and self._tables[-1].cell is None and not text.strip():
            return
        else:
            self._out().append(_space.sub(" ", text))

    def comment(self, text: str) -> None:
        """Comments are not text."""

    def close(self) -> None:
        """The parser ends; open tables are closed by text()."""

    def text(self) -> str:
        while self._tables:
            self._too_deep = 0
            self._close_table()
        return _tidy(self._parts)

    def _is_dropped(self, tag: str, attributes: Mapping[str, str]) -> bool:
        if tag in _dropped:
            return True
        if not attributes or self._keep_hidden or tag in ("body", "html", "br", "hr", "img", "input"):
            return False
        style = attributes.get("style")
        return "hidden" in attributes or (style is not None and _hidden_style.search(style) is not None)

    def _out(self) -> list[str]:
        if self._tables and self._tables[-1].cell is not None:
            return self._tables[-1].cell.parts
        for table in reversed(self._tables[:-1]):
            if table.cell is not None:
                return table.cell.parts
        return self._parts

    def _open_table(self) -> None:
        if len(self._tables) >= _deepest_table:
            self._too_deep += 1
            self._out().append("\n")
            return
        if self._tables and self._tables[-1].cell is not None:
            self._tables[-1].cell.holds_table = True
        self._tables.append(_Table())

    def _close_table(self) -> None:
        if self._too_deep:
            self._too_deep -= 1
            self._out().append("\n")
        elif self._tables:
            table = self._tables.pop()
            self._out().append("\n" + _table_text(table) + "\n")

    def _open_part(self, tag: str, attributes: Mapping[str, str]) -> None:
        table = self._tables[-1]
        if tag == "tr" or not table.in_row:
            table.rows.append([])
            table.cell, table.in_row = None, True
            if tag == "tr":
                return
        row = table.rows[-1]
        column = row[-1].column + row[-1].columns if row else 0
        column = _free_column(table, row, column)
        rows = _span(attributes.get("rowspan"), 1000)
        cell = _Cell(column, rows, min(_span(attributes.get("colspan"), _widest_row), max(1, _widest_row - column)))
        row.append(cell)
        table.cell = cell


def _free_column(table: _Table, row: list[_Cell], column: int) -> int:
    """The first column from ``column`` on that no rowspan of an earlier row covers."""
    here = len(table.rows)
    if not row:
        # Spans are written once per row, when its first cell is placed.
        for earlier in table.rows[-2] if here >= 2 else ():
            if earlier.rows > 1:
                for n in range(earlier.column, earlier.column + earlier.columns):
                    table.spans[n] = here + earlier.rows - 2
    while column < _widest_row and table.spans.get(column, 0) >= here:
        column += 1
    return column


def _span(raw: str | None, most: int) -> int:
    if raw is None or not raw.strip().isdecimal() or len(raw) > 6:
        return 1
    return max(1, min(int(raw), most))


def _table_text(table: _Table) -> str:
    layout = max((len(row) for row in table.rows), default=0) <= 1
    lines = []
    for row in table.rows:
        texts = [_tidy(cell.parts) for cell in row]
        if layout or any(cell.holds_table for cell in row):
            lines.append("\n".join(texts))
        else:
            lines.append(_row_text(row, texts))
    return "\n".join(line for line in lines if line.strip())


def _row_text(row: list[_Cell], texts: list[str]) -> str:
    # A long cell of many lines is a body of text beside its heading, not a value: its lines stay.
    out: list[str] = []
    column = 0
    for cell, text in zip(row, texts, strict=True):
        out.append("\t" * (cell.column - column if out else cell.column))
        column = cell.column
        out.append(text if len(text) > 400 and text.count("\n") >= 4 else text.replace("\n", " "))
    return "".join(out)


def _tidy(parts: list[str]) -> str:
    text = _spaces.sub(" ", "".join(parts))
    text = _line_ends.sub("\n", text)
    return "\n".join(line.strip(" ") for line in text.split("\n")).strip(" \n")
