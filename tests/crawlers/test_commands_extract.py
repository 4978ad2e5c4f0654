"""``market extract``: files of every kind, rows one by one, bad rows told and passed over."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from crawlers import commands_extract
from opportunity.errors import BadInput, NotFound
from opportunity.notice import SHANGHAI, Origin
from opportunity.page import Page, PageRequest
from opportunity.settings import Settings
from opportunity.store import open_store

BODY = "采购人：宁波市鄞州区栎舟中学\n预算金额：50万元\n投标截止时间：2026年3月20日9:00"
HTML = "<html><head><title>课桌椅采购项目招标公告</title></head><body><p>采购人：栎舟中学</p><p>预算金额：50万元</p></body></html>"


def run(*arguments: str, stdin: bytes | None = None) -> Any:
    app = typer.Typer()
    commands_extract.register(app)
    app.command("other")(lambda: None)  # a second command, so that the first keeps its name
    return CliRunner().invoke(app, ["extract", *arguments], input=stdin)


@pytest.mark.parametrize(("name", "content"), [
    ("a.html", HTML.encode()), ("a.html", HTML.encode("gb18030")), ("a.txt", ("课桌椅采购项目招标公告\n" + BODY).encode()),
    ("a.json", json.dumps({"title": "课桌椅采购项目招标公告", "body": BODY}).encode()),
    ("a.json", json.dumps({"title": "课桌椅采购项目招标公告", "content": HTML}).encode()),
])
def test_one_file_as_json(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    result = run(str(tmp_path / name), "--json")
    assert result.exit_code == 0
    out = json.loads(result.stdout)
    assert out["fields"]["budget"]["value"] == 500000
    budget = out["fields"]["budget"]
    assert out["plain"][budget["start"] : budget["end"]] == budget["text"] == "50万元"
    assert out["fields"]["title"]["value"] == "课桌椅采购项目招标公告"


def test_one_file_for_people(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(HTML, "utf-8")
    result = run(str(tmp_path / "a.html"))
    assert result.exit_code == 0 and "预算金额" in result.stdout and "500000" in result.stdout and "50万元" in result.stdout


def test_standard_input_and_a_stated_title() -> None:
    result = run("-", "--json", "--title", "课桌椅采购项目竞争性磋商公告", stdin=BODY.encode())
    assert json.loads(result.stdout)["fields"]["type"]["value"] == "consultation"


def test_a_stored_page_by_its_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKET_HOME", str(tmp_path))
    monkeypatch.delenv("MARKET_DATABASE", raising=False)
    content = HTML.encode("gb18030")
    page = Page(
        request=PageRequest(url="http://127.0.0.1/1", purpose="notice"), url="http://127.0.0.1/1", status=200, headers={},
        content=content, text=HTML, encoding="gb18030", replaced=0, fetched_at=dt.datetime(2026, 3, 1, tzinfo=SHANGHAI),
        origin=Origin.REPLICA,
    )
    store = open_store(Settings())
    try:
        name = store.save_page(page)
    finally:
        store.close()
    result = run(name, "--json")
    assert result.exit_code == 0 and json.loads(result.stdout)["fields"]["budget"]["value"] == 500000
    assert isinstance(run("0" * 64, "--json").exception, NotFound)


def test_rows_one_by_one_and_bad_ones_told(tmp_path: Path) -> None:
    rows = [
        json.dumps({"id": "a", "title": "课桌椅采购项目招标公告", "body": BODY}).encode(),
        b"no json", b"[1]", b"\xff\xfe", b'{"id": 1, "title": 5}', b'{"id": 2}', b"", b"[" * 100_000,
        json.dumps({"id": 7, "title": "甲工程中标公告", "body": "<p>中标人：甲有限公司、乙有限公司</p>"}).encode(),
        b'{"id": null, "title": "\\ud800 \xe5\x85\xac\xe5\x91\x8a", "body": "x"}',
    ]
    (tmp_path / "rows.jsonl").write_bytes(b"\xef\xbb\xbf" + b"\n".join(rows))
    result = run(str(tmp_path / "rows.jsonl"), "--jsonl")
    assert result.exit_code == 1
    out = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["id"] for row in out] == ["a", 7, None]
    assert out[0]["fields"]["budget"]["value"] == 500000 and out[0]["plain"] == BODY
    assert [one["value"] for one in out[1]["fields"]["suppliers"]] == ["甲有限公司", "乙有限公司"]
    told = result.stderr
    for line in (2, 3, 4, 5, 6, 8):
        assert f"第 {line} 行未读" in told
    assert "共 6 行未读" in told


def test_good_rows_only(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps({"id": 1, "title": "公告", "body": ""}) + "\n\n", "utf-8")
    result = run(str(tmp_path / "rows.jsonl"), "--jsonl")
    assert result.exit_code == 0 and result.stderr == "" and len(result.stdout.splitlines()) == 1


@pytest.mark.parametrize("arguments", [("missing.html",), ("missing.jsonl", "--jsonl"), ("0" * 63,), (".", "--jsonl")])
def test_what_cannot_be_read_is_refused(arguments: tuple[str, ...]) -> None:
    assert isinstance(run(*arguments).exception, BadInput)


def test_a_json_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{", "utf-8")
    assert isinstance(run(str(tmp_path / "a.json")).exception, BadInput)
