"""The list of a notice's versions: one row each, whoever read it how often."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

from opportunity.notice import Notice, Origin
from opportunity.settings import Settings
from opportunity.store import open_store
from opportunity.store.content import Incoming

AT = dt.datetime(2026, 11, 24, 2, 0, tzinfo=dt.UTC)


def test_every_version_is_listed_once_the_newest_first(tmp_path: Path) -> None:
    first = Notice(source="some_portal", key="1", title="甲公告", body="正文甲", origin=Origin.LIVE)
    second = dataclasses.replace(first, title="乙公告", body="正文乙")
    with open_store(Settings(home=tmp_path)) as store:
        for hour, (item, reader) in enumerate(((first, "reader-1"), (first, "reader-2"), (second, "reader-2"), (second, "reader-2"))):
            at = AT + dt.timedelta(hours=hour)
            store.save([Incoming(notice=item, extracted={}, reader=reader, seen_at=at, cause="crawl")])
        rows = store.versions(first.id)
        assert [(row.version, row.title, row.seen_at) for row in rows] == [
            (2, "乙公告", AT + dt.timedelta(hours=2)), (1, "甲公告", AT),
        ]
        assert store.versions("aaaaaaaaaaaaaaaa") == []
