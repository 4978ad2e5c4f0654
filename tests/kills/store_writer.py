"""A writer to be killed: saves pages and notices and says after each call what was acknowledged.

``python -m tests.kills.store_writer HOME --writer NAME [--database URL] [--from N] [--to N]`` prints one
``acked N`` line, flushed, after step N has returned. ``check`` proves that a home holds every
acknowledged step whole, and that no step is there by half.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from opportunity.change import ChangeKind
from opportunity.notice import SHANGHAI, FieldValue, Notice, Origin
from opportunity.page import Page, PageRequest
from opportunity.settings import Settings
from opportunity.store import Incoming, Store, open_store

SEEN = dt.datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
NOTICES_A_STEP = 5
# Each step whose number leaves this rest takes down the first notice of the step before.
TAKE_DOWN_EVERY = 7


def page_of(writer: str, step: int) -> Page:
    content = f"<html>{writer} {step} {'湖心小学' * 200}</html>".encode()
    url = f"http://127.0.0.1/{writer}/{step}"
    return Page(
        request=PageRequest(url=url, purpose="notice"), url=url, status=200, headers={}, content=content,
        text=content.decode(), encoding="utf-8", replaced=0, fetched_at=SEEN, origin=Origin.REPLICA,
    )


def incoming_of(writer: str, step: int) -> list[Incoming]:
    """The notices of one step: new ones, and the second of the step before with changed content."""
    sha256 = page_of(writer, step).sha256
    items = [_incoming(writer, f"{step}.{number}", f"正文 {step}", sha256) for number in range(NOTICES_A_STEP)]
    if step:
        items.append(_incoming(writer, f"{step - 1}.1", f"正文 {step - 1} 更正", sha256))
    return items


def _incoming(writer: str, key: str, body: str, sha256: str) -> Incoming:
    value = FieldValue(value=key, where="body", start=0, end=2, text="正文")
    notice = Notice(source=writer, key=key, title=f"公告 {key}", body=body, origin=Origin.REPLICA, pages=(sha256,))
    return Incoming(notice=notice, extracted={"buyer": (value,)}, reader="r", seen_at=SEEN, cause="load")


def take(store: Store, writer: str, step: int) -> None:
    """One step; may be done again after a crash."""
    store.save_page(page_of(writer, step))
    store.save(incoming_of(writer, step))
    if step and step % TAKE_DOWN_EVERY == 0:
        store.take_down(incoming_of(writer, step - 1)[0].notice.id, reason="test", at=SEEN)


def check(store: Store, acknowledged: dict[str, int]) -> None:
    """Every step up to the acknowledged one of each writer is whole; the change stream has no gap."""
    changes = store.changes(0, 10_000_000)
    assert [change.seq for change in changes] == list(range(1, store.watermark() + 1))
    assert store.count() == len({c.notice for c in changes}) - sum(c.kind is ChangeKind.REMOVED for c in changes)
    newest = {change.notice: change.seq for change in changes}
    for record in store.iterate():
        assert record.seq == newest[record.id]
        assert all(store.load_page(sha256) for sha256 in record.notice.pages)
    for writer, last in acknowledged.items():
        for step in range(last + 1):
            _check_step(store, writer, step, last)


def _check_step(store: Store, writer: str, step: int, last: int) -> None:
    items = {item.notice.id: item for item in incoming_of(writer, step)[:NOTICES_A_STEP]}
    records = store.records(list(items))
    missing = set(items) - set(records)
    first = incoming_of(writer, step)[0].notice.id
    gone = (step + 1) % TAKE_DOWN_EVERY == 0 and step + 1 <= last
    assert missing <= {first} and (not gone or missing), (writer, step, missing)
    for id, record in records.items():
        if record.version == 1:
            assert record.notice == items[id].notice, (writer, step)
            assert record.extracted == items[id].extracted
        else:
            assert record.notice.body.endswith("更正")
    assert store.load_page(page_of(writer, step).sha256) == page_of(writer, step).content


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--writer", required=True)
    parser.add_argument("--database", default="")
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--to", type=int, default=1_000_000_000)
    options = parser.parse_args(arguments)
    settings = Settings(home=options.home, database=options.database, busy_seconds=60)
    with open_store(settings) as store:
        for step in range(options.first, options.to):
            take(store, options.writer, step)
            print(f"acked {step}", flush=True)


if __name__ == "__main__":
    main()
