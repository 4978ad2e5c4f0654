"""Query parameters of the search interface. An unknown or mistyped parameter is refused, never ignored."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from opportunity.notice import NoticeType
from opportunity.query import MAX_QUERY_CHARACTERS, Sort
from search_api.cursor import MAX_CURSOR_CHARACTERS
from search_api.request import MAX_LIMIT, SearchRequest

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

RegionCode = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{5}$")]
SourceId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,79}$")]
Amount = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,13}(\.[0-9]{1,2})?$")]


def _written_out(value: object) -> object:
    """A day is written YYYY-MM-DD; a bare number would else be taken for seconds since 1970."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise ValueError("应写作 YYYY-MM-DD")
    return value


Day = Annotated[dt.date, BeforeValidator(_written_out)]
StateName = Literal["open", "closed", "unknown"]
OriginName = Literal["live", "replica", "import", "push"]


class SearchParameters(BaseModel):
    """What ``GET /api/v1/search`` takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    q: str = Field("", max_length=MAX_QUERY_CHARACTERS, description="搜索词；语法见 /help")
    type: list[NoticeType] = Field([], max_length=14, description="公告类型，可多选")
    region: list[RegionCode] = Field([], max_length=50, description="GB/T 2260 六位代码；省包含其市县")
    source: list[SourceId] = Field([], max_length=200, description="来源编号")
    origin: list[OriginName] = Field([], max_length=4, description="数据来路")
    state: list[StateName] = Field([], max_length=3, description="参与状态")
    budget_min: Amount | None = Field(None, description="预算下限（元，含）")
    budget_max: Amount | None = Field(None, description="预算上限（元，含）")
    published_from: Day | None = Field(None, description="发布日期起（含，北京时间）")
    published_to: Day | None = Field(None, description="发布日期止（含）")
    deadline_from: Day | None = Field(None, description="投标截止日期起（含）")
    deadline_to: Day | None = Field(None, description="投标截止日期止（含）")
    include_unknown: bool = Field(True, description="筛选时保留取值未知的公告（单独计数）")
    sort: Sort | None = Field(None, description="缺省：有搜索词按相关度，否则按发布时间")
    limit: int = Field(20, ge=1, le=MAX_LIMIT, description="每页条数")
    cursor: str | None = Field(None, min_length=1, max_length=MAX_CURSOR_CHARACTERS, description="上一页的 next")
    facets: bool = Field(False, description="同时统计 type、region、source、state")

    def request(self) -> SearchRequest:
        """The search these parameters ask for; raises BadInput when a range is upside down."""
        return SearchRequest(
            text=self.q, types=tuple(kind.value for kind in self.type), regions=tuple(self.region),
            sources=tuple(self.source), origins=tuple(self.origin), states=tuple(self.state),
            budget_min=_decimal(self.budget_min), budget_max=_decimal(self.budget_max), published_from=self.published_from,
            published_to=self.published_to, deadline_from=self.deadline_from, deadline_to=self.deadline_to,
            include_unknown=self.include_unknown, sort=self.sort,
        )


def _decimal(amount: str | None) -> Decimal | None:
    return None if amount is None else Decimal(amount)
