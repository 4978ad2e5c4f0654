"""The pages for people: search, one notice, the sources, and help. They work without JavaScript."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse

from opportunity.errors import BadInput, NotFound
from search_api import wording
from search_api.answers import HitAnswer, NoticeAnswer, SearchAnswer
from search_api.evidence import Mark, pieces
from search_api.failures import status_of
from search_api.form import PAGE_SIZE, read_form
from search_api.rendering import Rendering
from search_api.routers.interface import search_of

router = APIRouter()


def _rendering(request: Request) -> Rendering:
    rendering: Rendering = request.app.state.rendering
    return rendering


@router.get("/", response_class=HTMLResponse)
def search_page(request: Request) -> HTMLResponse:
    """The search box, the filters, and what was found."""
    form = read_form(request.query_params)
    service = search_of(request)
    answer: SearchAnswer | None = None
    problem, status, demonstration = "", 200, False
    try:
        parameters = form.parameters()
        wish = parameters.request()
        answer = service.search(wish, limit=PAGE_SIZE, cursor=parameters.cursor, facets=True)
        demonstration = service.demonstration(wish)
    except BadInput as error:
        problem, status = error.message, status_of(error)
    return _rendering(request).page(
        "search.html", request, status=status, form=form, answer=answer, problem=problem,
        cards=group_cards(answer), sources=service.freshness.titles(), demonstration=demonstration,
    )


def group_cards(answer: SearchAnswer | None) -> list[list[HitAnswer]]:
    """The hits of a page grouped into cards: one opportunity, one card, at the place of its first."""
    if answer is None:
        return []
    order = {hit.opportunity_id: at for at, hit in reversed(list(enumerate(answer.hits)))}
    ordered = sorted(answer.hits, key=lambda hit: order[hit.opportunity_id])
    return [list(group) for _, group in groupby(ordered, key=lambda hit: hit.opportunity_id)]


@router.get("/notices/{id}", response_class=HTMLResponse)
def notice_page(request: Request, id: Annotated[str, Path()]) -> HTMLResponse:
    """One notice; each field points at the characters it was read from."""
    if len(id) != 16 or not id.isascii() or not id.isalnum():
        raise NotFound("没有这条公告，或已应要求删除。")
    notice = search_of(request).notice(id)
    return _rendering(request).page(
        "notice.html", request, notice=notice, demonstration=notice.origin == "replica",
        title_pieces=pieces(notice.title, _marks(notice, "title")),
        body_pieces=pieces(notice.plain, _marks(notice, "body")),
    )


def _marks(notice: NoticeAnswer, where: str) -> list[Mark]:
    """The evidence that lies in the title or the body; the anchor names are those of the template."""
    return [
        Mark(
            anchor=f"e-{name}-{number}", name=wording.FIELD_TITLES.get(name, name), start=value.start, end=value.end
        )
        for name, values in notice.fields.items()
        for number, value in enumerate(values)
        if value.in_ == where and name != "title"
    ]


@router.get("/sources", response_class=HTMLResponse)
def sources_page(request: Request) -> HTMLResponse:
    """Every source, how healthy it is, and what its last runs proved."""
    sources = search_of(request).sources()
    return _rendering(request).page(
        "sources.html", request, answer=sources,
        demonstration=any(source.demonstration for source in sources.sources),
    )


@router.get("/help", response_class=HTMLResponse)
def help_page(request: Request) -> HTMLResponse:
    """How to ask: the language of searches."""
    return _rendering(request).page("help.html", request, demonstration=False)


