"""Whoosh with jieba's own analyzer (jieba.analyse.ChineseAnalyzer), as jieba's manual shows.

Python throughout, so it is given fewer notices by default and the output says how many. A phrase is cut by the
analyzer and every word must stand in the notice (AND). NOT and OR are offered; filters, orders and facets are not.
The analyzer cuts the texts itself, and that counts: it is part of this contestant.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jieba
from jieba.analyse import ChineseAnalyzer
from whoosh import index
from whoosh import query as tree
from whoosh.fields import ID, TEXT, Schema

from benchmarks.contestants import NotOffered
from indexer.document import Document
from indexer.words import Cutter
from opportunity.query import And, Node, Not, Or, Phrase, Query, Scope


class Contestant:
    def __init__(self, home: Path, cutter: Cutter) -> None:
        private = home / "jieba"
        private.mkdir()
        jieba.setLogLevel(logging.WARNING)
        jieba.dt.tmp_dir = str(private)  # its cache is unmarshalled: never from a shared folder
        jieba.initialize()
        for file in private.iterdir():
            file.unlink()
        self._analyzer = ChineseAnalyzer()
        schema = Schema(id=ID(stored=True, unique=True), text=TEXT(analyzer=self._analyzer, phrase=False))
        (home / "index").mkdir()
        self._index = index.create_in(str(home / "index"), schema)
        self._writer = self._index.writer(limitmb=256)
        self._searcher: Any = None

    def add(self, documents: Sequence[Document]) -> None:
        for document in documents:
            text = "\n".join(string for strings in document.texts.values() for string in strings)
            self._writer.add_document(id=document.id, text=text)

    def finish(self) -> None:
        self._writer.commit()
        self._searcher = self._index.searcher()

    def _tree(self, node: Node) -> Any:
        match node:
            case Phrase(raw=raw, scope=Scope.DEFAULT):
                words = dict.fromkeys(token.text for token in self._analyzer(raw, mode="query"))
                # The analyzer drops single characters: where it leaves nothing, nothing is found.
                return tree.And([tree.Term("text", word) for word in words]) if words else tree.NullQuery
            case And(parts=parts):
                return tree.And([self._tree(part) for part in parts])
            case Or(parts=parts):
                return tree.Or([self._tree(part) for part in parts])
            case Not(part=part):
                return tree.Not(self._tree(part))
            case _:
                raise NotOffered

    def first_page(self, query: Query, limit: int) -> int:
        if query.filters:
            raise NotOffered
        found = self._searcher.search(self._tree(query.root).normalize(), limit=limit)
        for hit in found:
            hit.fields()
        return len(found)

    def facets(self, query: Query) -> Any:
        raise NotOffered

    def ids(self, query: Query) -> set[str]:
        numbers = self._searcher.docs_for_query(self._tree(query.root).normalize())
        return {self._searcher.stored_fields(number)["id"] for number in numbers}

    def close(self) -> None:
        self._searcher.close()
        self._index.close()
