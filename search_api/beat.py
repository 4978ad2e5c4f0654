"""Small files in home/run that say what a process last did; replaced whole, so a reader never sees half."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any


def write_beat(home: Path, name: str, at: dt.datetime, **facts: Any) -> None:
    """Replace ``home/run/<name>.json``: the time, this process and ``facts``."""
    folder = home / "run"
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f".{name}.json.{os.getpid()}"
    beside.write_text(json.dumps({"at": at.isoformat(), "pid": os.getpid(), **facts}, ensure_ascii=False), "utf-8")
    beside.replace(folder / f"{name}.json")


def remove_beat(home: Path, name: str) -> None:
    """Take the file away if it is this process's own: a successor's stays."""
    file = home / "run" / f"{name}.json"
    try:
        if json.loads(file.read_text("utf-8")).get("pid") == os.getpid():
            file.unlink()
    except (OSError, ValueError):
        return
