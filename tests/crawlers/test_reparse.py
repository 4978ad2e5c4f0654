"""Reading stored pages again: whatever a better reader gives is seen, told before it is written, and written as a reading."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crawlers.extraction import READER, extract
from crawlers.recordings import load_recording
from crawlers.reparse import reparse
from crawlers.spiders import all_sources
from opportunity.change import ChangeKind
from opportunity.notice import Notice
from opportunity.settings import Settings
from opportunity.store import Incoming, open_store

NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
RECORDING = Path(__file__).parent.parent / "recordings" / "national_public_resources"


def read_notice() -> tuple[Notice, Any]:
    source, platform = all_sources()["national_public_resources"]
    recording = load_recording(RECORDING)
    rows = {
        row.key: row for item in recording.pages if item.expect == "listing"
        for row in platform.read_list(source, item.page).rows
    }  # fmt: skip
    item = next(item for item in recording.pages if item.name == "notice_tender")
    assert item.row is not None
    return platform.read_notice(source, rows[item.row], (item.page,)), item.page


@pytest.mark.parametrize(
    ("field", "worse"),
    [
        ("attachments", {"attachments": ()}), ("extra", {"extra": {}}), ("title", {"title": "旧读法的标题"}),
        ("body", {"body": "旧读法的正文"}), ("url", {"url": None}),
    ],
)  # fmt: skip
def test_what_another_reader_gives_is_told_then_written_once_as_a_reading(
    tmp_path: Path, field: str, worse: dict[str, Any]
) -> None:
    notice, page = read_notice()
    old = replace(notice, **worse)
    with open_store(Settings(home=tmp_path / "home")) as store:
        store.save_page(page)
        region = all_sources()["national_public_resources"][0].region
        incoming = Incoming(
            notice=old, extracted=extract(old.title, old.body, source_region=region), reader=READER, seen_at=NOW, cause="crawl"
        )
        store.save([incoming])
        told = reparse(store, apply=False, now=NOW)
        assert (told.read, told.changed, told.written, told.failed) == (1, 1, 0, {})
        assert field in told.fields
        done = reparse(store, apply=True, now=NOW)
        assert done.written == 1
        record = store.record(notice.id)
        assert record is not None and record.version == 1 and record.reading == 2
        assert (record.notice.title, record.notice.attachments, record.notice.extra) == (
            notice.title, notice.attachments, notice.extra,
        )  # fmt: skip
        assert [change.kind for change in store.changes(0, 10)] == [ChangeKind.PUBLISHED, ChangeKind.REREAD]
        again = reparse(store, apply=True, now=NOW)
        assert (again.read, again.same, again.changed, again.written) == (1, 1, 0, 0)
