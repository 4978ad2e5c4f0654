"""How one and the same notice looks in different publishers' HTML. Pure functions of blocks.

``paragraphs`` one <p> a line · ``marked`` values in <samp>, a <style> block first and hidden template text
(as template editors leave) · ``word`` Word export, figures split over nested spans · ``breaks`` text with <br>
· ``grid`` two-column table · ``quad`` four columns, label value label value · ``stacked`` the value on the line
below its label.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from tests.replicas.draft import Block
from tests.replicas.vocabulary import NOTE

Escape = Callable[[str], str]


def _table(rows: Sequence[Sequence[str]], escape: Escape, style: str = "border=\"1\"") -> str:
    cells = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows)
    return f"<table {style}><tbody>{''.join(f'<tr>{row}</tr>' for row in cells)}</tbody></table>"


def _plain(text: str) -> str:
    return html.escape(text, quote=False)


def _spanned(text: str) -> str:
    """Digits and words in spans of their own, as Word leaves them: 2026</span><span>年."""
    parts = re.split(r"(\d+)", text)
    return "".join(f'<span style="font-family:宋体">{_plain(part)}</span>' for part in parts if part)


def _paragraphs(blocks: Sequence[Block], rng: Random) -> str:
    colon = rng.choice("：:")
    out = []
    for kind, data in blocks:
        if kind == "table":
            out.append(_table(data, _plain))
        elif kind == "pair":
            out.append(f"<p>{_plain(data[0])}{colon}{_plain(data[1])}</p>")
        elif kind == "heading":
            out.append(f"<p><strong>{_plain(data)}</strong></p>")
        else:
            out.append(f"<p>{_plain(data)}</p>")
    return "\n".join(out)


def _marked(blocks: Sequence[Block], rng: Random) -> str:
    out = [
        '<style id="fixTableStyle" type="text/css">th,td {border:1px solid #DDD;padding: 5px 10px;}</style>'
        '<style>.template-center-hide-state{display:none !important;}</style><div id="template-center-page">'
    ]
    for index, (kind, data) in enumerate(blocks):
        if kind == "table":
            out.append(f"<div><div class=\"template-bookmark object-panel-cls\">{_table(data, _plain, 'width=100%')}</div></div>")
        elif kind == "pair":
            samp = f'<samp class="bookmark-item code-{index:05} single-line-text-input-box-cls">{_plain(data[1])}</samp>'
            out.append(f"<p style=\"line-height: 2;\"><span>{_plain(data[0])}：</span><span>{samp}</span><span> </span></p>")
        elif kind == "heading":
            out.append(f"<p><strong><strong>{_plain(data)}  </strong></strong><span>          </span></p>")
        else:
            out.append(f"<p style=\"text-indent: 2em;\"><span style=\"white-space: pre-wrap;\">{_plain(data)}</span></p>")
    out.append('<p><span id="template-innerinfo" style="display:none;" templatename="演示模板"></span></p></div>')
    return "".join(out)


def _word(blocks: Sequence[Block], rng: Random) -> str:
    out = []
    for kind, data in blocks:
        if kind == "table":
            out.append(f"<div align=\"center\">{_table(data, _spanned, 'class=MsoNormalTable cellspacing=0')}</div>")
        elif kind == "pair":
            out.append(f'<div class="MsoNormal"><div><u>{_spanned(data[0] + "：" + data[1])}</u></div></div>')
        elif kind == "heading":
            out.append(f'<h2 style="margin-left:0cm"><b>{_spanned(data)}</b></h2>')
        else:
            out.append(f'<p class="MsoNormal" align="justify">&nbsp;&nbsp;{_spanned(data)}</p>')
    return '<div class="WordSection1">' + "\n".join(out) + "</div>"


def _breaks(blocks: Sequence[Block], rng: Random) -> str:
    out = []
    for kind, data in blocks:
        if kind == "table":
            out.append(_table(data, _plain))
        elif kind == "pair":
            out.append(f"　　{_plain(data[0])}：{_plain(data[1])}<br/>")
        elif kind == "heading":
            out.append(f"<b>{_plain(data)}</b><br>")
        else:
            out.append(f"　　{_plain(data)}<br/>")
    return "<div>" + "\n".join(out) + "</div>"


def _rows(blocks: Sequence[Block], width: int) -> str:
    """Pairs in a table of ``width`` columns; other blocks span it."""
    out: list[str] = []
    waiting: list[tuple[str, str]] = []

    def flush() -> None:
        while waiting:
            now, waiting[:] = waiting[: width // 2], waiting[width // 2:]
            cells = "".join(f"<td class='title'>{_plain(label)}</td><td>{_plain(value)}</td>" for label, value in now)
            out.append(f"<tr>{cells}</tr>")

    for kind, data in blocks:
        if kind == "pair":
            waiting.append(data)
            continue
        flush()
        inner = _table(data, _plain) if kind == "table" else f"<p>{_plain(data)}</p>"
        out.append(f"<tr><td colspan='{width}'>{inner}</td></tr>")
    flush()
    return f"<table cellspacing='1' style='text-align:left;'>{''.join(out)}</table>"


def _grid(blocks: Sequence[Block], rng: Random) -> str:
    return _rows(blocks, 2)


def _quad(blocks: Sequence[Block], rng: Random) -> str:
    return _rows(blocks, 4)


def _stacked(blocks: Sequence[Block], rng: Random) -> str:
    out = []
    for kind, data in blocks:
        if kind == "table":
            out.append(_table(data, _plain))
        elif kind == "pair":
            out.append(f"<div>{_plain(data[0])}：</div><div>{_plain(data[1])}</div>")
        else:
            out.append(f"<div>{_plain(data)}</div>")
    return "\n".join(out)


LAYOUTS: dict[str, Callable[[Sequence[Block], Random], str]] = {
    "paragraphs": _paragraphs,
    "marked": _marked,
    "word": _word,
    "breaks": _breaks,
    "grid": _grid,
    "quad": _quad,
    "stacked": _stacked,
}


def render(layout: str, blocks: Sequence[Block], rng: Random) -> str:
    """The body's HTML: the blocks in the named layout, then the line that says it is invented."""
    return LAYOUTS[layout](blocks, rng) + f'<p class="demonstration">{NOTE}</p>'


def as_json_value(value: Any) -> Any:
    """A fact as a plain JSON value, for the control interface."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (tuple, list)):
        return [as_json_value(item) for item in value]
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)
