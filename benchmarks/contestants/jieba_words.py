"""tantivy over jieba's words alone, without the pairs of characters: the usual way to search Chinese.

A phrase is cut for search as the notices are, and every word must stand in the notice (AND). Fast and small,
but what the segmenter cut otherwise is not found: recall says how much. NOT and OR are offered; filters,
other orders and facets are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tantivy

from benchmarks.contestants import NotOffered
from indexer.document import Document
from indexer.words import Cutter
from opportunity.query import And, Node, Not, Or, Phrase, Query, Scope


class Contestant:
    def __init__(self, home: Path, cutter: Cutter) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        builder.add_text_field("words", tokenizer_name="whitespace", index_option="freq")
        self._schema = builder.build()
        self._index = tantivy.Index(self._schema, str(home))
        self._writer = self._index.writer(128_000_000, 1)
        self._cutter = cutter
        self._searcher: Any = None

    def add(self, documents: Sequence[Document]) -> None:
        for document in documents:
            words = " ".join(word for words in document.words.values() for word in words)
            self._writer.add_document(tantivy.Document(id=document.id, words=words))
        self._writer.commit()

    def finish(self) -> None:
        self._writer.commit()
        self._writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def _tree(self, node: Node) -> Any:
        boolean, must, should, no = tantivy.Query.boolean_query, tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot
        match node:
            case Phrase(raw=raw, scope=Scope.DEFAULT):
                words = dict.fromkeys(self._cutter.words(raw))
                return boolean([(must, tantivy.Query.term_query(self._schema, "words", word, "freq")) for word in words])
            case And(parts=parts):
                return boolean([(must, self._tree(part)) for part in parts])
            case Or(parts=parts):
                return boolean([(should, self._tree(part)) for part in parts])
            case Not(part=part):
                return boolean([(must, tantivy.Query.all_query()), (no, self._tree(part))])
            case _:
                raise NotOffered

    def first_page(self, query: Query, limit: int) -> int:
        if query.filters:
            raise NotOffered
        found = self._searcher.search(self._tree(query.root), limit, count=True)
        for _, address in found.hits:
            self._searcher.doc(address)
        return int(found.count)

    def facets(self, query: Query) -> Any:
        raise NotOffered

    def ids(self, query: Query) -> set[str]:
        hits = self._searcher.search(self._tree(query.root), 1_000_000, count=False).hits
        return {self._searcher.doc(address)["id"][0] for _, address in hits}

    def close(self) -> None:
        self._searcher = None
