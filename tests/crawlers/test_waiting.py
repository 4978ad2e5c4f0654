"""Retry-After in every form, back-off, and waits that can be ended."""

from __future__ import annotations

import asyncio
import datetime as dt
import email.utils

import pytest

from crawlers.waiting import LONGEST_WAIT, Limits, Stopping, StopSignal, back_off, retry_after

NOW = dt.datetime(2026, 11, 24, 10, 0, tzinfo=dt.UTC)


def http_date(delta: dt.timedelta) -> str:
    return email.utils.format_datetime(NOW + delta, usegmt=True)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("5", 5), (" 60 ", 60), ("0", 0), ("3600", 3600), ("3601", 3600), ("1000000000", 3600), ("9" * 20, 3600),
        (http_date(dt.timedelta(seconds=90)), 90), (http_date(dt.timedelta(days=400)), 3600),
        (http_date(dt.timedelta(seconds=-90)), None), ("-5", None), ("", None), (None, None), ("soon", None),
        ("1.5", None), ("9" * 40, None), ("Tue, 99 Foo 2026 00:00:00 GMT", None), ("５", None), ("60; x", None),
    ],
)  # fmt: skip
def test_retry_after(header: str | None, seconds: int | None) -> None:
    assert retry_after(header, NOW) == (None if seconds is None else dt.timedelta(seconds=seconds))


def test_back_off_doubles_from_the_delay_and_is_capped() -> None:
    limits = Limits(back_off=4.0)
    assert [back_off(n, 5.0, limits).total_seconds() for n in (1, 2, 3)] == [20, 40, 80]
    assert back_off(40, 5.0, limits) == LONGEST_WAIT


def test_a_stop_ends_waits_and_work_and_keeps_its_first_reason() -> None:
    async def scene() -> list[str]:
        stop = StopSignal()
        ended = []

        async def endless() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("work cancelled")

        async def wait(work: object) -> None:
            with pytest.raises(Stopping):
                await work  # type: ignore[misc]
            ended.append("told")

        waiting = [asyncio.create_task(wait(stop.sleep(3600))), asyncio.create_task(wait(stop.race(endless())))]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        stop.stop("terminated")
        stop.stop("other")
        await asyncio.gather(*waiting)
        with pytest.raises(Stopping):
            await stop.sleep(0)
        return [*sorted(ended), stop.reason or ""]

    assert asyncio.run(scene()) == ["told", "told", "work cancelled", "terminated"]


def test_work_that_ends_first_gives_its_result_or_its_error() -> None:
    async def scene() -> int:
        stop = StopSignal()

        async def seven() -> int:
            return 7

        async def fails() -> int:
            raise ValueError

        with pytest.raises(ValueError):
            await stop.race(fails())
        await stop.sleep(0)
        return await stop.race(seven())

    assert asyncio.run(scene()) == 7
