"""The page docs/sources.md: every source, its interface, what its recording is, what nobody has checked."""

from __future__ import annotations

from pathlib import Path

from crawlers.platforms.base import Platform
from crawlers.recordings import Recording, load_recording
from crawlers.spiders import all_sources
from opportunity.source import Source

INTERFACES = {
    "ggzy": "POST 查询接口（JSON），正文为网页",
    "epoint": "新点全文检索接口（JSON），正文为网页",
    "ccgp": "静态列表页与公告页（HTML）",
}
KINDS = {
    "public_resources": "公共资源交易", "government_procurement": "政府采购", "enterprise": "企业采购",
    "import": "导入", "push": "推送",
}
HEAD = """# 来源

<!-- 由 market source docs 生成，请勿手改；测试会核对它是否最新。 -->

每个来源是 crawlers/spiders/ 中的一个文件，读取规则由 tests/recordings/ 中的同名目录核对。
“合成”的页面按公开资料编写，不是网站的真实页面：它证明读取程序合乎所写的约定，不证明网站今天仍是这样。
"""


def interface(source: Source) -> str:
    """What a source's platform speaks."""
    return INTERFACES.get(source.platform, f"平台 {source.platform}")


def sources_page(recordings: Path) -> str:
    """The whole page as Markdown."""
    parts = [HEAD, _table(recordings)]
    for id, (source, platform) in all_sources().items():
        parts.append(_section(source, platform, load_recording(recordings / id)))
    return "\n".join(parts)


def _table(recordings: Path) -> str:
    lines = ["| 编号 | 名称 | 类别 | 地区 | 接口 | 录制 | 在线核对 |", "|---|---|---|---|---|---|---|"]
    for id, (source, _) in all_sources().items():
        region = source.region.name if source.region else "全国"
        cells = (
            f"`{id}`", source.title, KINDS[source.kind], region, interface(source),
            _recorded(load_recording(recordings / id)), "已核对" if source.verified_live else "**未核对**",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _recorded(recording: Recording) -> str:
    real = sum(item.page.origin.value == "live" for item in recording.pages)
    made_up = len(recording.pages) - real
    return "，".join(part for part, n in ((f"真实 {real} 页", real), (f"合成 {made_up} 页", made_up)) if n)


def _section(source: Source, platform: Platform, recording: Recording) -> str:
    when, polite, basis = source.timetable, source.politeness, source.basis
    lines = [
        f"## {source.title}",
        "",
        f"- 编号：`{source.id}`；发布者：{source.publisher}；{'官方' if source.official else '非官方'}网站",
        f"- 首页：<{source.home}>；接口：{interface(source)}（平台 `{platform.name}`）",
        f"- 时间表：每 {when.minutes} 分钟，回看 {when.overlap_hours} 小时，每次最长 {when.time_limit_minutes} 分钟",
        f"- 礼貌：两次请求至少相隔 {polite.delay_seconds:g} 秒，每次运行至多 {polite.requests_a_run} 个请求，"
        f"每天至多 {polite.requests_a_day} 个",
        f"- 正常的一次采集：至少 {source.expect.rows_a_run} 行，至少 {source.expect.body_share:.0%} 的公告有正文",
        f"- 条款：{basis.terms}",
        f"- robots.txt：{basis.robots}（{basis.read_on}）",
        f"- 署名：{basis.attribution}",
        f"- 录制：{_recorded(recording)}，{recording.made_on}；依据：{recording.facts_from}",
    ]
    if not source.verified_live:
        lines.append("- **尚未在线核对**：地址、参数、栏目编码、页面标记、条款与 robots.txt")
    return "\n".join(lines) + "\n"
