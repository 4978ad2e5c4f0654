"""The web server: uvicorn with a time limit on requests that never finish arriving."""

from __future__ import annotations

import asyncio
import datetime as dt
import signal
import socket
from collections.abc import Callable
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from opportunity.errors import ConfigurationError
from opportunity.heartbeat import remove_heartbeat, write_heartbeat
from opportunity.settings import Settings

HEAD_SECONDS = 10.0
IDLE_SECONDS = 15
MOST_CONNECTIONS = 512
MAX_HEAD_BYTES = 32 * 1024


class PatientProtocol(H11Protocol):
    """HTTP/1.1, but a connection that has not sent a whole request in time is closed.

    uvicorn limits idle connections only after their first answer; a client that drips its head, or
    opens connections and says nothing, would hold a slot for ever.
    """

    head_seconds = HEAD_SECONDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._arriving():
            self._watch()
        else:
            self._stop_watching()

    def _arriving(self) -> bool:
        """True while a request is awaited or not yet whole (even when it has been answered already)."""
        return self.conn.their_state in (h11.IDLE, h11.SEND_BODY)

    def _watch(self) -> None:
        """Starts the clock once per request: more bytes do not buy more time."""
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.head_seconds, self._give_up)

    def _stop_watching(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        if self._arriving() and not self.transport.is_closing():
            self.transport.close()


def bind(settings: Settings) -> socket.socket:
    """A listening socket on the configured address; port 0 takes any free one."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host.strip("[]"), settings.port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"不能监听 {settings.host}:{settings.port}（{error.strerror}）。可换一个端口：MARKET_PORT=0 为任选空闲端口。"
        ) from error
    listener.listen(256)
    return listener


def address(settings: Settings, listener: socket.socket) -> str:
    """The URL at which the service answers."""
    host = settings.host if ":" not in settings.host else f"[{settings.host.strip('[]')}]"
    return f"http://{host}:{listener.getsockname()[1]}"


def configuration(app: Any, protocol: type[PatientProtocol] = PatientProtocol) -> uvicorn.Config:
    """How the server runs: bounded heads, connections and waiting; no header that names the software."""
    return uvicorn.Config(
        app, http=protocol, ws="none", lifespan="off", log_level="warning", access_log=False, server_header=False,
        proxy_headers=False, timeout_keep_alive=IDLE_SECONDS, limit_concurrency=MOST_CONNECTIONS,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES, timeout_graceful_shutdown=10,
    )


def serve(app: Any, settings: Settings, clock: Callable[[], dt.datetime]) -> None:
    """Serve until told to stop; ``home/run/address.json`` says where."""
    # uvicorn raises the signal again once it has stopped; by then the stop is done, not a failure.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    listener = bind(settings)
    write_heartbeat(settings.home, "address", clock(), url=address(settings, listener))
    try:
        uvicorn.Server(configuration(app)).run(sockets=[listener])
    finally:
        remove_heartbeat(settings.home, "address")
        listener.close()
