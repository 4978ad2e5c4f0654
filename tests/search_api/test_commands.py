"""The commands of search, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from opportunity.errors import BadQuery
from opportunity.heartbeat import remove_heartbeat, write_heartbeat
from opportunity.run import Verdict
from opportunity.settings import Settings
from opportunity.store import open_store
from search_api import commands
from tests.search_api.conftest import open_market
from tests.search_api.notices import NOW, incoming, invented, notice

app = typer.Typer()
commands.register(app)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with forty notices that are not indexed yet."""
    folder = tmp_path_factory.mktemp("commands") / "home"
    for market in open_market(folder):
        market.register("test_portal", "虚构交易平台")
        market.ran("test_portal", Verdict.BLOCKED, "网站返回验证码页面")
        market.store.save([invented(number) for number in range(40)])
        market.store.save([incoming(notice("e", "控制\x1b[31m符\r\n公告", "正文"))])
    return folder


@pytest.fixture(autouse=True)
def in_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKET_HOME", str(home))


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words)


@pytest.fixture(scope="module")
def fed(home: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MARKET_HOME", str(home))
        assert run("feed", "--once").exit_code == 0


@pytest.mark.usefixtures("fed")
def test_search_prints_the_answer_as_json_and_nothing_else() -> None:
    found = run("search", "采购", "--json", "--limit", "3", "--sort", "budget")
    assert found.exit_code == 0, found.output
    answer = json.loads(found.stdout)
    assert answer["total"] == {"value": 40, "exact": True}
    assert answer["as_of"]["seq"] == 41
    assert [hit["budget"] for hit in answer["hits"]] == sorted((hit["budget"] for hit in answer["hits"]), key=float, reverse=True)
    assert len(answer["hits"]) == 3
    following = json.loads(run("search", "采购", "--json", "--limit", "3", "--sort", "budget", "--cursor", answer["next"]).stdout)
    assert {hit["id"] for hit in answer["hits"]} & {hit["id"] for hit in following["hits"]} == set()


@pytest.mark.usefixtures("fed")
def test_search_lists_hits_for_people_with_the_state_of_the_sources() -> None:
    shown = run("search", "采购", "--limit", "2").stdout
    assert "40 条公告" in shown
    assert "虚构交易平台（被拦截）" in shown
    assert "\x1b[31m符" not in run("search", "公告 符").stdout


@pytest.mark.usefixtures("fed")
def test_rebuild_gives_the_same_answers() -> None:
    before = json.loads(run("search", "监控", "--json").stdout)
    rebuilt = run("rebuild")
    assert rebuilt.exit_code == 0, rebuilt.output
    after = json.loads(run("search", "监控", "--json").stdout)
    assert [hit["id"] for hit in after["hits"]] == [hit["id"] for hit in before["hits"]]
    assert after["total"] == before["total"]


def test_query_explains_how_a_search_is_read() -> None:
    assert "监控" in run("query", "监控 -食堂").stdout


def test_a_bad_query_raises_an_error_of_ours() -> None:
    refused = run("search", "( " * 40 + "a" + " )" * 40)
    assert isinstance(refused.exception, BadQuery)


def test_a_search_without_an_index_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKET_HOME", str(tmp_path / "fresh"))
    with open_store(Settings()) as store:
        assert store.count() == 0
    assert "market feed" in str(run("search", "采购").exception)


def test_a_beat_of_another_process_is_left_alone(tmp_path: Path) -> None:
    write_heartbeat(tmp_path, "address", NOW, url="http://127.0.0.1:1")
    file = tmp_path / "run" / "address.json"
    file.write_text(file.read_text().replace('"pid": ', '"pid": 1'))
    remove_heartbeat(tmp_path, "address")
    assert file.exists()
    write_heartbeat(tmp_path, "address", NOW, url="http://127.0.0.1:1")
    remove_heartbeat(tmp_path, "address")
    assert not file.exists()
