"""Values of an import row → typed values; anything doubtful raises ValueError and is kept as it was given."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from opportunity.dates import parse_moment
from opportunity.money import LARGEST, parse_amount
from opportunity.notice import (
    AMOUNT_FIELDS,
    MOMENT_FIELDS,
    SHANGHAI,
    Moment,
    NoticeType,
    Region,
    Value,
    type_table,
)
from opportunity.region import find_region

_SOURCE = re.compile(r"[a-z0-9][a-z0-9_]{0,63}")
_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?")
_YEARS = range(1990, 2101)
_more_types = {
    "公开招标": NoticeType.TENDER, "公开招标公告": NoticeType.TENDER, "邀请招标": NoticeType.TENDER,
    "采购公告": NoticeType.TENDER, "资格预审": NoticeType.PREQUALIFICATION, "磋商公告": NoticeType.CONSULTATION,
    "谈判公告": NoticeType.NEGOTIATION, "变更公告": NoticeType.CORRECTION, "澄清公告": NoticeType.CORRECTION,
    "答疑公告": NoticeType.CORRECTION, "废标公告": NoticeType.TERMINATION, "流标公告": NoticeType.TERMINATION,
    "中标公告": NoticeType.AWARD, "成交公告": NoticeType.AWARD, "成交结果公告": NoticeType.AWARD, "中标结果公示": NoticeType.AWARD,
    "结果公告": NoticeType.AWARD, "中标候选人公告": NoticeType.CANDIDATE, "合同公示": NoticeType.CONTRACT,
    "采购合同公告": NoticeType.CONTRACT, "采购意向公开": NoticeType.INTENTION, "履约验收公告": NoticeType.ACCEPTANCE,
    "单一来源公告": NoticeType.SINGLE_SOURCE,
}
_TYPES = {
    **{code: NoticeType(code) for code in type_table},
    **{chinese: NoticeType(code) for code, chinese in type_table.items()},
    **{re.sub("公[告示]$", "", chinese): NoticeType(code) for code, chinese in type_table.items()},
    **{name: kind for known, kind in _more_types.items() for name in (known, re.sub("公[告示]$", "", known))},
}


def text_of(value: Any) -> str:
    """A short text; a whole number is written out. Anything else raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise ValueError("应为文字")
    return value.strip()


def source_of(value: Any) -> str:
    text = text_of(value)
    if not _SOURCE.fullmatch(text):
        raise ValueError("来源编号只能用小写字母、数字与下划线")
    return text


def url_of(value: Any) -> str:
    """An address that may be shown as a link: http or https with a host."""
    text = text_of(value)
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or any(c.isspace() for c in text):
        raise ValueError("网址应以 http:// 或 https:// 开头")
    return text


def amount_of(value: Any) -> Decimal:
    """An amount in 元: a number, a string of digits with or without thousands commas, or 375万元."""
    if isinstance(value, bool):
        raise ValueError("金额应为数字")
    if isinstance(value, int | Decimal):
        amount = Decimal(value)
    else:
        text = text_of(value)
        if _NUMBER.fullmatch(text):
            try:
                amount = Decimal(text.replace(",", ""))
            except InvalidOperation as error:
                raise ValueError("金额应为数字") from error
        else:
            found = parse_amount(text)
            if found is None:
                raise ValueError("金额读不出")
            amount = found
    if not amount.is_finite() or not 0 <= amount < LARGEST:
        raise ValueError("金额超出范围")
    return amount


def moment_of(value: Any) -> Moment:
    """A day or an instant: ISO 8601 (without a zone it is Beijing time), or as Chinese notices write it."""
    text = text_of(value)
    moment = _iso(text) or parse_moment(text)
    if moment is None or moment.year not in _YEARS:
        raise ValueError("时间读不出，应为 ISO 8601，例如 2026-03-01 或 2026-03-01T09:30:00+08:00")
    return moment


def _iso(text: str) -> Moment | None:
    if not re.match(r"\d{4}-\d\d-\d\d", text):
        return None
    try:
        if len(text) == 10:
            return dt.date.fromisoformat(text)
        at = dt.datetime.fromisoformat(text)
        at = at if at.tzinfo else at.replace(tzinfo=SHANGHAI)
        at.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
    return at


def type_of(value: Any) -> NoticeType:
    """A type by its code or its Chinese name."""
    text = text_of(value)
    kind = _TYPES.get(text) or _TYPES.get(text.lower())
    if kind is None:
        raise ValueError("没有这种公告类型")
    return kind


def region_of(value: Any) -> Region:
    """A division by code or name."""
    found = find_region(text_of(value))
    if found is None:
        raise ValueError("没有这个行政区划")
    return found


def suppliers_of(value: Any) -> list[str]:
    """Names: a list of texts, or one text with the names separated by semicolons."""
    items = re.split("[;；]", value) if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise ValueError("供应商应为文字的列表，或用分号隔开的文字")
    names = [item.strip() for item in items if item.strip()]
    if not names:
        raise ValueError("供应商为空")
    return list(dict.fromkeys(names))


def values_of(name: str, value: Any) -> list[Value]:
    """The typed values of a field by its name. Raises ValueError with a Chinese reason."""
    if name in AMOUNT_FIELDS:
        return [amount_of(value)]
    if name in MOMENT_FIELDS or name == "published":
        return [moment_of(value)]
    if name == "type":
        return [type_of(value)]
    if name == "region":
        return [region_of(value)]
    if name == "suppliers":
        return list(suppliers_of(value))
    return [text_of(value)]
