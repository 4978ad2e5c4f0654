"""Makes opportunity/simplified.txt: traditional to simplified, one character to one character.

Run with the development dependencies: ``python tools/make_simplified.py``. The table is what OpenCC's
``t2s`` does to each character alone (``hk2s`` where ``t2s`` leaves it), followed to its
end, plus VARIANTS. The output is shipped, so nothing needs OpenCC at run time; a test checks that the
shipped file is what this script writes.
"""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

import opencc

# What tables that work character by character miss, because the left character is also a simplified
# one with a use of its own (瞭望, 覆盖, 显著): in a search they must be one. Also spellings of Hong Kong
# and Taiwan, and characters of names. The right side is what is indexed.
VARIANTS = {
    "瞭": "了", "覆": "复", "著": "着", "藉": "借", "彷": "仿", "甦": "苏", "揹": "背", "枱": "台",
    "薰": "熏", "簷": "檐", "痺": "痹", "濬": "浚", "甯": "宁", "澂": "澄", "暱": "昵", "馀": "余",
    "衞": "卫", "敍": "叙", "粧": "妆", "糭": "粽", "衹": "只", "妳": "你", "牠": "它", "睪": "睾",
}

RANGES = ((0x2E80, 0xA000), (0x20000, 0x323B0))
TARGET = Path(__file__).resolve().parent.parent / "opportunity" / "simplified.txt"
HEADER = """\
# Traditional to simplified Chinese, one character to one character: pairs, forty to a line.
# Generated from the character tables of OpenCC (Apache License 2.0) by tools/make_simplified.py.
"""


def table() -> dict[str, str]:
    """Every character that changes -> the character it becomes, which itself never changes."""
    converters = [opencc.OpenCC(name) for name in ("t2s", "hk2s")]
    pairs = dict(VARIANTS)
    for code in (code for start, end in RANGES for code in range(start, end)):
        character = chr(code)
        if character in pairs or unicodedata.normalize("NFKC", character) != character:
            continue  # compatibility forms are folded before the table is asked
        for converter in converters:
            simple = converter.convert(character)
            if simple != character and len(simple) == 1:
                pairs[character] = simple
                break
    return {character: _end(character, pairs) for character in sorted(pairs)}


def _end(character: str, pairs: dict[str, str]) -> str:
    """Follow the chain (a variant of a traditional character) to its end; a circle is an error."""
    seen = {character}
    while character in pairs:
        character = pairs[character]
        if character in seen:
            raise ValueError(f"the table turns in a circle at {character}")
        seen.add(character)
    return character


def written(pairs: dict[str, str]) -> str:
    """The text of the shipped file."""
    cells = [left + right for left, right in pairs.items()]
    lines = ["".join(cells[i : i + 40]) for i in range(0, len(cells), 40)]
    return HEADER + "\n".join(lines) + "\n"


def main() -> int:
    text = written(table())
    TARGET.write_text(text, encoding="utf-8")
    print(f"{TARGET.name}: {len(table())} characters")
    return 0


if __name__ == "__main__":
    sys.exit(main())
