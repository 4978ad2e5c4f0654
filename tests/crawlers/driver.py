"""Runs crawls of the invented source, each in a process forked from this one: `python -m tests.crawlers.driver`.

Each line of standard input names a JSON file: home, id, base, and optionally source, platform,
limits, replicas, resolver, since, certificate, busy_seconds. Its child's process id is answered; the finished run (or the
error's code and message) is written beside the file as .out, what it said as .err, and when it
has ended its exit code as .code.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import select
import shutil
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from twisted.internet import defer

import crawlers.spider  # noqa: F401  (loaded once, before the fork)
from crawlers.crawl_process import crawl_source
from crawlers.extraction import extract
from crawlers.run_report import run_json
from crawlers.waiting import Limits
from opportunity.errors import MarketError
from opportunity.settings import Settings
from opportunity.store import open_store
from tests.crawlers.bench import BenchPlatform, bench_source


class Names:
    """A toy name server: the n-th look-up of a name gets the n-th list of addresses (then the last)."""

    def __init__(self, answers: dict[str, list[list[str]]]) -> None:
        self._answers = {name: list(lists) for name, lists in answers.items()}

    def __call__(self, host: str) -> defer.Deferred[list[str]]:
        lists = self._answers.get(host)
        if lists is None:
            return defer.fail(OSError(f"no such name {host}"))
        if not lists:
            # A name server that never answers.
            return defer.Deferred()
        return defer.succeed(lists.pop(0) if len(lists) > 1 else lists[0])


def say(line: str) -> None:
    sys.stderr.write(line + "\n")


def main(file: str) -> int:
    logging.basicConfig(level=logging.WARNING)
    asked: dict[str, Any] = json.loads(Path(file).read_text("utf-8"))
    if "certificate" in asked:
        # What OpenSSL takes for the system's list of authorities.
        os.environ["SSL_CERT_FILE"] = asked["certificate"]
    settings = Settings(
        home=Path(asked["home"]),
        replicas=asked.get("replicas", f"{asked['id']}={asked['base']}"),
        busy_seconds=asked.get("busy_seconds", 30.0),
    )
    since = asked.get("since")
    try:
        run = crawl_source(
            bench_source(asked["id"], asked["base"], **asked.get("source", {})),
            BenchPlatform(**asked.get("platform", {})),
            settings,
            limits=Limits(**asked.get("limits", {})),
            resolver=Names(asked["resolver"]) if "resolver" in asked else None,
            since=dt.datetime.fromisoformat(since) if since else None,
            progress=say,
        )
    except MarketError as error:
        sys.stdout.write(json.dumps({"error": error.code, "message": error.message}))
        return 1
    sys.stdout.write(json.dumps(run_json(run)))
    return 0


def child(file: str, template: Path) -> int:
    """Fork; the child never returns from here."""
    home = Path(json.loads(Path(file).read_text("utf-8"))["home"])
    if not home.exists():
        shutil.copytree(template, home)
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        for number, suffix in ((1, ".out"), (2, ".err")):
            os.dup2(os.open(Path(file).with_suffix(suffix), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        code = main(file)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def warm(template: Path) -> None:
    """What every crawl would otherwise do again: an empty home, and the readers' first use."""
    open_store(Settings(home=template)).close()
    extract("公告", "预算金额：300000元")


def serve(template: Path) -> None:
    children: dict[int, str] = {}
    asking = True
    while asking or children:
        if asking and select.select([0], [], [], 0.02)[0]:
            line = sys.stdin.readline().strip()
            asking = bool(line)
            if line:
                pid = child(line, template)
                children[pid] = line
                sys.stdout.write(f"{pid}\n")
                sys.stdout.flush()
        for pid, file in list(children.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del children[pid]
                code = Path(file).with_suffix(".code.new")
                code.write_text(str(os.waitstatus_to_exitcode(status)), "ascii")
                code.replace(Path(file).with_suffix(".code"))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        warm(Path(folder))
        serve(Path(folder))
