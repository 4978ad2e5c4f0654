"""Days and moments in Chinese notices. Pure functions, standard library only.

A day without an hour stays ``datetime.date``; with an hour it is an aware ``datetime`` in Asia/Shanghai
(portals print Beijing time without an offset). What is not a day of the calendar (2026年2月30日) gives
nothing. Forms: 2026年03月10日14时00分, 2026-03-10 14:00:00, 2026.03.15, 2026/3/5, full-width, pieces over
several lines, 上午/下午, ISO 8601, YYYYMMDDHHmmss, epoch milliseconds, English, and periods with a daily
window, which end at the window's end on the last day.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from opportunity.notice import SHANGHAI, Moment

_wide = str.maketrans("０１２３４５６７８９．：（）／－—–～〜﹣", "0123456789.:()/---~~-")
_any_wide = re.compile(r"[０-９．：（）／－—–～〜﹣]")
_s = r"[\s_]{0,20}"  # pieces over several lines; bounded, so that no text is slow
_two = r"(?:\d[ \n]{1,2}\d(?!\d)|\d{1,2})"  # 1⏎5 is 15 where the mark that follows says so
_day_marks = (
    rf"(?<!\d)(?P<y1>20\d\d){_s}年{_s}(?P<m1>{_two}){_s}月{_s}(?P<d1>{_two})(?:{_s}[日号]|(?![\s_]?\d))",
    r"(?<![\dA-Za-z\-./])(?P<y2>20\d\d)(?P<sep>[-/.])(?P<m2>\d{1,2})(?P=sep)(?P<d2>\d{1,2})(?:(?![\dA-SU-Za-z]|[-/][\d])|(?<=\d\d)(?=[012]\d:[0-5]\d))",
    rf"(?<![\d\-./])(?P<y4>20\d\d){_s}-{_s}(?P<m4>\d{{1,2}}){_s}-{_s}(?P<d4>\d{{1,2}})(?!\d|{_s}-)",
    r"(?<![\dA-Za-z\-./])(?P<y3>20\d\d)(?P<m3>[01]\d)(?P<d3>[0-3]\d)(?=[ \t]{0,3}-?[ \t]{0,3}[012]?\d:[0-5]\d)",
)
_half = r"(?P<half>凌晨|早上|上午|中午|下午|晚上|晚|AM|PM|am|pm)"
_hour = (
    rf"(?:(?P<iso>T)|[\s_,，\-/]{{0,20}}|{_s}[(（][^()（）\n]{{1,16}}[)）]{_s})的?"
    # Minutes need two digits or their 分: in 15时⏎6.开标 the 6 numbers the next paragraph.
    rf"(?:{_half}{_s})?+(?P<h>[012]?\d){_s}(?:[:时点]|时正|点钟){_s}"
    rf"(?:(?P<half_hour>半)|整|(?P<min>\d(?={_s}分)|[0-5][ \n]{{0,2}}\d(?![\d.、)]))"
    rf"{_s}(?:分(?!钟)|时)?+(?:{_s}:{_s}(?P<sec>[0-5]\d)(?![\d:])(?:{_s}秒)?+|{_s}(?P<second>[0-5]?\d){_s}秒)?)?"
    rf"(?:{_s}(?P<ampm>AM|PM|am|pm|a\.m\.|p\.m\.)(?![A-Za-z]))?"
    r"(?(iso)(?:\.\d{1,9})?(?P<zone>Z|[+-]\d\d:?\d\d)?)"
)
_hour_start = re.compile(_hour)
_moment = re.compile("|".join(_day_marks))
_stamp = re.compile(r"(?<![\dA-Za-z\-./])(20\d\d)([01]\d)([0-3]\d)([012]\d)([0-5]\d)([0-5]\d)(?![\dA-Za-z\-])")
_months = {name: number for number, names in enumerate((
    ("january", "jan"), ("february", "feb"), ("march", "mar"), ("april", "apr"), ("may",), ("june", "jun"),
    ("july", "jul"), ("august", "aug"), ("september", "sept", "sep"), ("october", "oct"),
    ("november", "nov"), ("december", "dec"),
), 1) for name in names}
_month = "(?:" + "|".join(sorted(_months, key=len, reverse=True)) + r")\.?"
_english = re.compile(
    rf"(?:(?<![A-Za-z])(?P<em>{_month})[ \t]{{1,4}}(?P<ed>\d{{1,2}})(?:st|nd|rd|th)?[,， \t]{{1,4}}"
    rf"|(?<!\d)(?P<fd>\d{{1,2}})(?:st|nd|rd|th)?[ \t]{{1,4}}(?:of[ \t]{{1,4}})?(?P<fm>{_month})[,， \t]{{1,4}})"
    r"(?P<ey>20\d\d)(?!\d)",
    re.IGNORECASE,
)
_before_english_year = re.compile(r"[A-Za-z\d.](?:[,，][ \t]{0,4}|[ \t]{1,4})$")
_english_hour = re.compile(r"[ \t]{0,3}(?:,|at)?[ \t]{0,3}(?=\d{1,2}:\d\d)")
_to = re.compile(rf"{_s}(?:[(（]北京时间[)）])?{_s}(?:至|到|-{{1,2}}|~|起至|起到|——|止至)+{_s}")
_short_end = re.compile(rf"(?:(?P<m>\d{{1,2}}){_s}月{_s})?(?P<d>\d{{1,2}}){_s}[日号]")
_window_stop = re.compile(r"[。;；]|\n(?!\s{0,20}[,，(（每至到~\-])|20\d\d")
_lead = re.compile(rf"{_s}(?:[(（][^()（）\n]{{1,20}}[)）]|起|开始|始|,|，|零时|以后){{1,3}}")
_clock = re.compile(
    rf"(?:(?P<half>上午|中午|下午|晚上|早上){_s})?(?<!\d)(?P<h>[012]?\d){_s}[:时点]{_s}(?:(?P<half_hour>半)|整|(?P<min>[0-5]\d)(?!\d){_s}分?(?::(?P<sec>[0-5]\d))?)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One day or moment in a text: ``text[start:end]`` is what was read."""

    start: int
    end: int
    value: Moment


def narrow(text: str) -> str:
    """Full-width digits and marks to ASCII, one character for one, so offsets stay."""
    return text.translate(_wide) if _any_wide.search(text) else text


def find_moments(text: str) -> list[Found]:
    """Every day or moment in the text, in order. Impossible days are left out. Linear time."""
    text = narrow(text)
    found: list[Found] = []
    # Every form has 20 at its year: looking for that first is several times faster than the patterns alone.
    at = text.find("20")
    while at >= 0:
        match = _moment.match(text, at)
        one = _day_or_moment(text, match) if match else _stamp_or_english(text, at)
        if one is not None:
            found.append(one)
        at = text.find("20", max(match.end() if match else 0, at + 1))
    return found


def parse_moment(text: str) -> Moment | None:
    """The one day or moment that a whole value states; None when it states none or several that differ.

    Also takes epoch milliseconds (13 digits), seconds (10), YYYYMMDD and YYYYMMDDHHmmss alone.
    """
    text = narrow(text).strip()
    if text.isascii() and text.isdigit():
        return _bare_digits(text)
    values = {one.value for one in find_moments(text)}
    return values.pop() if len(values) == 1 else None


def find_period_end(text: str) -> Found | None:
    """The end of the first period (A 至 B) in the text, with its daily window where one is stated.

    2026年3月17日至3月23日，每天上午8:00至12:00，下午12:00至17:30 ends on the 23rd at 17:30; without a window
    and without an hour the last day stays a day. None when the text states no period. The span runs from
    the start of the period to the end of what was used.
    """
    text = narrow(text)
    for first in find_moments(text):
        arrow = _to.match(text, first.end) or _to_after_window(text, first.end)
        if arrow is None:
            continue
        last = _end_of_period(text, first.value, arrow.end())
        if last is not None:
            return with_daily_window(text, first.start, last)
        until = _clock.match(text, arrow.end())
        if until is not None and isinstance(first.value, dt.datetime):
            time = _time(until)
            if time is not None:
                value = dt.datetime.combine(first.value.date(), time, SHANGHAI)
                return Found(start=first.start, end=until.end(), value=value)
    return None


def with_daily_window(text: str, start: int, last: Found) -> Found:
    """``last``, the last day of a period in ``text``, ended by the daily window that follows it, if any.

    The span of the result runs from ``start`` to the end of what was used.
    """
    if isinstance(last.value, dt.datetime):
        # 2026-03-23，9:00至17:00: the hour read with the last day is the start of its daily window.
        arrow = _to.match(text, last.end)
        if arrow is None or _clock.match(text, arrow.end()) is None:
            return Found(start=start, end=last.end, value=last.value)
        day = _moment.match(text, last.start)
        last = Found(start=last.start, end=day.end() if day else last.end, value=last.value.date())
    # The window belongs to the same sentence; it is read up to the next day, stop or paragraph.
    stop = _window_stop.search(text, last.end, last.end + 120)
    limit = stop.start() if stop else min(len(text), last.end + 120)
    ends: list[tuple[int, dt.time]] = []
    previous: re.Match[str] | None = None
    for clock in _clock.finditer(text, last.end, limit):
        between = text[previous.end() : clock.start()] if previous else ""
        if previous and re.search(r"至|到|-|~", between) and len(between) <= 12:
            moment = _time(clock, previous["half"])
            if moment is not None:
                ends.append((clock.end(), moment))
        previous = clock
    if not ends:
        return Found(start=start, end=last.end, value=last.value)
    end, time = max(ends, key=lambda item: item[1])
    return Found(start=start, end=end, value=dt.datetime.combine(last.value, time, SHANGHAI))


def _to_after_window(text: str, at: int) -> re.Match[str] | None:
    # 2026年3月17日 09:00（北京时间）起至…: a few closing words may stand before the arrow.
    lead = _lead.match(text, at)
    return _to.match(text, lead.end()) if lead else None


def _end_of_period(text: str, first: Moment, at: int) -> Found | None:
    match = _moment.match(text, at)
    if match is not None:
        return _day_or_moment(text, match)
    short = _short_end.match(text, at)
    if short is None:
        return None
    start = first.date() if isinstance(first, dt.datetime) else first
    month = int(short["m"]) if short["m"] else start.month
    day = _day(start.year, month, int(short["d"]))
    if day is not None and day < start and short["m"]:
        day = _day(start.year + 1, month, int(short["d"]))
    return None if day is None else _with_hour(text, short.start(), short.end(), day)


def _time(match: re.Match[str], before: str | None = None) -> dt.time | None:
    hour = int(match["h"])
    half = match["half"] or before
    if half in ("下午", "晚上", "晚", "PM", "pm") and hour < 12:
        hour += 12
    minute = 30 if match["half_hour"] else int(match["min"] or 0)
    try:
        return dt.time(23, 59, 59) if (hour, minute) == (24, 0) else dt.time(hour, minute, int(match["sec"] or 0))
    except ValueError:
        return None


def _day_or_moment(text: str, match: re.Match[str]) -> Found | None:
    for n in ("1", "2", "4", "3"):
        if match[f"y{n}"]:
            day = _day(*(_number(match[part + n]) for part in "ymd"))
            return None if day is None else _with_hour(text, match.start(), match.end(), day)
    return None


def _with_hour(text: str, start: int, end: int, day: dt.date) -> Found:
    hour = _hour_start.match(text, end)
    value = _combine(day, hour) if hour else None
    if hour is None or value is None:
        while end > start and text[end - 1].isspace():
            end -= 1
        return Found(start=start, end=end, value=day)
    end = hour.end()
    while text[end - 1].isspace():
        end -= 1
    return Found(start=start, end=end, value=value)


def _combine(day: dt.date, match: re.Match[str]) -> dt.datetime | None:
    hour, half = int(match["h"]), match["half"] or (match["ampm"] or "").replace(".", "")
    minute = 30 if match["half_hour"] else _number(match["min"] or "0")
    if half in ("下午", "晚上", "晚", "PM", "pm") and hour < 12:
        hour += 12
    if half in ("凌晨", "AM", "am") and hour == 12:
        hour = 0
    second = int(match["sec"] or match["second"] or 0)
    extra = dt.timedelta(0)
    if (hour, minute, second) == (24, 0, 0):
        hour, extra = 0, dt.timedelta(days=1)
    try:
        moment = dt.datetime.combine(day, dt.time(hour, minute, second), SHANGHAI) + extra
    except (ValueError, OverflowError):
        return None
    zone = match["zone"]
    if zone:
        offset = dt.timedelta(0)
        if zone != "Z":
            sign = -1 if zone[0] == "-" else 1
            offset = sign * dt.timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        moment = moment.replace(tzinfo=dt.timezone(offset)).astimezone(SHANGHAI)
    return moment


def _stamp_or_english(text: str, at: int) -> Found | None:
    stamp = _stamp.match(text, at)
    if stamp is not None:
        value = _bare_digits(stamp[0])
        return None if value is None else Found(start=at, end=stamp.end(), value=value)
    if not _before_english_year.search(text, max(0, at - 6), at):
        return None
    for match in _english.finditer(text, max(0, at - 28), at + 4):
        if match.end() == at + 4:
            return _english_moment(text, match)
    return None


def _english_moment(text: str, match: re.Match[str]) -> Found | None:
    name, number = (match["em"], match["ed"]) if match["em"] else (match["fm"], match["fd"])
    day = _day(int(match["ey"]), _months[name.lower().rstrip(".")], int(number))
    if day is None:
        return None
    gap = _english_hour.match(text, match.end())
    one = _with_hour(text, match.start(), gap.end() if gap else match.end(), day)
    if isinstance(one.value, dt.datetime):
        return one
    return Found(start=match.start(), end=match.end(), value=day)


def _bare_digits(text: str) -> Moment | None:
    try:
        if len(text) == 14 and text.startswith("20"):
            return dt.datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=SHANGHAI)
        if len(text) == 12 and text.startswith("20"):
            return dt.datetime.strptime(text, "%Y%m%d%H%M").replace(tzinfo=SHANGHAI)
        if len(text) == 8 and text.startswith("20"):
            return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
        if len(text) in (10, 13) and text.startswith("1"):
            seconds, thousandths = (int(text), 0) if len(text) == 10 else divmod(int(text), 1000)
            return dt.datetime.fromtimestamp(seconds, SHANGHAI).replace(microsecond=thousandths * 1000)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _number(text: str) -> int:
    return int("".join(text.split()))


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
