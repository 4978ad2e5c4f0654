"""The scheduler: APScheduler rings the bell, our tables decide what runs.

APScheduler keeps its jobs in memory only and they are rebuilt from the timetable. Each bell asks
for the newest slot and claims it; a scheduler that is not the leader, a slot that ran, and a bell
that rings twice all end in "nothing to do". Health is judged by progress: the heartbeat is written
by a job inside APScheduler, and the main thread ends the process when that stops.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
import threading
from collections.abc import Callable
from typing import Protocol

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from opportunity.errors import MarketError, ScheduleError
from opportunity.heartbeat import write_heartbeat
from opportunity.notice import SHANGHAI
from opportunity.settings import Settings
from opportunity.store import Store
from schedules import slots
from schedules.timetable import Entry, newest_slot, slots_between, synchronise, trigger

log = structlog.get_logger()
Clock = Callable[[], dt.datetime]


class Launcher(Protocol):
    """Runs one crawl to its end: (exit code, reason); told to stop, it ends it early."""

    def run(self, claimed: slots.Claim, limit: dt.timedelta, alive: Callable[[], bool]) -> tuple[str, int | None, str]:
        ...

    def stop(self) -> None: ...


class Scheduler:
    """One scheduler process. Any number may be started on one store; the lease lets one act."""

    def __init__(self, store: Store, settings: Settings, launcher: Launcher, clock: Clock) -> None:
        self.store, self.settings, self.launcher, self.clock = store, settings, launcher, clock
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{id(self)}"
        self.token: int | None = None
        self.last_tick: dt.datetime | None = None
        self._entries: dict[str, Entry] = {}
        self._lock = threading.Lock()
        self._bells = BackgroundScheduler(
            timezone=SHANGHAI,
            executors={
                "default": ThreadPoolExecutor(settings.crawls_at_once),
                "clerk": ThreadPoolExecutor(1),
            },
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Take part in the election, read the timetable and start ringing."""
        seconds = min(5.0, self.settings.lease_seconds / 3)
        self._bells.add_job(self.tick, "interval", seconds=seconds, id=":tick", executor="clerk")
        self.tick()
        self._bells.start()

    def stop(self) -> None:
        """End the running crawls, give the lease up and stop."""
        self.launcher.stop()
        self._bells.shutdown(wait=True)
        if self.token is not None:
            slots.release(self.store, self.holder)

    def tick(self) -> None:
        """Renew the lease, follow changes of the timetable, catch up what is due, show life.

        An error of the store (a lock held too long, a full disk) is logged and the next tick tries
        again: nothing that happens in here may end the ringing.
        """
        try:
            now = self.clock()
            held = self.token
            self.token = slots.acquire(self.store, self.holder, now, self.settings.lease_seconds)
            if self.token != held:
                log.info("lease", holder=self.holder, token=self.token)
            self._follow(synchronise(self.store, now) if self.token is not None else [])
            self.last_tick = now
            write_heartbeat(self.settings.home, "scheduler", now, leader=self.token is not None,
                            sources=len(self._entries))
        except MarketError as error:
            log.warning("tick_failed", code=error.code, message=error.message)
        except Exception:
            log.exception("tick_failed")

    def _follow(self, entries: list[Entry]) -> None:
        """Make the bells equal to the timetable; ring once at once for every source that is new or overdue."""
        wanted = {entry.source: entry for entry in entries if entry.parked is None}
        for entry in entries:
            if entry.parked is not None and self._entries.get(entry.source) is not None:
                log.error("parked", source=entry.source, reason=entry.parked)
        for source in self._entries.keys() - wanted.keys():
            self._bells.remove_job(source)
        for source, entry in wanted.items():
            if self._entries.get(source) != entry:
                self._bells.add_job(self.ring, trigger(entry), args=[source], id=source, replace_existing=True)
        self._entries = wanted
        for source in wanted:
            if self._due(source):
                self._bells.add_job(self.ring, args=[source], id=f"{source}:now", replace_existing=True)

    def _due(self, source: str) -> bool:
        """Whether the newest slot of a source still waits: never claimed, or its runner shows no life."""
        planned = newest_slot(self._entries[source], self.clock())
        if planned is None:
            return False
        last = slots.newest(self.store, source)
        if not last or last[0].slot < slot_name(planned):
            return True
        dead = last[0].state == "running" and self.clock() - last[0].alive_at > self._stale
        return dead and last[0].attempt < slots.ATTEMPTS

    @property
    def _stale(self) -> dt.timedelta:
        return dt.timedelta(seconds=2 * self.settings.lease_seconds)

    def ring(self, source: str) -> None:
        """One bell: claim the newest slot of a source and run its crawl to the end."""
        try:
            claimed = self._claim(source)
            if claimed is None:
                return
            entry = self._entries[source]
            log.info("crawl_starts", source=source, slot=claimed.slot, attempt=claimed.attempt)
            state, code, reason = self.launcher.run(
                claimed,
                dt.timedelta(minutes=entry.time_limit_minutes),
                lambda: slots.show_life(self.store, claimed, self.clock()),
            )
            ours = slots.finish(self.store, claimed, self.clock(), state=state, exit_code=code, reason=reason)
            log.info("crawl_ended", source=source, slot=claimed.slot, state=state, exit_code=code, ours=ours)
        except MarketError as error:
            log.warning("ring_failed", source=source, code=error.code, message=error.message)
        except Exception:
            log.exception("ring_failed", source=source)

    def _claim(self, source: str) -> slots.Claim | None:
        with self._lock:
            entry, token, now = self._entries.get(source), self.token, self.clock()
            if entry is None or token is None:
                return None
            planned = newest_slot(entry, now)
            if planned is None:
                raise ScheduleError(f"来源 {source} 的时间表在 40 天内没有计划时刻")
            last = slots.newest(self.store, source)
            merged = slots_between(entry, dt.datetime.fromisoformat(last[0].slot), planned) if last else 0
            return slots.claim(
                self.store, source, slot_name(planned), token, now,
                stale_seconds=self._stale.total_seconds(), merged=merged,
            )


def slot_name(planned: dt.datetime) -> str:
    """A slot's key: its planned time in UTC, to the second, so that keys sort by time."""
    return planned.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
