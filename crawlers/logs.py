"""What Scrapy may write to a log: where and what kind, never pages, items or people's data."""

from __future__ import annotations

import logging
import traceback
from typing import Any

from scrapy.logformatter import LogFormatter

_quiet = {"level": logging.DEBUG, "msg": "%(what)s", "args": {"what": "-"}}


class PlainLogFormatter(LogFormatter):
    """Scrapy's own lines print whole items, and with them names and phone numbers of notices."""

    def scraped(self, item: Any, response: Any, spider: Any) -> Any:
        return None

    def dropped(self, item: Any, exception: BaseException, response: Any, spider: Any) -> Any:
        return {**_quiet, "args": {"what": f"item dropped: {type(exception).__name__}"}}

    def item_error(self, item: Any, exception: BaseException, response: Any, spider: Any) -> Any:
        return {**_quiet, "level": logging.ERROR, "args": {"what": f"item not kept: {type(exception).__name__}"}}


def place_of(error: BaseException) -> str:
    """The kind of an error and where it arose, without its message: that may quote the page it failed on."""
    frames = "".join(traceback.format_tb(error.__traceback__, limit=-6))
    return f"{type(error).__name__}\n{frames.rstrip()}"
