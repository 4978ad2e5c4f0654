"""The JSON interface: search, notices, sources. Synchronous on purpose: it runs in the thread pool."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request

from opportunity.errors import BadInput
from search_api.answers import ErrorAnswer, NoticeAnswer, SearchAnswer, SourcesAnswer
from search_api.routers.parameters import SearchParameters
from search_api.service import Search

ERROR: dict[str, Any] = {"model": ErrorAnswer}
# What the guard before every operation may answer.
GUARD: dict[int | str, dict[str, Any]] = {
    413: {**ERROR, "description": "请求体过大"},
    414: {**ERROR, "description": "网址过长"},
    421: {**ERROR, "description": "主机名不是本服务的"},
    431: {**ERROR, "description": "请求头过大"},
}
COMMON: dict[int | str, dict[str, Any]] = {
    422: {**ERROR, "description": "参数不符合要求"},
    500: {**ERROR, "description": "服务内部出错"},
    503: {**ERROR, "description": "存储或索引暂不可用"},
}
router = APIRouter(prefix="/api/v1", responses=GUARD)
NoticeId = Annotated[str, Path(pattern=r"^[a-z2-7]{16}$", description="公告编号")]


def search_of(request: Request) -> Search:
    """The service of this application."""
    service: Search = request.app.state.search
    return service


@router.get(
    "/search", response_model=SearchAnswer, summary="搜索公告", operation_id="search", tags=["search"],
    responses={400: {**ERROR, "description": "搜索词、区间或 cursor 不可用"}, **COMMON},
)
def search(request: Request, parameters: Annotated[SearchParameters, Query()]) -> SearchAnswer:
    """Every notice that contains the words; filters keep unknown values unless switched off."""
    if len(request.query_params.getlist("q")) > 1:
        raise BadInput("参数 q 只能出现一次。")
    return search_of(request).search(
        parameters.request(), limit=parameters.limit, cursor=parameters.cursor, facets=parameters.facets
    )


@router.get(
    "/notices/{id}", response_model=NoticeAnswer, summary="一条公告及其证据", operation_id="notice", tags=["notice"],
    responses={404: {**ERROR, "description": "没有这条公告，或已应要求删除"}, **COMMON},
)
def notice(request: Request, id: NoticeId) -> NoticeAnswer:
    """All fields, each with the characters it was read from, the plain text, versions and links."""
    return search_of(request).notice(id)


@router.get(
    "/sources", response_model=SourcesAnswer, summary="来源及其健康", operation_id="sources", tags=["sources"],
    responses={500: COMMON[500], 503: COMMON[503]},
)
def sources(request: Request) -> SourcesAnswer:
    """Every source: its facts, its health with a sentence, and its last runs."""
    return search_of(request).sources()

