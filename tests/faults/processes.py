"""Programs run apart, so that a limit or a mount of theirs ends with them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run_code(code: str, *arguments: object, before: Sequence[str] = (), timeout: float = 240) -> subprocess.CompletedProcess[str]:
    """Run Python code in the project's folder; ``before`` is put in front of the interpreter (unshare, strace …)."""
    return subprocess.run(
        [*before, sys.executable, "-c", code, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True,
        timeout=timeout, check=False,
    )


def acknowledged(output: str) -> int:
    """The last step of an ``acked N`` line; -1 when there is none."""
    return max((int(line.split()[1]) for line in output.splitlines() if line.startswith("acked")), default=-1)
