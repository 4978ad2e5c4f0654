"""A page that is not there (404) is an answer for the platform to understand, not a failure to fetch."""

from __future__ import annotations

from pathlib import Path

from opportunity.settings import Settings
from opportunity.store import open_store
from tests.crawlers.bench import list_json, notice_html
from tests.crawlers.fetching import crawl, labels
from tests.crawlers.site import Sites, answer, page

GONE = b"<html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1></center></body></html>"


def test_a_missing_notice_page_reaches_the_reader(tmp_path: Path, sites: Sites) -> None:
    """The invented platform knows no meaning for it, so it goes to quarantine; others have one."""
    site = sites.open()
    keys = [f"n{number:02}" for number in range(14)]
    site.set("/list", answer(list_json([(key, f"公告{key}") for key in keys])))
    for key in keys:
        site.set(f"/notice/{key}", page(notice_html(f"公告{key}")))
    site.set("/notice/n03", answer(GONE, "404 Not Found", kind="text/html"))
    home = tmp_path / "home"
    run = crawl(home, site.base)
    assert (run["counts"]["new"], run["counts"]["quarantined"]) == (13, 1)
    assert "network" not in labels(run)
    with open_store(Settings(home=home)) as store:
        (kept,) = store.quarantined("demo_bench")
        assert (kept.key, kept.reason) == ("n03", "layout")
        assert "404" in kept.detail
