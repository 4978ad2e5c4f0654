"""How fast text is normalised, cut and made into documents, on invented notices: ``python -m benchmarks.words``.

One process. The notices are 1,650 characters of procurement words, jieba's common words, marks and numbers joined at
random; real notices, with more marks in a row, run up to a tenth slower.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from indexer.documents import document_of
from indexer.words import cutter
from opportunity.text import bounded, normalise, normalise_with_offsets
from tests.opportunity.records import record

_MARKS = ("，", "。", "：", "\n", "（", "）", "、", "2026年11月3日", "1-8号", "3,750,000.00元", "09:30", "A-3", "第1包")
_COMMON = ("本项目", "应当", "提供", "以下", "进行", "符合", "要求", "单位", "地址", "联系", "电话", "具有", "独立", "承担", "能力", "的", "及", "等")


def _notices(count: int, length: int) -> list[str]:
    chance = random.Random(7)
    lines = Path("indexer/dictionary.txt").read_text(encoding="utf-8").splitlines()
    vocabulary = [line.split()[0] for line in lines if not line.startswith("#")]
    texts = []
    for _ in range(count):
        parts: list[str] = []
        while sum(map(len, parts[-40:])) * max(1, len(parts) / 40) < length:
            parts += (chance.choice(vocabulary), chance.choice(_COMMON), chance.choice(_COMMON), chance.choice(_MARKS))
        texts.append("".join(parts)[:length])
    return texts


def _best(name: str, work: Callable[[Any], object], items: Sequence[Any]) -> None:
    best = float("inf")
    for _ in range(5):
        begun = time.perf_counter()
        for item in items:
            work(item)
        best = min(best, time.perf_counter() - begun)
    print(f"{name:<24}{best / len(items) * 1e6:9.1f} µs each {len(items) / best:10,.0f} a second")


def main() -> None:
    texts = _notices(500, 1650)
    cut = cutter()
    print(f"{len(texts)} notices of {sum(map(len, texts)) / len(texts):.0f} characters, cut by {cut.library}")
    _best("normalise", normalise, texts)
    _best("normalise with offsets", normalise_with_offsets, texts[:50])
    _best("cut for search", cut.words_of_bounded, list(map(bounded, texts)))
    records = [record("某项目公开招标公告", text, key=str(index), buyer="某市某局") for index, text in enumerate(texts)]
    _best("document_of", lambda kept: document_of(kept, cut), records)


if __name__ == "__main__":
    main()
