"""Keeping readings in a real store: faults cost the faulty notice only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crawlers import pipelines
from crawlers.crawl_lock import crawl_lock
from crawlers.crawl_process import _prepare, system_clock
from crawlers.decoding import page_of
from crawlers.pipelines import Reading, StorePipeline, fault_of
from crawlers.reading import Problem
from crawlers.running import RunContext
from crawlers.waiting import Limits
from opportunity.notice import FieldValue, Notice, Origin
from opportunity.page import Page, PageRequest, Row
from opportunity.region import region
from opportunity.settings import Settings
from opportunity.store import open_store
from tests.crawlers.bench import BenchPlatform, bench_source, notice_html

NOW = dt.datetime(2026, 11, 24, 10, 0, tzinfo=dt.UTC)
ROW = Row(key="k", title="公告", url=None, published=None)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunContext]:
    settings = Settings(home=tmp_path, replicas="demo_bench=http://127.0.0.1:8801")
    source = bench_source("demo_bench", "http://127.0.0.1:8801/")
    with open_store(settings) as store, crawl_lock(tmp_path / "run", source.id) as lock:
        assert lock.take()
        context = _prepare(
            source, BenchPlatform(), store, settings, lock, slot=None, since=None, contact="", progress=lambda line: None,
            limits=Limits(), resolver=None, clock=system_clock,
        )  # fmt: skip
        yield context
        context.worker.shutdown()


def read_page(text: str = "云溪市采购公告") -> Page:
    return page_of(
        PageRequest(url="http://127.0.0.1:8801/x", purpose="notice"), url="http://127.0.0.1:8801/x", status=200, headers={},
        content=notice_html(text), fetched_at=NOW, origin=Origin.REPLICA,
    )  # fmt: skip


def notice(key: str, page: Page, **changes: Any) -> Notice:
    values: dict[str, Any] = {"title": f"公告{key}", "body": "采购办公桌椅一批，预算金额：300000元。", **changes}
    return Notice(source="demo_bench", key=key, origin=Origin.REPLICA, pages=(page.sha256,), **values)


def published(value: Any) -> dict[str, tuple[FieldValue, ...]]:
    return {"published": (FieldValue(value=value, where="given", start=0, end=0, text=str(value)),)}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"title": " \u3000 "}, "标题"),
        ({"title": "长" * 2001}, "标题"),
        ({"key": " "}, "编号"),
        ({"given": published(dt.date(1989, 12, 30))}, "发布时间"),
        ({"given": published(dt.date(2029, 1, 1))}, "发布时间"),
        ({"given": published("昨天")}, "发布时间"),
        ({"given": published(dt.date.max)}, "发布时间"),
        # A portal's slip of a year, and news of yesterday, are kept.
        ({"given": published(dt.date(2027, 11, 25))}, None),
        ({"given": published(dt.datetime(2026, 11, 23, tzinfo=dt.UTC))}, None),
        ({"body": ""}, None),
    ],
)
def test_faults_of_a_notice(changes: dict[str, Any], expected: str | None) -> None:
    values = {"key": "k", **changes}
    found = fault_of(notice(values.pop("key"), read_page(), **values), NOW)
    assert (found is None) if expected is None else (found is not None and expected in found)


def test_one_notice_that_cannot_be_stored_does_not_take_its_batch_along(run: RunContext) -> None:
    page = read_page()
    keys = ["a", "b", "broken\x00key", "c"]
    StorePipeline(run).keep(Reading(page=page, notices=[(notice(key, page), ROW) for key in keys]))
    assert run.store.known_keys("demo_bench", ["a", "b", "c"]) == {"a", "b", "c"}
    kept = run.store.quarantined("demo_bench")
    assert [(item.reason, item.payload) for item in kept] == [("ours", page.content)]
    assert (run.tally.new, run.tally.quarantined) == (3, 1)


def test_page_and_notice_are_kept_and_the_same_again_changes_nothing(run: RunContext) -> None:
    page = read_page()
    reading = Reading(page=page, notices=[(notice("a", page), ROW)])
    StorePipeline(run).keep(reading)
    StorePipeline(run).keep(reading)
    assert run.store.load_page(page.sha256) == page.content
    assert run.store.watermark() == 1
    assert (run.tally.new, run.tally.unchanged) == (1, 1)
    record = next(run.store.iterate())
    assert record.reader == "extraction-1"
    assert record.first("budget") == 300000


def test_given_fields_win_over_extracted_ones(run: RunContext) -> None:
    page = read_page()
    given = {"budget": (FieldValue(value="面议", where="given", start=0, end=0, text="面议"),)}
    StorePipeline(run).keep(Reading(page=page, notices=[(notice("a", page, given=given), ROW)]))
    record = next(run.store.iterate())
    assert record.first("budget") == "面议"
    assert record.extracted["budget"][0].value == 300000


def test_a_fault_of_the_extraction_costs_its_fields_not_the_notice(run: RunContext, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr(pipelines, "extract", fails)
    page = read_page()
    StorePipeline(run).keep(Reading(page=page, notices=[(notice("a", page), ROW)]))
    record = next(run.store.iterate())
    assert (record.notice.title, record.reader) == ("公告a", "extraction-1-failed")
    assert [label for label, _ in run.problems] == ["ours"]


def test_what_could_not_be_read_is_kept_with_its_page(run: RunContext) -> None:
    page = read_page("新版页面")
    problem = Problem(label="layout", sentence="正文：应恰有一处，实有 0 处", url=page.url, key="k", page=page)
    StorePipeline(run).keep(Reading(page=page, problems=[problem]))
    (item,) = run.store.quarantined("demo_bench")
    assert (item.key, item.reason, item.payload, item.run) == ("k", "layout", page.content, run.run_id)


def test_a_province_that_the_list_states_gives_way_to_the_city_that_the_text_names(run: RunContext) -> None:
    page = read_page()
    yunnan = region("530000")
    assert yunnan is not None
    province = {"region": (FieldValue(value=yunnan, where="given", start=0, end=0, text="云南"),)}
    named = notice("1", page, given=province, title="曲靖市虚构中学课桌椅采购公告", body="采购人：曲靖市虚构中学")
    other = notice("2", page, given=province, title="虚构中学课桌椅采购公告", body="采购课桌椅一批")
    StorePipeline(run).keep(Reading(page=page, notices=[(named, ROW), (other, ROW)]))
    found = {record.notice.key: record.first("region") for record in run.store.iterate()}
    assert found == {"1": region("530300"), "2": yunnan}
