"""Chinese wording of codes, fields, moments and amounts, for the page and the answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeVar

from opportunity.errors import BadInput
from opportunity.notice import SHANGHAI, NoticeType, Region, Value
from opportunity.query import Sort
from opportunity.region import region_name
from opportunity.run import Health

FIELD_TITLES: dict[str, str] = {
    "title": "标题", "project_number": "项目编号", "buyer": "采购人", "agency": "代理机构", "suppliers": "供应商",
    "type": "公告类型", "region": "地区", "published": "发布时间", "budget": "预算金额", "ceiling_price": "最高限价",
    "award_amount": "中标金额", "deposit": "保证金", "registration_end": "报名（获取文件）截止", "deposit_due": "保证金截止",
    "question_end": "提问截止", "deadline": "投标（响应）截止", "opening_time": "开标时间",
    "first_seen": "首次采集时间", "enter_until": "参与时限", "body": "正文", "attachment": "附件", "source": "来源", "origin": "数据来路", "state": "参与状态",
}
# What a firm asks first.
INTEREST = (
    "buyer", "budget", "ceiling_price", "award_amount", "suppliers", "registration_end", "deposit_due", "question_end",
    "deadline", "opening_time", "deposit", "project_number", "agency", "region", "type", "published", "title",
)
GATE_TITLES = {"registration_end": "报名截止", "deposit_due": "保证金截止", "deadline": "投标截止"}
STATE_TITLES = {"open": "可参与", "closed": "已截止", "unknown": "时限未知"}
ORIGIN_TITLES = {"live": "实时采集", "replica": "本机演示数据", "import": "导入数据", "push": "推送数据"}
SORT_TITLES = {
    Sort.RELEVANCE: "相关度", Sort.PUBLISHED: "最新发布", Sort.ENTER_UNTIL: "最早截止", Sort.BUDGET: "预算最高",
    Sort.SEEN: "最新收录",
}
TYPES = tuple((kind.value, kind.chinese) for kind in NoticeType)
HEALTH_TITLES = {health.value: health.chinese for health in Health}
PROVINCES = tuple(
    f"{code}0000" for code in (
        11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46,
        50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82,
    )
)
Field = TypeVar("Field")
_WAN = Decimal(10_000)
_YI = Decimal(100_000_000)


def region_title(code: str) -> str:
    """The full name of a region code; a code outside of the table stands for itself."""
    try:
        return region_name(code)
    except BadInput:
        return code


def type_title(code: str) -> str:
    """The official Chinese term of a notice type."""
    try:
        return NoticeType(code).chinese
    except ValueError:
        return code


def amount_title(amount: Decimal | str | None) -> str:
    """An amount of 元 in words, never rounded: 128.5 万元 only where that is exact."""
    if amount is None:
        return "未知"
    exact = Decimal(amount)
    if abs(exact) >= _YI and (exact / _YI) == (exact / _YI).quantize(Decimal("0.0001")):
        return f"{_short(exact / _YI)} 亿元"
    if abs(exact) >= _WAN:
        return f"{_short(exact / _WAN)} 万元"
    return f"{_short(exact)} 元"


def _short(number: Decimal) -> str:
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def instant_title(instant: dt.datetime | None) -> str:
    """An instant in Beijing time to the minute."""
    return "未知" if instant is None else f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def end_title(instant: dt.datetime | None) -> str:
    """The instant at which something ends; the end of a day is that day's 24:00, not the next day's 00:00."""
    if instant is None:
        return "未知"
    local = instant.astimezone(SHANGHAI)
    if local.time() == dt.time(0):
        return f"{local - dt.timedelta(days=1):%Y-%m-%d} 24:00"
    return instant_title(instant)


def moment_title(text: str | None) -> str:
    """An ISO moment for people: a day stays a day, an instant is shown to the minute."""
    if text is None:
        return "未知"
    return text if len(text) == 10 else instant_title(dt.datetime.fromisoformat(text))


def left_title(until: dt.datetime | None, now: dt.datetime) -> str:
    """How long an entry gate is still ahead, in days or hours; empty when it has passed."""
    if until is None or until <= now:
        return ""
    hours = int((until - now).total_seconds() // 3600)
    if hours >= 48:
        return f"还有 {hours // 24} 天"
    return f"还有 {hours} 小时" if hours else "不足 1 小时"


def ago_title(instant: dt.datetime | None, now: dt.datetime) -> str:
    """How long ago something was: 3 分钟前, 5 小时前, 2 天前."""
    if instant is None:
        return "从未"
    minutes = int((now - instant).total_seconds() // 60)
    if minutes < 1:
        return "刚刚"
    if minutes < 60:
        return f"{minutes} 分钟前"
    return f"{minutes // 60} 小时前" if minutes < 48 * 60 else f"{minutes // 1440} 天前"


def plain_value(value: Value) -> str:
    """A field's value as plain text: codes stay codes, moments are ISO 8601, amounts decimal 元."""
    if isinstance(value, Region):
        return value.code
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    return str(value)


def value_name(value: Value) -> str | None:
    """The Chinese name of a coded value (region, type); None for a plain one."""
    if isinstance(value, Region):
        return value.name
    return value.chinese if isinstance(value, NoticeType) else None


def by_interest(fields: Mapping[str, Field]) -> list[tuple[str, Field]]:
    """The fields of a notice in the order in which people ask for them; the others follow."""
    return sorted(fields.items(), key=lambda item: INTEREST.index(item[0]) if item[0] in INTEREST else len(INTEREST))


def value_title(name: str, value: str, coded: str | None) -> str:
    """A field's value for people."""
    if coded is not None:
        return coded
    if name in ("budget", "ceiling_price", "award_amount", "deposit"):
        return amount_title(value)
    if name in ("published", "registration_end", "deposit_due", "question_end", "deadline", "opening_time"):
        return moment_title(value)
    return value
