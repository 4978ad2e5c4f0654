"""The command ``market reparse``: read stored pages again with today's readers."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Mount ``reparse``."""
    app.command("reparse")(reparse)


def reparse(
    source: Annotated[str | None, typer.Option(help="只重读这一来源")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="写入差异；不加则只显示会改变什么")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="结果以 JSON 输出")] = False,
) -> None:
    """用现在的读取程序重读已存的原始页面；先显示差异，加 --apply 才写入。"""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.table import Table

    from crawlers.reparse import reparse as run
    from opportunity.settings import Settings
    from opportunity.store import open_store

    store = open_store(Settings())
    console = Console(stderr=True)
    try:
        columns = (TextColumn("重读"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=console, disable=as_json) as bar:
            task = bar.add_task("重读", total=store.count())
            report = run(store, source=source, apply=apply, now=dt.datetime.now(dt.UTC),
                         progress=lambda done: bar.update(task, completed=done))
    finally:
        store.close()
    if as_json:
        typer.echo(json.dumps({**asdict(report), "applied": apply}, ensure_ascii=False))
        return
    verb = f"已写入 {report.written} 条" if apply else "未写入（加 --apply 写入）"
    typer.echo(f"重读 {report.read} 条：{report.same} 条不变，{report.changed} 条有差异，{verb}")
    for sentence, count in report.failed.most_common():
        typer.echo(f"不能重读 {count} 条：{sentence}")
    if report.samples:
        table = Table(title="差异举例")
        for heading in ("公告", "字段", "原来", "现在"):
            table.add_column(heading, overflow="fold")
        for sample in report.samples:
            table.add_row(sample.title[:40], sample.field, sample.before, sample.after)
        Console().print(table)
