"""Notices that kill the feeder are found one by one and set aside, so that the queue moves on.

An engine's own code may end the whole process (tantivy aborts when it is refused memory), and no
exception tells of it. So each batch is noted before it is applied. A feeder that finds the note of so many
deaths at the place where its index stands takes the changes of that batch singly; one that goes on
to kill it alone is left out and reported. A notice is never left out for deaths that it only stood beside.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

# Deaths at one place before it is suspected; an operator who kills a process some times is no poison.
DEATHS = 5

Care = Literal["none", "singly", "leave_out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The batch in hand: where the index stood, its last change, how often it was begun there in this way,
    and up to which change the queue is suspected and taken singly (0: not at all)."""

    cursor: int = -1
    last: int = 0
    tries: int = 0
    suspected: int = 0


class Attempts:
    """The note of the batch in hand, in ``run/feeder-attempt.json``. What stays of it after a death counts."""

    def __init__(self, home: Path) -> None:
        self._file = home / "run" / "feeder-attempt.json"
        self._note = self._read()

    def care(self, cursor: int) -> Care:
        """How the next batch is to be taken by an index that stands at ``cursor``."""
        note = self._note
        deaths = note.tries if note.cursor == cursor else 0
        if cursor < note.suspected:
            return "leave_out" if deaths >= DEATHS else "singly"
        if deaths >= DEATHS:
            self._note = Attempt(suspected=note.last)
            return "singly"
        return "none"

    def begin(self, cursor: int, last: int) -> None:
        """Note that the changes after ``cursor`` up to ``last`` are about to be applied."""
        note = self._note
        tries = note.tries + 1 if note.cursor == cursor else 1
        suspected = note.suspected if cursor < note.suspected else 0
        self._note = Attempt(cursor=cursor, last=last, tries=tries, suspected=suspected)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        beside = self._file.with_name(f".feeder-attempt.{os.getpid()}")
        note = self._note
        text = {"cursor": note.cursor, "last": note.last, "tries": note.tries, "suspected": note.suspected}
        beside.write_text(json.dumps(text), "utf-8")
        beside.replace(self._file)

    def survived(self) -> None:
        """The process lives: whatever became of the batch, it killed nobody."""
        self._note = replace(self._note, cursor=-1, tries=0)
        self._file.unlink(missing_ok=True)

    def _read(self) -> Attempt:
        try:
            value = json.loads(self._file.read_text("utf-8"))
            return Attempt(**{name: int(value[name]) for name in ("cursor", "last", "tries", "suspected")})
        except (OSError, ValueError, KeyError, TypeError):
            return Attempt()
