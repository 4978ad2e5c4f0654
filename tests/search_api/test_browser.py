"""The page in a real browser, as people have it: with and without JavaScript, wide and narrow."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, sync_playwright

from opportunity.run import Verdict
from search_api.server import PatientProtocol
from tests.search_api.conftest import Market, open_market
from tests.search_api.notices import incoming, invented, notice
from tests.search_api.payloads import ADDRESSES, MARKUP
from tests.search_api.test_server import Served

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Market]]:
    for market in open_market(tmp_path_factory.mktemp("browser") / "home", port=0):
        market.register("test_portal", "虚构交易平台")
        market.ran("test_portal", Verdict.COMPLETE, "完整")
        market.register("late_portal", "迟到交易平台")
        market.ran("late_portal", Verdict.BLOCKED, "网站返回验证码页面")
        market.save([invented(number) for number in range(90)])
        market.save([
            incoming(notice(f"x{number}", f"探针 {text}", f"探针正文 {text}", url=ADDRESSES[number % len(ADDRESSES)]))
            for number, text in enumerate(MARKUP)
        ])
        running = Served(market, PatientProtocol)
        try:
            yield running.url, market
        finally:
            running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path is not None, "the browser tests need chromium on the PATH"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    """A wide window without JavaScript."""
    yield from _page(browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900}, locale="zh-CN"))


@pytest.fixture(params=[(1280, 900), (375, 812)], ids=["wide", "narrow"])
def sized(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A window with JavaScript (for measuring), wide and narrow."""
    width, height = request.param
    yield from _page(browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN"))


def _page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    context.close()


def test_search_filter_turn_pages_and_read_without_javascript(site: tuple[str, Market], plain: Page) -> None:
    url, _ = site
    plain.goto(url)
    plain.get_by_role("searchbox", name="搜索公告").fill("采购")
    plain.get_by_role("button", name="搜索", exact=True).click()
    total = int(plain.locator(".total strong").inner_text())
    assert total == 90
    plain.get_by_label("可参与", exact=False).first.check()
    plain.get_by_label("预算下限（万元）").fill("50")
    plain.get_by_label("排序").select_option("enter_until")
    plain.get_by_role("button", name="应用筛选").click()
    narrowed = int(plain.locator(".total strong").inner_text())
    assert 20 < narrowed < total
    assert plain.get_by_label("可参与", exact=False).first.is_checked()
    titles: list[str] = []
    while True:
        titles += plain.locator(".card h2 a").all_inner_texts()
        following = plain.get_by_role("link", name="下一页")
        if following.count() == 0:
            break
        following.click()
    assert len(titles) == len(set(titles)) == narrowed
    plain.get_by_role("link", name="回到第一页").click()
    assert plain.locator(".card h2 a").first.inner_text() == titles[0]
    plain.locator(".card h2 a").first.click()
    assert plain.get_by_role("heading", level=1).inner_text() == titles[0]
    evidence = plain.locator(".evidence a").first
    target = (evidence.get_attribute("href") or "").removeprefix("#")
    evidence.click()
    assert plain.url.endswith(f"#{target}")
    assert plain.locator(f"[id='{target}'] + mark").is_visible()


def test_filters_open_on_a_narrow_screen_without_javascript(site: tuple[str, Market], browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 375, "height": 812})
    page = context.new_page()
    page.goto(f"{site[0]}/?q=采购")
    assert not page.get_by_role("button", name="应用筛选").is_visible()
    page.locator("label.toggle-label").click()
    assert page.get_by_role("button", name="应用筛选").is_visible()
    context.close()


@pytest.mark.parametrize("path", ["/", "/?q=采购&state=open", "/sources", "/help", "/?q=量子对撞机", "/?q=探针", "notice"])
def test_nothing_overflows_and_nothing_fails_to_load(site: tuple[str, Market], sized: Page, path: str) -> None:
    url, market = site
    if path == "notice":
        path = f"/notices/{market.client.get('/api/v1/search?q=采购').json()['hits'][0]['id']}"
    failed: list[str] = []
    sized.on("requestfailed", lambda request: failed.append(request.url))
    sized.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
    sized.on("console", lambda message: failed.append(message.text) if message.type == "error" else None)
    sized.goto(url + path)
    assert failed == []
    assert sized.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_no_payload_runs_or_leaves(site: tuple[str, Market], sized: Page) -> None:
    url, market = site
    alarms: list[str] = []
    sized.on("dialog", lambda dialog: dismiss(dialog, alarms))
    sized.on("console", lambda message: alarms.append(message.text) if "Content Security Policy" in message.text else None)
    sized.on("request", lambda request: None if request.url.startswith((url, "data:")) else alarms.append(request.url))
    path: str | None = "/?q=探针&sort=seen"
    seen = 0
    while path:
        sized.goto(url + path)
        seen += sized.locator(".card").count()
        assert sized.locator("a[href^='javascript' i], a[href^='data' i], main script, main img, main iframe, main style").count() == 0
        following = sized.locator("a[rel=next]")
        path = following.get_attribute("href") if following.count() else None
    assert seen == len(MARKUP)
    for hit in market.client.get("/api/v1/search", params={"q": "探针", "limit": 100}).json()["hits"][::9]:
        sized.goto(f"{url}/notices/{hit['id']}")
        assert sized.locator("article script, article img, article iframe, article style, article svg").count() == 0
    assert alarms == []


def dismiss(dialog: Dialog, alarms: list[str]) -> None:
    """A dialog means that a payload ran."""
    alarms.append(dialog.message)
    dialog.dismiss()


CONTRAST = """
() => {
  const parse = c => { const m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
  const light = v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const luminance = c => 0.2126 * light(c[0]) + 0.7152 * light(c[1]) + 0.0722 * light(c[2]);
  const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > 0.9) return c; } return [255, 255, 255, 1]; };
  const bad = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !e.checkVisibility() || e.closest('.unseen, option, .top')) continue;
    const style = getComputedStyle(e), a = luminance(parse(style.color)), b = luminance(ground(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) bad.push([ratio.toFixed(2), e.className, walker.currentNode.data.trim().slice(0, 20)]);
  }
  return bad;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_against_its_ground(site: tuple[str, Market], sized: Page, scheme: str) -> None:
    url, market = site
    sized.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    id = market.client.get("/api/v1/search?q=采购").json()["hits"][0]["id"]
    for path in ("/?q=采购&state=open", "/sources", "/help", f"/notices/{id}", "/?q=量子对撞机", "/?budget_min_wan=x"):
        sized.goto(url + path)
        assert sized.evaluate(CONTRAST) == [], path


def test_the_keyboard_reaches_everything_in_order(site: tuple[str, Market], sized: Page) -> None:
    sized.goto(f"{site[0]}/sources")
    reached: list[str] = []
    for _ in range(8):
        sized.keyboard.press("Tab")
        reached.append(sized.evaluate("(document.activeElement.innerText || document.activeElement.name || document.activeElement.getAttribute('aria-label') || '').trim()"))
    assert reached[0] == "跳到正文"
    assert {"q", "搜索", "来源", "帮助"} <= set(reached)


def test_controls_have_names_and_are_large_enough(site: tuple[str, Market], sized: Page) -> None:
    sized.goto(f"{site[0]}/?q=采购")
    nameless = sized.evaluate("""() => [...document.querySelectorAll('input:not([type=hidden]), select, button, a')]
        .filter(e => !(e.labels?.length || e.getAttribute('aria-label') || e.innerText.trim() || e.querySelector('svg')))
        .map(e => e.outerHTML)""")
    assert nameless == []
    small = sized.evaluate("""() => [...document.querySelectorAll('button, select, .finder input, label.choice')]
        .filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect()).filter(r => r.height < 24 || r.width < 24).length""")
    assert small == 0


def test_a_picture_of_the_page_is_shipped_small() -> None:
    picture = Path(__file__).resolve().parents[2] / "docs" / "page.png"
    assert picture.stat().st_size < 200_000
    assert re.match(rb"\x89PNG", picture.read_bytes())
