"""Days and moments: every written form, impossible days refused, evidence exact."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opportunity.dates import find_moments, find_period_end, parse_moment
from opportunity.notice import SHANGHAI


def at(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=SHANGHAI)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(("text", "moment"), [
    ("2026-03-10 14:00:00", at(2026, 3, 10, 14)),
    ("2026年03月10日14时00分", at(2026, 3, 10, 14)),
    ("2026年3月2日", dt.date(2026, 3, 2)),
    ("2026年03月10日 9:30", at(2026, 3, 10, 9, 30)),
    ("2026年3月10日 ９：３０", at(2026, 3, 10, 9, 30)),
    ("２０２６年３月１０日", dt.date(2026, 3, 10)),
    ("2026年3月10日09点30分", at(2026, 3, 10, 9, 30)),
    ("2026年3月10日上午9时", at(2026, 3, 10, 9)),
    ("2026年3月10日下午2时30分（北京时间）", at(2026, 3, 10, 14, 30)),
    ("2026年3月10日下午14:30", at(2026, 3, 10, 14, 30)),
    ("2026年3月10日中午12时", at(2026, 3, 10, 12)),
    ("2026年3月10日（北京时间）9点半", at(2026, 3, 10, 9, 30)),
    ("2026年3月10日（星期二）9:00", at(2026, 3, 10, 9)),
    ("2026年3月10日9时整", at(2026, 3, 10, 9)),
    ("2026年3月10日_9_时_30_分", at(2026, 3, 10, 9, 30)),
    ("2025-09-11T09:30:00", at(2025, 9, 11, 9, 30)),
    ("2025-09-11T09:30:00+08:00", at(2025, 9, 11, 9, 30)),
    ("2025-09-11T01:30:00.000Z", at(2025, 9, 11, 9, 30)),
    ("1773627056000", at(2026, 3, 16, 10, 10, 56)),
    ("1773627056", at(2026, 3, 16, 10, 10, 56)),
    ("2026.03.15", dt.date(2026, 3, 15)),
    ("2026/3/5 15:00", at(2026, 3, 5, 15)),
    ("2026-3-5", dt.date(2026, 3, 5)),
    ("2026-03-1009:30", at(2026, 3, 10, 9, 30)),
    ("20260315", dt.date(2026, 3, 15)),
    ("20260315093000", at(2026, 3, 15, 9, 30)),
    ("20260313 - 09:30:00", at(2026, 3, 13, 9, 30)),
    ("2026\n年\n3\n月\n10\n日\n9\n:\n30", at(2026, 3, 10, 9, 30)),
    ("2026年1 2月1 5日", dt.date(2026, 12, 15)),
    ("2026年3月20日10:3 0分", at(2026, 3, 20, 10, 30)),
    ("2026年3月10日24:00", at(2026, 3, 11, 0)),
    ("2026年2月13日23时59分59秒", at(2026, 2, 13, 23, 59, 59)),
    ("March 10, 2026 9:30 am", at(2026, 3, 10, 9, 30)),
    ("10th March 2026", dt.date(2026, 3, 10)),
    ("5 Jan. 2026 at 2:00 pm", at(2026, 1, 5, 14)),
])
def test_forms_are_read(text: str, moment: dt.date) -> None:
    read = parse_moment(text)
    assert read == moment and type(read) is type(moment)


@pytest.mark.parametrize("text", [
    "2026年2月30日", "2026-13-01", "2026年0月1日", "20261301", "2026年3月1日或2026年3月2日", "", "投标截止", "13月5日",
    "13800000000", "SDGP370000000202602000605", "2025-09-11-01",
])
def test_what_is_no_one_day_gives_none(text: str) -> None:
    assert parse_moment(text) is None


def test_a_bad_hour_leaves_the_day() -> None:
    assert parse_moment("2026年3月10日25:70") == dt.date(2026, 3, 10)


def test_the_number_of_the_next_paragraph_is_no_minute() -> None:
    assert parse_moment("2026年3月10日15时\n6.开标地点") == at(2026, 3, 10, 15)
    assert parse_moment("2026年3月10日15时6.开标地点") == at(2026, 3, 10, 15)


@pytest.mark.parametrize(("text", "end"), [
    ("2026年3月17日至3月23日，每天上午8:00至12:00，下午12:00至17:30（北京时间，法定节假日除外）", at(2026, 3, 23, 17, 30)),
    ("2026年03月17日08:00\n至\n2026年03月23日17:00", at(2026, 3, 23, 17)),
    ("2026-03-16 至 2026-03-23\n          ，每天上午09:00至12:00，下午13:00至17:00", at(2026, 3, 23, 17)),
    ("2026年3月17日到23日", dt.date(2026, 3, 23)),
    ("2026年12月30日至1月5日", dt.date(2027, 1, 5)),
    ("2026年3月17日至2026年3月23日，每天8时30分至11时30分，下午2时30分至5时30分", at(2026, 3, 23, 17, 30)),
    ("2026年3月17日起至2026年3月23日17时止", at(2026, 3, 23, 17)),
    ("2026年3月17日9时—2026年3月23日", dt.date(2026, 3, 23)),
    ("2026年9月30日9:00时至2026年10月9日23:59时止", at(2026, 10, 9, 23, 59)),
    ("2026-03-17至2026-03-23， 00:00-12:00-12:00-23:59", at(2026, 3, 23, 23, 59)),
    ("2026年3月20日9:00-11:30", at(2026, 3, 20, 11, 30)),
    ("2026年3月17日9:00至2026年3月23日（法定节假日除外）的23:59时止", at(2026, 3, 23, 23, 59)),
])
def test_periods_end_with_their_daily_window(text: str, end: dt.date) -> None:
    found = find_period_end(text)
    assert found is not None and found.value == end and type(found.value) is type(end)
    assert 0 <= found.start < found.end <= len(text)


@pytest.mark.parametrize("text", ["2026年3月17日9时", "2026年3月17日，2026年3月20日", "", "至2026年3月17日"])
def test_one_moment_is_no_period(text: str) -> None:
    assert find_period_end(text) is None


def test_moments_are_found_in_order_with_exact_evidence() -> None:
    text = "首次公告2026年3月1日；截止2026-03-10 09:30，开标同日。编号20260301-2，网址a2026.1.2b"
    found = find_moments(text)
    assert [text[one.start : one.end] for one in found] == ["2026年3月1日", "2026-03-10 09:30"]


_written = st.sampled_from([
    "{0.year}年{0.month}月{0.day}日{0.hour}时{0.minute}分", "{0:%Y年%m月%d日 %H:%M}", "{0:%Y-%m-%d %H:%M:%S}", "{0:%Y-%m-%dT%H:%M:%S}",
    "{0:%Y/%m/%d %H:%M}", "{0:%Y.%m.%d %H:%M}", "{0:%Y%m%d%H%M%S}", "{0:%Y%m%d %H:%M}", "{0:%Y年%m月%d日%H点%M分}",
])


@given(st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31)), st.times(), _written)
def test_what_is_written_is_read_back(day: dt.date, time: dt.time, form: str) -> None:
    moment = dt.datetime.combine(day, time.replace(second=0, microsecond=0), SHANGHAI)
    assert parse_moment(form.format(moment)) == moment


@given(st.text(alphabet="20263456789 年月日时分:：-/.至上下午，。\n（）T一", max_size=120))
def test_any_text_gives_moments_inside_it(text: str) -> None:
    for one in find_moments(text):
        assert 0 <= one.start < one.end <= len(text)
        assert not isinstance(one.value, dt.datetime) or one.value.tzinfo is not None
    found = find_period_end(text)
    assert found is None or 0 <= found.start < found.end <= len(text)


def test_long_runs_are_read_in_one_pass() -> None:
    for text in ("2" * 1_000_000, "20" * 500_000, "2026年" * 200_000, "2026-" * 200_000, " " * 1_000_000, "2026年3月" + "（" * 100_000):
        assert find_moments(text) == []
