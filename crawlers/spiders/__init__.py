"""Every source there is, found by walking this folder: one file, one source, no list to edit.

A module here states ``SOURCE`` (the standing facts) and ``PLATFORM`` (the reader with its options).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from crawlers.platforms.base import Platform
from opportunity.errors import ConfigurationError, NotFound
from opportunity.source import Source

DEMONSTRATION = "demo_"


@cache
def all_sources() -> dict[str, tuple[Source, Platform]]:
    """Source id -> (facts, reader) of every file in this folder, by id."""
    found: dict[str, tuple[Source, Platform]] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda one: one.name):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        source, platform = loaded.SOURCE, loaded.PLATFORM
        if source.id != module.name:
            raise ConfigurationError(f"来源文件 {module.name}.py 中的编号是 {source.id}，应与文件名相同")
        if source.platform != platform.name:
            raise ConfigurationError(f"来源 {source.id} 写明平台 {source.platform}，读取器却是 {platform.name}")
        found[source.id] = (source, platform)
    return found


def find_source(id: str, replica_bases: Mapping[str, str]) -> tuple[Source, Platform]:
    """The facts and the reader of a source id.

    ``demo_<id>`` is the same reader against the replica on this machine that ``replica_bases`` names;
    its facts say that it is a demonstration. Raises ``NotFound`` for an id that no file bears and
    ``ConfigurationError`` for a demonstration source without a replica.
    """
    real = id.removeprefix(DEMONSTRATION)
    if real not in all_sources():
        known = "、".join(all_sources())
        raise NotFound(f"没有编号为 {id} 的来源；现有：{known}", source=id)
    source, platform = all_sources()[real]
    if real == id:
        return source, platform
    if id not in replica_bases:
        raise ConfigurationError(f"演示来源 {id} 没有运行中的本机副本（设置 MARKET_REPLICAS）", source=id)
    base = replica_bases[id].rstrip("/") + "/"
    demonstration = replace(
        source,
        id=id,
        title=source.title + "（本机演示副本）",
        official=False,
        home=base,
        base=base,
        politeness=replace(source.politeness, delay_seconds=0.05, requests_a_day=1_000_000),
        # Often and far back: a demonstration shows a week at once, and new notices soon.
        timetable=replace(source.timetable, minutes=2, cron=None, overlap_hours=168, time_limit_minutes=10),
    )
    return demonstration, platform
