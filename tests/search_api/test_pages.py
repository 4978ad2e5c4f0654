"""The pages for people: what they show, explain and keep inert. Read by a parser, as a browser would."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from decimal import Decimal
from html.parser import HTMLParser
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from opportunity.notice import Attachment, FieldValue, Origin
from opportunity.run import Verdict
from search_api.links import safe_link
from search_api.request import SearchRequest
from search_api.routers.pages import group_cards
from tests.search_api.conftest import Market
from tests.search_api.notices import found, given, incoming, invented, notice
from tests.search_api.payloads import ADDRESSES, HARMLESS, MARKUP

VOID = {"meta", "link", "input", "br", "img", "circle", "path", "rect"}
OUR_TAGS = {
    "html", "head", "meta", "title", "link", "body", "a", "header", "div", "svg", "rect", "circle", "path", "span", "form", "label", "input",
    "button", "nav", "ul", "li", "strong", "main", "h1", "h2", "p", "mark", "fieldset", "legend", "select", "option", "section", "ol", "dl",
    "dt", "dd", "time", "footer", "article", "code", "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "br", "del", "ins",
}


class Read(HTMLParser):
    """Every tag with its attributes, and the text."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def words(self) -> str:
        return "".join(self.text)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def page(market: Market, path: str, status: int = 200) -> Read:
    answer = market.client.get(path, headers={"accept": "text/html"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Read(answer.text)


def assert_inert(read: Read) -> None:
    """Only our own tags, no handler, no style, and links that lead to http(s) or to ourselves."""
    for tag, attributes in read.tags:
        assert tag in OUR_TAGS, tag
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "srcdoc", "formaction", "ping")], attributes
        for name in ("href", "action", "src"):
            target = attributes.get(name)
            if target is None:
                continue
            assert target.startswith(("/", "#", "https://", "http://")), target
            assert not target.startswith(("//", "/\\")), target
            if target.startswith("http"):
                assert {"noopener", "noreferrer"} <= set(attributes["rel"].split()), attributes
                assert "evil.example" not in (urlsplit(target).hostname or "")


def test_there_are_enough_payloads() -> None:
    assert len(set(MARKUP)) + len(set(ADDRESSES)) >= 120


def test_hostile_notices_stay_text_everywhere(market: Market) -> None:
    market.register("test_portal", MARKUP[0], publisher=MARKUP[1], attribution=MARKUP[2], home=ADDRESSES[0], region={"code": "330000", "name": MARKUP[3]})
    market.ran("test_portal", Verdict.BLOCKED, MARKUP[4], problems=(("blocked", MARKUP[5]),))
    items = []
    for number, text in enumerate(MARKUP):
        body = f"探针{number} {text} 预算{text}"
        start = body.index(text)
        fields: dict[str, tuple[FieldValue, ...]] = {name: (FieldValue(value=text, where="body", start=start, end=start + len(text), text=text, confidence=0.5),)
                  for name in ("buyer", "agency", "suppliers", "project_number")}
        items.append(incoming(notice(
            f"m{number}", f"标题{number} {text}", body, url=ADDRESSES[number % len(ADDRESSES)],
            attachments=(Attachment(name=text, url=ADDRESSES[(number + 7) % len(ADDRESSES)]),),
            given={"agency": given(text, text)},
        ), fields))
    saved = market.save(items)
    assert len(saved) == len(MARKUP)
    shown = ""
    cursor: str | None = "/?q=" + "标题"
    for item in saved:
        read = page(market, f"/notices/{item.id}")
        assert_inert(read)
    while cursor:
        read = page(market, cursor)
        assert_inert(read)
        shown += read.words
        cursor = next((a["href"] for a in read.all("a") if a.get("rel") == "next"), None)
    for text in MARKUP:
        first = text.splitlines()[0]
        if first.isprintable():
            assert " ".join(first.split()) in " ".join(shown.split()), text
    assert_inert(page(market, "/sources"))


def test_hostile_queries_and_fields_of_the_form_stay_text(filled: Market) -> None:
    for text in MARKUP:
        for params in ({"q": text}, {"q": text, "budget_min_wan": text}, {"region": text}, {"type": text, "source": text}, {"published_from": text},
                       {"cursor": text}, {"sort": text, "unknown": text, "state": text}):
            answer = filled.client.get("/", params=params, headers={"accept": "text/html"})
            assert answer.status_code in (200, 400), (params, answer.status_code)
            assert_inert(Read(answer.text))
    for path in MARKUP[:40]:
        answer = filled.client.get("/notices/" + quote(path, safe=""), headers={"accept": "text/html"})
        assert answer.status_code == 404
        assert_inert(Read(answer.text))


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_hostile_address_is_no_link(address: str) -> None:
    assert safe_link(address) is None


@pytest.mark.parametrize("address", HARMLESS)
def test_an_ordinary_address_is_a_link(address: str) -> None:
    assert safe_link(address) == address


def test_a_search_shows_hits_marks_total_time_and_sources(filled: Market) -> None:
    read = page(filled, "/?q=监控")
    words = " ".join(read.words.split())
    total = filled.client.get("/api/v1/search", params={"q": "监控"}).json()["total"]["value"]
    assert f"{total} 条公告" in words
    assert "共 2 个来源，1 个为最新；1 个不是最新：迟到交易平台（被拦截）。" in words
    assert "数据截至" in words
    assert read.all("mark")
    assert len([a for a in read.all("a") if a.get("href", "").startswith("/notices/")]) == 20


def test_pages_lead_through_the_whole_result(filled: Market) -> None:
    path: str | None = "/?q=监控&state=open"
    seen: list[str] = []
    while path:
        read = page(filled, path)
        seen += [a["href"] for a in read.all("a") if a.get("href", "").startswith("/notices/")]
        path = next((a["href"] for a in read.all("a") if a.get("rel") == "next"), None)
    total = filled.client.get("/api/v1/search", params={"q": "监控", "state": "open"}).json()["total"]["value"]
    assert len(seen) == len(set(seen)) == total > 20


def test_an_empty_result_explains_itself(filled: Market, market: Market) -> None:
    words = page(filled, "/?q=量子对撞机").words
    assert "没有结果不等于没有公告" in words
    assert "网站返回验证码页面" in words
    market.register("test_portal", "虚构交易平台")
    market.ran("test_portal", Verdict.COMPLETE, "完整")
    market.save([invented(1)])
    assert "全部为最新" in page(market, "/?q=量子对撞机").words


def test_without_a_source_the_page_says_so(market: Market) -> None:
    market.save([])
    market.save([invented(1)])
    assert "尚未启用任何来源" in page(market, "/?q=量子对撞机").words


def test_unknown_groups_are_told_and_can_be_switched(filled: Market) -> None:
    read = page(filled, "/?budget_min_wan=100")
    assert "条预算金额未知，已计入，以免漏掉" in read.words
    switch = next(a["href"] for a in read.all("a") if "unknown=exclude" in a.get("href", ""))
    hidden = page(filled, switch)
    assert "条预算金额未知，未显示" in hidden.words
    back = next(a["href"] for a in hidden.all("a") if a.get("href", "") == "/?budget_min_wan=100")
    assert back


def test_the_form_keeps_what_was_filled_in(filled: Market) -> None:
    read = page(filled, "/?q=监控&type=tender&state=open&region=330000&budget_min_wan=1.5&published_from=2026-11-01&sort=budget&unknown=exclude&source=test_portal&utm_source=x")
    checked = {(box["name"], box["value"]) for box in read.all("input") if "checked" in box}
    assert checked == {("type", "tender"), ("state", "open"), ("unknown", "exclude"), ("source", "test_portal")}
    assert {option["value"] for option in read.all("option") if "selected" in option} == {"330000", "budget"}
    values = {box["name"]: box.get("value") for box in read.all("input") if "name" in box}
    assert values["q"] == "监控"
    assert values["budget_min_wan"] == "1.5"
    assert values["published_from"] == "2026-11-01"


def test_amounts_of_the_form_are_wan_yuan(filled: Market) -> None:
    read = page(filled, "/?budget_min_wan=１００&budget_max_wan=300&unknown=exclude")
    hits = filled.client.get("/api/v1/search", params={"budget_min": 1_000_000, "budget_max": 3_000_000, "include_unknown": False}).json()
    assert f"{hits['total']['value']} 条公告" in " ".join(read.words.split())


@pytest.mark.parametrize(("query", "sentence"), [
    ("budget_min_wan=很多", "预算下限不是数字"), ("budget_min_wan=5&budget_max_wan=1", "预算的下限大于上限"), ("published_from=2026-13-01", "发布日期起填写有误"),
    ("cursor=abc", "翻页标记无效"), ("q=" + "字" * 1001, "搜索词填写有误"), ("type=nonsense", "公告类型填写有误"),
])
def test_a_mistake_in_the_form_is_told_beside_it(filled: Market, query: str, sentence: str) -> None:
    read = page(filled, f"/?{query}", 400)
    assert sentence in read.words
    assert read.all("form")


def test_every_page_has_its_language_labels_and_landmarks(filled: Market) -> None:
    id = filled.client.get("/api/v1/search").json()["hits"][0]["id"]
    for path in ("/", "/?q=监控&state=open", "/sources", "/help", f"/notices/{id}", "/?q=量子对撞机"):
        read = page(filled, path)
        assert read.all("html") == [{"lang": "zh-CN"}]
        assert len(read.all("h1")) == 1
        assert len(read.all("main")) == 1
        assert read.all("title")
        ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
        assert len(ids) == len(set(ids)), "ids are unique"
        labelled = {label["for"] for label in read.all("label") if "for" in label}
        for tag in ("input", "select"):
            for control in read.all(tag):
                if control.get("type") not in ("hidden", "checkbox") or "id" in control:
                    assert control["id"] in labelled, control
        headings = [int(tag[1]) for tag, _ in read.tags if tag in ("h1", "h2", "h3")]
        assert headings[0] == 1
        assert all(after - before <= 1 for before, after in itertools.pairwise(headings))


def test_no_page_needs_a_script_or_anything_from_elsewhere(filled: Market) -> None:
    for path in ("/", "/?q=监控", "/sources", "/help"):
        read = page(filled, path)
        assert not read.all("script")
        loaded = [a["href"] for a in read.all("link")] + [a.get("src", "") for a in read.all("img")]
        assert all(target.startswith("/static/") for target in loaded)
        for target in loaded:
            assert filled.client.get(target).status_code == 200


def test_the_demonstration_banner_stands_whenever_made_up_notices_can_appear(market: Market) -> None:
    market.register("test_portal", "虚构交易平台")
    market.save([invented(1)])
    banner = "本机演示数据"
    assert banner not in page(market, "/").words
    replica = invented(2)
    market.save([dataclasses.replace(replica, notice=dataclasses.replace(replica.notice, source="demo_portal", origin=Origin.REPLICA))])
    read = page(market, "/")
    assert banner in read.words
    assert "演示" in [text.strip() for text in read.text]
    assert banner in page(market, "/?q=量子对撞机").words
    assert banner not in page(market, "/?source=test_portal").words
    id = market.client.get("/api/v1/search", params={"origin": "replica"}).json()["hits"][0]["id"]
    assert banner in page(market, f"/notices/{id}").words


def test_a_notice_marks_the_evidence_of_each_field(market: Market) -> None:
    body = "采购人：青禾县人民医院\n预算金额：1,730,000.50元（壹佰柒拾叁万元伍角）\n报名截止：2026年12月1日\n"
    extracted = {
        "buyer": found(body, "青禾县人民医院", "青禾县人民医院", 0.95), "budget": found(body, "1,730,000.50元", Decimal("1730000.50")),
        "registration_end": found(body, "2026年12月1日", dt.date(2026, 12, 1)), "ceiling_price": found(body, "1,730,000.50元（壹佰柒拾叁万元伍角）", Decimal("1730000.50"), 0.6),
    }
    id = market.save([incoming(notice("e", "某项目招标公告", body, given={"budget": given(Decimal(1_730_000), "173万")}), extracted)])[0].id
    read = page(market, f"/notices/{id}")
    anchors = {attributes["id"] for _, attributes in read.tags if attributes.get("class") == "anchor"}
    links = {a["href"].removeprefix("#") for a in read.all("a") if a.get("href", "").startswith("#e-")}
    assert links == anchors == {"e-buyer-0", "e-budget-1", "e-registration_end-0", "e-ceiling_price-0"}
    words = " ".join(read.words.split())
    for sentence in ("173 万元", "原写：173万", "未采用", "173.00005 万元", "来源给定", "自动提取", "把握 60%", "2026-12-01"):
        assert sentence in words
    assert body.strip().replace("\n", " ") in words


def test_a_notice_without_body_or_fields_still_has_a_page(market: Market) -> None:
    id = market.save([incoming(notice("bare", "", "", body_missing=True, url=None, withdrawn=True))])[0].id
    words = page(market, f"/notices/{id}").words
    assert "（无标题）" in words
    assert "正文没有取到" in words
    assert "来源已撤下" in words


def test_one_opportunity_is_one_card_at_the_place_of_its_first(filled: Market) -> None:
    answer = filled.search.search(SearchRequest(text="采购"), limit=5)
    first, second, third, *others = answer.hits
    same = third.model_copy(update={"opportunity_id": first.opportunity_id})
    cards = group_cards(answer.model_copy(update={"hits": [first, second, same, *others]}))
    assert [[hit.id for hit in card] for card in cards] == [[first.id, third.id], [second.id], *([hit.id] for hit in others)]


def test_the_address_of_a_search_is_its_form(filled: Market) -> None:
    read = page(filled, "/?q=采购&state=open&type=tender")
    following = next(a["href"] for a in read.all("a") if a.get("rel") == "next")
    fields = parse_qs(urlsplit(following).query)
    assert {name: fields[name] for name in ("q", "state", "type")} == {"q": ["采购"], "state": ["open"], "type": ["tender"]}
    assert len(fields["cursor"][0]) <= 2000
