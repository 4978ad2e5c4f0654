"""Helpers of the tests that run whole crawls in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
QUICK: dict[str, Any] = {"timeout": 1.5, "connect_timeout": 1.0, "patience": 5.0, "attempts": 2, "back_off": 2.0}


def start(home: Path, base: str, id: str = "demo_bench", **asked: Any) -> subprocess.Popen[str]:
    """Start a crawl; ``asked`` as in ``tests.crawlers.driver``, with small limits by default."""
    asked = {"home": str(home), "id": id, "base": base, **asked, "limits": {**QUICK, **asked.get("limits", {})}}
    file = home.parent / f"{uuid.uuid4().hex}.json"
    file.write_text(json.dumps(asked), "utf-8")
    return subprocess.Popen(
        [sys.executable, "-m", "tests.crawlers.driver", str(file)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def result(process: subprocess.Popen[str], timeout: float = 60) -> dict[str, Any]:
    """The finished run (or the error) of a crawl that was started."""
    out, errors = process.communicate(timeout=timeout)
    assert out, errors
    value: dict[str, Any] = json.loads(out)
    value["stderr"] = errors
    return value


def crawl(home: Path, base: str, **asked: Any) -> dict[str, Any]:
    return result(start(home, base, **asked))


def labels(run: dict[str, Any]) -> set[str]:
    return {problem["label"] for problem in run["problems"]}
