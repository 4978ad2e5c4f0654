"""Divisions: codes, names, short forms, and the strictness about names that several bear."""

from __future__ import annotations

import csv
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opportunity.errors import BadInput
from opportunity.region import contains, find_region, locate_region, parents, region, region_name

ROWS = list(csv.DictReader(resources.files("opportunity").joinpath("regions.csv").read_text("utf-8").splitlines()))
CODES = [row["code"] for row in ROWS]


def name_of(text: str) -> str | None:
    found = find_region(text)
    return None if found is None else found.name


@pytest.mark.parametrize(("text", "name"), [
    ("浙江", "浙江省"), ("宁波", "浙江省宁波市"), ("宁波市", "浙江省宁波市"), ("鄞州区", "浙江省宁波市鄞州区"),
    ("浙江省宁波市鄞州区首南街道", "浙江省宁波市鄞州区"), ("330212", "浙江省宁波市鄞州区"), ("北京朝阳区", "北京市朝阳区"),
    ("北京市朝阳区", "北京市朝阳区"), ("济南市市中区", "山东省济南市市中区"), ("济南市中区", "山东省济南市市中区"),
    ("恩施州", "湖北省恩施土家族苗族自治州"), ("五峰县", "湖北省宜昌市五峰土家族自治县"), ("重庆市忠县", "重庆市忠县"),
    ("广西", "广西壮族自治区"), ("内蒙古", "内蒙古自治区"), ("海南", "海南省"), ("海南州", "青海省海南藏族自治州"),
    ("吉林省吉林市", "吉林省吉林市"), ("兵团", "新疆生产建设兵团"), ("台湾省", "台湾省"), ("香港特别行政区", "香港特别行政区"),
    ("宁波鄞州某中心", "浙江省宁波市鄞州区"), ("永城市教育体育局", "河南省商丘市永城市"), ("仙桃市", "湖北省仙桃市"),
    ("朝阳区（北京市）", "北京市朝阳区"), ("330212001000", "浙江省宁波市鄞州区"), ("辽宁朝阳", "辽宁省朝阳市"),
    ("南京", "江苏省南京市"),
])
def test_names_are_found(text: str, name: str) -> None:
    assert name_of(text) == name


@pytest.mark.parametrize("text", [
    "朝阳区", "市中区", "鼓楼区", "吉林大学", "南京路100号", "北京东路", "建成县级标准", "朝阳小学", "阿里云", "白银采购", "", "999999", "城区",
    "北京时间",
])
def test_ambiguous_or_no_names_say_nothing(text: str) -> None:
    assert find_region(text) is None


def test_a_branch_elsewhere_is_where_its_name_says() -> None:
    assert name_of("北京师范大学珠海校区") == "广东省珠海市"


def test_a_list_of_places_is_not_one_address() -> None:
    assert name_of("宁波高新区和慈溪市") == "浙江省宁波市"


def test_a_context_settles_an_ambiguous_name() -> None:
    found = find_region("朝阳区某局", within="110000")
    assert found is not None and found.code == "110105"


def test_evidence_is_the_name_itself() -> None:
    text = "地址：江苏省南京市玄武区某路"
    found = locate_region(text)
    assert found is not None and text[found[1] : found[2]] == "江苏省南京市玄武区"


def test_provinces_hold_their_counties() -> None:
    assert contains("330000", "330212") and contains("330200", "330212") and contains("330212", "330212")
    assert not contains("330212", "330200") and not contains("320000", "330212") and not contains("330100", "330212")
    assert parents("330212") == ("330000", "330200")
    assert parents("110105") == ("110000",)
    assert parents("330000") == ()


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(BadInput):
        region_name("999999")
    assert region("999999") is None


def test_the_table_is_whole() -> None:
    assert len(CODES) == len(set(CODES)) > 3200
    assert len([code for code in CODES if code.endswith("0000")]) == 35


@given(st.sampled_from(CODES))
def test_every_full_name_is_found_again(code: str) -> None:
    found = find_region(region_name(code))
    assert found is not None and (found.code == code or found.name == region_name(code))


@given(st.text(alphabet="浙江省宁波市鄞州区北京朝阳海南中忠县吉林路街、和0123", max_size=60))
def test_any_text_gives_a_region_inside_it(text: str) -> None:
    found = locate_region(text)
    assert found is None or (0 <= found[1] < found[2] <= len(text) and region(found[0].code) == found[0])
