"""Pages from templates: everything is escaped, links are checked, words for people are filters."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from search_api import wording
from search_api.answers import Fragment
from search_api.evidence import marked
from search_api.links import safe_link

HERE = Path(__file__).parent


class Rendering:
    """The templates of the application with the clock that relative times are told by."""

    def __init__(self, *, clock: Callable[[], dt.datetime]) -> None:
        self._clock = clock
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True,
        )
        style = (HERE / "static" / "style.css").read_bytes()
        self._environment.globals.update(
            style_version=hashlib.sha256(style).hexdigest()[:10], wording=wording, now=clock,
        )
        self._environment.filters.update(
            amount=wording.amount_title, instant=wording.instant_title, end=wording.end_title, moment=wording.moment_title,
            region=wording.region_title, thousands=lambda number: f"{number:,}", link=safe_link, clean=printable,
            marked=lambda fragment: marked(fragment.text, fragment.marks),
            left=lambda until: wording.left_title(until, clock()),
            ago=lambda instant: wording.ago_title(instant, clock()),
            whole=lambda text: Fragment(text=text, marks=[]),
        )

    def page(
        self, template: str, request: Request, *, status: int = 200, headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """The rendered page; lone surrogates, which cannot be sent, are replaced."""
        text = self._environment.get_template(template).render(
            path=request.url.path, request_id=getattr(request.state, "request_id", ""), **values
        )
        body = text.encode("utf-8", "replace")
        return HTMLResponse(body, status_code=status, headers=dict(headers or {}))


def printable(text: str) -> str:
    """A text without what can disturb its surroundings: controls and marks that turn the direction."""
    return "".join(
        " " if (character < " " and character not in "\n\t") or "\x7f" <= character <= "\x9f" else character
        for character in text
        if not ("\u202a" <= character <= "\u202e" or "\u2066" <= character <= "\u2069")
    )


def wants_page(request: Request) -> bool:
    """A browser asks for a page; programs and everything under /api get JSON."""
    path = request.url.path
    if path.startswith(("/api/", "/healthz", "/metrics", "/static/")):
        return False
    return "text/html" in request.headers.get("accept", "")
