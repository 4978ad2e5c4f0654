"""Changes: the one stream that drives every follower (index, linking, alerts)."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class ChangeKind(enum.StrEnum):
    PUBLISHED = "published"
    REREAD = "reread"
    LINKED = "linked"
    UNLINKED = "unlinked"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One row of the change stream. ``seq`` has no gaps and its order is the commit order."""

    seq: int
    kind: ChangeKind
    notice: str
    version: int
    cause: str
