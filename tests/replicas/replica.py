"""Replicas for tests and for the demonstration: the three portals on loopback, with their truth and controls.

    with Replica() as replica:
        replica.ggzy.base                # http://127.0.0.1:<port>
        replica.ggzy.truth               # list[Entry]: key, path, published, notice: Invented
        replica.ggzy.publish(3); replica.ggzy.faults.add("challenge_200", count=2); replica.ggzy.log
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Generic, TypedDict, TypeVar

from opportunity.notice import SHANGHAI
from tests.replicas.ccgp import Ccgp
from tests.replicas.epoint import Epoint
from tests.replicas.faults import Faults
from tests.replicas.ggzy import Ggzy
from tests.replicas.invented import JIANGSU, Invented, Inventor
from tests.replicas.portal import Entry, Portal
from tests.replicas.server import Logged, ReplicaServer

P = TypeVar("P", bound=Portal)


def real_clock() -> dt.datetime:
    return dt.datetime.now(SHANGHAI)


class ManualClock:
    """A clock that stands still until it is moved. For tests."""

    def __init__(self, start: dt.datetime = dt.datetime(2026, 11, 24, 16, 0, tzinfo=SHANGHAI)) -> None:
        self.at = start

    def __call__(self) -> dt.datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += dt.timedelta(**by)


class Served(Generic[P]):
    """One portal behind its server: address, truth, controls, faults, log."""

    def __init__(self, portal: P, *, port: int = 0, control: bool = False) -> None:
        self.portal = portal
        self.server = ReplicaServer(portal, port=port, control=control)

    @property
    def base(self) -> str:
        return self.server.base

    @property
    def demo_id(self) -> str:
        return self.portal.demo_id

    @property
    def truth(self) -> list[Entry]:
        """What the portal shows now, newest first."""
        return self.portal.newest_first()

    @property
    def faults(self) -> Faults:
        return self.portal.faults

    @property
    def log(self) -> list[Logged]:
        return list(self.server.log)

    def publish(self, count: int = 1, *, notice: Invented | None = None) -> list[Entry]:
        return self.portal.publish(count, notice=notice)

    def correct(self, key: str) -> Entry:
        return self.portal.correct(key)

    def revise(self, key: str) -> Entry:
        return self.portal.revise(key)

    def withdraw(self, key: str) -> Entry:
        return self.portal.withdraw(key)

    def backdate(self, days: float, count: int = 1) -> list[Entry]:
        return self.portal.backdate(days, count)


class _Common(TypedDict):
    clock: Callable[[], dt.datetime]
    seed: int
    notices: int
    days: float
    pace: tuple[float, float] | None
    lock: threading.RLock


class Replica:
    """All three portals. Start and stop by ``with``, or by ``start`` and ``stop``."""

    def __init__(
        self, *, seed: int = 1, clock: Callable[[], dt.datetime] | None = None, notices: int = 120, days: float = 10.0,
        pace: tuple[float, float] | None = None, shared: float = 0.0, port: int = 0, control: bool = False,
    ) -> None:
        """``notices`` are published in the ``days`` before now; ``pace`` (seconds) lets new ones fall due.

        ``shared`` is the share of notices that the other portals carry too; ``port`` 0 means free ports.
        """
        ports = (port, port + 1, port + 2) if port else (0, 0, 0)
        common = _Common(clock=clock or real_clock, seed=seed, notices=notices, days=days, pace=pace, lock=threading.RLock())
        ggzy = Ggzy(inventor=Inventor(f"{seed}/ggzy", works_share=0.4), **common)
        epoint = Epoint(inventor=Inventor(f"{seed}/epoint", places=JIANGSU, works_share=0.5), **common)
        ccgp = Ccgp(inventor=Inventor(f"{seed}/ccgp", works_share=0.0, central_share=0.1), **common)
        if shared:
            epoint.hand_on((ggzy, ccgp), shared)
            ccgp.hand_on((ggzy,), shared)
        for portal in (ggzy, epoint, ccgp):
            portal.catch_up()
        self.ggzy = Served(ggzy, port=ports[0], control=control)
        self.epoint = Served(epoint, port=ports[1], control=control)
        self.ccgp = Served(ccgp, port=ports[2], control=control)

    @property
    def all(self) -> tuple[Served[Ggzy], Served[Epoint], Served[Ccgp]]:
        return self.ggzy, self.epoint, self.ccgp

    @property
    def bases(self) -> dict[str, str]:
        """Demonstration source id -> address, as the state file has it."""
        return {served.demo_id: served.base for served in self.all}

    def start(self) -> Replica:
        for served in self.all:
            served.server.start()
        return self

    def stop(self) -> None:
        for served in self.all:
            served.server.stop()

    def __enter__(self) -> Replica:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
