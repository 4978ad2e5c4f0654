"""The command ``market import``: notices from a JSONL or CSV file."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from crawlers.importing import ImportReport


def register(app: typer.Typer) -> None:
    """Mount ``import``."""
    app.command("import")(import_notices)


def import_notices(
    file: Annotated[Path, typer.Argument(help="JSONL（每行一个 JSON 对象）或 CSV（第一行为列名）文件")],
    as_json: Annotated[bool, typer.Option("--json", help="结果以 JSON 输出")] = False,
) -> None:
    """从文件导入公告；重复导入不会重复，坏行连同原因进入隔离区，其余照常导入。"""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from crawlers.importing import import_file
    from opportunity.settings import Settings
    from opportunity.store import open_store

    columns = (
        TextColumn("导入"), BarColumn(), DownloadColumn(), TimeRemainingColumn(), TextColumn("{task.fields[rows]} 条"),
    )
    console = Console(stderr=True)
    with (
        open_store(Settings()) as store,
        Progress(*columns, console=console, disable=as_json or not console.is_terminal) as bar,
    ):
        task = bar.add_task("导入", total=None, rows=0)

        def show(done: int, size: int, report: ImportReport) -> None:
            bar.update(task, completed=done, total=size, rows=report.read)

        report = import_file(store, file, now=dt.datetime.now(dt.UTC), progress=show)
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False))
        return
    for line in report_lines(report):
        typer.echo(line)


def report_lines(report: ImportReport) -> list[str]:
    """The report in Chinese sentences."""
    from crawlers.importing import NAMED

    lines = [
        f"读取 {report.read} 条：新增 {report.new}，变更 {report.changed}，重新抽取 {report.reread}，"
        f"未变 {report.unchanged}，拒绝 {report.refused}"
    ]
    if report.removed:
        lines.append(f"{report.removed} 条已应要求下架，不再导入")
    lines += [f"拒绝 {count} 条：{reason}" for reason, count in report.reasons.most_common()]
    lines += [f"  第 {line} 行：{reason}" for line, reason in report.refused_rows]
    if report.refused > NAMED:
        lines.append(f"  其余 {report.refused - NAMED} 行见 market quarantine")
    lines += [
        f"{count} 处未能识别，原值已保留在附加信息中：{reason}"
        for reason, count in report.aside_reasons.most_common()
    ]
    lines += [f"  第 {line} 行 {key}：{reason}" for line, key, reason in report.aside_rows]
    return lines
