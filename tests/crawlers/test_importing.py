"""Importing files: what is read, what is refused, and that nothing is lost."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import json
import multiprocessing
import os
import signal
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawlers.importing import ImportReport, import_file
from opportunity.errors import BadInput
from opportunity.notice import SHANGHAI, NoticeRecord, NoticeType, Origin, Region, notice_id
from opportunity.settings import Settings
from opportunity.store import Store, open_store

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
ROW: dict[str, Any] = {
    "id": "NB-1", "title": "湖心小学校舍修缮工程招标公告", "url": "https://example.org/1", "body": "一、项目概况\n修缮校舍。",
    "published": "2026-03-01T10:30:00+08:00", "type": "招标公告", "region": "330200", "buyer": "湖心小学",
    "agency": "某某招标代理有限公司", "project_number": "NB-2026-1", "budget": 3750000, "ceiling_price": "3,700,000.50",
    "award_amount": "375万元", "deposit": 0, "registration_end": "2026-03-10", "deposit_due": "2026-03-11T17:00",
    "question_end": "2026年3月12日", "deadline": "2026-03-20T09:30:00+08:00", "opening_time": "2026-03-20 09:30",
    "suppliers": ["甲公司", "乙公司"], "备注": {"级别": 1, "比例": 0.5},
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(Settings(home=tmp_path / "home")) as opened:
        yield opened


def put(store: Store, tmp_path: Path, content: bytes, name: str = "rows.jsonl", **more: Any) -> ImportReport:
    path = tmp_path / name
    path.write_bytes(content)
    return import_file(store, path, now=NOW, **more)


def jsonl(*rows: object) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def table(*rows: dict[str, str]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def only(store: Store) -> NoticeRecord:
    [record] = store.iterate()
    return record


def test_every_key_of_a_row_is_understood_and_the_rest_is_kept(store: Store, tmp_path: Path) -> None:
    report = put(store, tmp_path, jsonl(ROW))
    record = only(store)
    notice = record.notice
    assert (report.read, report.new, report.refused, report.kept_aside) == (1, 1, 0, 0)
    assert record.id == notice_id("import", "NB-1")
    assert (notice.source, notice.key, notice.url, notice.origin) == (
        "import", "NB-1", "https://example.org/1", Origin.IMPORT
    )
    assert (notice.title, notice.body) == (ROW["title"], ROW["body"])
    assert notice.extra == {"备注": {"级别": 1, "比例": 0.5}}
    at = dt.datetime(2026, 3, 20, 9, 30, tzinfo=SHANGHAI)
    values = {name: [one.value for one in items] for name, items in notice.given.items()}
    assert values == {
        "published": [dt.datetime(2026, 3, 1, 10, 30, tzinfo=SHANGHAI)], "type": [NoticeType.TENDER],
        "region": [Region(code="330200", name="浙江省宁波市")], "buyer": ["湖心小学"], "agency": ["某某招标代理有限公司"],
        "project_number": ["NB-2026-1"], "budget": [Decimal(3750000)], "ceiling_price": [Decimal("3700000.50")],
        "award_amount": [Decimal(3750000)], "deposit": [Decimal(0)], "registration_end": [dt.date(2026, 3, 10)],
        "deposit_due": [dt.datetime(2026, 3, 11, 17, tzinfo=SHANGHAI)], "question_end": [dt.date(2026, 3, 12)],
        "deadline": [at], "opening_time": [at], "suppliers": ["甲公司", "乙公司"],
    }
    assert notice.given["ceiling_price"][0].text == "3,700,000.50"
    assert {one.where for items in notice.given.values() for one in items} == {"given"}


def test_what_is_not_stated_is_read_from_the_text_with_its_evidence(store: Store, tmp_path: Path) -> None:
    html = "<p>采购人：湖心小学</p><table><tr><td>预算金额</td><td>375万元</td></tr></table><script>x()</script>"
    put(store, tmp_path, jsonl({"title": "湖心小学食堂设备招标公告", "body": html, "buyer": "给出的采购人"}))
    record = only(store)
    assert "<" not in record.notice.body and "x()" not in record.notice.body
    budget = record.extracted["budget"][0]
    assert budget.value == Decimal(3750000)
    assert record.notice.body[budget.start : budget.end] == budget.text
    assert record.first("type") is NoticeType.TENDER
    assert record.first("buyer") == "给出的采购人"
    assert record.notice.row == {"body": html}


def test_a_body_with_a_less_than_sign_is_text(store: Store, tmp_path: Path) -> None:
    put(store, tmp_path, jsonl({"title": "甲", "body": "预算 a<b 且 c>d 万元"}))
    assert only(store).notice.body == "预算 a<b 且 c>d 万元"


def test_identity_is_the_id_else_the_url_else_title_time_and_buyer(store: Store, tmp_path: Path) -> None:
    rows = [
        {"title": "甲", "id": 7}, {"title": "甲改", "id": "7"}, {"title": "乙", "url": "https://example.org/b"},
        {"title": "丙", "buyer": "一", "published": "2026-03-01"}, {"title": "丙", "buyer": "二", "published": "2026-03-01"},
        {"title": "丙", "buyer": "一", "published": "2026-03-01", "budget": 5},
    ]
    report = put(store, tmp_path, jsonl(*rows))
    assert (report.new, report.changed) == (4, 2)
    assert store.known_keys("import", ["7", "https://example.org/b"]) == {"7", "https://example.org/b"}


def test_importing_again_changes_nothing(store: Store, tmp_path: Path) -> None:
    content = jsonl(ROW, {"title": "乙"}, {"title": "丙", "body": "<p>采购预算：20万元</p>"})
    assert put(store, tmp_path, content).new == 3
    before = list(store.iterate())
    report = put(store, tmp_path, content, batch=1, workers=1)
    assert (report.read, report.new, report.changed, report.reread, report.unchanged) == (3, 0, 0, 0, 3)
    assert list(store.iterate()) == before


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("budget", "面议"), ("budget", "100元至200元"), ("budget", -5), ("budget", True), ("budget", [1]), ("budget", 10**30),
        ("deadline", "2026-02-30"), ("deadline", "尽快"), ("deadline", "0001-01-01"), ("published", "2026-13-01T00:00:00"),
        ("type", "奇怪公告"), ("region", "没有这个地方"), ("region", "999999"), ("suppliers", {"a": 1}), ("suppliers", [1]),
        ("url", "javascript:alert(1)"), ("url", "https://"), ("id", True), ("id", 1.5), ("source", "../x"), ("buyer", ["a"]),
        ("body", 5), ("project_number", {}),
    ],
)
def test_a_bad_value_of_an_optional_key_is_kept_aside_and_reported(
    store: Store, tmp_path: Path, key: str, value: object
) -> None:
    report = put(store, tmp_path, jsonl({"title": "甲", "agency": "乙", key: value}))
    notice = only(store).notice
    assert (report.new, report.refused, report.kept_aside) == (1, 0, 1)
    assert report.aside_rows[0][:2] == (1, key)
    assert notice.extra == {key: value}
    assert notice.given["agency"][0].value == "乙"
    assert key not in notice.given


@pytest.mark.parametrize("value", [None, "", "  ", []])
def test_an_empty_value_is_no_value(store: Store, tmp_path: Path, value: object) -> None:
    report = put(store, tmp_path, jsonl({"title": "甲", "budget": value, "url": value, "suppliers": value, "x": value}))
    assert (report.new, report.kept_aside, only(store).notice.extra) == (1, 0, {})


def test_bad_rows_go_to_quarantine_with_their_line_and_the_others_go_on(store: Store, tmp_path: Path) -> None:
    lines = [
        b'{"title":"\xe7\x94\xb2"}', b"", b"{broken", b'["title"]', b'{"id":"x"}', b'{"title":"  "}', b'{"title":5}',
        b'{"title":NaN}', b'{"title":"\xff\xfe"}', b'{"title":"t","id":"a\\u0000"}', b"[" * 100_000,
        '{"title":"乙"}'.encode(),
    ]
    report = put(store, tmp_path, b"\n".join(lines))
    assert (report.read, report.new, report.refused) == (11, 2, 9)
    assert [line for line, _ in report.refused_rows] == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    kept = store.quarantined("import")
    assert {item.payload for item in kept} == {lines[number - 1] for number, _ in report.refused_rows}
    assert all(item.detail.startswith("第 ") and item.reason for item in kept)
    again = put(store, tmp_path, b"\n".join(lines))
    assert (again.refused, len(store.quarantined("import"))) == (9, 9)
    assert json.loads(json.dumps(again.as_json()))["refused_rows"][0] == {"line": 3, "reason": "不是合法的 JSON"}


@pytest.mark.parametrize(
    ("encoding", "mark"), [("utf-8", b""), ("utf-8", codecs.BOM_UTF8), ("gb18030", b"")]
)
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_encodings(store: Store, tmp_path: Path, encoding: str, mark: bytes, kind: str) -> None:
    row = {"title": "湖心小学“联通”专线采购", "buyer": "朱镕小学", "budget": "3,750,000.00", "其他": "㐀𠮷"}
    text = table(row) if kind == "csv" else json.dumps(row, ensure_ascii=False) + "\n"
    report = put(store, tmp_path, mark + text.encode(encoding), f"rows.{kind}")
    notice = only(store).notice
    assert (report.new, report.kept_aside) == (1, 0)
    assert (notice.title, notice.extra) == (row["title"], {"其他": "㐀𠮷"})
    assert notice.given["budget"][0].value == Decimal("3750000.00")


def test_one_bad_line_does_not_turn_the_file_into_another_encoding(store: Store, tmp_path: Path) -> None:
    lines = ['{"title":"湖心小学采购甲"}'.encode(), '{"title":"采购乙"}'.encode("gb18030"), '{"title":"采购丙"}'.encode()]
    report = put(store, tmp_path, b"\n".join(lines))
    assert [record.notice.title for record in store.iterate()] == ["湖心小学采购甲", "采购丙"]
    assert report.refused_rows == [(2, "不是合法的 UTF-8 文字")]


def test_csv_with_quotes_line_ends_and_suppliers(store: Store, tmp_path: Path) -> None:
    rows = [
        {"title": "甲", "body": '第一行\n第二行,"引号"', "suppliers": "甲公司；乙公司; 甲公司", "x": "1"},
        {"title": "乙", "body": "", "suppliers": "", "x": ""},
    ]
    content = table(*rows) + "\r\n丙\r\n丁,a,b,c,多\r\n"
    report = put(store, tmp_path, content.encode(), "rows.csv")
    first, second, third = store.iterate()
    assert first.notice.body == '第一行\n第二行,"引号"'
    assert [one.value for one in first.notice.given["suppliers"]] == ["甲公司", "乙公司"]
    assert (second.notice.title, second.notice.given, second.notice.extra) == ("乙", {}, {})
    assert third.notice.title == "丙"
    assert report.refused_rows == [(7, "有 5 列，表头只有 4 列")]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters(store: Store, tmp_path: Path, delimiter: str) -> None:
    content = f"id{delimiter}title{delimiter}budget\n1{delimiter}甲{delimiter}5,000\n"
    put(store, tmp_path, content.encode(), "rows.csv")
    assert only(store).notice.given["budget"][0].value == Decimal(5000)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.csv", "编号,名称\n1,甲\n".encode()), ("rows.csv", b"title,title\n1,2\n"), ("rows.json", b'[{"title":"a"}]'),
        ("rows.csv", "title\n甲\n".encode("utf-16")), ("none", None),
    ],
)
def test_a_file_that_has_no_rows_to_read_is_refused(
    store: Store, tmp_path: Path, name: str, content: bytes | None
) -> None:
    with pytest.raises(BadInput):
        if content is None:
            import_file(store, tmp_path / name, now=NOW)
        else:
            put(store, tmp_path, content, name)
    assert store.count() == 0


def test_an_empty_file_is_an_empty_report(store: Store, tmp_path: Path) -> None:
    for name in ("rows.csv", "rows.jsonl"):
        assert put(store, tmp_path, b"", name) == ImportReport()


def test_a_quote_that_is_never_closed_is_refused_and_loses_nothing_after_the_import_is_mended(
    store: Store, tmp_path: Path
) -> None:
    report = put(store, tmp_path, 'title,x\n甲,1\n"乙,2\n丙,3\n'.encode(), "rows.csv")
    assert [record.notice.title for record in store.iterate()][:1] == ["甲"]
    mended = put(store, tmp_path, "title,x\n甲,1\n乙,2\n丙,3\n".encode(), "rows.csv")
    assert (report.new + mended.new, mended.unchanged) == (store.count(), 1)


def test_what_was_taken_down_is_not_imported_again(store: Store, tmp_path: Path) -> None:
    put(store, tmp_path, jsonl(ROW))
    store.take_down(only(store).id, reason="r", at=NOW)
    report = put(store, tmp_path, jsonl(ROW, {"title": "乙"}))
    assert (report.removed, report.new, store.count()) == (1, 1, 1)


def test_an_import_never_writes_over_what_was_collected(store: Store, tmp_path: Path) -> None:
    from opportunity.notice import Notice
    from opportunity.store import Incoming

    notice = Notice(source="some_portal", key="1", title="采集到的公告", origin=Origin.LIVE)
    store.save([Incoming(notice=notice, extracted={}, reader="r", seen_at=NOW, cause="crawl")])
    report = put(store, tmp_path, jsonl({"source": "some_portal", "id": "1", "title": "冒充"}, {"source": "some_portal", "id": "2", "title": "乙"}))
    assert (report.refused, report.new) == (1, 1)
    assert {record.notice.title for record in store.iterate()} == {"采集到的公告", "乙"}


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_give_the_same_in_the_same_order(store: Store, tmp_path: Path, workers: int) -> None:
    lines = [jsonl({"title": f"第{number}号采购", "id": number, "body": f"预算金额：{number + 1}万元"}) for number in range(35)]
    lines[17] = b"{broken\n"
    report = put(store, tmp_path, b"".join(lines), batch=5, workers=workers)
    assert (report.new, report.refused_rows) == (34, [(18, "不是合法的 JSON")])
    keys = [str(number) for number in range(35) if number != 17]
    assert [(one.notice.key, one.first("budget")) for one in store.iterate()] == [
        (key, Decimal((int(key) + 1) * 10_000)) for key in keys
    ]


def test_workers_that_die_lose_no_row(store: Store, tmp_path: Path) -> None:
    killed: list[int] = []

    def kill(_done: int, _size: int, report: ImportReport) -> None:
        for child in multiprocessing.active_children():
            assert child.pid is not None
            os.kill(child.pid, signal.SIGKILL)
            killed.append(child.pid)

    content = jsonl(*({"title": f"第{number}号"} for number in range(60)))
    report = put(store, tmp_path, content, batch=5, workers=2, progress=kill)
    assert killed
    assert (report.read, report.new, store.count()) == (60, 60, 60)


def test_progress_tells_bytes_and_rows(store: Store, tmp_path: Path) -> None:
    seen: list[tuple[int, int, int]] = []
    content = jsonl(*({"title": f"第{number}号"} for number in range(25)))
    put(store, tmp_path, content, batch=10, workers=1, progress=lambda done, size, report: seen.append((done, size, report.read)))
    assert [read for _, _, read in seen] == [10, 20, 25]
    assert seen[-1][:2] == (len(content), len(content))


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=6,
)
keys = st.sampled_from([*ROW, "else"]) | st.text(max_size=5)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.dictionaries(keys, plain, max_size=6) | st.binary(max_size=60), max_size=6))
def test_whatever_a_file_holds_each_row_is_stored_or_refused(
    store: Store, tmp_path: Path, lines: list[dict[str, Any] | bytes]
) -> None:
    raw = [line.replace(b"\n", b" ") if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    before = store.count()
    report = put(store, tmp_path, b"{}\n" + b"\n".join(raw))
    outcomes = report.new + report.changed + report.reread + report.unchanged + report.removed
    assert report.read == outcomes + report.refused
    assert store.count() == before + report.new
    assert report.refused == sum(report.reasons.values())
