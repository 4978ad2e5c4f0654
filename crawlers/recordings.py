"""Recordings: pages of a source kept on disk, and what its reader must make of them (golden files).

A recording is a folder: ``recording.json`` (``origin``: recorded from the live portal, or synthetic, made
up from stated facts), one file for each page, and ``expected.json``. The first comparison writes
expected.json and says so; later ones compare field by field. Used by the tests and ``market source check``.

A page may state an ``origin`` of its own, so that a recorded folder can keep made-up failures. Each page states what it must lead to: ``listing``, ``notice``, ``blocked`` or ``unreadable``.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from crawlers.platforms.base import Platform, row_json
from opportunity.errors import BadInput, Blocked, ReadingError
from opportunity.notice import FieldValue, Notice, Origin, Region, Value
from opportunity.page import Listing, Page, PageRequest, Row
from opportunity.source import Source

EXPECTATIONS = ("listing", "notice", "blocked", "unreadable")
ROOT = Path(__file__).resolve().parent.parent / "tests" / "recordings"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPage:
    """One page of a recording. ``row`` is the key of the list row that a notice belongs to."""

    name: str
    expect: str
    page: Page
    row: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording folder as read from disk."""

    folder: Path
    origin: str
    made_on: str
    facts_from: str
    window_start: dt.datetime
    now: dt.datetime
    pages: tuple[RecordedPage, ...]


def load_recording(folder: Path) -> Recording:
    """Read a recording; raises ``BadInput`` when it is missing or not filled in."""
    try:
        meta = json.loads((folder / "recording.json").read_text(encoding="utf-8"))
        now = dt.datetime.fromisoformat(meta["now"])
        pages = tuple(_page(folder, item, now, meta["origin"]) for item in meta["pages"])
        recording = Recording(
            folder=folder, origin=meta["origin"], made_on=meta["made_on"], facts_from=meta["facts_from"],
            window_start=dt.datetime.fromisoformat(meta["window_start"]), now=now, pages=pages,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"录制目录 {folder.name} 不完整：{type(error).__name__} {error}") from error
    if recording.origin not in {"recorded", "synthetic"}:
        raise BadInput(f"录制目录 {folder.name} 的 origin 应为 recorded 或 synthetic")
    return recording


def _page(folder: Path, item: Mapping[str, Any], now: dt.datetime, origin: str) -> RecordedPage:
    if item["expect"] not in EXPECTATIONS:
        raise ValueError(f"expect: {item['expect']}")
    content = (folder / item["file"]).read_bytes()
    request = request_from_json(item["request"])
    encoding = item.get("encoding", "utf-8")
    page = Page(
        request=request, url=item.get("url", request.url), status=item.get("status", 200),
        headers=item.get("headers", {}), content=content, text=content.decode(encoding), encoding=encoding,
        replaced=0, fetched_at=now,
        origin=Origin.LIVE if item.get("origin", origin) == "recorded" else Origin.REPLICA,
    )
    return RecordedPage(name=item["name"], expect=item["expect"], page=page, row=item.get("row"))


def request_json(request: PageRequest) -> dict[str, Any]:
    """A request as plain JSON values; the crawl's ticket is left out."""
    state = {name: value for name, value in request.state.items() if name != "crawl"}
    return {
        "url": request.url, "method": request.method, "purpose": request.purpose,
        "headers": dict(request.headers), "body": request.body.decode("utf-8"), "state": state,
    }


def request_from_json(value: Mapping[str, Any]) -> PageRequest:
    """The inverse of ``request_json``."""
    return PageRequest(
        url=value["url"], purpose=value["purpose"], method=value["method"], headers=value["headers"],
        body=value["body"].encode("utf-8"), state=value["state"],
    )


def pages_to_record(
    source: Source, platform: Platform, fetch: Callable[[Sequence[PageRequest]], list[Page]], now: dt.datetime
) -> list[tuple[str, str, Page, str | None]]:
    """One list page and one notice as ``save_recording`` takes them; ``fetch`` brings pages politely."""
    start = now - dt.timedelta(hours=source.timetable.overlap_hours)
    (listed,) = fetch(platform.first_requests(source, start, now)[:1])
    row = next((row for row in platform.read_list(source, listed).rows if row.url), None)
    if row is None:
        raise ReadingError("列表中没有可以录制的公告", url=listed.url)
    notice = fetch(platform.notice_requests(source, row))
    return [
        ("list_first", "listing", listed, None),
        *((f"notice_{number}", "notice", page, row.key) for number, page in enumerate(notice, 1)),
    ]


def save_recording(
    folder: Path, pages: Iterable[tuple[str, str, Page, str | None]], *, made_on: str,
    facts_from: str, window_start: dt.datetime, now: dt.datetime,
) -> None:
    """Write pages fetched from the live portal: (name, expectation, page, row key)."""
    folder.mkdir(parents=True, exist_ok=True)
    items = []
    for name, expect, page, row in pages:
        kind = "json" if page.text.lstrip()[:1] in "{[" else "html"
        (folder / f"{name}.{kind}").write_bytes(page.content)
        item: dict[str, Any] = {
            "name": name, "file": f"{name}.{kind}", "expect": expect, "status": page.status,
            "url": page.url, "encoding": page.encoding, "request": request_json(page.request),
        }
        items.append(item if row is None else {**item, "row": row})
    meta = {
        "origin": "recorded", "made_on": made_on, "facts_from": facts_from,
        "window_start": window_start.isoformat(), "now": now.isoformat(), "pages": items,
    }
    write_json(folder / "recording.json", meta)


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


# --- what a reader makes of a recording ---------------------------------------------------------


def read_recording(source: Source, platform: Platform, recording: Recording) -> dict[str, Any]:
    """Everything the reader makes of the pages, as plain JSON values: the content of expected.json."""
    firsts = platform.first_requests(source, recording.window_start, recording.now)
    result: dict[str, Any] = {
        "first_requests": [request_json(request) for request in firsts],
        "listings": {}, "notices": {}, "refused": {},
    }
    rows: dict[str, Row] = {}
    for item in recording.pages:
        if item.expect == "listing":
            listing = platform.read_list(source, item.page)
            rows.update((row.key, row) for row in listing.rows)
            result["listings"][item.name] = listing_json(source, platform, listing)
    for item in recording.pages:
        if item.expect == "notice":
            if item.row not in rows:
                raise BadInput(f"{item.name}：没有一个录制的列表含有编号 {item.row}")
            notice = platform.read_notice(source, rows[item.row], (item.page,))
            result["notices"][item.name] = notice_json(notice)
        elif item.expect in {"blocked", "unreadable"}:
            result["refused"][item.name] = refusal(source, platform, item, rows)
    return result


def refusal(source: Source, platform: Platform, item: RecordedPage, rows: Mapping[str, Row]) -> str:
    """How the reader refuses a page that is no content: "blocked: …" or "unreadable: …"."""
    try:
        if item.row is None:
            platform.read_list(source, item.page)
        else:
            platform.read_notice(source, rows[item.row], (item.page,))
    except Blocked as error:
        return f"blocked: {error.message}"
    except ReadingError as error:
        return f"unreadable: {error.message}"
    return "read"


def listing_json(source: Source, platform: Platform, listing: Listing) -> dict[str, Any]:
    """A listing as plain JSON values, with what becomes of each row."""
    rows = []
    for row in listing.rows:
        try:
            asked = [request.url for request in platform.notice_requests(source, row)]
            rows.append({**row_json(row), "asks": asked})
        except ReadingError as error:
            rows.append({**row_json(row), "refused": error.message})
    return {
        "rows": rows, "next": None if listing.next is None else request_json(listing.next),
        "total": listing.total, "total_capped": listing.total_capped, "proved_empty": listing.proved_empty,
        "ignored": dict(listing.ignored), "split": [str(one.state.get("chain")) for one in listing.split],
    }


def notice_json(notice: Notice) -> dict[str, Any]:
    """A notice as plain JSON values; the row it came from is in its listing."""
    return {
        "id": notice.id, "key": notice.key, "title": notice.title, "url": notice.url,
        "body": notice.body.split("\n"), "body_missing": notice.body_missing,
        "given": {name: [_value(one) for one in values] for name, values in sorted(notice.given.items())},
        "extra": dict(notice.extra), "attachments": [[one.name, one.url] for one in notice.attachments],
    }


def _value(item: FieldValue) -> list[str]:
    return [plain_value(item.value), item.text]


def plain_value(value: Value) -> str:
    """A field's value in one line of text."""
    if isinstance(value, Region):
        return f"{value.code} {value.name}"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)


# --- comparing ----------------------------------------------------------------------------------


def compare(source: Source, platform: Platform, folder: Path) -> list[str]:
    """Differences between what the reader makes of a recording and expected.json, one line each.

    Without an expected.json it is written, and that is the one difference: a person has to look at it.
    """
    recording = load_recording(folder)
    found = json.loads(json.dumps(read_recording(source, platform, recording), ensure_ascii=False))
    wrong = [
        f"refused.{item.name}：应为 {item.expect}，实为 {found['refused'][item.name]}"
        for item in recording.pages
        if item.expect in {"blocked", "unreadable"}
        and not found["refused"][item.name].startswith(item.expect)
    ]
    golden = folder / "expected.json"
    if not golden.exists():
        write_json(golden, found)
        return [*wrong, f"没有 {folder.name}/expected.json，已按现在的结果写出；请核对后再运行"]
    expected = json.loads(golden.read_text(encoding="utf-8"))
    return [*wrong, *differences(expected, found)]


def differences(expected: Any, found: Any, path: str = "") -> list[str]:
    """The leaves in which two JSON values differ, in order."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        names = [*expected, *(name for name in found if name not in expected)]
        return [
            line for name in names
            for line in differences(expected.get(name, "（无）"), found.get(name, "（无）"), f"{path}.{name}")
        ]
    if _list(expected) and _list(found) and len(expected) == len(found):
        pairs = enumerate(zip(expected, found, strict=True))
        return [line for at, pair in pairs for line in differences(*pair, f"{path}[{at}]")]
    if expected == found:
        return []
    return [f"{path.lstrip('.')}：应为 {_short(expected)}，实为 {_short(found)}"]


def _list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else text[:117] + "…"
