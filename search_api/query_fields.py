"""The fields a query can name, in Chinese and English, and the filters that their values make.

A field counts only when its value can be read; otherwise what was typed is ordinary text.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

from opportunity.notice import NoticeType, Origin, type_table
from opportunity.query import AmountRange, Choice, Filter, MomentRange, Openness, Scope
from opportunity.region import locate_region, region
from search_api.query_ranges import read_amounts, read_times, write_amounts, write_times

SCOPES: dict[str, Scope] = {
    "标题": Scope.TITLE, "title": Scope.TITLE,
    "正文": Scope.BODY, "body": Scope.BODY,
    "附件": Scope.ATTACHMENT, "attachment": Scope.ATTACHMENT,
    "采购人": Scope.BUYER, "招标人": Scope.BUYER, "buyer": Scope.BUYER,
    "代理机构": Scope.AGENCY, "代理": Scope.AGENCY, "agency": Scope.AGENCY,
    "供应商": Scope.SUPPLIER, "中标人": Scope.SUPPLIER, "supplier": Scope.SUPPLIER, "suppliers": Scope.SUPPLIER,
    "编号": Scope.NUMBER, "项目编号": Scope.NUMBER, "number": Scope.NUMBER, "project_number": Scope.NUMBER,
}
WHOLE = ("整词", "word")
CHOICES = {"类型": "type", "type": "type", "地区": "region", "region": "region", "来源": "source", "source": "source",
           "取得方式": "origin", "origin": "origin"}
AMOUNTS = {
    "预算": "budget", "预算金额": "budget", "budget": "budget",
    "最高限价": "ceiling_price", "ceiling": "ceiling_price", "ceiling_price": "ceiling_price",
    "中标金额": "award_amount", "成交金额": "award_amount", "award": "award_amount", "award_amount": "award_amount",
    "保证金": "deposit", "deposit": "deposit",
}
MOMENTS = {
    "发布": "published", "published": "published",
    "截止": "deadline", "投标截止": "deadline", "deadline": "deadline",
    "报名截止": "registration_end", "registration": "registration_end", "registration_end": "registration_end",
    "保证金截止": "deposit_due", "deposit_due": "deposit_due",
    "提问截止": "question_end", "question_end": "question_end",
    "开标": "opening_time", "opening": "opening_time", "opening_time": "opening_time",
    "可参与至": "enter_until", "enter_until": "enter_until",
    "收录": "first_seen", "seen": "first_seen", "first_seen": "first_seen",
}
STATES = {"可参与": "open", "已截止": "closed", "未知": "unknown", "open": "open", "closed": "closed", "unknown": "unknown"}
STATE_NAMES = ("状态", "state")
ORIGINS = {"实时": Origin.LIVE, "副本": Origin.REPLICA, "导入": Origin.IMPORT, "推送": Origin.PUSH}
PAST = frozenset({"published", "first_seen"})

_SEPARATOR = re.compile(r"[,，|]")
_SOURCE = re.compile(r"[a-z0-9_]{1,80}")


def _first_names(table: dict[str, str]) -> dict[str, str]:
    """Field -> the Chinese name that stands first."""
    return {field: name for name, field in reversed(table.items())}


FIELD_NAMES = {**_first_names(CHOICES), **_first_names(AMOUNTS), **_first_names(MOMENTS)}


def _types() -> dict[str, str]:
    names = {code: code for code in type_table}
    for code, chinese in type_table.items():
        names[chinese] = code
        names.setdefault(chinese.removesuffix("公告").removesuffix("公示"), code)
    names.setdefault("中标", NoticeType.AWARD.value)
    names.setdefault("成交", NoticeType.AWARD.value)
    return names


_TYPES = _types()


# Every name that may stand before the colon of a filter.
FILTER_NAMES = frozenset((*CHOICES, *AMOUNTS, *MOMENTS, *STATE_NAMES))


def read_filter(name: str, value: str, now: dt.datetime) -> Filter | None:
    """The filter of ``name:value``; None when the value cannot be read. A final ``!`` leaves out unknown.

    Raises BadQuery for a range that runs backwards.
    """
    unknown = not value.endswith("!")
    value = value if unknown else value[:-1]
    if name in STATE_NAMES:
        return _read_states(value, now, unknown=unknown)
    if name in CHOICES:
        values = _read_choice(CHOICES[name], _SEPARATOR.split(value))
        return None if values is None else Choice(field=CHOICES[name], values=values, unknown=unknown)
    if name in AMOUNTS:
        amounts = read_amounts(value)
        if amounts is None:
            return None
        return AmountRange(field=AMOUNTS[name], low=amounts[0], high=amounts[1], unknown=unknown)
    if name in MOMENTS:
        times = read_times(value, now, past=MOMENTS[name] in PAST)
        if times is None:
            return None
        return MomentRange(field=MOMENTS[name], low=times[0], high=times[1], unknown=unknown)
    return None


def _read_states(value: str, now: dt.datetime, *, unknown: bool) -> Openness | None:
    wanted = [STATES.get(part.lower()) for part in _SEPARATOR.split(value)]
    if None in wanted:
        return None
    states = {*wanted, "unknown"} if unknown else set(wanted)
    return Openness(states=tuple(state for state in ("open", "closed", "unknown") if state in states), now=now)


def _read_choice(field: str, parts: Iterable[str]) -> tuple[str, ...] | None:
    found: dict[str, None] = {}
    for part in parts:
        value = _read_code(field, part)
        if value is None:
            return None
        found[value] = None
    return tuple(found)


def _read_code(field: str, part: str) -> str | None:
    if field == "type":
        return _TYPES.get(part.lower())
    if field == "origin":
        named = ORIGINS.get(part)
        return named.value if named else part.lower() if part.lower() in set(Origin) else None
    if field == "source":
        return part if _SOURCE.fullmatch(part) else None
    known = region(part) if re.fullmatch("[0-9]{6}", part) else None
    if known is not None:
        return known.code
    located = locate_region(part)
    # The whole value must be the name: 地区:宁波某局 is text.
    return located[0].code if located and located[1] == 0 and located[2] >= len(part) else None


def write_filter(part: Filter) -> str:
    """``name:value`` that ``read_filter`` reads back as the same filter."""
    if isinstance(part, Openness):
        chinese = {code: name for name, code in reversed(STATES.items())}
        return "状态:" + ",".join(chinese[state] for state in part.states) + ("" if "unknown" in part.states else "!")
    name, end = FIELD_NAMES[part.field], "" if part.unknown else "!"
    if isinstance(part, AmountRange):
        return f"{name}:{write_amounts(part.low, part.high)}{end}"
    if isinstance(part, MomentRange):
        return f"{name}:{write_times(part.low, part.high)}{end}"
    values = (type_table[value] if part.field == "type" else value for value in part.values)
    return f"{name}:{','.join(values)}{end}"
