"""For any text: extraction never fails, evidence is exact, and time is linear in the text."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.extraction import extract, html_to_plain
from crawlers.extraction.as_json import fields_json
from crawlers.extraction.flat import flatten
from opportunity.notice import AMOUNT_FIELDS, FIELD_NAMES, MANY_VALUED, MOMENT_FIELDS, Fields, NoticeType, Region

_pieces = st.sampled_from([
    "项目编号", "采购人", "招标人", "名称", "采购人信息", "采购代理机构信息", "预算金额", "（万元）", "（元）", "最高限价", "中标金额", "投标保证金",
    "投标截止时间", "开标时间", "获取招标文件", "响应文件提交", "时间", "截止时间", "和", "、", "：", ":", "\n", "\t", " ", "\u3000", "\xa0", "一、",
    "1.", "（一）", "50万元", "￥375.000000万元", "3,750,000.00元", "贰万元整", "（19000.00元）", "20.5%", "2026年3月17日", "2026-03-23 17:00", "至",
    "每天上午8:00至12:00", "9时", "YS-2026-1", "甲科技有限公司", "栎舟中学", "浙江省宁波市鄞州区", "朝阳区", "中标供应商名称", "供应商地址", "采购包1", "标段一",
    "更正公告", "废标", "。", "；", "（", "）", "为", "委托", "受", "𠀀", "é", "\u200b", "0000-0000", "见附件",
])


def check(title: str, plain: str, fields: Fields) -> None:
    assert set(fields) <= set(FIELD_NAMES)
    for name, values in fields.items():
        assert values and (len(values) == 1 or name in MANY_VALUED)
        for value in values:
            text = title if value.where == "title" else plain
            assert value.where in ("title", "body")
            assert 0 <= value.start < value.end <= len(text)
            assert text[value.start : value.end] == value.text
            assert 0 < value.confidence <= 1
            expected = (
                Decimal if name in AMOUNT_FIELDS else dt.date if name in (*MOMENT_FIELDS, "published")
                else Region if name == "region" else NoticeType if name == "type" else str
            )
            assert isinstance(value.value, expected)
            assert not isinstance(value.value, dt.datetime) or value.value.tzinfo is not None
    fields_json(fields)


@settings(max_examples=250, deadline=None)
@given(st.lists(_pieces, max_size=60).map("".join), st.lists(_pieces, max_size=8).map("".join))
def test_any_mix_of_pieces(plain: str, title: str) -> None:
    check(title, plain, extract(title, plain))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200), st.text(max_size=40))
def test_any_text(plain: str, title: str) -> None:
    check(title, plain, extract(title, plain))


@settings(max_examples=100, deadline=None)
@given(st.lists(_pieces, max_size=40))
def test_white_space_never_changes_what_is_read(pieces: list[str]) -> None:
    solid = [piece for piece in pieces if piece.strip()]
    plain = "\n".join(solid)
    spaced = "\n \n".join(solid)
    read = {name: [value.value for value in values] for name, values in extract("公告", plain).items()}
    again = {name: [value.value for value in values] for name, values in extract("公告", spaced).items()}
    assert read == again


@given(st.text(alphabet="甲乙 a1\n\t\u3000：（Ａ９", max_size=80))
def test_the_flat_view_leads_back(plain: str) -> None:
    flat = flatten(plain)
    for at, character in enumerate(flat.text):
        start, end = flat.to_plain(at, at + 1)
        assert end == start + 1
        if character != " ":
            assert flat.wide[start] == character and flat.to_flat(start) == at


@pytest.mark.parametrize("plain", [
    "9" * 1_000_000,
    "（" * 1_000_000,
    "（）" * 300_000,
    "预算金额：" * 100_000,
    "预算金额（" * 100_000,
    "受" * 500_000 + "委托" * 100_000,
    "招标人为" * 200_000,
    "2026年" * 150_000,
    "2026年3月1日至" * 60_000,
    "投标截止时间和" * 60_000,
    "名\n称\n" * 150_000,
    "一、" * 300_000,
    "采购包1\n" * 100_000,
    "供应商名称\n供应商地址\n" * 50_000,
    "名称\t预算金额\t最高限价\n" * 40_000,
    "预算金额\t1\n" * 60_000,
    "壹" * 1_000_000,
    "\n" * 1_000_000,
    "中标人：" + "甲有限公司、" * 100_000,
])
def test_crafted_texts_come_back(plain: str) -> None:
    # With a quadratic pattern these would take hours; the suite's own time limit is the only clock here.
    check("公告", plain, extract("公告", plain))


def test_what_is_read_from_html_points_into_its_plain_text() -> None:
    html = "<table><tr><td>预算&nbsp;金额</td><td>５０<b>万</b>元</td></tr></table><p>采&emsp;购 人：<i>栎舟</i>中学</p>"
    plain = html_to_plain(html)
    fields = extract("公告", plain)
    check("公告", plain, fields)
    assert fields["budget"][0].value == 500000 and fields["budget"][0].text == "５０万元"
    assert fields["buyer"][0].value == "栎舟中学"


def test_fields_as_json() -> None:
    body = "采购人：宁波市鄞州区栎舟中学\n预算金额：20797381.58元\n投标截止时间：2026年3月20日9:00\n报名截止时间：2026年3月9日"
    out = fields_json(extract("课桌椅采购项目招标公告", body))
    assert out["budget"] == {"value": 20797381.58, "in": "body", "start": 20, "end": 32, "text": "20797381.58元", "confidence": 0.95}
    assert out["region"]["value"] == {"code": "330212", "name": "浙江省宁波市鄞州区"}
    assert (out["type"]["value"], out["type"]["chinese"]) == ("tender", "招标公告")
    assert out["deadline"]["value"] == "2026-03-20T09:00:00+08:00" and out["registration_end"]["value"] == "2026-03-09"
