"""The command ``market crawl``: collect one source now."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated

import typer

from opportunity.errors import BadInput
from opportunity.notice import SHANGHAI
from opportunity.run import Run, Verdict


def register(app: typer.Typer) -> None:
    """Mount ``crawl``."""
    app.command("crawl")(crawl)


def crawl(
    source: Annotated[str, typer.Argument(help="来源编号，例如 demo_jiangsu_public_resources")],
    slot: Annotated[str | None, typer.Option(help="排期给出的时段编号")] = None,
    since: Annotated[str | None, typer.Option(help="重新采集这一天以来的全部公告，例如 2026-11-01")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="结果以 JSON 输出")] = False,
) -> None:
    """立即采集一个来源：遵守 robots.txt 和访问预算，结果写入运行台账。"""
    # Scrapy is slow to load; no other command waits for it.
    from crawlers.crawl_process import run_crawl
    from crawlers.run_report import run_json
    from opportunity.settings import Settings

    moment = None if since is None else since_moment(since)
    run = run_crawl(source, Settings(), slot=slot, since=moment, progress=_progress)
    if as_json:
        typer.echo(json.dumps(run_json(run), ensure_ascii=False, indent=2))
    else:
        for line in report_lines(run):
            typer.echo(line)
    if run.verdict not in (Verdict.COMPLETE, Verdict.EMPTY):
        raise typer.Exit(1)


def since_moment(text: str) -> dt.datetime:
    """A day (its beginning in Shanghai) or an instant with zone. Raises ``BadInput``."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"日期“{text}”无法识别，请写成 2026-11-01") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=SHANGHAI)


def report_lines(run: Run) -> list[str]:
    """A finished run in a few lines of Chinese."""
    counts = run.counts
    lines = [
        f"结果：{run.verdict.chinese}。{run.sentence}",
        f"请求 {counts.requests} 次；列表 {counts.list_pages} 页 {counts.rows} 条（已知 {counts.known} 条）；"
        f"新增 {counts.new}，变更 {counts.changed}，未变 {counts.unchanged}，隔离 {counts.quarantined}",
    ]
    if run.listed is not None:
        lines.append(f"网站自报 {run.listed} 条，见到 {run.covered} 条")
    lines += [f"问题（{label}）：{sentence}" for label, sentence in run.problems]
    return lines


def _progress(line: str) -> None:
    typer.echo(line, err=True)
