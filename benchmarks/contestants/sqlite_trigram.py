"""SQLite FTS5 with its trigram tokenizer, the usual way to find substrings without a search engine.

Fields are columns; a phrase of three characters or more is asked of the trigrams, a shorter one of each row's text
by ``instr`` (LIKE with two Chinese characters finds nothing in the FTS5 of SQLite 3.40). Phrases with NOT and OR of default scope are offered; filters, other
orders and facets are not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.contestants import NotOffered
from indexer.document import Document
from indexer.words import Cutter
from opportunity.query import And, Node, Not, Or, Phrase, Query, Scope

# A break that no query holds, so that no phrase crosses two strings.
BREAK = "\n\n\n"


class Contestant:
    def __init__(self, home: Path, cutter: Cutter) -> None:
        self._db = sqlite3.connect(home / "index.db", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("CREATE TABLE ids (number INTEGER PRIMARY KEY, id TEXT)")
        self._db.execute("CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize = 'trigram')")

    def add(self, documents: Sequence[Document]) -> None:
        self._db.execute("BEGIN")
        for document in documents:
            text = BREAK.join(string for strings in document.texts.values() for string in strings)
            number = self._db.execute("INSERT INTO ids (id) VALUES (?)", (document.id,)).lastrowid
            self._db.execute("INSERT INTO texts (rowid, text) VALUES (?, ?)", (number, text))
        self._db.execute("COMMIT")

    def finish(self) -> None:
        self._db.execute("INSERT INTO texts (texts) VALUES ('optimize')")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _clause(self, node: Node, values: list[str]) -> str:
        match node:
            case Phrase(text=text, scope=Scope.DEFAULT) if len(text) >= 3:
                values.append('"' + text.replace('"', '""') + '"')
                return "rowid IN (SELECT rowid FROM texts WHERE texts MATCH ?)"
            case Phrase(text=text, scope=Scope.DEFAULT):
                values.append(text)
                return "instr(text, ?) > 0"
            case And(parts=parts):
                return "(" + " AND ".join(self._clause(part, values) for part in parts) + ")"
            case Or(parts=parts):
                return "(" + " OR ".join(self._clause(part, values) for part in parts) + ")"
            case Not(part=part):
                return f"NOT {self._clause(part, values)}"
            case _:
                raise NotOffered

    def _asked(self, query: Query) -> tuple[str, list[str], str]:
        """(where, values, order): ranked by bm25 where one phrase is asked, else newest first."""
        if query.filters:
            raise NotOffered
        values: list[str] = []
        if isinstance(query.root, Phrase) and query.root.scope is Scope.DEFAULT and len(query.root.text) >= 3:
            return "texts MATCH ?", ['"' + query.root.text.replace('"', '""') + '"'], "rank"
        return self._clause(query.root, values), values, "rowid DESC"

    def first_page(self, query: Query, limit: int) -> int:
        where, values, order = self._asked(query)
        self._db.execute(f"SELECT rowid FROM texts WHERE {where} ORDER BY {order} LIMIT ?", [*values, limit]).fetchall()
        return int(self._db.execute(f"SELECT count(*) FROM texts WHERE {where}", values).fetchone()[0])

    def facets(self, query: Query) -> Any:
        raise NotOffered

    def ids(self, query: Query) -> set[str]:
        where, values, _ = self._asked(query)
        rows = self._db.execute(f"SELECT id FROM ids WHERE number IN (SELECT rowid FROM texts WHERE {where})", values)
        return {id for (id,) in rows}

    def close(self) -> None:
        self._db.close()
