"""robots.txt by RFC 9309: what an answer means, and a cache of it for at most a day.

| robots.txt | meaning |
|---|---|
| 200 | its rules (the first 500 KiB of it) |
| 4xx except 429 | no rules: everything is allowed (§2.3.1.3) |
| 429, 5xx, no connection, time-out, broken body, more than five redirects | nothing is allowed for now (§2.3.1.4) |

“For now” is not kept: the next run asks again. Rules and their absence are kept on disk for 24 hours.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from protego import Protego

from opportunity.errors import Blocked

KEPT = dt.timedelta(hours=24)
READ = 500 * 1024
MOST_REDIRECTS = 5


class RobotsRefusal(Blocked):
    """robots.txt forbids the page, or could not be had, which forbids every page for now."""

    code = "robots"


@dataclass(frozen=True, slots=True)
class Rules:
    """What robots.txt of one origin allows us. ``refusal`` is the sentence when nothing is allowed for now."""

    text: str = ""
    refusal: str = ""

    def check(self, url: str, robot: str) -> None:
        """Raises ``RobotsRefusal`` when ``robot`` may not fetch ``url``."""
        if self.refusal:
            raise RobotsRefusal(self.refusal, url=url)
        if self.text and not _parsed(self.text).can_fetch(url, robot):
            raise RobotsRefusal(f"robots.txt 不允许抓取 {urlsplit(url).path[:200]}", url=url)

    def delay(self, robot: str) -> float:
        """Least seconds between two requests that the rules ask for (Crawl-delay, Request-rate)."""
        if not self.text:
            return 0.0
        parsed = _parsed(self.text)
        rate = parsed.request_rate(robot)
        paced = rate.seconds / rate.requests if rate is not None and rate.requests > 0 else 0.0
        return max(float(parsed.crawl_delay(robot) or 0.0), paced, 0.0)


@functools.lru_cache(maxsize=8)
def _parsed(text: str) -> Protego:
    return Protego.parse(text)


def rules_of(status: int, body: bytes) -> Rules:
    """What a final (not redirected) answer for robots.txt means."""
    if status == 429 or status >= 500:
        return Rules(refusal=f"robots.txt 返回 {status}，按 RFC 9309 暂不抓取")
    if 400 <= status < 500:
        return Rules()
    if status != 200:
        return Rules(refusal=f"robots.txt 返回 {status}，无法确定规则，暂不抓取")
    if len(body) > READ:
        # Whole lines only: half a rule would mean something else.
        body = body[: body.rfind(b"\n", 0, READ) + 1] if b"\n" in body[:READ] else b""
    return Rules(text=body.decode("utf-8-sig", errors="replace").replace("\0", ""))


def unreachable(why: str) -> Rules:
    """robots.txt could not be had at all."""
    return Rules(refusal=f"robots.txt 无法取得（{why}），按 RFC 9309 暂不抓取")


def robots_url(url: str) -> str:
    """Where the rules for ``url`` stand: one file per scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/robots.txt"


class RobotsCache:
    """Rules kept in one folder (``home/run/robots``) across runs, never longer than 24 hours."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, url: str, now: dt.datetime) -> Rules | None:
        """The kept rules for a robots.txt URL, or None when they are to be fetched."""
        try:
            kept = json.loads(self._file(url).read_bytes())
            age = now - dt.datetime.fromisoformat(kept["fetched_at"])
            if kept["url"] == url and dt.timedelta(0) <= age < KEPT:
                return Rules(text=str(kept["text"]))
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return None

    def keep(self, url: str, rules: Rules, now: dt.datetime) -> None:
        """Remember rules; a refusal is not kept, so that the next run asks again."""
        if rules.refusal:
            return
        file = self._file(url)
        scratch = file.with_suffix(f".{os.getpid()}.new")
        scratch.write_text(json.dumps({"url": url, "fetched_at": now.isoformat(), "text": rules.text}), "utf-8")
        scratch.replace(file)

    def _file(self, url: str) -> Path:
        return self._folder / f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.json"
