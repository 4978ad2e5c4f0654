"""The command market crawl: what it refuses before anything is fetched, and what it prints."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from crawlers.commands_crawl import register, report_lines, since_moment
from crawlers.crawl_process import admitted, run_crawl
from opportunity.errors import BadInput, Blocked, ConfigurationError, NotFound
from opportunity.notice import SHANGHAI
from opportunity.run import Run, RunCounts, Verdict
from opportunity.settings import Settings
from opportunity.store import open_store
from tests.crawlers.bench import bench_source

NOW = dt.datetime(2026, 11, 24, 10, 0, tzinfo=dt.UTC)


def test_the_command_is_mounted_and_explains_itself() -> None:
    app = typer.Typer()
    register(app)
    app.command("other")(lambda: None)
    shown = CliRunner().invoke(app, ["crawl", "--help"])
    assert shown.exit_code == 0
    for option in ("--slot", "--since", "--json"):
        assert option in shown.output


def test_a_live_source_needs_enabling_and_a_contact(tmp_path: Path) -> None:
    source, bare = bench_source("portal", "https://portal.example/"), Settings(home=tmp_path)
    with open_store(bare) as store:
        with pytest.raises(ConfigurationError, match="尚未启用"):
            admitted(source, store, bare, NOW)
        store.set_source_state("portal", enabled=True)
        with pytest.raises(ConfigurationError, match="联系方式"):
            admitted(source, store, bare, NOW)
        assert admitted(source, store, Settings(home=tmp_path, contact="a@b.invalid"), NOW) == "a@b.invalid"
        store.set_source_state("portal", contact="c@d.invalid")
        assert admitted(source, store, bare, NOW) == "c@d.invalid"
        store.set_source_state("portal", paused_until=NOW + dt.timedelta(hours=1), pause_reason="验证码")
        with pytest.raises(Blocked, match="验证码"):
            admitted(source, store, bare, NOW)


def test_run_crawl_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        run_crawl("no_such_source", Settings(home=tmp_path))
    with pytest.raises(ConfigurationError):
        run_crawl("demo_jiangsu_public_resources", Settings(home=tmp_path, replicas=""))
    with pytest.raises(ConfigurationError, match="尚未启用"):
        run_crawl("jiangsu_public_resources", Settings(home=tmp_path, replicas=""))
    with open_store(Settings(home=tmp_path)) as store:
        assert store.runs() == []


def test_since() -> None:
    assert since_moment("2026-11-01") == dt.datetime(2026, 11, 1, tzinfo=SHANGHAI)
    assert since_moment("2026-11-01T08:00:00+00:00") == dt.datetime(2026, 11, 1, 8, tzinfo=dt.UTC)
    for text in ("", "yesterday", "2026-02-30", "11月1日"):
        with pytest.raises(BadInput):
            since_moment(text)


def test_the_report_says_everything_that_matters() -> None:
    run = Run(
        id=1, source="portal", slot=None, started_at=NOW, ended_at=NOW, window_start=NOW, finish_reason="finished",
        counts=RunCounts(requests=9, list_pages=2, rows=40, new=5), listed=41, covered=40, verdict=Verdict.INCOMPLETE,
        sentence="网站称有 41 条，只见到 40 条", problems=(("truncated", "可能漏行"),),
    )  # fmt: skip
    text = "\n".join(report_lines(run))
    for part in ("不完整", "请求 9 次", "新增 5", "网站自报 41 条，见到 40 条", "truncated", "可能漏行"):
        assert part in text
