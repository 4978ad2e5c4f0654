"""How runs end: in order, by a signal, by a kill, by refusal, and by joining one in progress."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from opportunity.run import Verdict
from opportunity.settings import Settings
from opportunity.store import open_store
from tests.crawlers.bench import list_json, notice_html
from tests.crawlers.fetching import crawl, labels, result, start
from tests.crawlers.site import Site, Sites, answer, page

HTML = notice_html("云溪市课桌椅采购公告")
CAPTCHA = page("<html><head><title>安全验证</title></head><body>请完成安全验证 <input name=captcha></body></html>".encode())


def publish(site: Site, number: int) -> list[str]:
    keys = [f"n{each:02}" for each in range(number)]
    site.set("/list", answer(list_json([(key, f"公告{key}") for key in keys])))
    for key in keys:
        site.set(f"/notice/{key}", page(HTML.replace("云溪".encode(), key.encode())))
    return keys


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it has not come to this"
        time.sleep(0.01)


async def hangs(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


@pytest.mark.parametrize("where", ["in a download", "in a wait"])
def test_a_signal_ends_a_run_with_its_ledger_written(tmp_path: Path, sites: Sites, where: str) -> None:
    site = sites.open()
    publish(site, 6)
    wait = answer(b"", "503 Service Unavailable", Retry_After="60")
    site.set("/notice/n03", hangs if where == "in a download" else wait)
    home = tmp_path / "home"
    process = start(home, site.base, limits={"timeout": 60, "patience": 120})
    until(lambda: bool(site.asked("/notice/n03")))
    process.send_signal(signal.SIGTERM)
    run = result(process, timeout=15)
    assert (run["finish_reason"], run["verdict"]) == ("terminated", "incomplete")
    assert "停止" in run["sentence"]
    assert run["counts"]["new"] == 3
    with open_store(Settings(home=home)) as store:
        assert store.count() == 3
        assert store.unfinished_runs() == {}


def test_a_killed_run_is_closed_as_unknown_and_the_next_one_brings_all(tmp_path: Path, sites: Sites) -> None:
    site = sites.open()
    keys = publish(site, 8)
    home = tmp_path / "home"
    for attempt in range(3):
        process = start(home, site.base, source={"delay": 0.05})
        until(lambda: len(site.seen) >= 3 * (attempt + 1))  # noqa: B023
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    run = crawl(home, site.base)
    assert run["verdict"] == "complete"
    with open_store(Settings(home=home)) as store:
        assert store.known_keys("demo_bench", keys) == set(keys)
        runs = store.runs("demo_bench")
        assert [each.verdict for each in runs] == [Verdict.COMPLETE, *[Verdict.UNKNOWN] * (len(runs) - 1)]
        assert {each.finish_reason for each in runs[1:]} == {"killed"}
        assert store.unfinished_runs() == {}


def test_a_second_start_joins_the_run_in_progress(tmp_path: Path, sites: Sites) -> None:
    site = sites.open()
    publish(site, 8)
    home = tmp_path / "home"
    first = start(home, site.base, source={"delay": 0.15})
    until(lambda: bool(site.asked("/list")))
    others = [start(home, site.base, source={"delay": 0.15}) for _ in range(3)]
    runs = [result(process) for process in (first, *others)]
    assert {run["id"] for run in runs} == {runs[0]["id"]}
    assert {run["verdict"] for run in runs} == {"complete"}
    assert len(site.seen) == runs[0]["counts"]["requests"]
    with open_store(Settings(home=home)) as store:
        assert len(store.runs("demo_bench")) == 1


def test_a_refusal_stops_the_run_pauses_the_source_and_is_kept_as_evidence(tmp_path: Path, sites: Sites) -> None:
    site = sites.open()
    publish(site, 9)
    site.set("/notice/n04", CAPTCHA)
    home = tmp_path / "home"
    run = crawl(home, site.base)
    assert (run["verdict"], run["finish_reason"]) == ("blocked", "blocked")
    assert "验证码" in run["sentence"]
    assert len(site.asked("/notice/n04")) == 1
    assert sum(len(site.asked(f"/notice/n0{number}")) for number in range(5, 9)) == 0
    with open_store(Settings(home=home)) as store:
        assert store.count() == 4
        kept = store.quarantined("demo_bench")
        assert [(item.reason, "安全验证".encode() in item.payload) for item in kept] == [("blocked", True)]
        assert store.source_states()["demo_bench"].paused_until is not None


@pytest.mark.parametrize(
    ("answers", "verdict", "label"),
    [
        ([answer(list_json([], total=0))], "empty", None),
        ([answer(b'{"total": 7, "rows": [], "next": null}')], "broken", "layout"),
        ([answer(b'{"rows": [], "next": null}')], "broken", "layout"),
        ([answer(b"<html><body>" + "新版页面".encode() * 300 + b"</body></html>", kind="text/html")], "broken", "layout"),
        ([answer(b'{"total": 1, "rows": [{"i')], "broken", "layout"),
        ([answer(b"", "500 Internal Server Error")], "broken", "network"),
        ([answer(b'{"code": 829, "message": "\xe8\xaf\xb7\xe8\xbe\x93\xe5\x85\xa5\xe9\xaa\x8c\xe8\xaf\x81\xe7\xa0\x81"}')], "blocked", "blocked"),
        ([answer(b"", "412 Precondition Failed")], "blocked", "blocked"),
        ([answer(list_json([("n1", "公告")], total=40))], "incomplete", "truncated"),
    ],
    ids=["empty proved", "empty against total", "empty unproved", "relaunched", "cut json", "500", "captcha code", "412", "short"],
)  # fmt: skip
def test_what_a_list_proves(tmp_path: Path, sites: Sites, answers: list[bytes], verdict: str, label: str | None) -> None:
    site = sites.open()
    site.set("/list", *answers)
    site.set("/notice/n1", page(HTML))
    run = crawl(tmp_path / "home", site.base)
    assert run["verdict"] == verdict, run
    assert run["sentence"]
    if label is not None:
        assert label in labels(run)


def test_a_chain_that_breaks_is_incomplete_whatever_the_error_rate(tmp_path: Path, sites: Sites) -> None:
    """Twelve good list pages and one 404 at the end of the first half: 8 % of errors, half of the list."""
    site = sites.open()
    for number in range(13):
        path = "/list" if number == 0 else f"/list?{number}"
        rows = [(f"n{number}", f"公告{number}")]
        site.set(path, answer(list_json(rows, total=26, following=f"/list?{number + 1}")))
        site.set(f"/notice/n{number}", page(HTML))
    run = crawl(tmp_path / "home", site.base)
    assert (run["verdict"], run["chain_broken"]) == ("incomplete", ["list"])
    assert run["counts"]["new"] == 13


def test_faulty_notices_are_quarantined_and_stop_nothing(tmp_path: Path, sites: Sites) -> None:
    site = sites.open()
    keys = publish(site, 14)
    site.set("/notice/n02", page(HTML.replace("<h1>云溪市课桌椅采购公告</h1>".encode(), b"<h1> </h1>")))
    site.set("/notice/n03", page(notice_html("长" * 3000)))
    site.set("/notice/n05", page(notice_html("有坏字符的公告", "正文\x00采购" * 40)))
    listed = json.loads(list_json([(key, "公告") for key in keys]))
    listed["rows"][4]["stated"] = "1926-11-01"
    listed["rows"][6]["stated"] = "2099-01-01"
    site.set("/list", answer(json.dumps(listed).encode()))
    home = tmp_path / "home"
    run = crawl(home, site.base)
    with open_store(Settings(home=home)) as store:
        assert store.known_keys("demo_bench", keys) == set(keys) - {"n02", "n03", "n04", "n06"}
        kept = {item.key: item for item in store.quarantined("demo_bench")}
    assert set(kept) == {"n02", "n03", "n04", "n06"}
    assert "标题" in kept["n02"].detail
    assert "发布时间" in kept["n04"].detail
    assert kept["n04"].payload.startswith(b"<!DOCTYPE html>")
    assert run["counts"]["quarantined"] == 4
    assert run["counts"]["new"] == 10


def test_a_run_shows_signs_of_life_while_it_waits(tmp_path: Path, sites: Sites) -> None:
    site = sites.open()
    publish(site, 2)
    gate = asyncio.Event()

    async def held(writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        writer.write(page(HTML))

    site.set("/notice/n00", held)
    home = tmp_path / "home"
    process = start(home, site.base, limits={"timeout": 30, "heartbeat": 0.05})
    until(lambda: bool(site.asked("/notice/n00")))
    with open_store(Settings(home=home)) as store:
        first = store.unfinished_runs()
        until(lambda: store.unfinished_runs()[1] > first[1])
        alive = store.run(1)
        assert alive is not None
        assert alive.counts.requests >= 3
    sites.call(gate.set)
    assert result(process)["verdict"] == "complete"
    assert "已请求" in process.errors()


def test_expectations_are_checked_over_the_whole_crawl(tmp_path: Path, sites: Sites) -> None:
    site = sites.open()
    publish(site, 6)
    run = crawl(tmp_path / "home", site.base, source={"rows": 50})
    assert run["verdict"] == "incomplete"
    assert labels(run) == {"expectation"}
    assert "6 条" in run["sentence"]


def test_an_empty_list_is_not_believed_of_a_source_that_is_never_silent(tmp_path: Path, sites: Sites) -> None:
    site = sites.open()
    site.set("/list", answer(list_json([], total=0)))
    run = crawl(tmp_path / "home", site.base, source={"rows": 5})
    assert (run["verdict"], labels(run)) == ("broken", {"expectation"})
    assert "至少 5 条" in run["sentence"]


def test_a_site_that_is_down_is_given_up_soon(tmp_path: Path, sites: Sites) -> None:
    site = sites.open()
    publish(site, 40)
    for number in range(40):
        site.set(f"/notice/n{number:02}", answer(b"", "200 OK", "text/html", 99))
    run = crawl(tmp_path / "home", site.base, platform={"lists": 1}, limits={"attempts": 1})
    assert run["finish_reason"] == "site_down"
    assert run["verdict"] == "incomplete"
    assert len(site.seen) < 12


def test_a_locked_store_ends_the_run_loudly_and_keeps_what_was_stored(tmp_path: Path, sites: Sites) -> None:
    site = sites.open()
    publish(site, 6)
    home = tmp_path / "home"
    gate = asyncio.Event()

    async def held(writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        writer.write(page(HTML))

    site.set("/notice/n03", held)
    process = start(home, site.base, busy_seconds=0.3, limits={"timeout": 20})
    until(lambda: bool(site.asked("/notice/n03")))
    with open_store(Settings(home=home)) as store:
        until(lambda: store.count() == 3)
        with store.write():
            sites.call(gate.set)
            until(lambda: "refuses" in process.errors())
        run = result(process)
        assert run["finish_reason"] == "store_failed"
        assert run["verdict"] == "incomplete"
        # What could not be written is not there, and is brought by the next run.
        assert store.known_keys("demo_bench", ["n02", "n03"]) == {"n02"}
        assert crawl(home, site.base)["verdict"] == "complete"
        assert store.count() == 6
