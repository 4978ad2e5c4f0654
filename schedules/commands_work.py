"""What the commands of the schedule do. Loaded by a command when it runs, so that ``market --help`` stays quick."""

from __future__ import annotations

import datetime as dt
import json
import signal
import threading

import typer

from opportunity.settings import Settings
from opportunity.store import open_store

# The scheduler ends itself when its tick has been silent for this long; the supervisor restarts it.
DEAD_TICK_SECONDS = 120.0


def _clock() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def up(*, demo: bool) -> None:
    """Everything, until it is stopped."""
    from schedules.up import up as run_up

    run_up(Settings(), demo=demo, say=lambda text: print(text, flush=True))  # noqa: T201


def schedule() -> None:
    """The scheduler alone, until it is stopped."""
    import structlog

    from schedules.jobs import CrawlLauncher
    from schedules.scheduler import Scheduler

    settings = Settings()
    store = open_store(settings)
    scheduler = Scheduler(store, settings, CrawlLauncher(settings), _clock)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    scheduler.start()
    try:
        while not stopping.wait(1.0):
            if scheduler.last_tick is not None and (_clock() - scheduler.last_tick).total_seconds() > DEAD_TICK_SECONDS:
                structlog.get_logger().error("tick_silent", since=scheduler.last_tick.isoformat())
                raise typer.Exit(70)
    finally:
        scheduler.stop()
        store.close()


def status(*, as_json: bool) -> None:
    """Processes, index and the health of every source."""
    from schedules.status import status as status_of

    settings = Settings()
    store = open_store(settings)
    try:
        state = status_of(store, settings, _clock())
    finally:
        store.close()
    if as_json:
        typer.echo(json.dumps(state, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for name, process in state["processes"].items():
        console.print(f"{name}：{process['sentence']}")
    indexed = state["indexed"] if state["indexed"] is not None else "—"
    console.print(f"公告 {state['notices']} 条；变更 {state['watermark']}，已编入索引 {indexed}")
    table = Table(title="来源（异常在前）")
    for heading in ("编号", "名称", "状况", "说明", "最近一次计划"):
        table.add_column(heading, overflow="fold")
    for row in state["sources"]:
        planned = "—" if row["slot"] is None else f"{row['slot']['slot'][:16]} {row['slot']['state']}"
        table.add_row(row["id"], row["title"], row["health"], row["sentence"], planned)
    console.print(table)
