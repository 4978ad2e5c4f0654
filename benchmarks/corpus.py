"""Notices to measure with: seeded recombination of sentences, 300 to 3,000 characters each.

By default the sentences are the invented ones of tests/corpus.py. With a folder they are those of real texts
kept outside the project: every ``*.txt`` (one notice a file, its first line the title) and
``*.jsonl`` (objects with ``title`` and ``body``) in it. Long figures in a sentence are varied, so that numbers
are not a small set. The same seed, folder and index always give the same notice.
"""

from __future__ import annotations

import dataclasses
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from opportunity.notice import Notice, NoticeRecord
from tests.corpus import Corpus, record, sentence, title

SHORTEST, LONGEST = 300, 3_000
_INVENTED = 20_000
_SENTENCE_END = re.compile(r"(?<=[。；])|\n")
_FIGURES = re.compile(r"\d{3,}")


@dataclass(frozen=True, slots=True)
class Sentences:
    titles: tuple[str, ...]
    bodies: tuple[str, ...]


def invented(seed: int) -> Sentences:
    r = random.Random(seed)
    return Sentences(
        titles=tuple(title(r) for _ in range(_INVENTED // 10)), bodies=tuple(sentence(r) for _ in range(_INVENTED))
    )


def read_folder(folder: Path) -> Sentences:
    """The sentences of every text in a folder."""
    texts: list[tuple[str, str]] = []
    for file in sorted(folder.glob("*.txt")):
        first, _, rest = file.read_text(encoding="utf-8").partition("\n")
        texts.append((first, rest))
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            texts.append((item["title"], item["body"]))
    pieces = [piece.strip() for _, body in texts for piece in _SENTENCE_END.split(body)]
    return Sentences(titles=tuple(head for head, _ in texts if head), bodies=tuple(filter(None, pieces)))


class Notices:
    """Recombined notices by number; facts are those of tests/corpus.py."""

    def __init__(self, seed: int = 1, folder: Path | None = None) -> None:
        self.seed = seed
        self._sentences = invented(seed) if folder is None else read_folder(folder)
        self._facts = Corpus(seed=seed, shortest=0, longest=0)

    def notice(self, index: int) -> Notice:
        r = random.Random(f"{self.seed}/{index}")
        wanted, parts, length = r.randint(SHORTEST, LONGEST), [], 0
        while length < wanted:
            piece = r.choice(self._sentences.bodies)
            if r.random() < 0.5:
                piece = _FIGURES.sub(lambda found: str(r.randrange(10 ** len(found[0]))), piece)
            parts.append(piece)
            length += len(piece)
        body = "\n".join(parts)[:wanted]
        return dataclasses.replace(self._facts.notice(index), title=r.choice(self._sentences.titles), body=body)

    def records(self, count: int, start: int = 0) -> Iterator[NoticeRecord]:
        return (record(self.notice(index), seq=index + 1) for index in range(start, start + count))
