"""What people type: rules, bounds, the way back to text, and that any pasted title finds itself."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.words import cutter
from opportunity.errors import BadQuery
from opportunity.matching import accepts, contains_plainly, search_text
from opportunity.notice import SHANGHAI
from opportunity.query import And, Choice, Everything, Node, Not, Or, Phrase, Query, Scope, Term
from opportunity.text import normalise
from search_api.query_text import describe, parse_query, to_text
from search_api.query_tokens import tokens
from tests.opportunity.records import record

NOW = dt.datetime(2026, 11, 24, 12, 30, 15, 999, tzinfo=SHANGHAI)


def parse(text: str) -> Query:
    return parse_query(text, cutter=cutter(), now=NOW)


def root(text: str) -> Node:
    return parse(text).root


def term(raw: str, *words: str, scope: Scope = Scope.DEFAULT, whole: bool = False) -> Term:
    return Term(raw=raw, words=words or (raw,), scope=scope, whole=whole)


def phrase(raw: str, text: str = "", scope: Scope = Scope.DEFAULT) -> Phrase:
    return Phrase(raw=raw, text=text or raw, scope=scope)


JIAN, DIAN, LOU = term("监控"), term("电梯"), term("办公楼")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Everything()), (" \u3000\n", Everything()),
        ("监控", JIAN), ("智慧城市监控", term("智慧城市监控", "智慧城市", "监控")),
        ("监控 电梯", And(parts=(JIAN, DIAN))), ("监控\u3000电梯", And(parts=(JIAN, DIAN))), ("监控 监控", JIAN),
        ("监控 AND 电梯", And(parts=(JIAN, DIAN))),
        ("监控 OR 电梯", Or(parts=(JIAN, DIAN))), ("监控 or 电梯", And(parts=(JIAN, term("or"), DIAN))),
        ("监控 电梯 OR 办公楼", Or(parts=(And(parts=(JIAN, DIAN)), LOU))),
        ("监控 ( 电梯 OR 办公楼 )", And(parts=(JIAN, Or(parts=(DIAN, LOU))))),
        ("监控 -电梯", And(parts=(JIAN, Not(part=DIAN)))), ("监控 NOT 电梯", And(parts=(JIAN, Not(part=DIAN)))),
        ("NOT NOT 监控", JIAN), ("NOT -监控", JIAN), ("-监控", Not(part=JIAN)),
        ("监控 -( 电梯 办公楼 )", And(parts=(JIAN, Not(part=And(parts=(DIAN, LOU)))))),
        ("NOT ( 监控 OR 电梯 )", Not(part=Or(parts=(JIAN, DIAN)))),
        ("-80℃", term("-80℃", "80", "c")), ("监控 - 电梯", And(parts=(JIAN, DIAN))),
        ('"智慧 城市"', phrase("智慧 城市", "智慧城市")), ("“监控”", phrase("监控")), ('-"监控"', Not(part=phrase("监控"))),
        ("“监控”系统", term("“监控”系统", "监控", "系统")), ('监控"电梯"', term('监控"电梯"', "监控", "电梯")),
        ('"监控', term('"监控', "监控")), ("“甲”与“乙”", phrase("甲”与“乙", "甲与乙")), ('"" 监控', JIAN),
        ("(监控)", term("(监控)", "监控")), ("监控（电梯）", term("监控（电梯）", "监控", "电梯")),
        ("( 监控", JIAN), ("监控 )", JIAN), ("( ) 监控", JIAN), ("( ( 监控 ) )", JIAN), (") 监控 (", JIAN),
        ("OR", term("OR", "or")), ("监控 OR", And(parts=(JIAN, term("OR", "or")))), ("NOT", term("NOT", "not")),
        ("OR 监控", And(parts=(term("OR", "or"), JIAN))), ("\\OR", term("OR", "or")), ("\\-监控", term("-监控", "监控")),
        ("监控 ＯＲ 电梯", And(parts=(JIAN, term("ＯＲ", "or"), DIAN))), ("－监控", term("－监控", "监控")),
        ("标题:监控", term("监控", scope=Scope.TITLE)), ("title：监控", term("监控", scope=Scope.TITLE)),
        ("TITLE:监控", term("监控", scope=Scope.TITLE)), ("标题: 监控", And(parts=(term("标题:", "标题"), JIAN))),
        ('标题:"智慧 城市"', phrase("智慧 城市", "智慧城市", Scope.TITLE)),
        ("标题:整词:京东", term("京东", scope=Scope.TITLE, whole=True)), ("整词:京东", term("京东", whole=True)),
        ("采购人:监控", Or(parts=(term("监控", scope=Scope.BUYER), phrase("采购人:监控", "采购人监控")))),
        ("电梯 OR 采购人:监控", Or(parts=(DIAN, Or(parts=(term("监控", scope=Scope.BUYER), phrase("采购人:监控", "采购人监控")))))),
        ("甲方:监控", term("甲方:监控", "甲方", "监控")), ("http://监控", term("http://监控", "http", "监控")),
        ("类型:更正公告", Choice(field="type", values=("correction",))), ("类型:某某", term("类型:某某", "类型", "某某")),
        ("地区:浙江", Choice(field="region", values=("330000",))),
        ("-地区:宁波市", Not(part=Choice(field="region", values=("330200",)))),
        ("地区:宁波某局", term("地区:宁波某局", "地区", "宁波", "某局")),
        ("3,750,000", Or(parts=(term("3,750,000", "3750000"), term("3,750,000", "3750.000")))),
    ],
)
def test_meaning(text: str, expected: Node) -> None:
    assert root(text) == expected


def test_a_query_keeps_its_text_its_cutter_and_whole_seconds() -> None:
    query = parse("监控 预算:很多")
    assert (query.raw, query.fingerprint, query.now) == ("监控 预算:很多", cutter().fingerprint, NOW.replace(microsecond=0))
    assert query.notes == ("“预算:很多”不能按条件理解，已当作文字搜索",)


def test_brackets_that_touch_text_are_text_and_it_is_said() -> None:
    query = parse("(监控 OR 安防) 电梯")
    assert query.root == Or(parts=(term("(监控", "监控"), And(parts=(term("安防)", "安防"), DIAN))))
    assert query.notes == ("紧挨着文字的括号已当作文字；要分组，请在括号两边加空格",)
    assert parse("( 监控 OR 安防 ) 电梯").notes == parse("监控(二期)").notes == ()


@pytest.mark.parametrize("text", ["，", "- — ·", "“”", "( )", "((", "\u200b", "\ud800", "-", "标题:、"])
def test_only_marks_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(BadQuery, match="没有可以搜索的字"):
        parse(text)


ATTACKS = {
    "a million characters": "招" * 1_000_000,
    "100,000 brackets": "( " * 100_000,
    "a million brackets": "(" * 1_000_000,
    "nested as deep as fits": "( " * 249 + "甲" + " )" * 249,
    "nested alternately": "( 甲 OR " * 60 + "乙" + " )" * 60,
    "1,000 leaves": " ".join(chr(0x4E00 + i) for i in range(500)),
    "many alternatives": " OR ".join(chr(0x4E00 + i) for i in range(166)),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_too_much_is_refused(name: str) -> None:
    with pytest.raises(BadQuery):
        parse(ATTACKS[name])


def test_harmless_text_of_the_largest_size_is_read() -> None:
    assert isinstance(root("(" * 999 + "甲"), Term)
    assert isinstance(root('"' * 999 + "甲"), Term)
    assert isinstance(root("NOT " * 249 + "甲"), Not)
    assert len(str(root("招标采购" * 250))) > 10


# Invented titles in the manner of portals, with every mark that could be taken for an operator.
TITLES = (
    "某市轨道交通1-8号线（二期）监控系统采购项目公开招标公告", "关于“智慧城市”项目 - 第2次更正公告", "某医院-80℃超低温冰箱 (二次) 采购",
    "【更正】某学院  NOT 设备 采购 OR 租赁", "某县 2026年 农村公路 [标段一] 中标结果公示", "某局办公楼物业 (2026-2028) 服务",
    "“双碳”与“数字化”改造 “示范” 工程", "项目编号：AB-2026-001 某中学食堂食材配送", "采购人：某市某局 电梯维保", "3,750,000 元 以下 零星工程",
    "1,2,3 号楼 屋面 维修 12,34", "( 某校 ) 实验室 设备 ( 第三包", "R&D 中心：C++/C# 开发 *重要*", "預算 瞭解 臺灣 廠商 答覆",
    "标题:某项目 正文:某设备 供应商:某公司", "某项目\u200b（含\ufeff设备）", "Supply AND Installation of ﬁbre №5 ½",
)


def _cuts_a_part_out(text: str) -> bool:
    """Whether the title holds what is meant as exclusion or as a filter: those ask something else."""
    read = list(tokens(text, NOW))
    return any(token.negative or token.filter or token.kind.value in ("NOT", "-(") for token in read)


def finds(text: str, title: str, body: str = "") -> bool:
    return accepts(root(text), search_text(record(title, body)), cutter().words)


@pytest.mark.parametrize("title", TITLES)
def test_a_pasted_title_finds_itself(title: str) -> None:
    assert _cuts_a_part_out(title) == ("NOT" in title)
    if "NOT" not in title:
        assert finds(title, title)
        assert finds(title, "别的标题", title) == ("标题:" not in title)
    assert finds(f'"{title}"', title)


pieces = st.sampled_from(
    ["监控", "电梯", "智慧城市", "OR", "AND", "NOT", "(", ")", "-(", "-", "—", "-电梯", "-80℃", '"智慧 城市"', "“监控", "监控”", '"', '""',
     "标题:", "标题:监控", "-标题:监控", '采购人:"某 局"', "采购人:某局", "编号：AB-1", "整词:京东", "标题:整词:京东", "采购人:整词:京东", "类型:招标公告,更正公告",
     "地区:浙江!", "来源:demo_a", "取得方式:导入", "预算:100万..500万", "预算:>=100万!", "预算:..500", "保证金:<2万", "中标金额:3,000元..贰万元整",
     "发布:7天内", "截止:7天内", "发布:2026-11-01..2026-11-30", "开标:2026-11-01T09:00..", "报名截止:<=2026-12-01T09:30:05", "截止:本周!",
     "状态:可参与", "状态:已截止,未知", "状态:可参与!", "750,00", "3,750,000", "1-8号线", "\\OR", "\\", "\\\\", "--监控", "\u200b", "\ud800", "ＯＲ", "（", "）",
     '"采购人:某局"', '"标题监控"', "采购人:监控", '供应商:"']
)
typed = st.lists(pieces, max_size=9).map(" ".join)
noise = st.text(
    alphabet=st.one_of(st.sampled_from('"“”()（）-－:：\\ 标题整词预算 ORNOT甲乙0123,，.~=<>!\u3000\u200b\ud800'), st.characters(exclude_categories=())),
    max_size=40,
)


@given(st.one_of(typed, noise))
@settings(max_examples=1500, deadline=None)
def test_only_bad_query_and_the_way_back(text: str) -> None:
    """Nothing but BadQuery comes out; typed again, a query is the same tree; it can be said and matched."""
    try:
        query = parse(text)
    except BadQuery as problem:
        assert problem.message
        return
    again = parse_query(to_text(query), cutter=cutter(), now=query.now)
    assert again.root == query.root
    assert to_text(again) == to_text(query)
    assert describe(again) == describe(query) != ""
    accepts(query.root, search_text(record("某标题")), cutter().words)


@given(noise.filter(lambda text: bool(normalise(text))))
@settings(max_examples=800, deadline=None)
def test_any_text_without_exclusion_finds_itself(text: str) -> None:
    if not _cuts_a_part_out(text):
        try:
            asked = root(text)
        except BadQuery as problem:
            backwards = "下限大于上限" in problem.message or "晚于结束" in problem.message
            assert backwards or not any(normalise(word) for word in text.split())
            return
        assert accepts(asked, search_text(record(text)), cutter().words)


@given(st.text(alphabet="智慧城市監控采购1,-2.0 ", min_size=1, max_size=20), st.data())
@settings(max_examples=300, deadline=None)
def test_a_quoted_piece_finds_what_contains_it(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    piece = text[start : data.draw(st.integers(start + 1, len(text)))]
    if normalise(piece):
        assert contains_plainly(search_text(record("无", text)), piece)
        assert finds(f'"{piece}"', "无", text)


def test_filters_beside_the_text_become_part_of_it() -> None:
    beside = (Choice(field="region", values=("330000",), unknown=False),)
    query = parse_query("监控 OR 电梯", cutter=cutter(), now=NOW, filters=beside)
    assert to_text(query) == "( 监控 OR 电梯 ) 地区:330000!"
    assert root(to_text(query)) == And(parts=(Or(parts=(JIAN, DIAN)), *beside))
    assert to_text(parse_query("", cutter=cutter(), now=NOW, filters=beside)) == "地区:330000!"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "全部公告"),
        ("智慧城市监控", "全文含“智慧城市监控”（分为智慧城市、监控）"),
        ('标题:"监控" -电梯', "标题含原文“监控”，并且不要全文含“电梯”"),
        ("监控 ( 电梯 OR 办公楼 )", "全文含“监控”，并且（全文含“电梯”，或者全文含“办公楼”）"),
        ("整词:京东", "全文含整词“京东”"),
        ("采购人:某局", "采购人含“某局”（或文中写有“采购人:某局”）"),
        ("预算:100万..1.5亿", "预算不低于100万元、不超过1.5亿元（含未知）"),
        ("发布:2026-11-01..2026-11-30!", "发布时间不早于2026年11月1日、早于2026年12月1日（不含未知）"),
        ("类型:招标 地区:宁波", "类型为招标公告（含未知），并且地区为浙江省宁波市（含未知）"),
        ("状态:可参与", "状态为可参与或未知"),
    ],
)
def test_said_in_words(text: str, said: str) -> None:
    assert describe(parse(text)) == said
