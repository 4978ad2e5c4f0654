"""What the commands of search do. Loaded by a command when it runs, so that ``market --help`` stays quick."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.text import Text

from indexer.engine import Engine
from indexer.engines import open_engine
from indexer.words import Cutter, cutter
from opportunity.errors import EngineError, IndexBusy, MarketError, RebuildNeeded
from opportunity.heartbeat import remove_heartbeat, write_heartbeat
from opportunity.query import Sort
from opportunity.settings import Settings
from opportunity.store import Store, open_store
from opportunity.store.store import system_clock
from search_api import wording
from search_api.answers import HitAnswer, SearchAnswer
from search_api.query_text import describe, parse_query
from search_api.request import SearchRequest
from search_api.service import Search

if TYPE_CHECKING:
    from indexer.feed import Feeder

IDLE_SECONDS = 0.5
RETRY_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What every command of search works with."""

    settings: Settings
    store: Store
    engine: Engine
    cutter: Cutter


@contextmanager
def _parts() -> Iterator[Parts]:
    settings = Settings()
    store = open_store(settings)
    engine = None
    try:
        words = cutter()
        engine = open_engine(settings, words, home_id=store.home_id)
        yield Parts(settings=settings, store=store, engine=engine, cutter=words)
    finally:
        if engine is not None:
            engine.close()
        store.close()


def search(text: str, *, as_json: bool, limit: int, sort: Sort | None, cursor: str | None) -> None:
    """One page of hits."""
    with _parts() as parts:
        service = Search(store=parts.store, engine=parts.engine, cutter=parts.cutter, clock=system_clock)
        answer = service.search(SearchRequest(text=text, sort=sort), limit=limit, cursor=cursor, facets=False)
        if as_json:
            typer.echo(json.dumps(answer.model_dump(mode="json"), ensure_ascii=False))
        else:
            _print(answer, Console())
        service.close()


def _print(answer: SearchAnswer, console: Console) -> None:
    line = answer.sources
    about = "" if answer.total.exact else "（约数）"
    console.print(f"{answer.total.value:,} 条公告{about} · 截至 {wording.instant_title(answer.as_of.at)}", style="bold")
    for note in answer.query.notes:
        console.print(Text(note, style="dim"))
    for number, hit in enumerate(answer.hits, 1):
        _print_hit(number, hit, console)
    if line.late:
        late = "、".join(f"{each.title}（{wording.HEALTH_TITLES[each.health]}）" for each in line.late)
        console.print(Text(f"共 {line.total} 个来源，{line.current} 个为最新；不是最新：{late}", style="yellow"))
    else:
        console.print(Text(f"共 {line.total} 个来源，全部为最新" if line.total else "尚未启用任何来源", style="dim"))


def _print_hit(number: int, hit: HitAnswer, console: Console) -> None:
    title = Text(f"{number:>3}. ", style="dim").append(_plain(hit.title), style="bold")
    facts = [
        wording.STATE_TITLES[hit.state], hit.type.name if hit.type else "类型未知", hit.region.name if hit.region else "",
        _plain(hit.buyer or ""), "" if hit.budget is None else f"预算 {wording.amount_title(hit.budget)}",
        f"{wording.GATE_TITLES.get(hit.gate or '', '截止')} {wording.end_title(hit.enter_until)}" if hit.enter_until else "",
        "" if hit.origin == "live" else wording.ORIGIN_TITLES[hit.origin],
    ]
    console.print(title)
    console.print(Text("     " + " · ".join(each for each in facts if each), style="dim"))
    for fragment in hit.highlights.get("body", [])[:1]:
        shown = Text("     …").append(fragment.text).append("…")
        for start, end in fragment.marks:
            shown.stylize("bold yellow", start + 6, end + 6)
        console.print(shown)
    console.print(Text(f"     {_plain(hit.source.name)} · {wording.moment_title(hit.published)} · {_plain(hit.url or hit.id)}", style="dim"))


def _plain(text: str) -> str:
    """Without control characters: a title must not steer the terminal."""
    return "".join(character for character in text if character.isprintable())


def query(text: str) -> None:
    """How a query is read."""
    read = parse_query(text, cutter=cutter(), now=system_clock())
    typer.echo(describe(read))
    for note in read.notes:
        typer.echo(note)


def web() -> None:
    """Serve the page and the interface."""
    # Imported here: the other commands need no web framework, and start sooner without it.
    from search_api.app import create_app
    from search_api.guard import is_loopback
    from search_api.server import serve

    with _parts() as parts:
        if not is_loopback(parts.settings.host):
            typer.secho(
                f"警告：正在监听 {parts.settings.host}，其他机器也能访问；本服务没有登录，请置于反向代理之后。", fg="yellow", err=True
            )
        app = create_app(parts.settings, store=parts.store, engine=parts.engine, cutter=parts.cutter)
        try:
            serve(app, parts.settings, system_clock)
        finally:
            app.state.search.close()


def feed(*, once: bool) -> None:
    """Apply changes to the index as they come."""
    from indexer.feed import Feeder

    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    with _parts() as parts:
        feeder = Feeder(parts.store, parts.engine, parts.cutter, parts.settings, system_clock)
        try:
            _feed_until(feeder, parts, stopping, once=once)
        finally:
            feeder.close()
            remove_heartbeat(parts.settings.home, "feeder")


def _feed_until(feeder: Feeder, parts: Parts, stopping: threading.Event, *, once: bool) -> None:
    """Steps until stopped. A failure is told and tried again: the cursor stays where it was."""
    import structlog

    log = structlog.get_logger("feed")
    rebuilt = False
    while not stopping.is_set():
        problem: str | None = None
        applied = 0
        try:
            applied = feeder.step()
        except RebuildNeeded as error:
            if rebuilt:
                raise
            log.warning("rebuilding", message=error.message)
            feeder.rebuild(None)
            rebuilt = True
            continue
        except IndexBusy:
            if once:
                raise
            problem = "另一个进程正在写索引"
        except MarketError as error:
            if once:
                raise
            problem = error.message
            log.error("feed_failed", code=error.code, message=error.message)
        _beat(parts, problem)
        if problem is not None:
            stopping.wait(RETRY_SECONDS)
        elif applied == 0:
            if once:
                return
            stopping.wait(IDLE_SECONDS)


def _beat(parts: Parts, problem: str | None) -> None:
    cursor = 0
    try:
        index = None if problem else parts.engine.current()
        cursor = 0 if index is None else index.cursor()
    except EngineError as error:  # an engine that goes away between a step and its beat ends nothing
        problem = error.message
    write_heartbeat(
        parts.settings.home, "feeder", system_clock(), cursor=cursor,
        watermark=parts.store.watermark(), problem=problem,
    )


def rebuild() -> None:
    """Build a new index beside the current one and switch."""
    from rich.progress import Progress

    from indexer.feed import Feeder

    with _parts() as parts, Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("重建索引", total=max(1, parts.store.count()))
        feeder = Feeder(parts.store, parts.engine, parts.cutter, parts.settings, system_clock)
        feeder.rebuild(lambda done: progress.update(task, completed=done))
        progress.update(task, completed=max(1, parts.store.count()))
    typer.echo("索引已重建并切换。")
