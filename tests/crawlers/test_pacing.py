"""Gaps as a portal's own log shows them: delays, Retry-After, crawl-delay, two processes at once."""

from __future__ import annotations

import datetime as dt
import email.utils
import time
from pathlib import Path
from typing import Any

import pytest

from crawlers.crawl_process import admitted
from opportunity.errors import Blocked
from opportunity.run import Verdict
from opportunity.settings import Settings
from opportunity.store import open_store
from tests.crawlers.bench import bench_source, list_json, notice_html
from tests.crawlers.fetching import crawl, labels, result, start
from tests.crawlers.site import Answer, Site, Sites, answer, page

HTML = notice_html("云溪市课桌椅采购公告")


def gaps(site: Site) -> list[float]:
    """Seconds between the end of an answer and the arrival of the next request."""
    return [later.at - earlier.ended for earlier, later in zip(site.seen, site.seen[1:], strict=False)]


def refusal(status: str, wait: str | None) -> bytes:
    headers: dict[str, Any] = {} if wait is None else {"Retry_After": wait}
    return answer(b"", status, "text/html", **headers)


def test_retry_after_in_every_form_is_obeyed(tmp_path: Path, sites: Sites) -> None:
    site = sites.open()
    soon = email.utils.format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=8), usegmt=True)
    asked: dict[str, tuple[str, str | None, float]] = {
        "seconds": ("429 Too Many Requests", "1", 1.0),
        "unavailable": ("503 Service Unavailable", "1", 1.0),
        # Nothing usable is said: the back-off counts, four times the delay of 0.1 s here.
        "negative": ("429 Too Many Requests", "-7", 0.4),
        "nonsense": ("503 Service Unavailable", "later", 0.4),
        "absent": ("429 Too Many Requests", None, 0.4),
    }
    for name, (status, wait, _) in asked.items():
        site.set(f"/notice/{name}", refusal(status, wait), page(HTML))
    site.set("/notice/date", refusal("503 Service Unavailable", soon), page(HTML))
    site.set("/list", answer(list_json([(name, name) for name in [*asked, "date"]])))
    run = crawl(tmp_path / "home", site.base, source={"delay": 0.1}, limits={"back_off": 4.0, "patience": 20})
    assert run["verdict"] == "complete", run["problems"]
    assert run["counts"]["new"] == 6
    for name, (_, _, least) in asked.items():
        first, second = site.asked(f"/notice/{name}")
        assert second.at - first.ended >= least - 0.01, name
    assert site.asked("/notice/date")[1].at >= email.utils.parsedate_to_datetime(soon).timestamp()
    assert min(gaps(site)) >= 0.1 - 0.01


def test_an_absurd_retry_after_pauses_the_source(tmp_path: Path, sites: Sites) -> None:
    site = sites.open()
    site.set("/list", refusal("429 Too Many Requests", "1000000000"))
    home = tmp_path / "home"
    run = crawl(home, site.base)
    assert (run["verdict"], labels(run), run["finish_reason"]) == ("blocked", {"blocked"}, "blocked")
    assert len(site.asked("/list")) == 1
    settings, source = Settings(home=home), bench_source("demo_bench", site.base)
    with open_store(settings) as store:
        state = store.source_states()["demo_bench"]
        now = dt.datetime.now(dt.UTC)
        assert state.paused_until is not None
        assert dt.timedelta(minutes=58) < state.paused_until - now <= dt.timedelta(minutes=61)
        with pytest.raises(Blocked):
            admitted(source, store, settings, now)
        assert admitted(source, store, settings, state.paused_until) == ""
    again = crawl(home, site.base)
    assert again["error"] == "blocked"
    assert len(site.asked("/list")) == 1
    # Another source on the same host is held by the host's own budget.
    other = crawl(home, site.base, id="demo_other")
    assert (other["verdict"], len(site.asked("/list"))) == ("blocked", 1)


def test_two_processes_share_one_host(tmp_path: Path, sites: Sites) -> None:
    site = sites.open()
    rows = [(str(number), f"公告{number}") for number in range(4)]
    site.set("/list", answer(list_json(rows)))
    for key, _ in rows:
        site.set(f"/notice/{key}", page(HTML))
    home = tmp_path / "home"
    both = [start(home, site.base, id=id, source={"delay": 0.15}) for id in ("demo_one", "demo_two")]
    runs = [result(process) for process in both]
    assert [run["verdict"] for run in runs] == ["complete", "complete"]
    assert site.most_at_once == 1
    assert min(gaps(site)) >= 0.15 - 0.01
    # The rules of one robots.txt serve both, for a day.
    assert 1 <= len(site.asked("/robots.txt")) <= 2


def test_a_crawl_delay_is_the_least_gap(tmp_path: Path, sites: Sites) -> None:
    site = sites.open()
    site.set("/robots.txt", answer(b"User-agent: *\nCrawl-delay: 0.6", kind="text/plain"))
    site.set("/list", answer(list_json([("1", "一号")])))
    site.set("/notice/1", page(HTML))
    run = crawl(tmp_path / "home", site.base)
    assert run["verdict"] == "complete"
    # The first gap is the source's own: the file was not known before it was read.
    assert min(gaps(site)[0:]) >= 0.6 - 0.01


def test_the_budget_of_a_day_ends_the_run_and_says_so(tmp_path: Path, sites: Sites) -> None:
    site = sites.open()
    rows = [(str(number), f"公告{number}") for number in range(9)]
    site.set("/list", answer(list_json(rows)))
    for key, _ in rows:
        site.set(f"/notice/{key}", page(HTML))
    home = tmp_path / "home"
    run = crawl(home, site.base, source={"a_day": 5})
    assert (run["verdict"], run["finish_reason"], len(site.seen)) == ("incomplete", "budget", 5)
    assert "limit" in labels(run)
    again = crawl(home, site.base, source={"a_day": 5})
    assert (again["verdict"], len(site.seen)) == ("broken", 5)
    with open_store(Settings(home=home)) as store:
        assert store.count() == 3
        assert [run.verdict for run in store.runs("demo_bench")] == [Verdict.BROKEN, Verdict.INCOMPLETE]


def test_robots_answers_decide_before_any_page(tmp_path: Path, sites: Sites) -> None:
    """Whole crawls against each kind of robots.txt; all at once, each with a site and home of its own."""
    import asyncio

    async def silent(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    async def cut(writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    deny = answer(b"User-agent: *\nDisallow: /", kind="text/plain")
    table: dict[str, tuple[Answer, str]] = {
        "404": (answer(b"", "404 Not Found"), "complete"),
        "403": (answer(b"", "403 Forbidden"), "complete"),
        "html": (answer(b"<html>not rules</html>", kind="text/html"), "complete"),
        "503": (answer(b"", "503 Service Unavailable"), "blocked"),
        "429": (answer(b"", "429 Too Many Requests"), "blocked"),
        "reset": (cut, "blocked"),
        "timeout": (silent, "blocked"),
        "truncated": (answer(b"User-agent: *\n", kind="text/plain", length=900), "blocked"),
        "deny": (deny, "blocked"),
        "moved": (answer(b"", "301 Moved", Location="/other.txt"), "blocked"),
        "loop": (answer(b"", "302 Found", Location="/robots.txt"), "blocked"),
    }
    running = {}
    for name, (robots, _) in table.items():
        site = sites.open()
        site.set("/robots.txt", robots)
        site.set("/other.txt", deny)
        site.set("/list", answer(list_json([("1", "一号")])))
        site.set("/notice/1", page(HTML))
        (tmp_path / name).mkdir()
        running[name] = (site, start(tmp_path / name / "home", site.base, limits={"timeout": 1.0}))
        if len(running) % 4 == 0:
            running[name][1].wait()
    found = {name: (result(process)["verdict"], len(site.asked("/list")) > 0) for name, (site, process) in running.items()}
    assert found == {name: (verdict, verdict == "complete") for name, (_, verdict) in table.items()}
    assert len(running["loop"][0].asked("/robots.txt")) == 6


def test_a_wait_costs_no_processor(tmp_path: Path, sites: Sites) -> None:
    """Waiting is sleeping: a run that waits two seconds uses about the processor time of one that does not."""
    site = sites.open()
    site.set("/list", refusal("503 Service Unavailable", "2"), answer(list_json([("1", "一号")])))
    site.set("/notice/1", page(HTML))
    process = start(tmp_path / "home", site.base)
    while not site.asked("/list"):
        time.sleep(0.02)
    before = processor(process.pid)
    while len(site.asked("/list")) < 2:
        time.sleep(0.02)
    used = processor(process.pid) - before
    assert result(process)["verdict"] == "complete"
    assert used <= 50


def processor(pid: int) -> int:
    """Clock ticks (hundredths of a second) that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])
