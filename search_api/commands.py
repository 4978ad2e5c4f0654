"""Commands of search: ``market search``, ``query``, ``web``, ``feed``, ``rebuild``.

Only what their help needs is loaded here; ``search_api.commands_work`` does the work.
"""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from opportunity.query import Sort


def register(app: typer.Typer) -> None:
    """Mount the commands of this package."""
    app.command("search", help="检索公告；--json 输出机器可读结果。")(search)
    app.command("query", help="解释一条检索式会被怎样理解。")(query)
    app.command("web", help="运行网页与接口。")(web)
    app.command("feed", help="持续把新变更编入索引。")(feed)
    app.command("rebuild", help="从数据库重建索引，建好后一次切换。")(rebuild)


def search(
    text: Annotated[str, typer.Argument(metavar="QUERY", help="检索词")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="条数")] = 20,
    sort: Annotated[Optional[Sort], typer.Option(help="排序")] = None,  # noqa: UP045
    cursor: Annotated[Optional[str], typer.Option(help="上一页的 next")] = None,  # noqa: UP045
) -> None:
    """One page of hits."""
    from search_api import commands_work

    commands_work.search(text, as_json=as_json, limit=limit, sort=sort, cursor=cursor)


def query(text: Annotated[str, typer.Argument(metavar="QUERY", help="检索式")]) -> None:
    """How a query is read."""
    from search_api import commands_work

    commands_work.query(text)


def web() -> None:
    """Serve the page and the interface."""
    from search_api import commands_work

    commands_work.web()


def feed(
    once: Annotated[bool, typer.Option("--once", help="追上后即退出")] = False,
) -> None:
    """Apply changes to the index as they come."""
    from search_api import commands_work

    commands_work.feed(once=once)


def rebuild() -> None:
    """Build a new index beside the current one and switch."""
    from search_api import commands_work

    commands_work.rebuild()
