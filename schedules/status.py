"""What an operator must see at once: processes, index, schedule, and one row per source, worst first."""

from __future__ import annotations

import datetime as dt
from typing import Any

from opportunity.health import health
from opportunity.heartbeat import read_heartbeat
from opportunity.run import Health
from opportunity.settings import Settings
from opportunity.store import Store
from schedules import slots

# A process writes its heartbeat at least every 10 s; silent for longer than this it counts as gone.
SILENT_SECONDS = 60.0
WORST_FIRST = (Health.BROKEN, Health.BLOCKED, Health.LATE, Health.UNKNOWN, Health.DEGRADED, Health.PAUSED, Health.OK)


def status(store: Store, settings: Settings, now: dt.datetime) -> dict[str, Any]:
    """The state of the whole service as plain JSON values."""
    sources = sorted(_sources(store, now), key=lambda row: (row["rank"], row["id"]))
    for row in sources:
        del row["rank"]
    return {
        "at": now.isoformat(),
        "processes": {
            "web": _address(settings),
            "worker": _process(settings, "feeder", now),
            "scheduler": _process(settings, "scheduler", now),
        },
        "notices": store.count(),
        "watermark": store.watermark(),
        "indexed": (read_heartbeat(settings.home, "feeder") or {}).get("cursor"),
        "sources": sources,
    }


def _process(settings: Settings, name: str, now: dt.datetime) -> dict[str, Any]:
    beat = read_heartbeat(settings.home, name)
    if beat is None:
        return {"state": "never", "sentence": "从未运行"}
    age = (now - dt.datetime.fromisoformat(beat["at"])).total_seconds()
    alive = age <= SILENT_SECONDS
    return {
        "state": "running" if alive else "silent",
        "sentence": "运行中" if alive else f"已 {age:.0f} 秒没有心跳",
        "at": beat["at"],
        "pid": beat.get("pid"),
    }


def _address(settings: Settings) -> dict[str, Any]:
    beat = read_heartbeat(settings.home, "address")
    if beat is None:
        return {"state": "never", "sentence": "未在运行"}
    return {"state": "running", "sentence": f"地址 {beat.get('url')}", "pid": beat.get("pid"), "url": beat.get("url")}


def _sources(store: Store, now: dt.datetime) -> list[dict[str, Any]]:
    rows = []
    for state in store.source_states().values():
        if not state.enabled:
            continue
        runs = store.runs(state.id, limit=20)
        value, sentence = health(state.facts, runs, state, now)
        last = slots.newest(store, state.id)
        rows.append({
            "id": state.id,
            "title": state.facts.get("title", state.id),
            "health": value.value,
            "sentence": sentence,
            "last_run": None if not runs else {
                "id": runs[0].id, "verdict": runs[0].verdict.value, "sentence": runs[0].sentence,
                "started_at": runs[0].started_at.isoformat(),
            },
            "slot": None if not last else {
                "slot": last[0].slot, "state": last[0].state, "attempt": last[0].attempt,
                "merged": last[0].merged, "reason": last[0].reason,
            },
            "rank": WORST_FIRST.index(value),
        })
    return rows
