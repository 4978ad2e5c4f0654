"""Everything side by side: ``python -m benchmarks [--notices N] [--whoosh-notices N] [--corpus DIR]``.

1. The road from parsed rows through store and index, its stages apart, peak memory of each process.
2. Our embedded engine and its contestants over the same documents and the same searches, each in a process of its own:
   notices a second, bytes a notice, milliseconds of a first page, recall against a plain scan.

Whoosh is pure Python and gets fewer notices; the table says how many. JSON goes to stdout, tables to stderr.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import contestants, documents, machine
from benchmarks.corpus import Notices
from indexer.words import cutter

AIM_PER_SECOND, AIM_PAGE_MS, AIM_FACETS_MS, AIM_MEGABYTES = 800, 25, 60, 1_000


def options_of() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notices", type=int, default=100_000)
    parser.add_argument("--whoosh-notices", type=int, default=5_000)
    parser.add_argument("--searches", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, help="folder of real texts outside the project")
    parser.add_argument("--contestant", action="append", choices=contestants.names())
    return parser.parse_args()


def run(module: str, *arguments: object) -> dict[str, Any]:
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    result: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return result


def tell(*lines: str) -> None:
    sys.stderr.write("\n".join(lines) + "\n")


def tell_road(result: dict[str, Any]) -> None:
    road = result["road"]
    tell("", f"{'stage (alone, one process)':<28}{'notices/s':>10}{'CPU ms each':>13}")
    for name, stage in result["stages"].items():
        tell(f"{name:<28}{stage['per_second']:>10}{stage['cpu_ms']:>13.3f}")
    tell(
        f"{'whole road, ' + str(road['notices']):<28}{road['whole_per_second']:>10}"
        f"{road['saver_cpu_ms'] + road['feeder_cpu_ms'] + road['ahead_cpu_ms']:>13.3f}   aim ≥ {AIM_PER_SECOND}/s",
        f"peak MB: saver {road['saver_megabytes']}, feeder {road['feeder_megabytes']}, ahead {road['ahead_megabytes']}"
        f"   aim < {AIM_MEGABYTES}",
    )


def tell_table(results: list[dict[str, Any]], whole: int) -> None:
    tell("", f"{'contestant':<16}{'notices':>9}{'per s':>8}{'bytes each':>12}{'p50 ms':>9}{'p95 ms':>9}{'facets p95':>12}{'recall':>9}{'wrong':>8}")
    for one in results:
        page, facets = one["page_ms"]["all"], one["page_and_facets_ms"].get("all")
        share = "" if one["notices"] == whole else f"   1/{whole / one['notices']:.0f} of the notices"
        tell(
            f"{one['contestant']:<16}{one['notices']:>9}{one['notices_per_second']:>8}{one['bytes_per_notice']:>12}"
            f"{page['p50']:>9.2f}{page['p95']:>9.2f}{facets['p95'] if facets else '—':>12}{one['recall']:>9.4f}"
            f"{one['wrong_hits']:>8}{share}"
        )
    tell(f"aim of the embedded engine: p95 ≤ {AIM_PAGE_MS} ms, with facets ≤ {AIM_FACETS_MS} ms, recall 1")


def main() -> None:
    options, began = options_of(), time.monotonic()
    tell(machine.as_line())
    common = ["--seed", options.seed, *(["--corpus", options.corpus] if options.corpus else [])]
    road = run("store_road", "--notices", options.notices, *common)
    tell_road(road)
    results, failed = [], []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "documents"
        documents.write(file, Notices(options.seed, options.corpus), options.notices, cutter())
        for name in options.contestant or contestants.names():
            count = min(options.notices, options.whoosh_notices) if name.startswith("whoosh") else options.notices
            try:
                results.append(run(
                    "search_mix", "--alone", "--contestant", name, "--notices", count, "--searches", options.searches,
                    "--documents", file, *common,
                ))
            except subprocess.CalledProcessError:  # its message is on stderr; the others still count
                failed.append(name)
    tell_table(results, options.notices)
    tell(f"{(time.monotonic() - began) / 60:.1f} minutes")
    sys.stdout.write(json.dumps({**road, "contestants": results}, ensure_ascii=False) + "\n")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
