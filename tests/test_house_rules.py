"""House rules that a machine can hold: small modules, pure readers, one file a source, no hosts in locks."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("opportunity", "crawlers", "indexer", "linking", "alerts", "search_api", "schedules")
SOURCES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
SPIDERS = sorted(f for f in (ROOT / "crawlers" / "spiders").glob("*.py") if f.stem != "__init__")


def relative(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("file", SOURCES, ids=relative)
def test_module_is_small_enough_to_read(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").count("\n")
    assert lines <= 340, f"{relative(file)} has {lines} lines: split it by role"


def test_functions_are_small_enough_to_read() -> None:
    long = []
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > 60:
                    long.append(f"{relative(file)}:{node.lineno} {node.name} {length}")
    assert long == []


def test_public_modules_say_what_they_are_for() -> None:
    silent = [
        relative(file)
        for file in SOURCES
        if file.read_text(encoding="utf-8").strip() and not ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    ]
    assert silent == []


@pytest.mark.parametrize("file", SPIDERS, ids=relative)
def test_one_source_is_one_file_and_one_recording(file: Path) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)+", file.stem), "full words, nothing abbreviated"
    assert not file.stem.startswith("demo_")
    recording = ROOT / "tests" / "recordings" / file.stem / "recording.json"
    assert json.loads(recording.read_text(encoding="utf-8"))["origin"] in {"recorded", "synthetic"}
    lines = file.read_text(encoding="utf-8").count("\n")
    assert lines <= 120


def test_no_orphan_recordings() -> None:
    recordings = {folder.name for folder in (ROOT / "tests" / "recordings").iterdir() if folder.is_dir()}
    assert recordings == {file.stem for file in SPIDERS}


IMPURE = {"time", "socket", "requests", "httpx", "urllib.request", "scrapy", "twisted", "random", "subprocess", "os"}


@pytest.mark.parametrize(
    "file", [*sorted((ROOT / "crawlers" / "platforms").glob("*.py")), *SPIDERS], ids=relative
)
def test_readers_are_pure(file: Path) -> None:
    """A reader sees a Page and nothing else: no network, clock, Scrapy type or randomness."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        if relative(file) == "crawlers/spiders/__init__.py":
            continue
        assert not {name for name in names if name in IMPURE or name.split(".")[0] in IMPURE}, names
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"now", "utcnow", "today"}, f"line {node.lineno}: the clock is passed in"


def test_no_naive_clock_outside_the_edges() -> None:
    """datetime.utcnow and date.today give times without a zone or from nowhere; nothing uses them."""
    pattern = re.compile(r"\.utcnow\(|date\.today\(|datetime\.now\(\)")
    assert [relative(f) for f in SOURCES if pattern.search(f.read_text(encoding="utf-8"))] == []


def test_lock_pins_with_hashes_and_names_no_host() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    assert "--index" not in lock
    assert "--find-links" not in lock
    blocks = re.split(r"\n(?=[a-z0-9])", lock.strip(), flags=re.IGNORECASE)
    assert len(blocks) > 60
    for block in blocks:
        assert re.match(r"[A-Za-z0-9._\[\]-]+==\S+", block), block[:80]
        assert "--hash=sha256:" in block, block[:80]


def test_the_settings_page_is_current() -> None:
    from tools.make_settings_doc import TARGET, settings_page

    assert TARGET.read_text(encoding="utf-8") == settings_page(), "run: .venv/bin/python -m tools.make_settings_doc"


def test_only_settings_reads_the_environment() -> None:
    reading = [
        relative(file)
        for file in SOURCES
        if re.search(r"os\.environ|os\.getenv|getenv\(", file.read_text(encoding="utf-8"))
    ]
    assert set(reading) <= {"opportunity/settings.py"}
