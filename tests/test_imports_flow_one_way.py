"""Imports flow one way, and each library stays inside its fence. Read from the code itself with ast."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# package -> the packages of ours it may import
MAY_IMPORT = {
    "opportunity": set[str](),
    "crawlers": {"opportunity"},
    "indexer": {"opportunity"},
    "linking": {"opportunity", "crawlers", "indexer"},
    "alerts": {"opportunity", "crawlers", "indexer", "linking"},
    "search_api": {"opportunity", "indexer", "linking", "alerts"},
    "schedules": {"opportunity"},
}
OURS = {*MAY_IMPORT, "market", "tests", "benchmarks", "tools"}

# library -> path prefixes (of modules) that may import it
FENCES = {
    "scrapy": ("crawlers/",),
    "twisted": ("crawlers/",),
    "parsel": ("crawlers/",),
    "bs4": ("crawlers/",),
    "lxml": ("crawlers/",),
    "protego": ("crawlers/",),
    "jieba": ("indexer/words.py",),
    "rjieba": ("indexer/words.py",),
    "tantivy": ("indexer/engines/embedded",),
    "elasticsearch": ("indexer/engines/elastic",),
    "elastic_transport": ("indexer/engines/elastic",),
    "fastapi": ("search_api/",),
    "starlette": ("search_api/",),
    "jinja2": ("search_api/",),
    "uvicorn": ("search_api/",),
    "prometheus_client": ("search_api/",),
    "apscheduler": ("schedules/",),
    "alembic": ("opportunity/store/",),
    "pydantic_settings": ("opportunity/settings.py",),
    "typer": ("market.py", "crawlers/commands", "search_api/commands", "schedules/commands"),
}
# sqlalchemy: the store, and each package's own tables and the module beside it that reads them
SQLALCHEMY = ("opportunity/store/", "schedules/", "search_api/tables.py", "search_api/stored_results.py",
              "linking/tables.py", "alerts/tables.py")


def modules() -> Iterator[tuple[str, ast.Module]]:
    for package in [*MAY_IMPORT, "market.py"]:
        path = ROOT / package
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            if file.exists():
                yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            yield node.module, node.lineno
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level, node.lineno


def wrong_imports(files: Iterator[tuple[str, ast.Module]]) -> list[str]:
    """Every import that breaks a rule, as file:line: what."""
    wrong = []
    for file, tree in files:
        package = file.split("/")[0]
        for name, line in imported(tree):
            top = name.split(".")[0]
            if name.startswith("."):
                wrong.append(f"{file}:{line}: relative import")
            elif package == "market.py":
                continue
            elif top in OURS and top != package and top not in MAY_IMPORT[package]:
                wrong.append(f"{file}:{line}: {package} may not import {top}")
            elif top in FENCES and not file.startswith(FENCES[top]):
                wrong.append(f"{file}:{line}: {top} outside its fence {FENCES[top]}")
            elif top == "sqlalchemy" and not file.startswith(SQLALCHEMY):
                wrong.append(f"{file}:{line}: sqlalchemy outside its fence")
            elif (
                package == "opportunity"
                and not file.startswith("opportunity/store/")
                and file != "opportunity/settings.py"
                and top not in sys.stdlib_module_names
                and top != "opportunity"
            ):
                wrong.append(f"{file}:{line}: {top} is not of the standard library")
    return wrong


def test_imports_flow_one_way() -> None:
    assert wrong_imports(modules()) == []


def test_the_rule_sees_the_code() -> None:
    files = [file for file, _ in modules()]
    assert len(files) > 40
    assert {file.split("/")[0] for file in files} >= {"opportunity", "crawlers", "indexer", "search_api", "schedules"}


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("opportunity/notice.py", "import crawlers.reading"),
        ("opportunity/text.py", "import regex"),
        ("crawlers/reading.py", "from indexer.words import cutter"),
        ("indexer/feed.py", "import crawlers"),
        ("schedules/jobs.py", "import crawlers.spider"),
        ("search_api/app.py", "import scrapy"),
        ("indexer/feed.py", "import jieba"),
        ("indexer/feed.py", "import tantivy"),
        ("search_api/service.py", "import sqlalchemy"),
        ("crawlers/run_report.py", "import alembic"),
        ("indexer/feed.py", "from . import words"),
    ],
)
def test_each_rule_catches_its_breach(file: str, code: str) -> None:
    assert wrong_imports(iter([(file, ast.parse(code))])) != []
