"""Waiting politely: what Retry-After says, how long to back off, and a wait that can be ended."""

from __future__ import annotations

import asyncio
import datetime as dt
import email.utils
import re
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from opportunity.errors import MarketError

T = TypeVar("T")

# No portal is waited for longer than this; beyond it the source is paused and looked at again then.
LONGEST_WAIT = dt.timedelta(hours=1)


class Stopping(MarketError):
    """The run is being ended; what was waited for or under way is given up."""

    code = "stopping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one run's fetching; times in seconds, sizes in bytes.

    ``patience`` is how long one Retry-After is waited for inside a run; a longer one pauses the
    source. ``attempts`` counts the first try. ``back_off`` multiplies the source's own delay.
    """

    timeout: float = 30.0
    connect_timeout: float = 10.0
    max_bytes: int = 8 * 1024 * 1024
    max_head_bytes: int = 256 * 1024
    memory_mb: int = 768
    patience: float = 120.0
    attempts: int = 3
    back_off: float = 4.0
    redirects: int = 5
    heartbeat: float = 5.0


def retry_after(value: str | None, now: dt.datetime) -> dt.timedelta | None:
    """How long a Retry-After header asks to wait, at most ``LONGEST_WAIT``; None when it says nothing usable.

    Takes delta-seconds or an HTTP date (RFC 9110 §10.2.3); a negative or unreadable value is
    nothing, so that the caller's own back-off counts.
    """
    text = (value or "").strip()
    if re.fullmatch(r"[0-9]{1,20}", text):
        return min(dt.timedelta(seconds=min(int(text), 10**6)), LONGEST_WAIT)
    if not text or text.startswith("-"):
        return None
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return min(moment - now, LONGEST_WAIT) if moment > now else None


def back_off(attempt: int, delay: float, limits: Limits) -> dt.timedelta:
    """The wait before the next try after ``attempt`` tries (from 1), doubling, from the source's delay."""
    return min(dt.timedelta(seconds=limits.back_off * delay * 2 ** (attempt - 1)), LONGEST_WAIT)


class StopSignal:
    """One event that ends every wait and download of a run; the first reason given is kept."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self._event = asyncio.Event()

    def stop(self, reason: str) -> None:
        if self.reason is None:
            self.reason = reason
        self._event.set()

    async def sleep(self, seconds: float) -> None:
        """Sleep without holding up anything else; raises ``Stopping`` when the run ends."""
        if not self._event.is_set():
            try:
                await asyncio.wait_for(self._event.wait(), max(0.0, seconds))
            except TimeoutError:
                return
        raise Stopping("本次抓取正在结束")

    async def race(self, work: Awaitable[T]) -> T:
        """The result of ``work``, which is cancelled when the run ends first (``Stopping``)."""
        task = asyncio.ensure_future(work)
        stop = asyncio.ensure_future(self._event.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise Stopping("本次抓取正在结束")
        finally:
            stop.cancel()
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
