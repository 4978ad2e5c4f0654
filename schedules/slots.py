"""Slots and the lease: at most one scheduler starts crawls, and each (source, slot) runs once.

Two schedulers on one APScheduler store fire twice, and a crash in mid-job loses the slot; so the
run ledger and the election are ours. A claim checks the lease's fencing token inside the same
transaction as the unique insert: a scheduler that slept past its lease can claim nothing.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection, Update, insert, select, update

from opportunity.store import Store
from schedules.tables import lease, slot

NAME = "scheduler"
ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to run one slot, under the fencing token it was claimed with."""

    source: str
    slot: str
    token: int
    attempt: int
    merged: int


def acquire(store: Store, holder: str, now: dt.datetime, seconds: float) -> int | None:
    """Take or renew the lease: the fencing token, or None while another holder's lease is alive."""
    stamp = now.timestamp()
    with store.write() as connection:
        row = connection.execute(select(lease).where(lease.c.name == NAME)).one_or_none()
        if row is None:
            connection.execute(
                insert(lease).values(name=NAME, holder=holder, token=1, expires_at=stamp + seconds)
            )
            return 1
        if row.holder == holder and row.expires_at > stamp:
            token = int(row.token)
        # A clock set back must not freeze the election: a lease from the far future has expired too.
        elif row.holder != holder and stamp < row.expires_at <= stamp + 2 * seconds:
            return None
        else:
            token = int(row.token) + 1
        connection.execute(
            update(lease).where(lease.c.name == NAME)
            .values(holder=holder, token=token, expires_at=stamp + seconds)
        )
        return token


def release(store: Store, holder: str) -> None:
    """Give the lease up at a clean stop, so that the next scheduler need not wait for it."""
    with store.write() as connection:
        connection.execute(
            update(lease).where(lease.c.name == NAME, lease.c.holder == holder).values(expires_at=0.0)
        )


def _holds(connection: Connection, token: int, now: dt.datetime) -> bool:
    row = connection.execute(select(lease).where(lease.c.name == NAME)).one_or_none()
    return row is not None and row.token == token and row.expires_at > now.timestamp()


def claim(store: Store, source: str, planned: str, token: int, now: dt.datetime, *,
          stale_seconds: float, merged: int = 0) -> Claim | None:
    """Claim a slot, or None: run already, running now, given up, or the token is no longer the lease's.

    A slot whose runner has shown no life for ``stale_seconds`` (killed in mid-run) is claimed
    again, at most ``ATTEMPTS`` times.
    """
    stamp = now.timestamp()
    with store.write() as connection:
        if not _holds(connection, token, now):
            return None
        key = (slot.c.source == source) & (slot.c.slot == planned)
        row = connection.execute(select(slot).where(key)).one_or_none()
        if row is None:
            connection.execute(insert(slot).values(
                source=source, slot=planned, state="running", token=token, attempt=1, merged=merged,
                claimed_at=stamp, alive_at=stamp,
            ))
            return Claim(source=source, slot=planned, token=token, attempt=1, merged=merged)
        dead = row.state == "running" and stamp - row.alive_at > stale_seconds
        if not dead or row.attempt >= ATTEMPTS:
            return None
        connection.execute(update(slot).where(key).values(
            token=token, attempt=row.attempt + 1, claimed_at=stamp, alive_at=stamp,
            reason="上一次执行中断，重新执行",
        ))
        return Claim(source=source, slot=planned, token=token, attempt=row.attempt + 1, merged=row.merged)


def show_life(store: Store, claimed: Claim, now: dt.datetime) -> bool:
    """Say that the slot's crawl still runs; False when the slot now belongs to another claim."""
    with store.write() as connection:
        done = connection.execute(_mine(claimed).values(alive_at=now.timestamp()))
        return bool(done.rowcount == 1)


def finish(store: Store, claimed: Claim, now: dt.datetime, *, state: str, exit_code: int | None,
           reason: str) -> bool:
    """Record the end of a slot (done, failed, timeout, stopped); False when it is no longer ours."""
    with store.write() as connection:
        done = connection.execute(_mine(claimed).values(
            state=state, finished_at=now.timestamp(), exit_code=exit_code, reason=reason,
        ))
        return bool(done.rowcount == 1)


def _mine(claimed: Claim) -> Update:
    return update(slot).where(
        slot.c.source == claimed.source, slot.c.slot == claimed.slot,
        slot.c.token == claimed.token, slot.c.attempt == claimed.attempt, slot.c.state == "running",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRow:
    """One slot as it stands, for operators and for the next claim."""

    source: str
    slot: str
    state: str
    attempt: int
    merged: int
    claimed_at: dt.datetime
    alive_at: dt.datetime
    exit_code: int | None
    reason: str | None


def newest(store: Store, source: str, limit: int = 1) -> list[SlotRow]:
    """The newest slots of a source, newest first."""
    with store.read() as connection:
        rows = connection.execute(
            select(slot).where(slot.c.source == source).order_by(slot.c.slot.desc()).limit(limit)
        ).all()
    return [
        SlotRow(
            source=row.source, slot=row.slot, state=row.state, attempt=row.attempt, merged=row.merged,
            claimed_at=dt.datetime.fromtimestamp(row.claimed_at, dt.UTC),
            alive_at=dt.datetime.fromtimestamp(row.alive_at, dt.UTC),
            exit_code=row.exit_code, reason=row.reason,
        )
        for row in rows
    ]
