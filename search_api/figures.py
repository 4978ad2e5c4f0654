"""Figures for Prometheus: requests, searches, and how far the index is behind the store."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from search_api.answers import HealthAnswer

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Figures:
    """One registry per application, so that two in a process do not share counters."""

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "market_requests", "已答复的请求", ["route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "market_request_seconds", "请求用时（秒）", ["route"], buckets=_BUCKETS, registry=self._registry
        )
        self._gauges = {
            name: Gauge(f"market_{name}", text, registry=self._registry)
            for name, text in (
                ("ready", "能否正确答复（1 为能）"),
                ("index_cursor", "索引已含的变更号"),
                ("watermark", "存储的最新变更号"),
                ("index_behind", "尚未进入索引的变更数"),
                ("oldest_unindexed_seconds", "最早的未索引变更已等待的秒数"),
                ("notices", "索引中的公告数"),
            )
        }

    def request(self, route: str, status: int, seconds: float) -> None:
        """Counts one request; ``route`` is the template of the path, never the path itself."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def render(self, health: HealthAnswer) -> bytes:
        """The exposition text with the state of the index as it is now."""
        index = health.index
        for name, value in (
            ("ready", float(health.ready)), ("index_cursor", index.cursor), ("watermark", index.watermark),
            ("index_behind", index.behind), ("oldest_unindexed_seconds", index.oldest_unindexed_seconds),
            ("notices", index.notices),
        ):
            self._gauges[name].set(float("nan") if value is None else value)
        return generate_latest(self._registry)
