"""What Scrapy may write to a log: where and what kind, never pages, items or people's data."""

from __future__ import annotations

import logging
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
