"""The command as a process: its help must not wait for libraries that only single commands need."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = (
    "scrapy", "twisted", "sqlalchemy", "alembic", "tantivy", "elasticsearch", "fastapi", "pydantic_settings", "jieba", "rjieba",
    "lxml", "parsel", "bs4", "apscheduler", "structlog",
)  # fmt: skip
SHOW = """
import json, sys
import market
sys.argv = ["market", *sys.argv[1:]]
try:
    market.main()
except SystemExit as end:
    assert not end.code, end.code
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""


def loaded(*arguments: str) -> tuple[str, set[str]]:
    done = subprocess.run([sys.executable, "-c", SHOW, *arguments], capture_output=True, text=True, timeout=120, check=True)
    told, _, names = done.stdout.rstrip().rpartition("\n")
    return told, set(json.loads(names))


@pytest.mark.parametrize("arguments", [("--help",), ("source", "--help")])
def test_help_loads_no_heavy_library(arguments: tuple[str, ...]) -> None:
    told, names = loaded(*arguments)
    assert ("crawl" in told and "search" in told and "status" in told) if arguments == ("--help",) else "remove-demo" in told
    assert "typer" in names
    assert names.isdisjoint(HEAVY)


def test_a_query_is_explained_without_scrapy_or_the_web_framework() -> None:
    told, names = loaded("query", "虚构 路灯")
    assert told
    assert names.isdisjoint({"scrapy", "twisted", "fastapi", "apscheduler", "parsel", "bs4"})
