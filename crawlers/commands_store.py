"""Commands on what is stored: ``market take-down`` and ``market quarantine``."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Annotated

import typer

from opportunity.notice import SHANGHAI

if TYPE_CHECKING:
    from opportunity.store import Quarantined


def register(app: typer.Typer) -> None:
    """Mount the commands."""
    app.command("take-down")(take_down)
    app.command("quarantine")(quarantine)


def take_down(
    id: Annotated[str, typer.Argument(metavar="ID", help="公告编号（16 位）")],
    reason: Annotated[str, typer.Option(help="下架原因，例如：本人要求删除个人信息")],
) -> None:
    """下架一条公告：删除全部版本、抽取结果与其独有的原始页面；再次采集、导入或重建都不会恢复。"""
    from opportunity.settings import Settings
    from opportunity.store import open_store

    if not reason.strip():
        raise typer.BadParameter("请写明下架原因", param_hint="--reason")
    with open_store(Settings(), create=False) as store:
        store.take_down(id.strip(), reason=reason.strip(), at=dt.datetime.now(dt.UTC))
    typer.echo(f"已下架 {id.strip()}。索引将在下一次更新时删除它。")


def quarantine(
    source: Annotated[str | None, typer.Option(help="只看这一来源")] = None,
    limit: Annotated[int, typer.Option(min=1, help="最多显示几条")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="结果以 JSON 输出")] = False,
) -> None:
    """列出隔离区：读不出或不能保存的内容及其原因，最新的在前。"""
    from opportunity.settings import Settings
    from opportunity.store import open_store

    with open_store(Settings(), create=False) as store:
        items = store.quarantined(source, limit)
    if as_json:
        typer.echo(json.dumps([_json(item) for item in items], ensure_ascii=False))
        return
    if not items:
        typer.echo("隔离区是空的。")
    for item in items:
        at = item.last_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
        times = f"，共 {item.times} 次" if item.times > 1 else ""
        typer.echo(f"#{item.id} {at} {item.source}{times}：{item.detail or item.reason}")


def _json(item: Quarantined) -> dict[str, object]:
    return {
        "id": item.id, "source": item.source, "key": item.key, "url": item.url, "reason": item.reason,
        "detail": item.detail, "at": item.at.isoformat(), "last_at": item.last_at.isoformat(),
        "times": item.times, "payload": item.payload.decode("utf-8", "replace"),
    }
