"""One tree of exceptions for the whole project.

Every error carries a stable ``code`` (for programs), a Chinese sentence (for people)
and optional ``details``. The domain knows no HTTP: ``search_api`` maps classes to
status codes in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class MarketError(Exception):
    """Root of every error that this project raises on purpose."""

    code: ClassVar[str] = "market_error"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details: Mapping[str, Any] = details


class BadInput(MarketError):
    """What a person, a file or a caller gave cannot be used; the message says what to change."""

    code = "bad_input"


class BadQuery(BadInput):
    """A search that cannot be run: too large, too deep, a range that does not parse."""

    code = "bad_query"


class BadCursor(BadInput):
    """A paging cursor that is not ours, belongs to another search or has expired."""

    code = "bad_cursor"


class NotFound(MarketError):
    """The named notice, source or run does not exist (or was taken down)."""

    code = "not_found"


class ReadingError(MarketError):
    """A page does not have the shape its reader states (strict reading: zero or two matches raise)."""

    code = "reading_error"


class Blocked(MarketError):
    """The portal refuses us: challenge, captcha, login, rate limit, robots. Never worked around."""

    code = "blocked"


class FetchError(MarketError):
    """A page could not be had whole: network, time limit, size limit, truncated body."""

    code = "fetch_error"


class ForbiddenAddress(FetchError):
    """A connection to a private, link-local or otherwise forbidden address was refused by us."""

    code = "forbidden_address"


class StoreError(MarketError):
    """The store refused a write or cannot be opened; nothing was half written."""

    code = "store_error"


class StoreBusy(StoreError):
    """Another writer held the store for longer than the waiting time; the write may be tried again."""

    code = "store_busy"


class EngineError(MarketError):
    """The search engine failed; no partial answer is given in its place."""

    code = "engine_error"


class EngineUnavailable(EngineError):
    """The engine cannot be reached or its index cannot be opened."""

    code = "engine_unavailable"


class IndexBusy(EngineError):
    """Another process holds the index writer's lock."""

    code = "index_busy"


class RebuildNeeded(EngineError):
    """The index was made by another cutter or schema; answering from it would be wrong."""

    code = "rebuild_needed"


class ConfigurationError(MarketError):
    """A setting is missing or contradicts another."""

    code = "configuration_error"


class ScheduleError(MarketError):
    """A timetable row cannot be understood; the row is parked, the others run."""

    code = "schedule_error"
