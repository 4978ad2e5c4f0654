"""How fast a file is imported: ``python -m benchmarks.import_notices [--count N]``.

A JSONL file of invented notices with bodies of 2,200 characters that state buyer, budget and deadline.
Prints JSON: rows a second the first time and again, and the process's largest memory.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import resource
import tempfile
import time
from pathlib import Path

from benchmarks.save_notices import SEEN, WORDS
from crawlers.importing import import_file
from opportunity.settings import Settings
from opportunity.store import open_store


def write(path: Path, count: int) -> None:
    """A file of ``count`` rows; bodies are drawn anew for each."""
    dice = random.Random(7)
    with open(path, "w", encoding="utf-8") as file:
        for number in range(count):
            filler = "，".join(dice.choice(WORDS) for _ in range(650))
            body = (
                f"一、项目基本情况\n项目编号：NO-{number}\n预算金额：{number + 10}.5万元\n采购人：第{number}小学\n"
                f"{filler}。\n投标截止时间：2026年3月20日09时30分\n开标时间：2026年3月20日09时30分"
            )
            row = {"id": number, "title": f"第{number}小学校舍修缮工程公开招标公告", "body": body, "published": "2026-03-01"}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000)
    options = parser.parse_args()
    figures: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        write(path, options.count)
        with open_store(Settings(home=Path(folder) / "home")) as store:
            for name in ("first", "again"):
                start = time.perf_counter()
                import_file(store, path, now=SEEN + dt.timedelta(days=1))
                figures[name] = round(options.count / (time.perf_counter() - start))
    figures["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
