"""Searches against a web server that is about to be killed: every answer that arrives must be a whole one."""

from __future__ import annotations

import http.client
import json
import os
import signal
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from urllib.parse import quote

_SEARCHES = ("采购", "课桌椅", "湖心", "公告 NOT 更正", "", '"采购公告"')


class WebLoad:
    """One client. A kept ranked list (its cursor) is a promise that the next server must honour."""

    def __init__(self, home: Path) -> None:
        self._file = home / "run" / "address.json"
        self._address = ""
        self._next: tuple[str, str] | None = None
        self.answers: Counter[int] = Counter()
        self.wrong: list[str] = []
        self.cursors_kept = self.cursors_lost = self.cut_off = 0

    def find(self, pid: int) -> bool:
        """Whether the server of that process has said where it listens."""
        try:
            said = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return False
        self._address = str(said["url"]).removeprefix("http://")
        return bool(said["pid"] == pid)

    def search_until_killed(self, pid: int, seconds: float, *, start_seconds: float = 0.0) -> None:
        """Search for so long; then, in the middle of whatever goes on, the process is killed."""
        deadline = time.monotonic() + start_seconds
        while start_seconds and not self.find(pid):
            if time.monotonic() > deadline or os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                return
            time.sleep(0.01)

        def strike(number: int, frame: FrameType | None) -> None:
            os.kill(pid, signal.SIGKILL if not start_seconds else signal.SIGTERM)

        before = signal.signal(signal.SIGALRM, strike)
        signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
        try:
            turn = 0
            while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                self._ask(turn)
                turn += 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def _ask(self, turn: int) -> None:
        if self._next is not None:
            query, cursor = self._next
            body = self._get(f"/api/v1/search?q={quote(query)}&limit=3&cursor={quote(cursor)}")
            if body is None:
                return
            self._next = None
            kept = "hits" in body
            self.cursors_kept += kept
            self.cursors_lost += not kept
            return
        query = _SEARCHES[turn % len(_SEARCHES)]
        body = self._get(f"/api/v1/search?q={quote(query)}&limit=3")
        if body and body.get("next"):
            self._next = (query, str(body["next"]))

    def _get(self, target: str) -> dict[str, object] | None:
        """The JSON of a whole answer; None when the connection was cut or the service said it is not ready."""
        connection = http.client.HTTPConnection(self._address, timeout=30)
        try:
            connection.request("GET", target)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            self.cut_off += 1
            return None
        finally:
            connection.close()
        self.answers[answer.status] += 1
        try:
            found = json.loads(body)
        except ValueError:
            self.wrong.append(f"{answer.status} {body[:60]!r}")
            return None
        if answer.status == 503:
            return None
        if answer.status != 200 or not {"total", "hits", "as_of"} <= found.keys():
            self.wrong.append(f"{answer.status} {target[:60]} {str(found)[:160]}")
        return dict(found)

    def report(self) -> dict[str, object]:
        return {
            "answers": dict(self.answers), "wrong_answers": self.wrong[:5], "cut_off": self.cut_off,
            "cursors_kept": self.cursors_kept, "cursors_lost": self.cursors_lost,
        }
