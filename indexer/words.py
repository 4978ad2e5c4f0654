"""The cutter: the only place where text is cut into words (jieba's cut, on Han runs only).

Text is normalised first and its marks are boundaries (``opportunity.text.bounded``). Han runs are cut
by jieba; every other run of letters and digits is one word (pd1728, 1.5, 24), an ideograph outside
jieba's range (〇, rare characters) a word by itself. ``rjieba`` cuts exactly as jieba does on Han runs, ten
times faster; where it is missing jieba does the work, and the fingerprint is the same because the words are.

Two cuts. ``term_words`` is the plain cut: no overlaps; joined it is the normalised text. ``words`` is
jieba's cut for search: long words are preceded by the dictionary words inside them (处理, 待处理).
Every word of either is a substring of the normalised text.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import re
import tempfile
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

from opportunity.errors import ConfigurationError
from opportunity.text import NORMALISATION, bounded

# What is cut how, apart from dictionaries: raise it when the meaning of this file changes.
RULES: Final = "words-1"

Cut = Callable[[str], list[str]]

_NOT_HAN = re.compile("([^\u4e00-\u9fd5]+)")
_RARE = "\u3005\u3007\u3400-\u4dbf\u9fd6-\u9fff\U00020000-\U0003fffd"  # ideographs that jieba does not cut
_OTHER_WORD = re.compile(f"[{_RARE}]|[^ {_RARE}]+")
_HERE = Path(__file__).parent


class Cutter:
    """Cuts text into normalised words. Made by ``cutter``; safe to share between threads.

    ``fingerprint`` names everything the words depend on: an index made under another one must
    not be asked.
    """

    def __init__(self, *, plain: Cut, search: Cut, fingerprint: str, library: str) -> None:
        self.fingerprint = fingerprint
        self.library = library
        self._plain = plain
        self._search = search

    def words(self, text: str) -> list[str]:
        """The words of a text as a document has them, in reading order (cut for search)."""
        return _cut(bounded(text), self._search)

    def term_words(self, text: str) -> list[str]:
        """The words of a bare term: the plain cut, without overlaps."""
        return _cut(bounded(text), self._plain)

    def words_of_bounded(self, text: str) -> list[str]:
        """As ``words``, for text that ``opportunity.text.bounded`` has made already."""
        return _cut(text, self._search)

    def term_words_of_bounded(self, text: str) -> list[str]:
        """As ``term_words``, for text that ``opportunity.text.bounded`` has made already."""
        return _cut(text, self._plain)


def _cut(text: str, cut: Cut) -> list[str]:
    """All Han runs are cut in one call, a line each; the other words are put between them."""
    parts = _NOT_HAN.split(text)
    pieces = cut("\n".join(parts[::2]))
    words: list[str] = []
    position = 0
    # The split's first and last run may be empty; jieba then gives the line ends alone.
    for other in parts[1::2]:
        end = pieces.index("\n", position)
        words += pieces[position:end]
        if other != " ":
            words += _OTHER_WORD.findall(other)
        position = end + 1
    words += pieces[position:]
    return words


@functools.lru_cache(maxsize=4)
def cutter(dictionary_path: Path | None = None, *, library: str | None = None) -> Cutter:
    """The cutter with the procurement dictionary shipped here, or another one; made once and kept.

    ``library`` forces "jieba" or "rjieba"; by default rjieba when it is installed. Raises
    ConfigurationError when a dictionary line is not ``word frequency`` in Han characters.
    """
    dictionary = dictionary_path or _HERE / "dictionary.txt"
    respelled = _HERE / "respelled.txt"
    words = [*_read_words(respelled), *_read_words(dictionary)]
    chosen = library or ("rjieba" if _installed("rjieba") else "jieba")
    plain, search = _with_rjieba(words) if chosen == "rjieba" else _with_jieba(words)
    return Cutter(plain=plain, search=search, fingerprint=_fingerprint(words), library=chosen)


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _read_words(path: Path) -> Iterator[tuple[str, int]]:
    """The words of a dictionary file: ``word frequency`` on each line, ``#`` begins a comment."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        word, _, frequency = line.strip().partition(" ")
        if not frequency.isascii() or not frequency.isdecimal() or _NOT_HAN.search(word):
            raise ConfigurationError(f"词典 {path.name} 第 {number} 行应为“汉字词 词频”", line=number)
        yield word, int(frequency)


def _fingerprint(words: list[tuple[str, int]]) -> str:
    """Sixteen hexadecimal digits over dictionary, rules, normalisation and the version of what cuts.

    rjieba is a port of jieba 0.42.1's algorithm and dictionary, and a test holds that the two cut
    alike, so jieba's version stands for both.
    """
    digest = hashlib.sha256()
    for part in (RULES, NORMALISATION, metadata.version("jieba"), repr(words)):
        digest.update(part.encode() + b"\x00")
    return digest.hexdigest()[:16]


def _with_rjieba(words: list[tuple[str, int]]) -> tuple[Cut, Cut]:
    import rjieba

    library = rjieba.Jieba()
    for word, frequency in words:
        library.add_word(word, frequency, "")
    return library.cut, library.cut_for_search


def _with_jieba(words: list[tuple[str, int]]) -> tuple[Cut, Cut]:
    """jieba itself. Its dictionary cache is unmarshalled code: it must not come from a shared folder."""
    import jieba

    jieba.setLogLevel(logging.WARNING)
    library = jieba.Tokenizer()
    with tempfile.TemporaryDirectory(prefix="market-jieba-") as private:  # mode 0700, new and empty
        library.tmp_dir = private
        library.initialize()
    for word, frequency in words:
        before = library.FREQ.get(word, 0)
        library.add_word(word, frequency)
        library.total -= before  # jieba counts a replaced word twice
    return library.lcut, library.lcut_for_search
