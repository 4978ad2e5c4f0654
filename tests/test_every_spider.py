"""Every source there is, found by walking the folder: facts complete, recording read as expected.

No list to edit. A new source needs one file in crawlers/spiders and one folder in tests/recordings with
at least the cases named in LEAST; ``market source new`` makes both.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crawlers.platforms.base import Platform, row_from_json, row_json
from crawlers.reading import Crawl
from crawlers.recordings import Recording, compare, differences, load_recording, read_recording, request_json
from crawlers.spiders import all_sources, find_source
from opportunity.errors import Blocked, ReadingError
from opportunity.page import Page
from opportunity.source import Source

RECORDINGS = Path(__file__).parent / "recordings"
SPIDERS = Path(__file__).parent.parent / "crawlers" / "spiders"
SOURCES = all_sources()
# What every recording holds, at least.
LEAST = {"listing": 3, "notice": 3, "blocked": 2, "unreadable": 4}

each = pytest.mark.parametrize("id", SOURCES)


def parts(id: str) -> tuple[Source, Platform, Recording]:
    source, platform = SOURCES[id]
    return source, platform, load_recording(RECORDINGS / id)


def test_there_is_a_source_for_every_file_and_a_recording_for_every_source() -> None:
    files = {path.stem for path in SPIDERS.glob("*.py")} - {"__init__"}
    folders = {path.name for path in RECORDINGS.iterdir() if path.is_dir()}
    assert files == set(SOURCES) == folders
    assert len(files) >= 3


@each
def test_facts_are_complete(id: str) -> None:
    source, platform, recording = parts(id)
    assert source.id == id
    assert source.platform == platform.name
    for item in dataclasses.fields(source):
        value = getattr(source, item.name)
        assert value != "" and (value is not None or item.name == "region"), item.name
    assert source.home.startswith(("http://", "https://")) and source.base.endswith("/")
    assert source.politeness.delay_seconds >= 3
    assert 86_400 / source.timetable.minutes / 60 * source.politeness.requests_a_run >= source.politeness.requests_a_day
    assert source.politeness.requests_a_day * source.politeness.delay_seconds <= 86_400
    longest = source.timetable.time_limit_minutes * 60
    assert source.politeness.requests_a_run * source.politeness.delay_seconds <= longest
    assert source.timetable.time_limit_minutes <= source.timetable.minutes
    assert dt.date.fromisoformat(source.basis.read_on)
    assert source.basis.terms and source.basis.robots and source.title in source.basis.attribution
    assert source.verified_live is (recording.origin == "recorded"), "a made-up page proves nothing about the portal"


@each
def test_the_recording_is_read_as_expected(id: str) -> None:
    source, platform, recording = parts(id)
    assert compare(source, platform, recording.folder) == []


@each
def test_the_recording_holds_the_least_number_of_cases(id: str) -> None:
    source, platform, recording = parts(id)
    count = {expect: sum(item.expect == expect for item in recording.pages) for expect in LEAST}
    assert all(count[expect] >= least for expect, least in LEAST.items()), count
    found = read_recording(source, platform, recording)
    listings = found["listings"].values()
    assert any(listing["next"] for listing in listings), "a page with a next page"
    assert any(listing["rows"] and not listing["next"] for listing in listings), "a last page"
    assert any(listing["proved_empty"] and not listing["rows"] for listing in listings), "an empty list, proved"
    assert any("refused" in row for listing in listings for row in listing["rows"]), "a row of unknown type"
    assert any(notice["given"].get("published") for notice in found["notices"].values())
    names = {item.name for item in recording.pages}
    assert {"list_half", "list_changed", "notice_changed"} <= names
    files = {path.name for path in recording.folder.iterdir()} - {"recording.json", "expected.json"}
    meta = json.loads((recording.folder / "recording.json").read_text(encoding="utf-8"))
    assert files == {item["file"] for item in meta["pages"]}, "every file is used, every page has its file"


@each
def test_recorded_requests_are_the_ones_the_platform_makes(id: str) -> None:
    """A listing's request is a first request, the next of another listing, or a narrower query of one."""
    source, platform, recording = parts(id)
    made = [request_json(one) for one in platform.first_requests(source, recording.window_start, recording.now)]
    asked: list[str] = []
    for item in recording.pages:
        if item.expect == "listing":
            listing = platform.read_list(source, item.page)
            made += [request_json(one) for one in (*listing.split, *((listing.next,) if listing.next else ()))]
            for row in listing.rows:
                try:
                    asked += [one.url for one in platform.notice_requests(source, row)]
                except ReadingError:
                    continue
    narrower = {one["state"].get("chain", "").split(" ")[0] for one in made}
    for item in recording.pages:
        request = request_json(item.page.request)
        if item.page.request.purpose == "notice":
            assert request["url"] in asked, item.name
        else:
            assert request in made or request["state"]["chain"].split(" ")[0] in narrower, item.name


@each
def test_reading_twice_gives_the_same(id: str) -> None:
    source, platform, recording = parts(id)
    first = read_recording(source, platform, recording)
    assert differences(first, read_recording(source, platform, recording)) == []


@each
def test_rows_survive_being_kept(id: str) -> None:
    """What the store keeps of a row is enough to read the notice again, years later."""
    source, platform, recording = parts(id)
    for item in recording.pages:
        if item.expect == "listing":
            for row in platform.read_list(source, item.page).rows:
                assert row_from_json(json.loads(json.dumps(row_json(row)))) == row


@each
def test_a_crawl_of_the_recording_reads_quarantines_and_says_what_is_missing(id: str) -> None:
    """The recorded first pages through the crawl: notices come out, unknown rows go to quarantine."""
    source, platform, recording = parts(id)
    pages = {json.dumps(request_json(i.page.request), sort_keys=True): i for i in reversed(recording.pages)}
    crawl = Crawl(
        source, platform, window_start=recording.window_start, now=recording.now, known=lambda keys: set(), budget=300
    )
    pending, notices, problems = crawl.start(), [], []
    while pending:
        request = pending.pop(0)
        item = pages.get(json.dumps(request_json(request), sort_keys=True))
        if item is None or item.expect not in {"listing", "notice"}:
            step = crawl.fail(request, "network", "没有录制这一页")
        else:
            step = crawl.receive(dataclasses.replace(item.page, request=request))
        pending += step.requests
        notices += step.notices
        problems += step.problems
    assert len(notices) >= 2
    assert all(notice.source == id and notice.row and notice.pages for notice, _ in notices)
    assert crawl.outcome("finished").counts.quarantined >= 1
    assert {problem.label for problem in problems} <= {"network", "layout"}


@each
def test_block_pages_of_any_portal_raise_blocked_for_lists_and_notices(id: str) -> None:
    source, platform, recording = parts(id)
    first = next(item for item in recording.pages if item.expect == "listing")
    row = next(row for row in platform.read_list(source, first.page).rows if row.url is not None)
    blocks = [
        item.page for other in SOURCES for item in load_recording(RECORDINGS / other).pages
        if item.expect == "blocked" and item.page.text.lstrip().startswith("<")
    ]
    assert len(blocks) >= 5
    for block in blocks:
        page = dataclasses.replace(block, request=first.page.request)
        with pytest.raises(Blocked):
            platform.read_list(source, page)
        with pytest.raises(Blocked):
            platform.read_notice(source, row, (page,))


@each
def test_no_cut_of_a_page_passes_for_the_whole(id: str) -> None:
    """A list cut anywhere is an error; never fewer rows with a straight face."""
    source, platform, recording = parts(id)
    first = next(item for item in recording.pages if item.expect == "listing")
    whole = platform.read_list(source, first.page)
    text = first.page.text
    for cut in range(0, len(text), max(1, len(text) // 60)):
        page = cut_page(first.page, text[:cut])
        try:
            listing = platform.read_list(source, page)
        except ReadingError:
            continue
        assert listing.rows == whole.rows


@each
def test_any_wrong_value_in_a_page_is_an_error_of_ours_or_harmless_never_a_crash(id: str) -> None:
    source, platform, recording = parts(id)
    rows = {
        row.key: row for item in recording.pages if item.expect == "listing"
        for row in platform.read_list(source, item.page).rows
    }  # fmt: skip
    tried = 0
    for item in recording.pages:
        if item.expect in {"listing", "notice"}:
            for text in spoiled(item.page.text):
                page, tried = cut_page(item.page, text), tried + 1
                with contextlib.suppress(ReadingError, Blocked):
                    if item.row is None:
                        platform.read_list(source, page)
                    else:
                        platform.read_notice(source, rows[item.row], (page,))
    assert tried > 300


def spoiled(text: str) -> Iterator[str]:
    """Variants of a page: each value of a JSON answer replaced, or stretches of a document cut out."""
    if text.lstrip().startswith("{"):
        whole = json.loads(text)
        for place, key in places(whole):
            values: tuple[Any, ...] = (None, 7, "", "怪", [], {}, [None], True)
            for wrong in values:
                kept, place[key] = place[key], wrong
                yield json.dumps(whole)
                place[key] = kept
    else:
        step = max(1, len(text) // 40)
        for start in range(0, len(text), step):
            yield text[:start] + text[start + step // 2 :]
            yield text[:start] + "<<>\x00&#0;" + text[start:]


def places(value: Any, depth: int = 0) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a JSON value; of a long list the first two members."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, inner in list(pairs):
        yield value, key
        yield from places(inner, depth + 1)


def cut_page(page: Page, text: str) -> Page:
    return dataclasses.replace(page, text=text, content=text.encode())


@each
def test_the_demonstration_twin_is_the_same_reader_at_the_replica(id: str) -> None:
    source, platform, recording = parts(id)
    base = "http://127.0.0.1:54321"
    twin, same = find_source(f"demo_{id}", {f"demo_{id}": base})
    assert same is platform
    assert twin.demonstration and twin.title == source.title + "（本机演示副本）" and not twin.official
    for request in platform.first_requests(twin, recording.window_start, recording.now):
        assert request.url.startswith(base + "/")


def test_the_first_comparison_writes_the_golden_file_and_fails(tmp_path: Path) -> None:
    source, platform, recording = parts("jiangsu_public_resources")
    folder = tmp_path / "copy"
    shutil.copytree(recording.folder, folder)
    (folder / "expected.json").unlink()
    assert len(compare(source, platform, folder)) == 1
    assert compare(source, platform, folder) == []
    golden = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    golden["notices"]["notice_tender"]["title"] = "另一个标题"
    (folder / "expected.json").write_text(json.dumps(golden), encoding="utf-8")
    (line,) = compare(source, platform, folder)
    assert line.startswith("notices.notice_tender.title：应为 \"另一个标题\"")
