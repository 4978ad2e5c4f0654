"""Nothing is missed, on real texts: ``python -m benchmarks.recall_real --corpus DIR [--strings 2000] [--seed 1] [--home DIR]``.

DIR holds ``*.jsonl`` files in the shape that ``market import`` reads (docs/importing.md). All are imported into a
fresh home and indexed; then

* every title is searched as it would be pasted (limit 100): its notice must be among the hits;
* random substrings of 2 to 12 characters of the stored bodies (as they stand, marks and line breaks included) are
  searched as phrases, and the ids found must be exactly those that a brute scan with ``in`` over the normalised fields
  finds. The scan knows neither words nor the index.

Prints JSON; exit code 1 when anything differs.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crawlers.importing import import_file
from indexer.engine import Index
from indexer.engines import open_engine
from indexer.feed import Feeder
from indexer.words import Cutter, cutter
from opportunity.errors import MarketError
from opportunity.matching import search_text
from opportunity.notice import FIELD_NAMES, NoticeRecord
from opportunity.query import Phrase, Query, Scope
from opportunity.settings import Settings
from opportunity.store import Store, open_store
from opportunity.store.store import system_clock
from opportunity.text import normalise
from search_api.query_text import parse_query
from search_api.request import SearchRequest
from search_api.service import Search

SHORTEST, LONGEST = 2, 12
LIMIT = 100
SHOWN = 10


def imported(store: Store, folder: Path) -> dict[str, Any]:
    """Import every file of the folder; what was read and what was refused, summed."""
    sums: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    aside: Counter[str] = Counter()
    for file in sorted(folder.glob("*.jsonl")):
        report = import_file(store, file, now=system_clock())
        for name in ("read", "new", "changed", "unchanged", "refused", "kept_aside"):
            sums[name] += getattr(report, name)
        reasons.update(report.reasons)
        aside.update(report.aside_reasons)
    return {**sums, "reasons": dict(reasons), "aside_reasons": dict(aside)}


def filled(records: Sequence[NoticeRecord]) -> dict[str, dict[str, int]]:
    """For each field: in how many notices the source gave it, and in how many it was read from the text."""
    return {
        name: {
            "given": sum(name in record.notice.given for record in records),
            "extracted": sum(name in record.extracted and name not in record.notice.given for record in records),
        }
        for name in FIELD_NAMES
    }


def titles(service: Search, records: Sequence[NoticeRecord]) -> dict[str, Any]:
    """Every title searched as it would be pasted."""
    missed, refused, times = [], [], []
    for record in records:
        began = time.perf_counter()
        try:
            answer = service.search(SearchRequest(text=record.notice.title), limit=LIMIT, facets=False)
        except MarketError as error:
            refused.append({"title": record.notice.title, "reason": error.message})
            continue
        times.append(time.perf_counter() - began)
        if record.id not in {hit.id for hit in answer.hits}:
            missed.append({"title": record.notice.title, "total": answer.total.value, "read_as": answer.query.description})
    return {"searched": len(records), "missed": len(missed), "refused": len(refused), "examples": (missed + refused)[:SHOWN],
            **milliseconds(times)}  # fmt: skip


def strings(records: Sequence[NoticeRecord], count: int, seed: int) -> list[tuple[str, str]]:
    """(id, substring) drawn where they stand; a draw of marks alone is drawn again."""
    dice = random.Random(seed)
    bodies = [record for record in records if len(record.notice.body) >= SHORTEST]
    drawn: list[tuple[str, str]] = []
    while bodies and len(drawn) < count:
        record = dice.choice(bodies)
        length = dice.randint(SHORTEST, min(LONGEST, len(record.notice.body)))
        start = dice.randrange(len(record.notice.body) - length + 1)
        text = record.notice.body[start : start + length]
        if normalise(text):
            drawn.append((record.id, text))
    return drawn


def phrases(index: Index, words: Cutter, records: Sequence[NoticeRecord], drawn: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Each string as a phrase of the body and anywhere, against a scan that knows neither words nor index."""
    bodies = {record.id: normalise(record.notice.body) for record in records}
    anywhere = {
        record.id: [normalise(string) for string in search_text(record).strings(Scope.DEFAULT)] for record in records
    }
    bare = {record.id: "".join(record.notice.body.split()).lower() for record in records}
    differences: list[dict[str, Any]] = []
    own_missed = bare_missed = typed = compared = 0
    times: list[float] = []
    for id, raw in drawn:
        text = normalise(raw)
        tests = [(Scope.BODY, Phrase(raw=raw, text=text, scope=Scope.BODY), {k for k, body in bodies.items() if text in body})]
        due = {k for k, fields in anywhere.items() if any(text in field for field in fields)}
        tests.append((Scope.DEFAULT, Phrase(raw=raw, text=text), due))
        for scope, leaf, wanted in tests:
            query = Query(root=leaf, fingerprint=words.fingerprint, now=system_clock())
            began = time.perf_counter()
            found = set(index.every_id(query))
            times.append(time.perf_counter() - began)
            compared += 1
            if found != wanted:
                differences.append({"text": raw, "scope": scope.value, "missed": len(wanted - found), "wrong": len(found - wanted)})
            if scope is Scope.BODY:
                own_missed += id not in found
                needle = "".join(raw.split()).lower()
                bare_missed += bool(needle) and any(needle in body and k not in found for k, body in bare.items())
        typed += typed_alike(raw, text, words)
    return {"strings": len(drawn), "compared": compared, "differences": len(differences), "examples": differences[:SHOWN],
            "own_notice_not_found": own_missed, "plain_scan_found_more": bare_missed, "typed_in_quotes_means_the_same": typed,
            **milliseconds(times)}  # fmt: skip


def typed_alike(raw: str, text: str, words: Cutter) -> bool:
    """Whether the string typed in quotes is read as this very phrase."""
    try:
        root = parse_query(f'"{raw}"', cutter=words, now=system_clock()).root
    except MarketError:
        return False
    return isinstance(root, Phrase) and root.text == text


def milliseconds(times: Sequence[float]) -> dict[str, float]:
    if not times:
        return {}
    ordered = sorted(times)
    return {f"p{share}_ms": round(1000 * ordered[min(len(ordered) - 1, len(ordered) * share // 100)], 2) for share in (50, 95)}


def measure(home: Path, options: argparse.Namespace) -> dict[str, Any]:
    settings, words = Settings(home=home), cutter()
    result: dict[str, Any] = {}
    with open_store(settings) as store:
        began = time.perf_counter()
        result["import"] = {**imported(store, options.corpus), "seconds": round(time.perf_counter() - began, 2)}
        engine = open_engine(settings, words, home_id=store.home_id)
        try:
            began = time.perf_counter()
            Feeder(store, engine, words, settings, system_clock).run_until_idle()
            result["feed_seconds"] = round(time.perf_counter() - began, 2)
            index = engine.current()
            if index is None:
                raise SystemExit("nothing was indexed")
            records = list(store.iterate())
            result["notices"], result["indexed"] = len(records), index.count()
            result["body_characters"] = sum(len(record.notice.body) for record in records)
            result["filled"] = filled(records)
            service = Search(store=store, engine=engine, cutter=words, clock=system_clock)
            result["titles"] = titles(service, records)
            result["phrases"] = phrases(index, words, records, strings(records, options.strings, options.seed))
        finally:
            engine.close()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--strings", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--home", type=Path, help="keep the home there (it must not exist)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(options.home or Path(folder) / "home", options)
    sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    right = result["indexed"] == result["notices"]
    right = right and not result["titles"]["missed"] and not result["titles"]["refused"] and not result["phrases"]["differences"]
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
