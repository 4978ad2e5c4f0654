"""The readers against the replicas: two works made from the same public facts, without sight of each other.

What a reader brings home from a replica must be what the replica published in the window, and no failure of a list
may look like a finished crawl.
"""

from __future__ import annotations

import datetime as dt
import http.client
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from crawlers.reading import Crawl
from crawlers.spiders import find_source
from crawlers.steps import RunOutcome
from opportunity.notice import Notice, Origin
from opportunity.page import Page, PageRequest
from tests.replicas.portal import Entry, Portal
from tests.replicas.replica import ManualClock, Replica, Served

WINDOW = dt.timedelta(days=4)
# Property for sale (国有产权) is no tender: the source leaves this class out on purpose. Everything else must come.
UNREAD = "0501"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    notices: Mapping[str, Notice]
    outcome: RunOutcome


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica(seed=11, clock=ManualClock(), notices=150, shared=0.15) as running:
        yield running


@pytest.fixture(params=[0, 1, 2], ids=["national", "jiangsu", "procurement"])
def served(replica: Replica, request: pytest.FixtureRequest) -> Iterator[Served[Portal]]:
    one: Served[Portal] = (replica.ggzy, replica.epoint, replica.ccgp)[request.param]  # type: ignore[assignment]
    yield one
    one.faults.clear()


def fetched(request: PageRequest, at: dt.datetime) -> Page:
    parts = urlsplit(request.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(request.method, target, body=request.body or None, headers=dict(request.headers))
        answer = connection.getresponse()
        content = answer.read()
        text = content.decode("utf-8", "replace")
        return Page(
            request=request, url=request.url, status=answer.status, headers={name.lower(): value for name, value in answer.getheaders()},
            content=content, text=text, encoding="utf-8", replaced=text.count("\ufffd"), fetched_at=at, origin=Origin.REPLICA,
        )
    finally:
        connection.close()


def crawled(replica: Replica, served: Served[Portal], *, notices_wanted: int = 10_000) -> Brought:
    """One whole crawl of the window, without politeness; at most so many notices are fetched, all lists are."""
    source, platform = find_source(served.demo_id, replica.bases)
    now = served.portal.now()
    crawl = Crawl(source, platform, window_start=now - WINDOW, now=now, known=lambda keys: set(), budget=1000)
    waiting, found = list(crawl.start()), dict[str, Notice]()
    while waiting:
        request = waiting.pop(0)
        if request.purpose == "notice" and len(found) >= notices_wanted:
            continue
        step = crawl.receive(fetched(request, now))
        waiting.extend(step.requests)
        found.update({notice.key: notice for notice, _ in step.notices})
    return Brought(notices=found, outcome=crawl.outcome("finished"))


def published(served: Served[Portal]) -> dict[str, Entry]:
    since = served.portal.now() - WINDOW
    return {entry.key: entry for entry in served.truth if entry.published >= since}


def test_what_was_published_is_brought_home(replica: Replica, served: Served[Portal]) -> None:
    brought = crawled(replica, served)
    every = {entry.key: entry for entry in served.truth}
    assert set(brought.notices) <= set(every)
    wanted = {key: entry for key, entry in published(served).items() if not entry.category.startswith(UNREAD)}
    assert len(wanted) >= 5 and set(wanted) <= set(brought.notices)
    assert not brought.outcome.chain_broken and not brought.outcome.problems
    assert brought.outcome.listed == brought.outcome.covered
    for key, notice in brought.notices.items():
        entry = every[key]
        assert notice.title == entry.notice.title
        assert notice.body_missing is entry.body_missing
        papers = [] if entry.body_missing else [paper.name for paper in entry.notice.attachments]
        assert sorted(one.name for one in notice.attachments) == sorted(papers)
        if not entry.body_missing:
            assert entry.notice.known_buyer in notice.body + notice.title
            assert all(value in notice.body for value in (entry.notice.buyer, entry.notice.agency, *entry.notice.suppliers) if value)
        day = notice.given["published"][0].value
        assert isinstance(day, dt.date)
        assert (day.date() if isinstance(day, dt.datetime) else day) == entry.day


@pytest.mark.parametrize(
    "fault",
    ["last_page_repeats", "next_missing", "changed_markup", "challenge_200", "login_200", "security_check_200",
     "too_frequent_200", "loading_200", "forbidden_403", "precondition_412", "challenge_521", "unavailable_503", "redirect_link_local",
     "wrong_json", "zero_bytes", "broken_html"],
)
def test_no_failing_list_looks_finished(replica: Replica, served: Served[Portal], fault: str) -> None:
    served.faults.add(fault, on="list")
    outcome = crawled(replica, served, notices_wanted=3).outcome
    assert outcome.chain_broken or outcome.listed != outcome.covered


def test_half_a_list_is_seen(replica: Replica, served: Served[Portal]) -> None:
    """By the portal's own count; where the lists state none, by the rows that every full page has."""
    served.faults.add("half_list", on="list")
    outcome = crawled(replica, served, notices_wanted=3).outcome
    assert outcome.chain_broken or outcome.listed != outcome.covered or outcome.problems


def test_one_thin_page_among_full_ones_is_seen(replica: Replica, served: Served[Portal]) -> None:
    """Three rows in ten are missing from one page only, the first of a list."""
    served.faults.add("half_list", on="list", count=1)
    outcome = crawled(replica, served, notices_wanted=3).outcome
    assert outcome.chain_broken or outcome.listed != outcome.covered or outcome.problems


def test_an_empty_list_says_that_it_was_proved(replica: Replica, served: Served[Portal]) -> None:
    served.faults.add("empty_list")
    brought = crawled(replica, served)
    assert not brought.notices and brought.outcome.proved_empty


def test_a_notice_that_fails_does_not_stop_the_others(replica: Replica, served: Served[Portal]) -> None:
    served.faults.add("changed_markup", on="notice", count=1)
    brought = crawled(replica, served, notices_wanted=12)
    assert brought.outcome.problems and len(brought.notices) >= 5
