"""Planting: a copy of the project, one bug in it at a time, and the tests that should notice it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.planted.bugs import Bug

ROOT = Path(__file__).parents[2]
_COPIED = (
    "opportunity", "crawlers", "indexer", "linking", "alerts", "search_api", "schedules", "tests", "docs", "tools",
    "benchmarks", "market.py", "pyproject.toml", "scrapy.cfg", "requirements.lock", "README.md", "Makefile",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Whether the tests failed, and the names of those that did."""

    caught: bool
    failed: tuple[str, ...]
    output: str


class Garden:
    """A copy of the project in a folder of its own; the original is only read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in _COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
            elif source.exists():
                shutil.copy2(source, folder / name)

    def run(self, tests: Iterable[str]) -> Outcome:
        """Run tests in the copy; compiled files are not kept, for a bug may not change a file's size or second."""
        environment = {
            **os.environ, "PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1", "HYPOTHESIS_STORAGE_DIRECTORY":
            str(self.folder / ".hypothesis"),
        }
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-n0", "-q", "-x", "-p", "no:cacheprovider", "--tb=line", *tests],
            cwd=self.folder, env=environment, capture_output=True, text=True, timeout=1200,
        )
        if done.returncode not in (0, 1):
            raise RuntimeError(f"the tests did not run: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        failed = tuple(line.split()[1] for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR")))
        return Outcome(caught=done.returncode == 1, failed=failed, output=done.stdout)

    def plant(self, bug: Bug) -> Outcome:
        """Plant one bug, run its tests, and take it out again."""
        file = self.folder / bug.file
        sound = file.read_text("utf-8")
        file.write_text(planted(sound, bug), "utf-8")
        try:
            return self.run(bug.tests)
        finally:
            file.write_text(sound, "utf-8")


def planted(text: str, bug: Bug) -> str:
    """The text with the bug in it; ValueError when its place is not there exactly once."""
    if text.count(bug.old) != 1:
        raise ValueError(f"{bug.name}: its place stands {text.count(bug.old)} times in {bug.file}")
    return text.replace(bug.old, bug.new)
