"""Is the service able to answer rightly? Judged by progress of the index, not by a process being up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

from indexer.engine import Engine
from opportunity.errors import MarketError, RebuildNeeded
from search_api.answers import HealthAnswer, IndexState

if TYPE_CHECKING:
    from opportunity.store import Store

# A change that has waited longer than this for the index means that the feeder does not get on.
PATIENCE = dt.timedelta(minutes=5)


def readiness(store: Store, engine: Engine, clock: Callable[[], dt.datetime]) -> HealthAnswer:
    """The state of store and index with every reason why answers would be missing or wrong."""
    reasons: list[str] = []
    watermark = cursor = notices = behind = None
    waited: float | None = None
    matching: bool | None = None
    try:
        watermark = store.watermark()
    except MarketError as error:
        reasons.append(f"存储不可用：{error.message}")
    try:
        index = engine.current()
        if index is None:
            reasons.append("还没有索引。")
        else:
            cursor, notices, matching = index.cursor(), index.count(), True
    except RebuildNeeded as error:
        matching = False
        reasons.append(error.message)
    except MarketError as error:
        reasons.append(f"索引不可用：{error.message}")
    if watermark is not None and cursor is not None:
        behind = max(0, watermark - cursor)
        if cursor > watermark:
            reasons.append("索引比存储还新：存储可能被换成了旧备份，需要重建。")
        elif behind:
            waited = (clock() - store.committed_at(cursor + 1)).total_seconds()
            if waited > PATIENCE.total_seconds():
                reasons.append(f"有 {behind} 条变更未进入索引，最早的已等待 {int(waited // 60)} 分钟。")
    state = IndexState(
        cursor=cursor, watermark=watermark, behind=behind, oldest_unindexed_seconds=waited,
        fingerprint_matches=matching, notices=notices,
    )
    return HealthAnswer(live=True, ready=not reasons, reasons=reasons, index=state)
