"""Saving and reading notices on both databases."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

import pytest

from opportunity.change import ChangeKind
from opportunity.errors import BadInput, NotFound
from opportunity.notice import Attachment, Notice, Origin
from opportunity.store import Incoming, Store
from tests.opportunity.store.samples import BODY, START, Clock, extracted, given, in_body, incoming


def kinds(store: Store) -> list[tuple[int, str, int]]:
    return [(change.seq, change.kind.value, change.version) for change in store.changes(0, 1000)]


def test_a_new_notice_comes_back_equal_with_given_and_extracted_kept_apart(store: Store) -> None:
    item = incoming(
        extra={"备注": ["甲", {"乙": 1.5}], "空": None}, attachments=(Attachment(name="招标文件.pdf", url="http://127.0.0.1/x"),),
        row={"id": 7}, url="http://127.0.0.1/a",
    )
    [saved] = store.save([item])
    record = store.record(saved.id)
    assert record is not None
    assert (saved.outcome, saved.version, saved.seq) == ("new", 1, 1)
    assert record.notice == item.notice
    assert record.extracted == item.extracted
    assert set(record.fields) == {"type", "region", "published", "budget", "deadline"}
    assert (record.reader, record.version, record.reading, record.seq, record.first_seq) == ("reader-1", 1, 1, 1, 1)
    assert record.first_seen_at == record.last_seen_at == START
    assert record.opportunity_id == saved.id


def test_given_wins_over_extracted_and_both_stay(store: Store) -> None:
    body = "采购人：某某学校"
    fields = {"buyer": in_body("某某学校", body, "某某学校")}
    item = incoming(body=body, fields=fields, given={"buyer": given("湖心小学")})
    [saved] = store.save([item])
    record = store.record(saved.id)
    assert record is not None
    assert record.first("buyer") == "湖心小学"
    assert record.extracted["buyer"][0].value == "某某学校"


def test_saving_the_same_twice_changes_nothing(store: Store) -> None:
    items = [incoming(str(number)) for number in range(5)]
    first = store.save(items)
    before = store.records([saved.id for saved in first])
    again = store.save(items)
    assert {saved.outcome for saved in again} == {"unchanged"}
    assert store.records([saved.id for saved in first]) == before
    assert store.watermark() == 5


def test_a_later_sight_of_the_same_only_moves_the_time_of_last_sight(store: Store) -> None:
    store.save([incoming()])
    later = START + dt.timedelta(days=1, microseconds=7)
    [saved] = store.save([incoming(seen_at=later)])
    record = store.record(saved.id)
    assert record is not None
    assert (saved.outcome, saved.seq, store.watermark()) == ("unchanged", None, 1)
    assert (record.first_seen_at, record.last_seen_at) == (START, later)
    store.save([incoming(seen_at=START)])
    assert store.record(saved.id) == record


@pytest.mark.parametrize(
    "change",
    [
        {"title": "湖心小学校舍修缮工程更正公告"}, {"body": BODY.replace("375", "357"), "fields": {}},
        {"given": {"buyer": given("湖心小学")}},
        {"attachments": (Attachment(name="清单.xls", url="http://127.0.0.1/x"),)},
    ],
    ids=["title", "body", "given", "attachment"],
)
def test_changed_content_is_a_version_that_is_published(store: Store, change: dict[str, object]) -> None:
    store.save([incoming()])
    item = incoming(**change)  # type: ignore[arg-type]
    [saved] = store.save([item])
    assert (saved.outcome, saved.version, saved.seq) == ("changed", 2, 2)
    assert kinds(store) == [(1, "published", 1), (2, "published", 2)]
    old, new = store.record(saved.id, 1), store.record(saved.id)
    assert old is not None and new is not None
    assert (old.notice, new.notice) == (incoming().notice, item.notice)


def test_white_space_marks_and_width_make_no_version_but_the_evidence_follows_the_text(store: Store) -> None:
    store.save([incoming()])
    body = "　" + BODY.replace("：", "： ").replace("375", "３７５")
    fields = {"budget": in_body(extracted()["budget"][0].value, body, "３７５万元")}
    item = incoming(title="湖心小学 校舍修缮工程招标公告", body=body, fields=fields)
    [saved] = store.save([item])
    record = store.record(saved.id)
    assert record is not None
    assert (saved.outcome, saved.version) == ("reread", 1)
    assert record.notice == item.notice
    for values in record.extracted.values():
        assert all(record.notice.body[one.start : one.end] == one.text for one in values)


def test_a_number_written_otherwise_is_no_version(store: Store) -> None:
    from decimal import Decimal

    store.save([incoming(given={"budget": given(Decimal("3750000"), "3750000")})])
    [saved] = store.save([incoming(given={"budget": given(Decimal("3750000.00"), "3,750,000.00")})])
    assert saved.outcome == "reread"


def test_another_reader_is_a_reading_that_is_not_published(store: Store) -> None:
    store.save([incoming()])
    [saved] = store.save([incoming(reader="reader-2", fields={}, cause="reparse")])
    record = store.record(saved.id)
    assert record is not None
    assert (saved.outcome, saved.version, record.reading, record.reader) == ("reread", 1, 2, "reader-2")
    assert record.extracted == {}
    assert [change.kind for change in store.changes(1, 9)] == [ChangeKind.REREAD]
    assert store.save([incoming(reader="reader-2", fields={})])[0].outcome == "unchanged"


def test_the_same_pages_read_into_other_text_are_the_same_version(store: Store) -> None:
    pages = ("ab" * 32,)
    store.save([incoming(pages=pages, row={"t": 1})])
    better = incoming(pages=pages, row={"t": 1}, body=BODY + "\n以前漏读的一行", reader="reader-2")
    [saved] = store.save([better])
    assert (saved.outcome, saved.version) == ("reread", 1)
    [next_crawl] = store.save([incoming(pages=("cd" * 32,), body=BODY + "\n以前漏读的一行", reader="reader-2")])
    assert next_crawl.outcome == "unchanged"
    [other] = store.save([incoming(pages=("ef" * 32,), body=BODY + "\n新的一行", reader="reader-2")])
    assert (other.outcome, other.version) == ("changed", 2)


def test_a_document_fetched_later_is_no_change_but_other_bytes_are(store: Store) -> None:
    def with_document(sha256: str | None) -> Incoming:
        return incoming(attachments=(Attachment(name="文件.pdf", url="http://127.0.0.1/f", sha256=sha256),))

    outcomes = [store.save([with_document(sha256)])[0].outcome for sha256 in (None, "aa", "aa", "bb")]
    assert outcomes == ["new", "reread", "unchanged", "changed"]


def test_a_withdrawn_notice_keeps_its_text_and_when_it_was_last_seen(store: Store) -> None:
    store.save([incoming()])
    gone = incoming(body="", title="已撤销", fields={}, withdrawn=True, seen_at=START + dt.timedelta(days=3))
    [saved] = store.save([gone])
    record = store.record(saved.id)
    assert record is not None
    assert (saved.outcome, record.notice.withdrawn, record.notice.body) == ("reread", True, BODY)
    assert record.last_seen_at == START
    assert record.extracted == extracted()
    assert store.save([gone])[0].outcome == "unchanged"
    [back] = store.save([incoming(seen_at=START + dt.timedelta(days=4))])
    record = store.record(saved.id)
    assert record is not None
    assert (back.outcome, record.notice.withdrawn) == ("reread", False)


def test_one_notice_several_times_in_one_batch_is_taken_in_order(store: Store) -> None:
    batch = [incoming(), incoming(body="甲"), incoming(body="甲"), incoming(body="乙"), incoming()]
    saved = store.save(batch)
    assert [one.outcome for one in saved] == ["new", "changed", "unchanged", "changed", "changed"]
    record = store.record(saved[0].id)
    assert record is not None
    assert (record.version, record.seq, record.first_seq, record.notice) == (4, 4, 1, batch[-1].notice)
    assert store.save([incoming(body="乙")])[0].version == 5


def test_records_as_of_a_change_number(store: Store) -> None:
    store.save([incoming(), incoming("b")])
    store.save([incoming(body="甲")])
    [saved] = store.save([incoming(body="甲", reader="reader-2")])
    seen = [store.record_as_of(saved.id, seq) for seq in range(5)]
    assert seen[0] is None
    assert [(one.version, one.reading, one.seq, one.notice.body) for one in seen[1:] if one] == [
        (1, 1, 1, BODY), (1, 1, 1, BODY), (2, 1, 3, "甲"), (2, 2, 4, "甲"),
    ]
    assert store.changed_since(2, 10) == {saved.id: (ChangeKind.PUBLISHED, ChangeKind.REREAD)}
    assert list(store.changed_since(0, 1)) == [saved.id]


def test_records_iterate_count_and_known_keys(store: Store) -> None:
    items = [incoming(str(number), source="import" if number % 2 else "other") for number in range(25)]
    saved = store.save(items)
    ids = [one.id for one in saved]
    assert list(store.records([*reversed(ids), "none"])) == ids[::-1]
    assert [record.id for record in store.iterate(batch=4)] == ids
    assert [record.id for record in store.iterate(source="other", batch=4)] == ids[::2]
    assert store.count() == 25
    assert store.known_keys("import", ["1", "2", "x"]) == {"1"}
    assert store.record("none") is None


def test_texts_that_no_database_can_hold_are_kept_as_far_as_possible(store: Store) -> None:
    item = incoming(title="甲\x00乙\ud800", body="\udfff正文", fields={}, extra={"\ud801": ["\x00"]})
    [saved] = store.save([item])
    record = store.record(saved.id)
    assert record is not None
    assert (record.notice.title, record.notice.body) == ("甲\ufffd乙\ufffd", "\ufffd正文")
    assert record.notice.extra == {"\ufffd": ["\ufffd"]}
    assert store.save([item])[0].outcome == "unchanged"


@pytest.mark.parametrize("key", ["", "a\x00"])
def test_a_key_that_cannot_be_stored_is_refused_and_nothing_of_its_batch_is_kept(store: Store, key: str) -> None:
    with pytest.raises(BadInput):
        store.save([incoming("b"), incoming(key)])
    assert (store.count(), store.watermark()) == (0, 0)


def test_long_and_strange_texts_come_back_exactly(store: Store) -> None:
    body = "𠮷野家\r\n\t\u200b🏗️" + "标" * 100_000 + "e\u0301"
    item = incoming(body=body, fields={})
    [saved] = store.save([item])
    record = store.record(saved.id)
    assert record is not None and record.notice.body == body


def test_the_time_of_a_commit_is_known_and_never_runs_backwards(store: Store, clock: Clock) -> None:
    store.save([incoming()])
    clock.now -= dt.timedelta(days=1)
    store.save([incoming("b")])
    assert START < store.committed_at(1) <= store.committed_at(2)
    assert store.committed_at(0) <= store.committed_at(1)
    with pytest.raises(NotFound):
        store.committed_at(3)


def test_another_process_sees_what_was_saved_and_the_same_home(opened: Callable[[], Store]) -> None:
    one, two = opened(), opened()
    [saved] = one.save([incoming()])
    assert two.home_id == one.home_id
    assert two.record(saved.id) == one.record(saved.id)
    assert two.save([dataclasses.replace(incoming("b"))])[0].seq == 2


def test_an_empty_batch_changes_nothing(store: Store) -> None:
    assert store.save([]) == []
    assert store.watermark() == 0


def test_origin_is_part_of_what_is_stored(store: Store) -> None:
    notice = Notice(source="demo_x", key="1", title="演示", origin=Origin.REPLICA)
    [saved] = store.save([Incoming(notice=notice, extracted={}, reader="r", seen_at=START, cause="crawl")])
    record = store.record(saved.id)
    assert record is not None and record.notice.origin is Origin.REPLICA
