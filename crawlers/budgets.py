"""One budget per host, kept across processes and restarts.

A turn at a host is the exclusive lock (flock) on its slot file, held while a request is under
way: at most one at a time, whoever asks. The file says when the last request began or ended, how
many were made today and until when the host asked to be left alone, so a new process keeps the
gap that an old one (even a killed one) owes. Waiting sleeps on the event loop; nothing spins.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import hashlib
import json
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from crawlers.waiting import LONGEST_WAIT
from opportunity.errors import Blocked, FetchError
from opportunity.notice import SHANGHAI

# While another process has its turn, look again this often (seconds).
LOOK_AGAIN = 0.1


class HostPaused(Blocked):
    """The host asked to be left alone for longer than this run is willing to wait; ``until`` says when."""

    code = "host_paused"

    def __init__(self, host: str, until: dt.datetime) -> None:
        local = until.astimezone(SHANGHAI).strftime("%m-%d %H:%M")
        super().__init__(f"{host} 要求在 {local} 之前停止访问", host=host)
        self.until = until


class DayBudgetSpent(FetchError):
    """As many requests were made to the host today as the source allows itself."""

    code = "day_budget_spent"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostState:
    """What is remembered of one host; ``last`` and ``not_before`` are seconds since 1970, ``day`` is Shanghai's."""

    last: float = 0.0
    not_before: float = 0.0
    day: str = ""
    requests: int = 0


def host_key(url: str) -> str:
    """The name of the budget a URL draws on: its host; for replicas on this machine host and port.

    Two ports of one portal are one server and share a budget, while replicas stand for portals
    of their own.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if host in ("localhost", "::1") or re.fullmatch(r"127(\.\d+){3}", host):
        host = f"{host}_{parts.port or 80}"
    name = re.sub(r"[^a-z0-9._-]", "-", host)
    if name != host or len(name) > 100 or not name.strip("."):
        name = f"{name[:80].strip('.')}-{hashlib.sha256(host.encode()).hexdigest()[:16]}"
    return name


class HostBudgets:
    """The budgets in one folder (``home/run/hosts``); every process of a home uses the same."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], dt.datetime],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._sleep = sleep
        folder.mkdir(parents=True, exist_ok=True)

    @contextlib.asynccontextmanager
    async def turn(self, host: str, *, gap: float, a_day: int, patience: float) -> AsyncIterator[None]:
        """Hold the host alone, not sooner than ``gap`` seconds after its last request ended.

        Raises ``HostPaused`` when the host is to be left alone for longer than ``patience``
        seconds, ``DayBudgetSpent`` when today's requests are used up.
        """
        async with self._locked(host):
            await self._wait(host, gap, patience)
            state = self._state(host)
            today = self._clock().astimezone(SHANGHAI).date().isoformat()
            made = state.requests if state.day == today else 0
            if made >= a_day:
                raise DayBudgetSpent(f"{host} 今天的 {a_day} 次请求预算已用完，明天再继续")
            self._write(host, last=self._now(), day=today, requests=made + 1)
            try:
                yield
            finally:
                self._write(host, last=self._now())

    def leave_alone(self, host: str, wait: dt.timedelta) -> dt.datetime:
        """No request to the host for ``wait`` from now (call inside a turn); gives the end of it."""
        until = max(self._now() + min(wait, LONGEST_WAIT).total_seconds(), self._state(host).not_before)
        self._write(host, not_before=until)
        return dt.datetime.fromtimestamp(until, dt.UTC)

    def state(self, host: str) -> HostState:
        """What is remembered of a host, for reports."""
        return self._state(host)

    async def _wait(self, host: str, gap: float, patience: float) -> None:
        # Only the holder of the lock writes, so the wait is known from the start. It is slept, not
        # compared with the clock again: a clock that is set back must not lengthen it.
        state, now = self._state(host), self._now()
        paused = min(state.not_before - now, LONGEST_WAIT.total_seconds())
        if paused > patience:
            raise HostPaused(host, dt.datetime.fromtimestamp(now + paused, dt.UTC))
        due = max(paused, min(state.last + gap - now, gap))
        if due > 0:
            await self._sleep(due)

    @contextlib.asynccontextmanager
    async def _locked(self, host: str) -> AsyncIterator[None]:
        descriptor = os.open(self._folder / f"{host}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    await self._sleep(LOOK_AGAIN)
            yield
        finally:
            os.close(descriptor)

    def _now(self) -> float:
        return self._clock().timestamp()

    def _state(self, host: str) -> HostState:
        try:
            kept = json.loads((self._folder / f"{host}.json").read_bytes())
            return HostState(
                last=float(kept["last"]),
                not_before=float(kept["not_before"]),
                day=str(kept["day"]),
                requests=int(kept["requests"]),
            )
        except FileNotFoundError:
            return HostState()
        except (ValueError, KeyError, TypeError):
            # A damaged file may hide a request made just now: the full gap is kept.
            return HostState(last=self._now())

    def _write(self, host: str, **changes: float | str) -> None:
        state = {**asdict(self._state(host)), **changes}
        scratch = self._folder / f"{host}.{os.getpid()}.new"
        scratch.write_text(json.dumps(state), encoding="ascii")
        scratch.replace(self._folder / f"{host}.json")
