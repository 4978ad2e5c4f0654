"""market import, take-down and quarantine as a person runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from crawlers import commands_import, commands_store
from opportunity.errors import BadInput, MarketError
from opportunity.notice import notice_id
from opportunity.settings import Settings
from opportunity.store import open_store

app = typer.Typer()
commands_import.register(app)
commands_store.register(app)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MARKET_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_import_then_quarantine_then_take_down(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"title":"湖心小学采购","id":"1","budget":"面议"}\n{"id":"2"}\n', encoding="utf-8")
    report = json.loads(run("import", str(path), "--json"))
    assert (report["read"], report["new"], report["refused"], report["kept_aside"]) == (2, 1, 1, 1)
    text = run("import", str(path))
    assert "未变 1" in text and "第 2 行：没有标题" in text and "第 1 行 budget" in text
    assert "没有标题" in run("quarantine", "--source", "import")
    [item] = json.loads(run("quarantine", "--json"))
    assert (item["payload"], item["times"]) == ('{"id":"2"}', 2)
    id = notice_id("import", "1")
    assert id in run("take-down", id, "--reason", "本人要求")
    assert "1 条已应要求下架" in run("import", str(path))
    with open_store(Settings(home=home)) as store:
        assert store.count() == 0


def test_what_cannot_be_done_is_an_error_of_ours(home: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        run("import", str(tmp_path / "none.csv"))
    with pytest.raises(MarketError):
        run("take-down", "none", "--reason", "r")
    assert CliRunner().invoke(app, ["take-down", "none", "--reason", " "]).exit_code == 2


def test_an_empty_quarantine_says_so(home: Path) -> None:
    with open_store(Settings(home=home)):
        pass
    assert "空" in run("quarantine")
