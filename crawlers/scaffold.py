"""A new source from a template: one spider file and one recording folder, with what is left to fill in."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from crawlers.recordings import write_json
from opportunity.errors import BadInput

TO_FILL = "待填写"
NAME = re.compile(r"[a-z]+(?:_[a-z]+)+")

PLATFORMS: dict[str, tuple[str, str]] = {
    "ggzy": ("from crawlers.platforms.ggzy import Ggzy\n", 'PLATFORM = Ggzy(classes=("01", "02"))\n'),
    "epoint": (
        "from crawlers.platforms.epoint import Category, Detail, Epoint\n",
        """# Category codes and the sort field differ from site to site: read them off live pages, never infer them.
PLATFORM = Epoint(
    categories=(Category(code="000000000", name="待填写", type=None),),
    sort_field="webdate",
    detail=Detail(title="h2.ewb-trade-h", info="div.ewb-trade-info", body=".ewb-trade-right", attachments="#attach"),
)
""",
    ),
    "ccgp": ("from crawlers.platforms.ccgp import Ccgp\n", 'PLATFORM = Ccgp(channels=("dfgg",))\n'),
}
KINDS = {"ggzy": "public_resources", "epoint": "public_resources", "ccgp": "government_procurement"}

TEMPLATE = '''"""待填写：这个来源发布什么、覆盖哪里、哪些尚未在线核对。"""

from __future__ import annotations

{imports}from opportunity.source import Basis, Expectation, Politeness, Source, Timetable

{platform}
SOURCE = Source(
    id="{name}",
    title="待填写",
    publisher="待填写",
    official=True,
    region=None,
    home="{base}",
    base="{base}",
    platform="{kind}",
    kind="{place}",
    timetable=Timetable(minutes=60, overlap_hours=48, time_limit_minutes=30),
    politeness=Politeness(delay_seconds=5.0, requests_a_run=300, requests_a_day=6_000),
    expect=Expectation(rows_a_run=1, body_share=0.5),
    basis=Basis(terms="待填写", robots="待填写", read_on="待填写", attribution="待填写"),
)
'''

CASES = [
    "list_first：有下一页的列表首页（expect: listing）",
    "list_last：最后一页（expect: listing）",
    "list_empty：确实为空的列表（expect: listing）",
    "至少三份公告（expect: notice，row 为列表中的编号），其中一份没有正文",
    "列表中一行未知的公告类型",
    "两种拦截页（expect: blocked）",
    "list_half：只有一半的列表（expect: unreadable）",
    "list_changed、notice_changed：改版后的页面（expect: unreadable）",
]


def new_source(root: Path, name: str, platform: str, base: str) -> list[Path]:
    """Write the spider file and the recording folder of a new source; returns what was written.

    ``root`` is the project's folder. Raises ``BadInput`` for a name, platform or address that cannot be.
    """
    if NAME.fullmatch(name) is None or name.startswith("demo_"):
        raise BadInput("来源编号应是小写英文或全拼单词，用下划线相连，例如 guangdong_public_resources", name=name)
    if platform not in PLATFORMS:
        raise BadInput(f"未知的平台 {platform}；可选：{'、'.join(PLATFORMS)}", platform=platform)
    address = urlsplit(base)
    if address.scheme not in {"http", "https"} or not address.hostname or address.query or address.fragment:
        raise BadInput("网站地址应形如 https://ggzy.example.gov.cn/", base=base)
    spider = root / "crawlers" / "spiders" / f"{name}.py"
    folder = root / "tests" / "recordings" / name
    if not spider.parent.is_dir() or not folder.parent.is_dir():
        raise BadInput("只能在项目的源码目录里新建来源", root=str(root))
    if spider.exists() or folder.exists():
        raise BadInput(f"来源 {name} 已经存在", name=name)
    imports, options = PLATFORMS[platform]
    text = TEMPLATE.format(
        imports=imports, platform=options, name=name, base=base.rstrip("/") + "/", kind=platform, place=KINDS[platform]
    )
    folder.mkdir()
    recording = folder / "recording.json"
    write_json(recording, {
        "origin": "synthetic", "made_on": TO_FILL, "facts_from": TO_FILL,
        "window_start": "2026-01-01T00:00:00+08:00", "now": "2026-01-03T00:00:00+08:00",
        "pages": [], "to_fill": CASES,
    })  # fmt: skip
    spider.write_text(text, encoding="utf-8")
    return [spider, recording]
