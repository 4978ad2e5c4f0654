"""``market source …`` as a person runs it, on a home of its own; nothing leaves this machine."""

from __future__ import annotations

import dataclasses
import datetime as dt
import importlib.util
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from crawlers import commands, scaffold
from crawlers.commands_source import ROOT
from crawlers.recordings import compare, load_recording, pages_to_record, read_recording, save_recording
from crawlers.registration import register_sources, remove_demonstrations
from crawlers.sources_page import sources_page
from crawlers.spiders import all_sources
from opportunity.errors import BadInput, ConfigurationError, MarketError, NotFound
from opportunity.page import Page, PageRequest
from opportunity.settings import Settings
from opportunity.store import open_store

DEMO = "demo_jiangsu_public_resources"
REAL = "jiangsu_public_resources"


@pytest.fixture
def market(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    for name in ("CI", "MARKET_CONTACT", "MARKET_REPLICAS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MARKET_HOME", str(tmp_path / "home"))
    app = typer.Typer()
    commands.register(app)

    def run(*words: str, input: str | None = None, **environment: str) -> Result:
        return CliRunner().invoke(app, list(words), input=input, env=environment)

    return run


def told(result: Result) -> MarketError:
    assert isinstance(result.exception, MarketError)
    return result.exception


def test_list_registers_every_source_disabled(market: Callable[..., Result]) -> None:
    rows = json.loads(market("source", "list", "--json").output)
    assert {row["id"] for row in rows} >= {REAL, "national_public_resources", "national_government_procurement"}
    assert not any(row["enabled"] or row["demonstration"] for row in rows)
    assert "未启用，未在线核对" in market("source", "list").output


def test_enabling_asks_once_for_a_contact_and_keeps_it(market: Callable[..., Result]) -> None:
    first = market("source", "enable", REAL, input="someone@example.org\n")
    assert first.exit_code == 0, first.output
    assert "尚未在线核对" in first.output
    with open_store(Settings()) as store:
        assert (store.source_states()[REAL].enabled, store.source_states()[REAL].contact) == (
            True, "someone@example.org",
        )  # fmt: skip
    assert market("source", "disable", REAL).exit_code == 0
    assert market("source", "enable", REAL).exit_code == 0, "not asked again"
    with open_store(Settings()) as store:
        assert store.source_states()[REAL].enabled


@pytest.mark.parametrize("contact", ["", "someone", "a@b.org\r\nX: 1", "javascript:alert(1)", "a" * 200 + "@example.org"])
def test_a_contact_nobody_could_use_is_refused(market: Callable[..., Result], contact: str) -> None:
    result = market("source", "enable", REAL, "--contact", contact, input="\n")
    assert result.exit_code != 0
    with open_store(Settings()) as store:
        assert REAL not in store.source_states() or not store.source_states()[REAL].enabled


def test_a_build_machine_enables_nothing_real(market: Callable[..., Result]) -> None:
    result = market("source", "enable", REAL, "--contact", "someone@example.org", CI="true")
    assert isinstance(told(result), ConfigurationError)


def test_an_unknown_source_is_named_with_those_there_are(market: Callable[..., Result]) -> None:
    error = told(market("source", "enable", "atlantis_public_resources", "--contact", "a@example.org"))
    assert isinstance(error, NotFound) and REAL in error.message
    assert isinstance(told(market("source", "check", "atlantis_public_resources")), BadInput)


def test_check_agrees_and_names_each_difference(market: Callable[..., Result], tmp_path: Path) -> None:
    assert market("source", "check").exit_code == 0
    copy = tmp_path / "recordings" / REAL
    copy.mkdir(parents=True)
    for file in (ROOT / "tests" / "recordings" / REAL).iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    expected = (copy / "expected.json").read_text(encoding="utf-8")
    (copy / "expected.json").write_text(expected.replace("1,250.00万元", "1,250.00元"), encoding="utf-8")
    result = market("source", "check", REAL, "--folder", str(copy.parent))
    assert result.exit_code == 1
    assert "1 处不同" in result.output
    assert "notices.notice_tender.body[1]：应为" in result.output


def test_recording_a_source_that_is_not_enabled_is_refused(market: Callable[..., Result]) -> None:
    assert isinstance(told(market("source", "record", REAL)), ConfigurationError)


def test_what_is_recorded_can_be_read_again_and_says_where_it_is_from(tmp_path: Path) -> None:
    """The pages of the kept recording stand in for the portal's answers."""
    source, platform = all_sources()[REAL]
    kept = load_recording(ROOT / "tests" / "recordings" / REAL)
    answers = {item.page.request.url: item.page for item in reversed(kept.pages) if item.expect in {"listing", "notice"}}

    def fetch(requests: Sequence[PageRequest]) -> list[Page]:
        return [dataclasses.replace(answers[request.url], request=request) for request in requests]

    pages = pages_to_record(source, platform, fetch, kept.now)
    save_recording(
        tmp_path / REAL, pages, made_on="2026-11-24", facts_from="真实网站", window_start=kept.window_start, now=kept.now
    )
    again = load_recording(tmp_path / REAL)
    assert again.origin == "recorded"
    assert [item.page.origin.value for item in again.pages] == ["live", "live"]
    assert len(compare(source, platform, again.folder)) == 1, "the golden file was written"
    assert compare(source, platform, again.folder) == []
    (notice,) = read_recording(source, platform, again)["notices"].values()
    assert notice["title"] == "虚构大道照明工程施工招标公告"


def test_a_demonstration_is_registered_enabled_and_removed_with_all_it_brought(
    market: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKET_REPLICAS", f"{DEMO}=http://127.0.0.1:9")
    rows = {row["id"]: row for row in json.loads(market("source", "list", "--json").output)}
    assert rows[DEMO]["enabled"] and rows[DEMO]["demonstration"]
    assert rows[DEMO]["title"].endswith("（本机演示副本）")
    assert isinstance(told(market("source", "record", DEMO)), BadInput)
    assert f"已删除 {DEMO}" in market("source", "remove-demo").output
    with open_store(Settings()) as store:
        assert DEMO not in store.source_states()
        assert REAL in store.source_states()
    assert "没有演示来源" in market("source", "remove-demo").output


def test_registering_again_keeps_what_the_operator_decided(
    market: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKET_REPLICAS", f"{DEMO}=http://127.0.0.1:9")
    with open_store(Settings()) as store:
        assert DEMO in register_sources(store, Settings())
        assert register_sources(store, Settings()) == []
        store.set_source_state(DEMO, enabled=False)
        monkeypatch.setenv("MARKET_REPLICAS", f"{DEMO}=http://127.0.0.1:10")
        assert register_sources(store, Settings()) == [DEMO]
        state = store.source_states()[DEMO]
        assert not state.enabled and state.base == "http://127.0.0.1:10/"
        assert remove_demonstrations(store, dt.datetime.now(dt.UTC)) == {DEMO: 0}


@pytest.mark.parametrize("platform", sorted(scaffold.PLATFORMS))
def test_a_new_source_is_a_file_that_loads_and_a_folder_that_says_what_is_missing(
    market: Callable[..., Result], tmp_path: Path, platform: str
) -> None:
    root = tmp_path / "project"
    (root / "crawlers" / "spiders").mkdir(parents=True)
    (root / "tests" / "recordings").mkdir(parents=True)
    words = ("source", "new", "guangdong_public_resources", "--platform", platform, "--root", str(root))
    result = market(*words, "--base", "https://trade.example.org")
    assert result.exit_code == 0, result.output
    assert "list_half" in result.output
    file = root / "crawlers" / "spiders" / "guangdong_public_resources.py"
    spec = importlib.util.spec_from_file_location("guangdong_public_resources", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    assert (module.SOURCE.id, module.SOURCE.base) == ("guangdong_public_resources", "https://trade.example.org/")
    assert module.SOURCE.platform == module.PLATFORM.name == platform
    assert load_recording(root / "tests" / "recordings" / module.SOURCE.id).pages == ()
    assert isinstance(told(market(*words, "--base", "https://trade.example.org")), BadInput), "never written over"


@pytest.mark.parametrize(
    ("name", "platform", "base"),
    [
        ("guangdong", "epoint", "https://a.example"), ("gd_ggzy2", "epoint", "https://a.example"),
        ("demo_guangdong", "epoint", "https://a.example"), ("../x_y", "epoint", "https://a.example"),
        ("guangdong_public", "other", "https://a.example"), ("guangdong_public", "epoint", "ftp://a.example"),
        ("guangdong_public", "epoint", "https:///x"),
    ],
)  # fmt: skip
def test_a_new_source_that_cannot_be_is_refused(tmp_path: Path, name: str, platform: str, base: str) -> None:
    (tmp_path / "crawlers" / "spiders").mkdir(parents=True)
    (tmp_path / "tests" / "recordings").mkdir(parents=True)
    with pytest.raises(BadInput):
        scaffold.new_source(tmp_path, name, platform, base)
    assert not list((tmp_path / "crawlers" / "spiders").iterdir())


def test_the_page_of_sources_is_current(market: Callable[..., Result], tmp_path: Path) -> None:
    """Run ``market source docs`` when this fails."""
    made = sources_page(ROOT / "tests" / "recordings")
    assert (ROOT / "docs" / "sources.md").read_text(encoding="utf-8") == made
    assert "合成" in made and "**未核对**" in made
    market("source", "docs", "--path", str(tmp_path / "sources.md"))
    assert (tmp_path / "sources.md").read_text(encoding="utf-8") == made
