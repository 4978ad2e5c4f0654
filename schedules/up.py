"""``market up``: start everything in the right order, say what happens, stop everything."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from opportunity.errors import ConfigurationError
from opportunity.heartbeat import read_heartbeat
from opportunity.settings import Settings
from opportunity.store import open_store
from schedules.supervisor import Child, Supervisor, market_child

WAIT_SECONDS = 60.0
SAY_EVERY_SECONDS = 5.0


def up(settings: Settings, *, demo: bool, say: Callable[[str], None]) -> None:
    """Run web, worker and scheduler (and, for a demonstration, the replicas) until told to stop."""
    say(f"数据目录：{settings.home}")
    for stale in ("address", "feeder", "scheduler"):
        (settings.home / "run" / f"{stale}.json").unlink(missing_ok=True)
    say("准备数据库…")
    open_store(settings).close()
    environment = settings.child_environment()
    supervisor = Supervisor([], say)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: supervisor.stopping.set())
    try:
        if demo:
            environment = _start_replicas(settings, supervisor, say)
        _register_sources(environment)
        supervisor.children += [
            market_child(settings, "web", "web", environment=environment),
            market_child(settings, "worker", "feed", environment=environment),
            market_child(settings, "scheduler", "schedule", environment=environment),
        ]
        supervisor.run(_Announcer(settings, demo, say))
    finally:
        supervisor.stop()
    say("已全部停止。")


def _start_replicas(settings: Settings, supervisor: Supervisor, say: Callable[[str], None]) -> dict[str, str]:
    """Start the replicas as the first child; the environment in which the others find them."""
    child, state = _replicas(settings, settings.child_environment())
    supervisor.children.append(child)
    say("启动本机演示副本（三个门户的仿真站点，内容系虚构）…")
    child.start()
    _wait(lambda: _fresh(state, child), child, "演示副本没有启动")
    return settings.child_environment(MARKET_REPLICAS=f"@{state}")


def _register_sources(environment: dict[str, str]) -> None:
    """Bring the facts of every present source into the store (``source list`` does it first)."""
    command = [sys.executable, "-m", "market", "source", "list"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise ConfigurationError(f"无法登记来源：{done.stderr.strip()[-500:]}")


def _replicas(settings: Settings, environment: dict[str, str]) -> tuple[Child, Path]:
    """The child that serves the replicas, and its state file."""
    if importlib.util.find_spec("tests.replicas") is None:
        raise ConfigurationError("演示副本只随源码目录提供：请在源码目录中运行 make run，或去掉 --demo")
    state = settings.home / "run" / "replicas.json"
    state.parent.mkdir(parents=True, exist_ok=True)
    state.unlink(missing_ok=True)
    argv = (sys.executable, "-m", "tests.replicas", "--state", str(state), "--parent", str(os.getpid()))
    return Child(name="replicas", argv=argv, log=settings.home / "logs" / "replicas.log", environment=environment), state


def _fresh(state: Path, child: Child) -> bool:
    try:
        named = json.loads(state.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return child.process is not None and named.get("_pid", {}).get("pid") == child.process.pid


def _wait(ready: Callable[[], bool], child: Child, failure: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not ready():
        if child.process is None or child.process.poll() is not None or time.monotonic() > deadline:
            raise ConfigurationError(f"{failure}；日志：{child.log}")
        time.sleep(0.1)


class _Announcer:
    """Says the address once it answers, and how the first crawl fills the index."""

    def __init__(self, settings: Settings, demo: bool, say: Callable[[str], None]) -> None:
        self.settings, self.demo, self.say = settings, demo, say
        self.url: str | None = None
        self.counted = 0
        self.said_at = 0.0
        self.done = False

    def __call__(self) -> None:
        if self.done:
            return
        address = read_heartbeat(self.settings.home, "address")
        if self.url is None and address is not None:
            self.url = str(address["url"])
            self.say(f"\n  打开 {self.url}  （按 Ctrl-C 停止）\n")
            if self.demo:
                self.say("当前为本机演示数据，内容系虚构。清除：market source remove-demo；启用真实来源：market source enable 编号")
        worker = read_heartbeat(self.settings.home, "feeder")
        if worker is None or self.url is None:
            return
        cursor = int(worker.get("cursor") or 0)
        if cursor > self.counted and time.monotonic() - self.said_at >= SAY_EVERY_SECONDS:
            self.counted, self.said_at = cursor, time.monotonic()
            self.say(f"已采集并编入索引：{cursor} 条变更，可以检索")
        if cursor > 0 and cursor >= int(worker.get("watermark") or 0) and self._first_runs_done():
            self.done = True
            self.say(f"首轮采集完成，共编入 {cursor} 条变更；此后按时间表继续。运行情况：market status，或网页“来源”")

    def _first_runs_done(self) -> bool:
        store = open_store(self.settings, create=False)
        try:
            enabled = [state.id for state in store.source_states().values() if state.enabled]
            return bool(enabled) and all(
                any(run.ended_at is not None for run in store.runs(source, limit=3)) for source in enabled
            )
        finally:
            store.close()

