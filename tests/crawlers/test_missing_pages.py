"""A page that is not there (404) is an answer for the platform to understand, not a failure to fetch."""

from __future__ import annotations

from pathlib import Path

from crawlers.challenges import challenge
from crawlers.spiders import all_sources
from opportunity.page import PageRequest, Row
from opportunity.settings import Settings
from opportunity.store import open_store
from tests.crawlers.bench import list_json, notice_html
from tests.crawlers.fetching import crawl, labels
from tests.crawlers.portals import START, made_page
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


def test_a_notice_page_without_a_body_is_no_challenge() -> None:
    """It shows next to nothing, and its styles outweigh that: taking it for a challenge would stop the source."""
    styles = "<style>" + ".detail_content table td{border:1px solid #ddd;padding:6px}" * 80 + "</style>"
    text = (
        f"<html><head><meta charset='UTF-8'><title>全国公共资源交易平台</title>{styles}</head><body>"
        "<p class='p_o'><span>发布时间：2026-03-10 09:00</span></p><div id='mycontent'></div></body></html>"
    )
    source, platform = all_sources()["national_public_resources"]
    facts = {
        "businessTypeText": "工程建设", "informationTypeText": "交易结果公示", "publishTime": "2026-03-10",
        "provinceText": "", "transactionSourcesPlatformText": "",
    }  # fmt: skip
    row = Row(key="k", title="虚构项目中标结果公示", url=source.base + "information/deal/html/a/x.html", published=None, facts=facts)
    answered = made_page(PageRequest(url="http://portal.example/b/x.html", purpose="notice"), text, START)
    assert challenge(answered) is None
    assert platform.read_notice(source, row, (answered,)).body_missing


def test_a_notice_in_quarantine_is_not_fetched_again_by_the_next_run(tmp_path: Path, sites: Sites) -> None:
    site = sites.open()
    keys = [f"n{number:02}" for number in range(14)]
    site.set("/list", answer(list_json([(key, f"公告{key}") for key in keys])))
    for key in keys:
        site.set(f"/notice/{key}", page(notice_html(f"公告{key}")))
    site.set("/notice/n03", answer(GONE, "404 Not Found", kind="text/html"))
    home = tmp_path / "home"
    crawl(home, site.base)
    run = crawl(home, site.base)
    assert len(site.asked("/notice/n03")) == 1
    assert run["counts"]["ignored"] == {"已隔离，过些时候再试": 1}


def test_a_notice_behind_a_refusal_is_asked_for_again_once_the_source_may_be_crawled(
    tmp_path: Path, sites: Sites
) -> None:
    site = sites.open()
    site.set("/list", answer(list_json([("n00", "公告"), ("n01", "公告")])))
    captcha = page("<html><head><title>安全验证</title></head><body>请完成安全验证</body></html>".encode())
    site.set("/notice/n00", captcha, page(notice_html("公告")))
    site.set("/notice/n01", page(notice_html("公告")))
    home = tmp_path / "home"
    assert crawl(home, site.base)["verdict"] == "blocked"
    with open_store(Settings(home=home)) as store:
        assert store.source_states()["demo_bench"].enabled, "a demonstration that was crawled is enabled"
        store.set_source_state("demo_bench", paused_until=None)
    assert crawl(home, site.base)["counts"]["new"] == 2
