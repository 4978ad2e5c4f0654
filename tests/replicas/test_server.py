"""The request log, the control addresses and the command."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from opportunity.notice import SHANGHAI
from tests.replicas.client import epoint_page, fetch, ggzy_page
from tests.replicas.replica import Replica

ROOT = Path(__file__).resolve().parents[2]


def test_the_log_counts_what_runs_at_once(replica: Replica) -> None:
    replica.ggzy.faults.add("slow_drip", count=1, seconds=60.0)
    address = replica.ggzy.base.removeprefix("http://")
    slow = http.client.HTTPConnection(address, timeout=20)
    slow.request("POST", "/information/pubTradingInfo/getTradList", body=b"DEAL_TIME=03", headers={"User-Agent": "slow"})
    slow.getresponse()  # its head is here, its body is not
    assert ggzy_page(replica.ggzy.base).status == 200
    first, second = replica.ggzy.log
    assert (first.concurrent, first.user_agent, first.faults, first.ended) == (1, "slow", ("slow_drip",), None)
    assert (second.concurrent, second.method, second.status, second.host, second.faults) == (2, "POST", 200, address, ())
    assert first.began < second.began
    slow.close()


def test_the_control_addresses(replica: Replica) -> None:
    base = replica.epoint.base
    assert fetch(f"{base}/__fault?name=login_200&count=1").status == 200
    assert "用户登录" in epoint_page(base).text
    published = json.loads(fetch(f"{base}/__publish?count=2").text)
    assert {row["key"] for row in published} <= {row["key"] for row in json.loads(fetch(f"{base}/__truth").text)}
    corrected = json.loads(fetch(f"{base}/__correct?key={published[0]['key']}").text)
    assert corrected["type"] == "correction"
    assert fetch(f"{base}/__fault?name=nothing").status == 400
    assert [row[3] for row in json.loads(fetch(f"{base}/__log").text)] == ["/inteligentsearch/rest/esinteligentsearch/getFullTextDataNew"]


def test_without_control_the_addresses_are_shut(still: Replica) -> None:
    assert fetch(f"{still.ggzy.base}/__truth").status == 404


def _started(state: Path, *more: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-m", "tests.replicas", "--state", str(state), "--notices", "30", *more], cwd=ROOT)
    deadline = dt.datetime.now(SHANGHAI) + dt.timedelta(seconds=60)
    while not state.exists():
        assert process.poll() is None and dt.datetime.now(SHANGHAI) < deadline
        threading.Event().wait(0.05)
    return process


def test_the_command_writes_its_state_and_stops_on_a_signal(tmp_path: Path) -> None:
    state = tmp_path / "replicas.json"
    process = _started(state, "--seed", "8")
    try:
        told = json.loads(state.read_text(encoding="utf-8"))
        assert told.pop("_pid") == {"pid": process.pid}
        assert set(told) == {"demo_national_public_resources", "demo_jiangsu_public_resources", "demo_national_government_procurement"}
        assert all(fetch(base + "/robots.txt").status in (200, 404) for base in told.values())
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert not state.exists()


def test_the_command_stops_when_its_parent_has_gone(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    process = _started(tmp_path / "replicas.json", "--parent", str(parent.pid))
    try:
        parent.communicate(b"")
        assert process.wait(30) == 0
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
