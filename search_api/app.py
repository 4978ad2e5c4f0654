"""The application: JSON interface, pages for people, readiness and figures, behind one guard."""

from __future__ import annotations

import datetime as dt
import traceback
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from indexer.engine import Engine
from opportunity.errors import MarketError
from opportunity.settings import Settings
from opportunity.store.store import system_clock
from search_api.failures import error_body, plain_details, protocol_error, status_of
from search_api.figures import Figures
from search_api.guard import Guard, HostRule, is_loopback
from search_api.rendering import Rendering, wants_page
from search_api.routers import interface, operations, pages
from search_api.service import Search

if TYPE_CHECKING:
    from indexer.words import Cutter
    from opportunity.store import Store

STATIC = Path(__file__).parent / "static"


def new_request_id() -> str:
    """A name for one request, for logs and answers."""
    return uuid.uuid4().hex


def create_app(
    settings: Settings, *, store: Store, engine: Engine, cutter: Cutter,
    clock: Callable[[], dt.datetime] = system_clock, new_id: Callable[[], str] = new_request_id,
) -> FastAPI:
    """The ASGI application over an open store and engine; whoever opened them closes them."""
    app = FastAPI(
        title="找市场", version="1", description="公共资源交易与政府采购公告检索接口。金额单位为元，时间为 ISO 8601。",
        openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None, redirect_slashes=False,
    )
    app.state.search = Search(store=store, engine=engine, cutter=cutter, clock=clock)
    app.state.figures = Figures()
    app.state.rendering = Rendering(clock=clock)
    app.include_router(interface.router)
    app.include_router(operations.router)
    app.include_router(pages.router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC, follow_symlink=False), name="static")
    _add_handlers(app)
    names = frozenset(name.strip() for name in settings.public_hosts.split(",") if name.strip())
    app.add_middleware(
        Guard, hosts=HostRule(settings.host, names), figures=app.state.figures, new_id=new_id, failed=_unexpected,
    )
    if not is_loopback(settings.host):
        structlog.get_logger("search_api").warning(
            "listening_beyond_this_machine", host=settings.host, message="监听地址不是本机：任何能连到此端口的人都可以访问。"
        )
    return app


def _add_handlers(app: FastAPI) -> None:
    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, MarketError)
        return _failure(request, status_of(error), error.code, error.message, plain_details(error))

    async def protocol(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code, message = protocol_error(error.status_code)
        return _failure(request, error.status_code, code, message, {}, error.headers)

    async def parameters(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        code, message = protocol_error(422)
        fields = [
            {"parameter": ".".join(str(part) for part in each["loc"][1:]), "problem": each["msg"]}
            for each in error.errors()[:20]
        ]
        return _failure(request, 422, code, message, {"parameters": fields})

    app.add_exception_handler(MarketError, ours)
    app.add_exception_handler(HTTPException, protocol)
    app.add_exception_handler(RequestValidationError, parameters)


def _unexpected(request: Request, error: Exception) -> Response:
    """An error that nobody foresaw: logged where it arose (its text may hold personal data), told without its insides."""
    request_id = getattr(request.state, "request_id", None)
    structlog.get_logger("search_api").error(
        "unexpected_error", request_id=request_id, kind=type(error).__name__,
        trace="".join(traceback.format_tb(error.__traceback__, limit=-12)),
    )
    code, message = protocol_error(500)
    return _failure(request, 500, code, message, {"request_id": request_id})


def _failure(
    request: Request, status: int, code: str, message: str, details: dict[str, Any],
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The error as a page for a browser, in the one JSON shape for everybody else."""
    kept = {name: value for name, value in (headers or {}).items() if name.lower() == "allow"}
    if status == 503:
        kept["retry-after"] = "10"
    if wants_page(request):
        rendering: Rendering = request.app.state.rendering
        return rendering.page("error.html", request, status=status, headers=kept, code=code, message=message)
    return JSONResponse(error_body(code, message, details), status_code=status, headers=kept)
