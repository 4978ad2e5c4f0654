"""The strict helpers: zero and two matches raise, a wrong type raises, titles only withhold a type."""

from __future__ import annotations

import datetime as dt

import pytest
from parsel import Selector

from crawlers.platforms import base
from opportunity.errors import Blocked, ReadingError
from opportunity.notice import SHANGHAI, NoticeType
from opportunity.page import PageRequest
from tests.crawlers.portals import START, made_page

LIST = PageRequest(url="http://a.example/list", purpose="list")


def test_exactly_one_match_or_an_error() -> None:
    node = Selector(text="<p>a</p><p>b</p><b>c</b>", type="html")
    assert base.text_of(base.one(node, "b", "粗体")) == "c"
    for css in ("p", "i"):
        with pytest.raises(ReadingError):
            base.one(node, css, "段落")
    assert base.at_most_one(node, "i", "斜体") is None
    with pytest.raises(ReadingError):
        base.at_most_one(node, "p", "段落")


def test_text_is_one_line_and_empty_spans_between_characters_do_no_harm() -> None:
    trap = '<a title="青岚河">' + "".join(f'<span class="p_tit"></span>{c}' for c in "青岚河") + "</a>"
    node = Selector(text=f"<div>{trap} \n&nbsp; 堤防　加固</div>", type="html")
    assert base.text_of(base.one(node, "div", "行")) == "青岚河 堤防 加固"


def test_members_have_their_type() -> None:
    value = {"a": 1, "b": True, "c": None, "d": "x"}
    assert base.member(value, "a", int, "行") == 1
    for key, kind in (("b", int), ("c", str), ("d", int), ("e", str)):
        with pytest.raises(ReadingError):
            base.member(value, key, kind, "行")
    with pytest.raises(ReadingError):
        base.member(["a"], "a", int, "行")


@pytest.mark.parametrize("value", [True, -1, 1.5, "1.5", "", "十", None])
def test_counts_are_whole_numbers(value: object) -> None:
    with pytest.raises(ReadingError):
        base.whole_number(value, "总数")


def test_counts_may_be_printed_as_digits() -> None:
    assert (base.whole_number("27", "总数"), base.whole_number(0, "总数")) == (27, 0)


def test_stated_moments() -> None:
    assert base.stated_moment("2026-03-17", "发布时间") == dt.date(2026, 3, 17)
    assert base.stated_moment("2026年06月02日  10:26", "发布时间") == dt.datetime(2026, 6, 2, 10, 26, tzinfo=SHANGHAI)
    for text in ("", "昨天", "2026-13-01"):
        with pytest.raises(ReadingError):
            base.stated_moment(text, "发布时间")


@pytest.mark.parametrize(
    ("column", "title", "type"),
    [
        (NoticeType.TENDER, "某工程施工招标公告", NoticeType.TENDER),
        (NoticeType.TENDER, "某工程施工招标变更公告", None),
        (NoticeType.TENDER, "某设备采购竞争性磋商公告", None),
        (NoticeType.CORRECTION, "某工程中标结果更正公告", NoticeType.CORRECTION),
        (NoticeType.AWARD, "某设备采购中标（成交）结果公告", NoticeType.AWARD),
        (NoticeType.AWARD, "某设备采购废标公告", None),
        (NoticeType.AWARD, "某工程中标候选人公示", None),
        (NoticeType.TERMINATION, "某项目终止公告", NoticeType.TERMINATION),
        (None, "某工程施工招标公告", None),
    ],
)
def test_a_title_withholds_a_type_but_never_gives_one(
    column: NoticeType | None, title: str, type: NoticeType | None
) -> None:
    assert base.given_type(column, title) is type


def test_a_coarse_region_is_withheld_where_the_title_says_more() -> None:
    assert base.given_region("浙江省", "宁波市某项目招标公告") is None
    found = base.given_region("浙江省", "某项目招标公告")
    assert found is not None and found.code == "330000"
    elsewhere = base.given_region("浙江省", "新疆生产建设兵团驻杭办事处项目")
    assert elsewhere is not None and elsewhere.code == "330000"
    assert base.given_region("", "宁波市某项目") is None


@pytest.mark.parametrize("status", [401, 403, 412, 429, 521])
def test_refusing_statuses_are_blocked(status: int) -> None:
    with pytest.raises(Blocked):
        base.need_content(made_page(LIST, "<html></html>", START, status))


@pytest.mark.parametrize(("text", "status"), [("", 200), (" \n", 200), ("<html>ok</html>", 500), ("<p>x</p>", 404)])
def test_no_content_is_an_error(text: str, status: int) -> None:
    with pytest.raises(ReadingError):
        base.need_content(made_page(LIST, text, START, status))


@pytest.mark.parametrize("text", ["<html><body>列表</body></html>", '{"a": ', "[" * 100_000])
def test_what_is_not_json_is_an_error(text: str) -> None:
    with pytest.raises(ReadingError):
        base.json_answer(made_page(LIST, text, START))
