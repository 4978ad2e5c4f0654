"""Runs one crawl of the invented source in a process of its own: `python -m tests.crawlers.driver FILE`.

FILE is JSON: home, id, base, and optionally source, platform, limits, replicas, resolver, since.
The finished run is printed as JSON, or the error's code and message.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
from pathlib import Path
from typing import Any

from twisted.internet import defer

from crawlers.crawl_process import crawl_source
from crawlers.run_report import run_json
from crawlers.waiting import Limits
from opportunity.errors import MarketError
from opportunity.settings import Settings
from tests.crawlers.bench import BenchPlatform, bench_source


class Names:
    """A toy name server: the n-th look-up of a name gets the n-th list of addresses (then the last)."""

    def __init__(self, answers: dict[str, list[list[str]]]) -> None:
        self._answers = {name: list(lists) for name, lists in answers.items()}

    def __call__(self, host: str) -> defer.Deferred[list[str]]:
        lists = self._answers.get(host)
        if lists is None:
            return defer.fail(OSError(f"no such name {host}"))
        return defer.succeed(lists.pop(0) if len(lists) > 1 else lists[0])


def main(file: str) -> int:
    logging.basicConfig(level=logging.WARNING)
    asked: dict[str, Any] = json.loads(Path(file).read_text("utf-8"))
    settings = Settings(home=Path(asked["home"]), replicas=asked.get("replicas", f"{asked['id']}={asked['base']}"))
    since = asked.get("since")
    try:
        run = crawl_source(
            bench_source(asked["id"], asked["base"], **asked.get("source", {})),
            BenchPlatform(**asked.get("platform", {})),
            settings,
            limits=Limits(**asked.get("limits", {})),
            resolver=Names(asked["resolver"]) if "resolver" in asked else None,
            since=dt.datetime.fromisoformat(since) if since else None,
            progress=lambda line: sys.stderr.write(line + "\n"),
        )
    except MarketError as error:
        sys.stdout.write(json.dumps({"error": error.code, "message": error.message}))
        return 1
    sys.stdout.write(json.dumps(run_json(run)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
