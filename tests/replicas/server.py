"""The loopback server in front of a replica: sockets, the request log, faults, robots.txt and the control addresses."""

from __future__ import annotations

import datetime as dt
import json
import socket
import struct
import sys
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.replicas import layouts
from tests.replicas.http_words import Request, Response, json_answer, text_answer
from tests.replicas.portal import Entry, Portal


@dataclass(slots=True, kw_only=True)
class Logged:
    """One request: ``began`` and ``ended`` on the monotonic clock in seconds (None while the answer is still going out).

    It stands in the log before the first byte of the answer leaves, so who has an answer finds its row.
    ``concurrent`` counts the requests in hand when it came, itself included.
    """

    at: dt.datetime
    began: float
    ended: float | None
    method: str
    path: str
    host: str
    user_agent: str
    concurrent: int
    status: int
    faults: tuple[str, ...]


class ReplicaServer(ThreadingHTTPServer):
    """One portal on 127.0.0.1. ``control`` opens the addresses under /__."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, portal: Portal, *, port: int = 0, control: bool = False) -> None:
        self.portal = portal
        self.control = control
        self.stopping = threading.Event()
        self.log: list[Logged] = []
        self._running = 0
        self._log_lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error; anything else is printed."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def enter(self) -> int:
        with self._log_lock:
            self._running += 1
            return self._running

    def leave(self) -> None:
        with self._log_lock:
            self._running -= 1

    def note(self, logged: Logged) -> Logged:
        with self._log_lock:
            self.log.append(logged)
        return logged

    def respond(self, request: Request) -> tuple[Response, list[str]]:
        """The answer to a request and the names of the faults that shaped it."""
        self.portal.catch_up()
        if request.path == "/robots.txt":
            robots = self.portal.robots
            answer = text_answer(robots, purpose="robots") if robots is not None else Response(status=404, purpose="robots")
        else:
            answer = self.portal.answer(request)
        return self.portal.faults.shape(answer, self.portal.markup)

    def controlled(self, request: Request) -> Response:
        """The control addresses; every answer is JSON."""
        try:
            return json_answer(self._control(request.path.removeprefix("/__"), request.query), purpose="other")
        except (KeyError, ValueError) as error:
            return Response(status=400, headers={"Content-Type": "application/json"}, body=json.dumps({"error": str(error)}).encode())

    def _control(self, name: str, query: dict[str, str]) -> Any:
        portal = self.portal
        count = int(query["count"]) if query.get("count") else None
        if name == "fault":
            seconds = float(query["seconds"]) if query.get("seconds") else None
            where: Any = query.get("on", "any")
            portal.faults.add(query["name"], count=count, on=where, seconds=seconds)
            return {"fault": query["name"], "count": count}
        if name == "clear":
            portal.faults.clear(query.get("name"))
            return {"cleared": query.get("name", "all")}
        if name == "publish":
            return [_told(entry) for entry in portal.publish(count or 1)]
        if name == "backdate":
            return [_told(entry) for entry in portal.backdate(float(query["days"]), count or 1)]
        if name in ("correct", "revise", "withdraw"):
            act = {"correct": portal.correct, "revise": portal.revise, "withdraw": portal.withdraw}[name]
            return _told(act(query["key"]))
        if name == "truth":
            return [_told(entry) for entry in portal.newest_first()]
        if name == "log":
            return [[row.began, row.ended, row.method, row.path, row.host, row.concurrent, row.status] for row in list(self.log)]
        raise KeyError(f"no such control: {name}")


def _told(entry: Entry) -> dict[str, Any]:
    notice = entry.notice
    names = (
        "title", "project_number", "buyer", "agency", "suppliers", "budget", "ceiling_price", "award_amount", "deposit", "registration_end",
        "deposit_due", "question_end", "deadline", "opening_time",
    )
    facts = {name: layouts.as_json_value(getattr(notice, name)) for name in names}
    return {
        "key": entry.key, "path": entry.path, "published": entry.published.isoformat(), "category": entry.category, "type": notice.type.value,
        "region": notice.region.code, "withdrawn": entry.withdrawn, "body_missing": entry.body_missing, **facts,
    }


class _Handler(BaseHTTPRequestHandler):
    server: ReplicaServer
    protocol_version = "HTTP/1.1"
    server_version = "Replica"
    sys_version = ""
    timeout = 30
    # headers and body leave in two writes; without this each small answer waits for a delayed acknowledgement
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on stderr: the request log is kept by the server."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def _serve(self) -> None:
        server, began = self.server, time.monotonic()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(
            method="GET" if self.command == "HEAD" else self.command, target=self.path, headers=dict(self.headers.items()), body=body,
            at=server.portal.now(), monotonic=began,
        )
        if server.control and request.path.startswith("/__"):
            self._send(server.controlled(request))
            return
        concurrent = server.enter()
        try:
            response, faults = server.respond(request)
            logged = server.note(Logged(
                at=request.at, began=began, ended=None, method=self.command, path=request.path, host=self.headers.get("Host", ""),
                user_agent=self.headers.get("User-Agent", ""), concurrent=concurrent, status=response.status, faults=tuple(faults),
            ))
            try:
                self._send(response)
            finally:
                logged.ended = time.monotonic()
        except (ConnectionError, TimeoutError):
            self.close_connection = True  # the other side has gone away
        finally:
            server.leave()

    def _send(self, response: Response) -> None:
        if response.delivery == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            # the handler's buffered files hold the socket open; RST goes out when the last of them is closed
            self.connection.close()
            return
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if response.delivery == "drip":
            self._drip(response)
        else:
            self.wfile.write(response.body)

    def _drip(self, response: Response) -> None:
        """The body in fifty pieces spread over the given seconds; given up when the server stops."""
        step = max(1, -(-len(response.body) // 50))
        for start in range(0, len(response.body), step):
            self.wfile.write(response.body[start : start + step])
            self.wfile.flush()
            if self.server.stopping.wait(response.seconds / 50):
                self.close_connection = True
                return
