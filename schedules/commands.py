"""Commands of the schedule: ``market up``, ``market schedule``, ``market status``.

Only what their help needs is loaded here; ``schedules.commands_work`` does the work.
"""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Mount the commands of this package."""
    app.command("up", help="启动全部服务：网页、索引、定时采集；Ctrl-C 停止。")(up)
    app.command("schedule", help="只运行调度器（通常由 up 启动）。")(schedule)
    app.command("status", help="查看各进程、索引与每个来源的健康状况。")(status)


def up(demo: bool = typer.Option(False, "--demo", help="同时启动本机演示副本并采集（内容系虚构）")) -> None:
    from schedules import commands_work

    commands_work.up(demo=demo)


def schedule() -> None:
    from schedules import commands_work

    commands_work.schedule()


def status(as_json: bool = typer.Option(False, "--json", help="输出 JSON")) -> None:
    from schedules import commands_work

    commands_work.status(as_json=as_json)
