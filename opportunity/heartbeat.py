"""Heartbeats (心跳): each long-running process writes what it last did, so that silence is seen."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any


def write_heartbeat(home: Path, name: str, at: dt.datetime, **facts: Any) -> None:
    """Replace ``home/run/<name>.json`` atomically."""
    folder = home / "run"
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f".{name}.json.{os.getpid()}"
    beside.write_text(json.dumps({"at": at.isoformat(), "pid": os.getpid(), **facts}, ensure_ascii=False), "utf-8")
    beside.replace(folder / f"{name}.json")


def read_heartbeat(home: Path, name: str) -> dict[str, Any] | None:
    """The last heartbeat of a process, or None when it never wrote one."""
    try:
        value = json.loads((home / "run" / f"{name}.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def remove_heartbeat(home: Path, name: str) -> None:
    """Take the file away if it is this process's own: a successor's stays."""
    beat = read_heartbeat(home, name)
    if beat is not None and beat.get("pid") == os.getpid():
        (home / "run" / f"{name}.json").unlink(missing_ok=True)
