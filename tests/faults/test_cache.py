"""A jieba cache planted in the shared temporary folder is not read, whatever it is (fault 28)."""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
from pathlib import Path

import pytest

from indexer.words import cutter
from tests.faults.processes import ROOT

TEXT = "在建工程监控系统待处理"
CODE = f"from indexer.words import cutter; print(cutter(library='jieba').words('{TEXT}'))"


def plant(shared: Path, kind: str) -> Path:
    """As another user of the machine would: a valid marshal file with other words, or a link to somebody's file."""
    planted = shared / "jieba.cache"
    poisoned = marshal.dumps(({"在建工程监控系统待处理": 10**9}, 10**9))
    if kind == "marshal":
        planted.write_bytes(poisoned)
    else:
        victim = shared.parent / "victim"
        victim.write_bytes(poisoned if kind == "link to marshal" else b"precious")
        planted.symlink_to(victim)
    return planted


@pytest.mark.parametrize("kind", ["marshal", "link to marshal", "link to a victim"])
def test_a_planted_cache_changes_no_word_and_no_file(tmp_path: Path, kind: str) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    planted = plant(shared, kind)
    before = planted.read_bytes()
    environment = {"TMPDIR": str(shared), "PATH": os.environ.get("PATH", "")}
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", CODE], cwd=ROOT, env=environment, capture_output=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().strip() == str(cutter().words(TEXT))
    assert planted.read_bytes() == before
    assert planted.is_symlink() == kind.startswith("link")
    assert [entry.name for entry in shared.iterdir()] == ["jieba.cache"]
