"""How fast notices are saved: ``python -m benchmarks.save_notices [--count N] [--batch N] [--database URL]``.

Invented notices of 2,200 characters with twelve extracted fields each. Prints JSON: notices a second when
they are new, when they are saved again unchanged, when each has changed, when read back; bytes on the disk.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import tempfile
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from opportunity.notice import SHANGHAI, FieldValue, Notice, NoticeType, Origin, Region, Value
from opportunity.settings import Settings
from opportunity.store import Incoming, open_store

SEEN = dt.datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
WORDS = ["采购", "项目", "工程", "招标", "投标人", "供应商", "资格", "要求", "预算金额", "万元", "人民币", "合同", "履行期限", "联合体", "磋商", "文件", "获取", "时间", "地点", "方式", "截止", "开标", "公告", "期限", "质疑", "监督", "学校", "医院", "道路", "改造", "设备", "安装", "服务", "信息化", "系统", "维护", "物业", "管理", "监控", "智慧", "城市", "建设", "绿化", "养护", "排水", "管网", "检测"]


def invented(number: int, dice: random.Random, extra: str = "") -> Incoming:
    """One notice whose text is drawn anew."""
    body = "，".join(dice.choice(WORDS) for _ in range(690)) + f"。\n编号 {number}{extra}"
    values: dict[str, Value] = {
        "buyer": f"第{number}小学", "agency": "某某招标代理有限公司", "project_number": f"NO-{number}",
        "budget": Decimal(number * 100), "ceiling_price": Decimal("1234.56"), "type": NoticeType.TENDER,
        "region": Region(code="330200", name="浙江省宁波市"), "deadline": SEEN, "opening_time": SEEN,
        "question_end": SEEN.date(), "registration_end": SEEN, "published": SEEN.date(),
    }
    fields = {
        name: (FieldValue(value=value, where="body", start=9, end=18, text=body[9:18], confidence=0.9),)
        for name, value in values.items()
    }
    notice = Notice(
        source="import", key=f"{number}", title=f"第{number}小学校舍修缮工程公开招标公告", body=body, origin=Origin.IMPORT,
        url=f"http://127.0.0.1/notice/{number}", extra={"备注": "无"},
    )
    return Incoming(notice=notice, extracted=fields, reader="extraction-1", seen_at=SEEN, cause="import")


def measure(settings: Settings, count: int, size: int) -> dict[str, float]:
    """The figures of one run, in notices a second; making the notices is not counted."""
    dice = random.Random(7)
    store = open_store(settings)
    new = [invented(number, dice) for number in range(count)]
    changed = [invented(number, dice, "改") for number in range(count)]
    figures: dict[str, float] = {}

    def save(name: str, items: Sequence[Incoming]) -> None:
        start = time.perf_counter()
        for at in range(0, count, size):
            store.save(items[at : at + size])
        figures[name] = round(count / (time.perf_counter() - start))

    save("new", new)
    if not settings.database:
        figures["bytes_each"] = round(sum(p.stat().st_size for p in settings.home.glob("market.db*")) / count)
    save("unchanged", new)
    save("changed", changed)
    start = time.perf_counter()
    assert sum(1 for _ in store.iterate()) == count
    figures["read"] = round(count / (time.perf_counter() - start))
    store.close()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--database", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder) / "home", database=options.database)
        print(json.dumps(measure(settings, options.count, options.batch)))


if __name__ == "__main__":
    main()
