"""What a run proves and how a source is: pure rules, each answer with its sentence.

A run is judged by what it *shows*, not by how few errors it had: a list that ended by an error is
incomplete whatever the error rate, an empty list without proof is a failure, and what the portal
itself counts is compared with what was seen. Unknown is never OK.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from opportunity.notice import SHANGHAI
from opportunity.run import Health, Run, Verdict

# A source is late when its last complete run is older than this many intervals.
LATE_INTERVALS = 1.5
# Above this share of unreadable notices a run has failed rather than missed something.
BROKEN_SHARE = 0.5

_reasons = {
    "time_limit": "到达时间上限",
    "terminated": "被要求停止",
    "killed": "进程中断",
    "site_down": "网站连续无法访问",
    "budget": "今天的请求预算已用完",
    "store_failed": "无法写入数据库",
    "memusage_exceeded": "内存超过上限",
    "closespider_timeout": "到达时间上限",
    "closespider_errorcount": "出错过多",
    "closespider_pagecount": "请求过多",
    "error": "程序出错",
}


class State(Protocol):
    """What an operator decided about a source (the store's ``SourceState``)."""

    @property
    def enabled(self) -> bool: ...
    @property
    def paused_until(self) -> dt.datetime | None: ...
    @property
    def reason(self) -> str: ...


def verdict(run: Run) -> tuple[Verdict, str]:
    """What a run proves, and the sentence that says why."""
    if run.ended_at is None:
        return Verdict.UNKNOWN, "运行尚未结束"
    if run.finish_reason in ("", "killed"):
        return Verdict.UNKNOWN, "运行中断，没有留下结果，不能算作已采集"
    # One notice page that robots.txt keeps for itself is a gap; a list that it forbids is the end.
    refusing = ("blocked", "robots") if run.chain_broken or run.counts.rows == 0 else ("blocked",)
    for label in refusing:
        said = _said(run, label)
        if said:
            return Verdict.BLOCKED, said
    return _nothing_read(run) or _shortcoming(run) or _whole(run)


def _nothing_read(run: Run) -> tuple[Verdict, str] | None:
    """Runs that have nothing to show; a portal that proves its list empty is no such run."""
    counts = run.counts
    if counts.rows == 0:
        if run.proved_empty and not run.chain_broken and not run.problems and run.finish_reason == "finished":
            return Verdict.EMPTY, "网站的列表明确显示这段时间没有公告"
        why = _any(run) or _reasons.get(run.finish_reason, "")
        if run.proved_empty and why:
            return Verdict.BROKEN, f"网站的列表显示没有公告，但这不可信：{why}"
        more = f"（{why}）" if why else ""
        return Verdict.BROKEN, f"没有读到任何公告，也没有证据表明确实没有{more}"
    read = counts.new + counts.changed + counts.unchanged
    tried = read + counts.quarantined
    if counts.quarantined and counts.quarantined / tried > BROKEN_SHARE:
        return Verdict.BROKEN, f"{tried} 个公告中有 {counts.quarantined} 个读不出，网站可能改版"
    return None


def _shortcoming(run: Run) -> tuple[Verdict, str] | None:
    if run.chain_broken:
        why = _any(run)
        names = "、".join(run.chain_broken[:3]) + ("等" if len(run.chain_broken) > 3 else "")
        return Verdict.INCOMPLETE, f"{len(run.chain_broken)} 个列表没有读完（{names}）" + (f"：{why}" if why else "")
    if run.finish_reason != "finished":
        return Verdict.INCOMPLETE, f"提前结束：{_reasons.get(run.finish_reason, run.finish_reason)}"
    if run.listed is not None and not run.total_capped and (run.covered or 0) < run.listed:
        return Verdict.INCOMPLETE, f"网站称有 {run.listed} 条，只见到 {run.covered or 0} 条"
    why = _any(run)
    return (Verdict.INCOMPLETE, why) if why else None


def _whole(run: Run) -> tuple[Verdict, str]:
    counts = run.counts
    sentence = f"列表 {counts.rows} 条，新增 {counts.new} 条，变更 {counts.changed} 条"
    if counts.quarantined:
        sentence += f"，隔离 {counts.quarantined} 条"
    return Verdict.COMPLETE, sentence


def _said(run: Run, label: str) -> str:
    return next((sentence for known, sentence in run.problems if known == label), "")


def _any(run: Run) -> str:
    """The sentence of the problem that explains most."""
    for label in ("layout", "contract", "truncated", "robots", "network", "limit", "expectation", "ours"):
        said = _said(run, label)
        if said:
            return said
    return run.problems[0][1] if run.problems else ""


def health(
    source: Mapping[str, Any], runs: Sequence[Run], state: State | None, now: dt.datetime
) -> tuple[Health, str]:
    """How a source is now, and why.

    ``source`` are its standing facts (``source_json``), ``runs`` its runs in any order (a few dozen
    of the newest), ``state`` what the store keeps of it.
    """
    demonstration = bool(source.get("demonstration"))
    if not demonstration and (state is None or not state.enabled):
        return Health.PAUSED, "尚未启用"
    ended = sorted((run for run in runs if run.ended_at is not None), key=lambda run: (run.started_at, run.id))
    newest = ended[-1] if ended else None
    paused = state is not None and state.paused_until is not None and state.paused_until > now
    if paused and state is not None and state.paused_until is not None:
        blocked = newest is not None and newest.verdict is Verdict.BLOCKED
        until = f"暂停到 {_moment(state.paused_until)}" + (f"：{state.reason}" if state.reason else "")
        return (Health.BLOCKED if blocked else Health.PAUSED), until
    if newest is None:
        return Health.UNKNOWN, "还没有运行过，不知道有没有新公告"
    if newest.verdict is Verdict.BLOCKED:
        return Health.BLOCKED, newest.sentence
    if newest.verdict is Verdict.BROKEN:
        return Health.BROKEN, newest.sentence
    return _by_age(source, ended, now)


def _by_age(source: Mapping[str, Any], ended: Sequence[Run], now: dt.datetime) -> tuple[Health, str]:
    newest = ended[-1]
    good = [run.ended_at for run in ended if run.verdict in (Verdict.COMPLETE, Verdict.EMPTY) and run.ended_at]
    if not good:
        if newest.verdict is Verdict.UNKNOWN:
            return Health.UNKNOWN, newest.sentence or "上次运行没有留下结果"
        return Health.DEGRADED, f"还没有一次完整的采集：{newest.sentence}"
    minutes = (source.get("timetable") or {}).get("minutes") or source.get("interval_minutes") or 60
    last, interval = max(good), dt.timedelta(minutes=float(minutes))
    if now - last > LATE_INTERVALS * interval:
        return Health.LATE, f"上次完整采集在 {_moment(last)}，超过应有间隔（{_length(interval)}）的 {LATE_INTERVALS} 倍"
    if newest.verdict in (Verdict.COMPLETE, Verdict.EMPTY):
        return Health.OK, f"上次完整采集在 {_moment(last)}"
    return Health.DEGRADED, f"最近一次{newest.verdict.chinese}：{newest.sentence}"


def _moment(moment: dt.datetime) -> str:
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _length(interval: dt.timedelta) -> str:
    minutes = round(interval.total_seconds() / 60)
    return f"{minutes // 60} 小时" if minutes and minutes % 60 == 0 else f"{minutes} 分钟"
