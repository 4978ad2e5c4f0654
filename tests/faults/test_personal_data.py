"""Names and phone numbers of notices: never in a log, and gone for good once a notice is taken down (fault 92)."""

from __future__ import annotations

import datetime as dt
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from crawlers.reparse import reparse
from opportunity.notice import Notice, Origin
from opportunity.settings import Settings
from opportunity.store import open_store
from tests.crawlers.bench import list_json, notice_html
from tests.crawlers.fetching import crawl
from tests.crawlers.site import Answer, Site, Sites, answer, open_sites, page
from tests.faults.processes import ROOT
from tests.search_api.conftest import open_market

NAME, PHONE, MAIL = "欧阳不存在", "0000-7654321", "nobody.invented@portal.example"
PLANTED = re.compile("|".join(map(re.escape, (NAME, PHONE, MAIL))))
BODY = f"采购课桌椅。联系人：{NAME}，电话：{PHONE}，邮箱：{MAIL}。"
NOW = dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)


@pytest.fixture
def sites() -> Iterator[Sites]:
    with open_sites() as opened:
        yield opened


def publish(site: Site, keys: list[str], more: dict[str, Answer] | None = None) -> None:
    site.set("/list", answer(list_json([(key, f"{key}号课桌椅采购公告") for key in keys])))
    for key in keys:
        site.set(f"/notice/{key}", (more or {}).get(key) or page(notice_html(f"{key}号课桌椅采购公告", BODY)))


def market(home: Path, *arguments: str) -> str:
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith("MARKET_")}, "MARKET_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-m", "market", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def on_disk(home: Path) -> dict[str, int]:
    """Files of the home that hold the planted data as plain bytes."""
    found = {}
    for file in sorted(home.rglob("*")):
        if file.is_file() and (count := len(PLANTED.findall(file.read_bytes().decode("utf-8", "ignore")))):
            found[str(file.relative_to(home))] = count
    return found


def test_what_a_crawl_says_names_nobody(tmp_path: Path, sites: Sites) -> None:
    site = sites.open()
    broken: dict[str, Answer] = {"n3": page(f"<html>{BODY}".encode()), "n4": answer(BODY.encode(), "500 Oops")}
    publish(site, ["n1", "n2", "n3", "n4"], broken)
    home = tmp_path / "home"
    run = crawl(home, site.base)
    assert run["counts"]["new"] >= 2
    assert not PLANTED.search(run["stderr"])
    told = "".join(market(home, *command) for command in (("status",), ("status", "--json"), ("source", "list")))
    assert not PLANTED.search(told)
    for file in (home / "logs").glob("*") if (home / "logs").exists() else ():
        assert not PLANTED.search(file.read_text("utf-8"))


def test_an_error_that_quotes_a_notice_is_logged_without_the_quotation(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    import crawlers.pipelines as pipelines

    def fail(title: str, body: str, **_: Any) -> Any:
        raise ValueError(f"cannot read {body}")

    noted: list[tuple[str, str]] = []
    run: Any = SimpleNamespace(source=SimpleNamespace(region=None), note=lambda *said: noted.append(said))
    monkeypatch.setattr(pipelines, "extract", fail)
    notice = Notice(source="demo_bench", key="n1", title="课桌椅采购公告", body=BODY, origin=Origin.REPLICA)
    with caplog.at_level(logging.DEBUG):
        fields, reader = pipelines.StorePipeline(run)._extract(notice)
    assert (fields, reader.endswith("-failed")) == ({}, True)
    assert notice.id in caplog.text and "ValueError" in caplog.text, "an operator must see what happened, and where"
    assert not PLANTED.search(caplog.text)
    assert not PLANTED.search(str(noted))


def test_a_take_down_survives_crawling_reading_again_rebuilding_and_a_restart(tmp_path: Path, sites: Sites) -> None:
    site = sites.open()
    publish(site, ["n1"])
    home = tmp_path / "home"
    assert crawl(home, site.base)["counts"]["new"] == 1
    for opened in open_market(home):
        opened.index()
        [record] = list(opened.store.iterate())
        assert opened.client.get("/api/v1/search", params={"q": f'"{NAME}"'}).json()["total"]["value"] == 1
        assert opened.client.get(f"/api/v1/notices/{record.id}").status_code == 200
    market(home, "take-down", record.id, "--reason", "本人要求")
    market(home, "feed", "--once")
    site.set("/notice/n1", page(notice_html("n1号课桌椅采购公告", BODY + "（更正）")))
    for again in ("crawl", "reparse", "rebuild"):
        if again == "crawl":
            assert crawl(home, site.base)["counts"]["new"] == 0
        elif again == "reparse":
            with open_store(Settings(home=home)) as store:
                assert reparse(store, apply=True, now=NOW).written == 0
        else:
            market(home, "rebuild")
        market(home, "feed", "--once")
        for opened in open_market(home):
            assert opened.store.count() == 0, again
            assert opened.client.get("/api/v1/search", params={"q": f'"{NAME}"'}).json()["total"]["value"] == 0, again
            assert opened.client.get(f"/api/v1/notices/{record.id}").status_code == 404, again
            with opened.store.read() as connection:
                dump = "\n".join(str(line) for line in connection.connection.dbapi_connection.iterdump())  # type: ignore[union-attr]
            assert not PLANTED.search(dump), again
    assert on_disk(home) == {}
