"""The commands ``market source …``: new, list, check, record, enable, disable, remove-demo, docs."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from opportunity.errors import BadInput, ConfigurationError
from opportunity.notice import SHANGHAI
from opportunity.page import Page, PageRequest

ROOT = Path(__file__).resolve().parent.parent
RECORDINGS = ROOT / "tests" / "recordings"

source_app = typer.Typer(no_args_is_help=True, help="来源：新建、核对、启用、停用、删除演示数据")


def register(app: typer.Typer) -> None:
    """Mount ``source`` and its short form ``sources``."""
    app.add_typer(source_app, name="source")
    app.command("sources")(list_sources)


@source_app.command("list")
def list_sources(as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出")] = False) -> None:
    """列出全部来源及其状态。"""
    from crawlers import registration
    from opportunity.settings import Settings
    from opportunity.store import open_store

    settings = Settings()
    with open_store(settings) as store:
        registration.register_sources(store, settings)
        states = store.source_states()
    rows: list[dict[str, Any]] = [
        {
            "id": state.id, "title": state.facts.get("title", ""), "enabled": state.enabled,
            "demonstration": bool(state.facts.get("demonstration")),
            "paused_until": None if state.paused_until is None else state.paused_until.isoformat(),
            "reason": state.reason, "verified_live": bool(state.facts.get("verified_live")), "base": state.base,
        }
        for state in states.values()
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        told = "已启用" if row["enabled"] else "未启用"
        told += f"，暂停至 {row['paused_until']}（{row['reason']}）" if row["paused_until"] else ""
        told += "，演示" if row["demonstration"] else "" if row["verified_live"] else "，未在线核对"
        typer.echo(f"{row['id']}  {row['title']}  {told}")


@source_app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="来源编号，例如 guangdong_public_resources")],
    platform: Annotated[str, typer.Option(help="平台：ggzy、epoint、ccgp")],
    base: Annotated[str, typer.Option(help="网站地址，例如 https://ggzy.example.gov.cn/")],
    root: Annotated[Path, typer.Option(help="项目源码目录", hidden=True)] = ROOT,
) -> None:
    """新建一个来源：一个文件和一个录制目录。"""
    from crawlers import scaffold

    for path in scaffold.new_source(root, name, platform, base):
        typer.echo(f"已写出 {path.relative_to(root)}")
    typer.echo(f"请把“{scaffold.TO_FILL}”都填上，并在录制目录中至少放入：")
    for case in scaffold.CASES:
        typer.echo(f"  - {case}")
    typer.echo(f"然后运行 market source check {name}。步骤见 docs/adding-a-source.md")


@source_app.command("check")
def check(
    source: Annotated[str | None, typer.Argument(help="来源编号；不写则全部")] = None,
    folder: Annotated[Path, typer.Option(help="录制目录", hidden=True)] = RECORDINGS,
) -> None:
    """不联网，用录制的页面核对读取结果，逐项列出差异。"""
    from crawlers import recordings
    from crawlers.spiders import all_sources

    if source is not None and source not in all_sources():
        raise BadInput(f"没有编号为 {source} 的来源；现有：{'、'.join(all_sources())}")
    wrong = 0
    for id, (facts, platform) in all_sources().items():
        if source not in (None, id):
            continue
        lines = recordings.compare(facts, platform, folder / id)
        typer.echo(f"{id}：" + ("一致" if not lines else f"{len(lines)} 处不同"))
        for line in lines:
            typer.echo(f"  {line}")
        wrong += len(lines)
    if wrong:
        raise typer.Exit(1)


@source_app.command("record")
def record(
    source: Annotated[str, typer.Argument(help="来源编号")],
    into: Annotated[Path | None, typer.Option(help="写到哪个目录；默认为数据目录中的 recordings/来源编号")] = None,
) -> None:
    """从真实网站取一页列表和一份公告，作为录制；须先启用该来源。"""
    from crawlers import recordings
    from crawlers.spiders import find_source
    from opportunity.settings import Settings
    from opportunity.store import open_store

    settings = Settings()
    facts, platform = find_source(source, settings.replica_bases)
    if facts.demonstration:
        raise BadInput("演示来源不能录制：录制必须来自真实网站")
    with open_store(settings) as store:
        state = store.source_states().get(source)
    if state is None or not state.enabled:
        raise ConfigurationError(f"来源 {source} 尚未启用；请先运行 market source enable {source}", source=source)
    from crawlers.fetch_pages import fetch_pages  # Scrapy is slow to load

    def fetch(requests: Sequence[PageRequest]) -> list[Page]:
        return fetch_pages(requests, settings, facts, contact=state.contact)

    now = dt.datetime.now(dt.UTC).astimezone(SHANGHAI)
    pages = recordings.pages_to_record(facts, platform, fetch, now)
    start = now - dt.timedelta(hours=facts.timetable.overlap_hours)
    folder = into or settings.home / "recordings" / source
    recordings.save_recording(
        folder, pages, made_on=now.date().isoformat(), facts_from="真实网站", window_start=start, now=now
    )
    typer.echo(f"已录制到 {folder}。公告中可能有姓名和电话，放入项目之前请先遮去。")


@source_app.command("enable")
def enable(
    source: Annotated[str, typer.Argument(help="来源编号")],
    contact: Annotated[str, typer.Option(help="写入 User-Agent 的邮箱或网址")] = "",
    ci: Annotated[str, typer.Option(envvar="CI", hidden=True)] = "",
) -> None:
    """启用一个来源。真实来源会问一次联系方式，写入 User-Agent 供网站联系。"""
    from crawlers import registration
    from crawlers.spiders import find_source
    from opportunity.settings import Settings
    from opportunity.store import open_store

    settings = Settings()
    facts, _ = find_source(source, settings.replica_bases)
    building = ci.strip().lower() not in {"", "0", "false", "no"}
    with open_store(settings) as store:
        if not facts.demonstration and not building:
            state = store.source_states().get(source)
            contact = contact or (state.contact if state else "") or settings.contact
            for line in (f"{facts.title}：{facts.basis.terms}", f"robots.txt：{facts.basis.robots}"):
                typer.echo(line)
            if not facts.verified_live:
                typer.echo("注意：该来源尚未在线核对，首次运行后请查看结果。")
            contact = contact or typer.prompt("联系方式（邮箱或网址，写入 User-Agent）")
        registration.enable(store, settings, source, contact=contact, ci=building)
    typer.echo(f"已启用 {source}")


@source_app.command("disable")
def disable(source: Annotated[str, typer.Argument(help="来源编号")]) -> None:
    """停用一个来源；已采集的公告保留。"""
    from crawlers import registration
    from opportunity.settings import Settings
    from opportunity.store import open_store

    settings = Settings()
    with open_store(settings) as store:
        registration.disable(store, settings, source)
    typer.echo(f"已停用 {source}")


@source_app.command("remove-demo")
def remove_demo() -> None:
    """删除全部演示来源及其带来的公告、运行记录和隔离页面。"""
    from crawlers import registration
    from opportunity.settings import Settings
    from opportunity.store import open_store

    with open_store(Settings()) as store:
        removed = registration.remove_demonstrations(store, dt.datetime.now(dt.UTC))
    for id, count in removed.items():
        typer.echo(f"已删除 {id} 及其 {count} 条公告")
    if not removed:
        typer.echo("没有演示来源")


@source_app.command("docs")
def docs(
    path: Annotated[Path, typer.Option(help="写到哪个文件", hidden=True)] = ROOT / "docs" / "sources.md",
) -> None:
    """重新生成 docs/sources.md。"""
    from crawlers.sources_page import sources_page

    path.write_text(sources_page(RECORDINGS), encoding="utf-8")
    typer.echo(f"已写出 {path}")
