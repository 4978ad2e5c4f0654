"""The real server process: where it listens, what it refuses, how it stops. """

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from opportunity.errors import ConfigurationError
from opportunity.run import Verdict
from opportunity.settings import Settings
from opportunity.store import open_store
from search_api.server import PatientProtocol, address, bind, configuration
from tests.search_api.conftest import Market, open_market
from tests.search_api.notices import invented

ROOT = Path(__file__).resolve().parents[2]
WAIT_SECONDS = 60.0


def environment(home: Path, **changes: str) -> dict[str, str]:
    return {**os.environ, "MARKET_HOME": str(home), "MARKET_PORT": "0", "PYTHONUNBUFFERED": "1", **changes}


def until(ready: Any, process: subprocess.Popen[str] | None = None) -> Any:
    """Waits for something that comes; fails when the process ends or nothing comes."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        value = ready()
        if value:
            return value
        if process is not None and process.poll() is not None:
            raise AssertionError(f"ended with {process.returncode}: {process.stderr.read() if process.stderr else ''}")
        time.sleep(0.05)
    raise AssertionError("did not come")


def beat(home: Path, name: str) -> Any:
    try:
        return json.loads((home / "run" / f"{name}.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None


def test_feeder_and_web_run_side_by_side_and_stop_cleanly(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with open_store(Settings(home=home)) as store:
        store.save([invented(number) for number in range(5)])
        started = [
            subprocess.Popen([sys.executable, "-m", "market", name], cwd=ROOT, env=environment(home), stderr=subprocess.PIPE, text=True)
            for name in ("feed", "web")
        ]
        feeder, web = started
        try:
            where = until(lambda: beat(home, "address"), web)
            assert where["pid"] == web.pid
            until(lambda: (beat(home, "feeder") or {}).get("cursor") == 5, feeder)
            assert beat(home, "feeder")["pid"] == feeder.pid
            with httpx.Client(base_url=where["url"], trust_env=False) as client:
                until(lambda: client.get("/api/v1/search").json().get("total") == {"value": 5, "exact": True}, web)
                store.save([invented(5)])
                until(lambda: client.get("/api/v1/search").json()["total"]["value"] == 6, feeder)
                assert client.get("/healthz").status_code == 200
            for process in started:
                process.send_signal(signal.SIGTERM)
            assert [process.wait(30) for process in started] == [0, 0]
            assert beat(home, "address") is None
            assert beat(home, "feeder") is None
        finally:
            for process in started:
                if process.poll() is None:
                    process.kill()
                process.communicate()


class Impatient(PatientProtocol):
    """The same protocol with a limit that a test can wait for."""

    head_seconds = 0.3


class Served:
    """The application on a real socket, in a thread."""

    def __init__(self, market: Market, protocol: type[PatientProtocol]) -> None:
        self.listener = bind(market.settings)
        self.url = address(market.settings, self.listener)
        self.server = uvicorn.Server(configuration(market.app, protocol))
        self.thread = threading.Thread(target=lambda: self.server.run(sockets=[self.listener]), daemon=True)
        self.thread.start()
        until(lambda: self.server.started)

    def connect(self) -> socket.socket:
        return socket.create_connection(self.listener.getsockname()[:2], timeout=WAIT_SECONDS)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(WAIT_SECONDS)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    for market in open_market(tmp_path_factory.mktemp("served") / "home", port=0):
        market.register("test_portal", "虚构交易平台")
        market.ran("test_portal", Verdict.COMPLETE, "完整")
        market.save([invented(number) for number in range(20)])
        running = Served(market, Impatient)
        try:
            yield running
        finally:
            running.stop()


@pytest.mark.parametrize("beginning", [
    b"", b"GET / HTT", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nab",
])
def test_a_request_that_never_arrives_whole_is_cut_off(served: Served, beginning: bytes) -> None:
    with served.connect() as connection:
        connection.sendall(beginning)
        received = b""
        while piece := connection.recv(4096):  # ends only when the server closes
            received += piece
    assert b" 200 " not in received.split(b"\r\n")[0] or b"Content-Length" in beginning


def test_dripping_bytes_do_not_buy_time(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        closed = threading.Event()

        def drip() -> None:
            while not closed.is_set():
                try:
                    connection.sendall(b"a")
                except OSError:
                    return
                closed.wait(0.05)

        dripping = threading.Thread(target=drip, daemon=True)
        dripping.start()
        try:
            while connection.recv(4096):
                pass
        except ConnectionError:
            pass  # closed while we were still sending: a reset is an end too
        closed.set()
        dripping.join(WAIT_SECONDS)


def test_idle_connections_do_not_keep_others_out(served: Served) -> None:
    idle = [served.connect() for _ in range(60)]
    try:
        with httpx.Client(base_url=served.url, trust_env=False) as client:
            for _ in range(3):
                assert client.get("/api/v1/search?q=监控").status_code == 200
    finally:
        for connection in idle:
            connection.close()


def test_several_requests_on_one_connection(served: Served) -> None:
    with httpx.Client(base_url=served.url, trust_env=False) as client:
        for _ in range(5):
            assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("request_line", [
    b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n\r\n", b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
])
def test_an_odd_request_is_refused_and_the_server_goes_on(served: Served, request_line: bytes) -> None:
    with served.connect() as connection:
        connection.sendall(request_line)
        first = connection.recv(4096).split(b"\r\n")[0]
    assert first.split(b" ")[1] in (b"400", b"413", b"414", b"421", b"431")
    with httpx.Client(base_url=served.url, trust_env=False) as client:
        assert client.get("/healthz").status_code == 200


def test_head_is_get_without_its_body(served: Served) -> None:
    with httpx.Client(base_url=served.url, trust_env=False) as client:
        for path in ("/", "/healthz", "/api/v1/search", "/static/style.css"):
            answer = client.head(path)
            assert (answer.status_code, answer.content) == (200, b"")
            assert client.get(path).status_code == 200


def test_a_taken_port_is_told_in_a_sentence(served: Served) -> None:
    port = served.listener.getsockname()[1]
    with pytest.raises(ConfigurationError, match="不能监听"):
        bind(Settings(home=Path("unused"), port=port))
