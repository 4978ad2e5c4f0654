"""Search side by side: ``python -m benchmarks.search_mix [--contestant NAME …] [--notices N] [--corpus DIR]``.

For each contestant, in a process of its own: notices indexed per second (from ready documents), bytes a
notice on disk, milliseconds of a first page of 20 with exact total (p50, p95, worst) and the same with facets, each
kind of the mix apart, recall and precision against the plain substring test, and the peak memory. ``page_cpu_ms``
is the processor time of this process for a page: what a machine shared with other work says more truly
(nothing of it for a contestant that is a server).
Writes one JSON line per contestant to stdout; the table for people goes to stderr.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import contestants
from benchmarks.corpus import Notices
from benchmarks.documents import made, read
from benchmarks.mix import Mix
from indexer.document import Document
from indexer.words import Cutter, cutter
from opportunity.query import Phrase
from tests.corpus import NOW

PAGE = 20
SAMPLE_EVERY = 50  # documents kept for drawing searches and for the oracle


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contestant", action="append", choices=contestants.names())
    parser.add_argument("--notices", type=int, default=100_000)
    parser.add_argument("--searches", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, help="folder of real texts outside the project")
    parser.add_argument("--documents", type=Path, help="file of --notices ready documents (benchmarks.documents)")
    parser.add_argument("--alone", action="store_true", help="measure in this process")
    options = parser.parse_args(arguments)
    names = options.contestant or contestants.names()
    if options.alone:
        result = measure(names[0], options)
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
        tell(result)
        return
    for name in names:
        command = [sys.executable, "-m", "benchmarks.search_mix", "--alone", "--contestant", name]
        for option in ("notices", "searches", "seed"):
            command += [f"--{option}", str(getattr(options, option))]
        for option in ("corpus", "documents"):
            if getattr(options, option):
                command += [f"--{option}", str(getattr(options, option))]
        subprocess.run(command, check=True)


def measure(name: str, options: argparse.Namespace) -> dict[str, Any]:
    words = cutter()
    with tempfile.TemporaryDirectory() as folder:
        contest = contestants.enter(name, Path(folder), words)
        sample: list[Document] = []
        characters = seconds = 0.0
        for batch in batches(options, words):
            sample += batch[::SAMPLE_EVERY]
            characters += sum(len(text) for document in batch for text in document.texts.get("body", ()))
            began = time.perf_counter()
            contest.add(batch)
            seconds += time.perf_counter() - began
        began = time.perf_counter()
        contest.finish()
        seconds += time.perf_counter() - began
        indexing = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
        searches = list(Mix(sample, words.fingerprint, options.seed).draw(options.searches))
        result: dict[str, Any] = {
            "contestant": name, "notices": options.notices, "characters": round(characters / options.notices),
            "notices_per_second": round(options.notices / seconds), "bytes_per_notice": round(size / options.notices),
            "peak_megabytes_indexing": indexing // 1024,
        }
        result |= time_searches(contest, searches)
        result |= compare(contest, searches, sample)
        result["searches"] = len(searches)
        result["peak_megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        contest.close()
    return result


def batches(options: argparse.Namespace, words: Cutter) -> Iterator[list[Document]]:
    """The documents, made now or read from a file of them."""
    if options.documents is None:
        notices = Notices(options.seed, options.corpus)
        yield from made(notices, options.notices, words)
        return
    left = options.notices
    for batch in read(options.documents):
        yield batch[:left]
        left -= len(batch)
        if left <= 0:
            return


def time_searches(contest: contestants.Contest, searches: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    pages: dict[str, list[float]] = defaultdict(list)
    both: dict[str, list[float]] = defaultdict(list)
    cpu: dict[str, list[float]] = defaultdict(list)
    refused: dict[str, int] = defaultdict(int)
    worst: list[tuple[float, str]] = []
    for kind, query in searches:
        began, worked = time.perf_counter(), time.process_time()
        try:
            contest.first_page(query, PAGE)
            page = (time.perf_counter() - began) * 1000
            cpu[kind].append((time.process_time() - worked) * 1000)
            pages[kind].append(page)
            worst.append((page, repr(query.root)[:160]))
            contest.facets(query)
            both[kind].append((time.perf_counter() - began) * 1000)
        except contestants.NotOffered:
            refused[kind] += 1
    return {
        "page_ms": spread(pages), "page_cpu_ms": spread(cpu), "page_and_facets_ms": spread(both), "not_offered": dict(refused),
        "slowest": [f"{ms:.1f} ms {what}" for ms, what in sorted(worst, reverse=True)[:3]],
    }


def spread(times: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    groups = {"all": [value for values in times.values() for value in values], **times}
    return {kind: quantiles(values) for kind, values in groups.items() if values}


def quantiles(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "p50": round(ordered[len(ordered) // 2], 2), "p95": round(ordered[int(len(ordered) * 0.95)], 2),
        "max": round(ordered[-1], 2),
    }


def compare(
    contest: contestants.Contest, searches: Sequence[tuple[str, Any]], sample: Sequence[Document]
) -> dict[str, Any]:
    """Recall and precision over the sampled notices against ``in``, for the phrases of the mix."""
    texts = {document.id: [text for strings in document.texts.values() for text in strings] for document in sample}
    true = found_true = extra = asked = 0
    for _, query in searches:
        if not isinstance(query.root, Phrase) or query.filters or asked == 200:
            continue
        asked += 1
        holders = {id for id, strings in texts.items() if any(query.root.text in text for text in strings)}
        found = contest.ids(query) & texts.keys()
        true += len(holders)
        found_true += len(holders & found)
        extra += len(found - holders)
    return {"recall": found_true / max(1, true), "wrong_hits": extra, "phrases_compared": asked, "pairs_compared": true}


def tell(result: dict[str, Any]) -> None:
    lines = [f"\n{result['contestant']}: {result['notices']} notices of {result['characters']} characters ({NOW:%Y-%m-%d})"]
    lines.append(
        f"  {result['notices_per_second']} notices/s, {result['bytes_per_notice']} bytes each,"
        f" {result['peak_megabytes']} MB, recall {result['recall']:.4f}, wrong {result['wrong_hits']}"
    )
    for what in ("page_ms", "page_cpu_ms", "page_and_facets_ms"):
        for kind, value in result[what].items():
            lines.append(f"  {what:>20} {kind:>8}  p50 {value['p50']:8.2f}  p95 {value['p95']:8.2f}  max {value['max']:8.2f}")
    lines += [f"  {line}" for line in result["slowest"]]
    sys.stderr.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
