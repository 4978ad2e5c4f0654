"""The search form of the page: plain GET fields, lenient about blanks, strict about values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode

from pydantic import ValidationError
from starlette.datastructures import QueryParams

from opportunity.errors import BadInput
from search_api.routers.parameters import SearchParameters

SINGLE = (
    "q", "budget_min_wan", "budget_max_wan", "published_from", "published_to", "deadline_from", "deadline_to",
    "unknown", "sort",
)
MANY = ("type", "region", "source", "origin", "state")
_LABELS = {
    "q": "搜索词", "type": "公告类型", "region": "地区", "source": "来源", "origin": "数据来路", "state": "参与状态",
    "budget_min": "预算下限", "budget_max": "预算上限", "published_from": "发布日期起", "published_to": "发布日期止",
    "deadline_from": "截止日期起", "deadline_to": "截止日期止", "sort": "排序", "cursor": "翻页标记",
}
PAGE_SIZE = 20
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What was filled in, as it was; ``pairs`` leave out blanks and the place in the list."""

    pairs: Pairs
    cursor: str | None

    def one(self, name: str) -> str:
        """The value of a single field, "" when it is blank."""
        return next((value for key, value in self.pairs if key == name), "")

    def many(self, name: str) -> list[str]:
        """The chosen values of a field."""
        return [value for key, value in self.pairs if key == name]

    @property
    def narrowed(self) -> bool:
        """True when any filter is chosen."""
        return any(key not in ("q", "sort", "unknown") for key, _ in self.pairs)

    def address(self, **changes: str | Sequence[str] | None) -> str:
        """The address of this search with some fields changed (None drops one); back on the first page."""
        pairs = [pair for pair in self.pairs if pair[0] not in changes]
        for name, value in changes.items():
            values: Iterable[str] = [value] if isinstance(value, str) else value or []
            pairs.extend((name, each) for each in values)
        return "/?" + urlencode(pairs) if pairs else "/"

    def without(self, name: str, value: str) -> str:
        """The address of this search without one chosen value."""
        return self.address(**{name: [each for each in self.many(name) if each != value]})

    def parameters(self) -> SearchParameters:
        """The checked parameters; raises BadInput with a sentence that names the field."""
        chosen: dict[str, object] = {name: self.many(name) for name in MANY}
        for name in ("q", "published_from", "published_to", "deadline_from", "deadline_to", "sort"):
            if self.one(name):
                chosen[name] = self.one(name)
        for name in ("budget_min", "budget_max"):
            if self.one(f"{name}_wan"):
                chosen[name] = str(_yuan(self.one(f"{name}_wan"), _LABELS[name]))
        chosen |= {"include_unknown": self.one("unknown") != "exclude", "limit": PAGE_SIZE, "facets": True}
        if self.cursor:
            chosen["cursor"] = self.cursor
        try:
            return SearchParameters.model_validate(chosen)
        except ValidationError as error:
            names = dict.fromkeys(str(each["loc"][0]) for each in error.errors())
            what = "、".join(_LABELS.get(name, name) for name in names)
            raise BadInput(f"{what}填写有误，请检查后再搜索。") from None


def read_form(params: QueryParams) -> Form:
    """The form as sent; fields of others (utm_source and the like) are left aside."""
    pairs = [(name, params[name].strip()) for name in SINGLE if params.get(name, "").strip()]
    for name in MANY:
        pairs.extend((name, value) for value in dict.fromkeys(params.getlist(name)) if value)
    return Form(pairs=tuple(pairs), cursor=params.get("cursor") or None)


def _yuan(text: str, label: str) -> Decimal:
    """万元 as 元; full-width digits and thousands commas are understood."""
    try:
        amount = Decimal(text.replace(",", "").replace("，", ""))
    except InvalidOperation:
        raise BadInput(f"{label}不是数字：请填写以万元为单位的数。") from None
    if not amount.is_finite() or abs(amount) > Decimal(10) ** 10:
        raise BadInput(f"{label}超出范围。")
    return (amount * 10_000).quantize(Decimal("0.01"))
