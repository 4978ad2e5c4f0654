"""The whole road, as a user walks it: portal → crawl → store → index → search → page.

The portals are replicas on loopback; everything else is what runs in production, each in a process
of its own.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from opportunity.notice import NoticeType
from opportunity.settings import Settings
from opportunity.store import Store, open_store
from tests.replicas.portal import Entry
from tests.replicas.replica import Replica, Served

SOURCES = (
    "demo_national_public_resources", "demo_jiangsu_public_resources", "demo_national_government_procurement",
)
# Property for sale (国有产权) is no tender: the source leaves this class of the national platform out on purpose.
UNREAD = "0501"


class Road:
    """One home, three portals and the command ``market``."""

    def __init__(self, home: Path, replica: Replica) -> None:
        self.replica = replica
        self.served: dict[str, Served] = {  # type: ignore[type-arg]
            one.demo_id: one for one in (replica.ggzy, replica.epoint, replica.ccgp)
        }
        bases = ",".join(f"{name}={one.base}" for name, one in self.served.items())
        self.settings = Settings(home=home, replicas=bases, port=0)
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("MARKET_")},
            "MARKET_HOME": str(home), "MARKET_REPLICAS": bases, "MARKET_PORT": "0",
        }

    def market(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "market", *arguments],
            env=self.environment, capture_output=True, text=True, timeout=240,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def search(self, query: str, limit: int = 20) -> dict:  # type: ignore[type-arg]
        return json.loads(self.market("search", query, "--json", "--limit", str(limit)))  # type: ignore[no-any-return]

    def found(self, entries: Sequence[Entry], source: str) -> list[dict]:  # type: ignore[type-arg]
        """The hits of one search for the titles of several notices, each as it stands; the total is exact."""
        titles = " OR ".join(f'标题:"{entry.notice.title}"' for entry in entries)
        answer = self.search(f"来源:{source} ( {titles} )", limit=100)
        assert answer["total"] == {"value": len(answer["hits"]), "exact": True}
        return answer["hits"]  # type: ignore[no-any-return]

    def status(self) -> dict:  # type: ignore[type-arg]
        return json.loads(self.market("status", "--json"))  # type: ignore[no-any-return]

    def store(self) -> Store:
        return open_store(self.settings, create=False)


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    with Replica(seed=7, notices=60) as replica:
        road = Road(tmp_path_factory.mktemp("road") / "home", replica)
        road.market("source", "list")
        for source in SOURCES:
            report = json.loads(road.market("crawl", source, "--json"))
            assert report["verdict"] == "complete", report
        road.market("feed", "--once")
        yield road


@pytest.mark.xdist_group("road")
@pytest.mark.parametrize("source", SOURCES)
def test_every_notice_that_a_portal_shows_is_stored_and_found(road: Road, source: str) -> None:
    store = road.store()
    try:
        stored = {record.notice.key: record for record in store.iterate(source=source)}
    finally:
        store.close()
    # A first crawl of a demonstration looks a week back; the replica shows ten days.
    begin = dt.datetime.now(dt.UTC) - dt.timedelta(days=6, hours=20)
    shown = {entry.key: entry for entry in road.served[source].truth if entry.category != UNREAD}
    due = {key: entry for key, entry in shown.items() if entry.published >= begin}
    assert len(due) >= 10
    assert set(due) - set(stored) == set(), "a notice that the portal shows is missing"
    assert set(stored) - set(shown) == set(), "a notice that the portal does not show, or of a class that is not read"
    for key, record in stored.items():
        assert record.notice.title == shown[key].notice.title
        assert record.notice.origin.value == "replica"
    asked = list(due.values())[:3]
    hits = {(hit["title"], hit["url"]) for hit in road.found(asked, source)}
    assert {(entry.notice.title, stored[entry.key].notice.url) for entry in asked} <= hits


@pytest.mark.xdist_group("road")
def test_the_answer_has_the_promised_shape(road: Road) -> None:
    answer = road.search("采购", limit=5)
    assert answer["total"].keys() == {"value", "exact"}
    assert len(answer["hits"]) == 5
    for hit in answer["hits"]:
        assert {"id", "opportunity_id", "title", "url", "published", "origin", "score"} <= hit.keys()
    assert answer["as_of"].keys() >= {"seq", "at"}
    assert road.search("绝无此词之公告甲乙丙")["total"] == {"value": 0, "exact": True}


@pytest.mark.xdist_group("road")
def test_a_correction_and_a_new_notice_come_through(road: Road) -> None:
    served = road.served["demo_national_government_procurement"]
    corrected = next(entry for entry in served.truth if entry.notice.type is NoticeType.TENDER)
    fresh = [*served.publish(1), served.correct(corrected.key)]
    road.market("crawl", served.demo_id)
    road.market("feed", "--once")
    assert {entry.notice.title for entry in fresh} <= {hit["title"] for hit in road.found(fresh, served.demo_id)}
    before = road.status()
    road.market("crawl", served.demo_id)
    after = road.status()
    assert after["notices"] == before["notices"], "crawling again changes nothing"
    assert after["watermark"] == before["watermark"]


@pytest.mark.xdist_group("road")
def test_reading_again_changes_nothing_without_a_better_reader(road: Road) -> None:
    report = json.loads(road.market("reparse", "--json"))
    store = road.store()
    try:
        count = store.count()
    finally:
        store.close()
    assert count >= 100
    assert report["read"] == report["same"] == count, report["samples"]
    assert (report["changed"], report["failed"]) == (0, {})


@pytest.mark.xdist_group("road")
def test_a_rebuild_gives_the_same_answers(road: Road) -> None:
    queries = ('"招标公告" OR 服务', "项目 NOT 更正")
    before = [road.search(query, limit=100) for query in queries]
    road.market("rebuild")
    after = [road.search(query, limit=100) for query in queries]
    for old, new in zip(before, after, strict=True):
        assert old["total"] == new["total"]
        assert {hit["id"] for hit in old["hits"]} == {hit["id"] for hit in new["hits"]}


@pytest.mark.xdist_group("road")
def test_the_demonstration_can_be_removed_whole(road: Road) -> None:
    """Runs last: it empties the home."""
    assert road.search("采购")["total"]["value"] > 0
    road.market("source", "remove-demo")
    road.market("feed", "--once")
    assert road.search("采购")["total"]["value"] == 0
    assert road.status()["notices"] == 0
