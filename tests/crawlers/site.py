"""A raw HTTP server for trying faults: what it sends is exactly the bytes a test wrote.

Each path has a list of answers, used up in order (the last stays). An answer is bytes, or an async
function that writes to the connection itself. Every request and its time is recorded.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Writing = Callable[[asyncio.StreamWriter], Awaitable[None]]
Answer = bytes | Writing


def answer(
    body: bytes = b"", status: str = "200 OK", kind: str = "application/json", length: int | None = None, **headers: Any
) -> bytes:
    """One plain HTTP/1.1 answer; ``length`` lies about the body, ``headers`` with ``_`` for ``-``."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", f"Content-Type: {kind}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join([*lines, "Connection: close"]) + "\r\n\r\n").encode() + body


def page(body: bytes, **headers: str) -> bytes:
    return answer(body, "200 OK", "text/html; charset=utf-8", None, **headers)


ALLOWED = answer(b"", "404 Not Found", "text/plain")


@dataclass
class Seen:
    """One request as it came."""

    at: float
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    ended: float = 0.0


@dataclass
class Site:
    """A running server."""

    port: int = 0
    host: str = "127.0.0.1"
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    most_at_once: int = 0
    now_open: int = 0

    @property
    def base(self) -> str:
        return f"http://{self.host}:{self.port}/"

    def set(self, path: str, *answers: Answer) -> None:
        self.answers[path] = list(answers)

    def asked(self, path: str) -> list[Seen]:
        return [request for request in self.seen if request.path == path]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.now_open += 1
        self.most_at_once = max(self.most_at_once, self.now_open)
        try:
            await self._one(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.now_open -= 1
            with contextlib.suppress(ConnectionError):
                writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        headers = dict(line.split(": ", 1) for line in head[1:] if ": " in line)
        headers = {name.lower(): value for name, value in headers.items()}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        seen = Seen(time.time(), method, path, headers, body)
        self.seen.append(seen)
        left = self.answers.get(path) or [ALLOWED]
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, bytes):
            writer.write(answer)
            await writer.drain()
        else:
            await answer(writer)
        seen.ended = time.time()


class Sites:
    """Servers in one thread of their own, all closed at the end."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def open(self, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> Site:
        site = Site(host=host)
        opening = asyncio.start_server(site.serve, host, port, ssl=tls)
        server = asyncio.run_coroutine_threadsafe(opening, self._loop).result(10)
        site.port = server.sockets[0].getsockname()[1]
        return site

    def call(self, function: Callable[[], object]) -> None:
        """Call something where the servers run."""
        self._loop.call_soon_threadsafe(function)

    def close(self) -> None:
        async def end() -> None:
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@contextlib.contextmanager
def open_sites() -> Iterator[Sites]:
    sites = Sites()
    try:
        yield sites
    finally:
        sites.close()
