"""For operators: readiness and figures."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from search_api.answers import HealthAnswer
from search_api.figures import Figures
from search_api.readiness import readiness
from search_api.routers.interface import COMMON, GUARD, search_of

router = APIRouter(tags=["operations"], responses=GUARD)


def _health(request: Request) -> HealthAnswer:
    service = search_of(request)
    return readiness(service.store, service.engine, service.clock)


@router.get(
    "/healthz", response_model=HealthAnswer, summary="能否正确答复", operation_id="health",
    responses={500: COMMON[500], 503: {"model": HealthAnswer, "description": "不能，原因见 reasons"}},
)
def healthz(request: Request) -> JSONResponse:
    """200 when searches are answered rightly, else 503 with the reasons."""
    health = _health(request)
    return JSONResponse(health.model_dump(mode="json"), status_code=200 if health.ready else 503)


@router.get(
    "/metrics", response_class=Response, summary="Prometheus 指标", operation_id="metrics",
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, 500: COMMON[500]},
)
def metrics(request: Request) -> Response:
    """Requests, their time, and how far the index is behind the store."""
    figures: Figures = request.app.state.figures
    return Response(figures.render(_health(request)), headers={"content-type": figures.content_type})
