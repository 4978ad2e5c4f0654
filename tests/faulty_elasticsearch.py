"""A real Elasticsearch seen through a proxy that breaks single answers as a test scripts it.

What is not scripted goes to the server and back unchanged, so only the fault is made up, never the server.
"""

from __future__ import annotations

import http.client
import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = Any


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One request and its answer, which a fault may change before it goes back."""

    method: str
    path: str
    body: bytes
    forward: Callable[[bytes], tuple[int, Json]]
    status: int = 200
    answer: Json = None
    product: bool = True
    raw: bytes | None = None
    drop: bool = False

    def items(self) -> list[tuple[bytes, bytes]]:
        """A bulk request's (action, document) lines."""
        lines = self.body.splitlines(keepends=True)
        return list(zip(lines[::2], lines[1::2], strict=True))


Fault = Callable[[Exchange], None]


@dataclass(slots=True)
class FaultyElasticsearch:
    """``faults``: for each request whose path ends with the key the next fault of its list is used up."""

    url: str
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    seen: list[Exchange] = field(default_factory=list)

    def next_fault(self, path: str) -> Fault | None:
        for ending, waiting in self.faults.items():
            if urllib.parse.urlsplit(path).path.endswith(ending) and waiting:
                return waiting.pop(0)
        return None

    def bulks(self) -> list[list[str]]:
        """The ids that each bulk request carried."""
        return [
            [json.loads(action)["index"]["_id"] for action, _ in exchange.items()]
            for exchange in self.seen if exchange.path.startswith("/_bulk")
        ]


@contextmanager
def faulty(url: str) -> Iterator[FaultyElasticsearch]:
    """A proxy on loopback before the server at ``url``."""
    target = urllib.parse.urlsplit(url).netloc
    proxy = FaultyElasticsearch("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            wanted = {name: self.headers[name] for name in ("accept", "content-type") if name in self.headers}

            def forward(sent: bytes) -> tuple[int, Json]:
                connection = http.client.HTTPConnection(target, timeout=60)
                connection.request(self.command, self.path, body=sent or None, headers=wanted)
                reply = connection.getresponse()
                text = reply.read()
                connection.close()
                return reply.status, json.loads(text) if text else None

            exchange = Exchange(method=self.command, path=self.path, body=body, forward=forward)
            proxy.seen.append(exchange)
            fault = proxy.next_fault(self.path)
            if fault is None:
                exchange.status, exchange.answer = forward(body)
            else:
                fault(exchange)
            with suppress(OSError):  # the client has given up meanwhile
                self._reply(exchange)

        def _reply(self, exchange: Exchange) -> None:
            if exchange.drop:
                self.close_connection = True
                self.connection.close()
                return
            text = exchange.raw if exchange.raw is not None else json.dumps(exchange.answer).encode()
            self.send_response(exchange.status)
            if exchange.product:
                self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_DELETE = _handle

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def error(kind: str, reason: str = "") -> dict[str, Json]:
    return {"type": kind, "reason": reason}


def refuse(status: int, kind: str, reason: str = "") -> Fault:
    """The whole request is refused; the server never sees it."""

    def fault(exchange: Exchange) -> None:
        exchange.status = status
        exchange.answer = {"error": {**error(kind, reason), "root_cause": [error(kind, reason)]}, "status": status}

    return fault


def refuse_items(ids: set[str], status: int, kind: str) -> Fault:
    """Some items of a bulk request are refused, the others written."""

    def fault(exchange: Exchange) -> None:
        def refused(action: bytes) -> bool:
            return json.loads(action)["index"]["_id"] in ids

        sent = b"".join(action + row for action, row in exchange.items() if not refused(action))
        answers = iter(exchange.forward(sent)[1]["items"] if sent else ())
        exchange.answer = {"took": 1, "errors": True, "items": [
            {"index": {"_id": json.loads(action)["index"]["_id"], "status": status, "error": error(kind)}}
            if refused(action) else next(answers) for action, _ in exchange.items()
        ]}

    return fault


def change(edit: Callable[[Json], None]) -> Fault:
    """The server's true answer, edited."""

    def fault(exchange: Exchange) -> None:
        exchange.status, exchange.answer = exchange.forward(exchange.body)
        edit(exchange.answer)

    return fault


def drop_after(exchange: Exchange) -> None:
    """The server has done it, but the connection breaks before the answer."""
    exchange.forward(exchange.body)
    exchange.drop = True


def cut_short(exchange: Exchange) -> None:
    """The server has done it, but only half of the answer arrives as a whole body."""
    exchange.status, answer = exchange.forward(exchange.body)
    text = json.dumps(answer).encode()
    exchange.raw = text[: len(text) // 2]


def another_product(exchange: Exchange) -> None:
    """Something that speaks JSON but is not Elasticsearch."""
    exchange.answer, exchange.product = {"hello": "world", "items": []}, False
