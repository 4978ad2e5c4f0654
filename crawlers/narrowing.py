"""A given region that is coarser than what the text says gives way to it.

Lists and summaries often state the province alone. A given value overrules what is read, so that a notice of a county
would not be found under its city. The narrower place is inside the given one, so nothing given is denied; readers keep the
portal's own words among the extra facts.
"""

from __future__ import annotations

from dataclasses import replace

from opportunity.notice import Fields, Notice, Region
from opportunity.region import contains


def narrowed(notice: Notice, extracted: Fields) -> Notice:
    """The notice without its given region when the text names a place inside it; else unchanged."""
    given, read = notice.given.get("region"), extracted.get("region")
    if not given or not read:
        return notice
    wide, narrow = given[0].value, read[0].value
    if not isinstance(wide, Region) or not isinstance(narrow, Region):
        return notice
    if wide.code == narrow.code or not contains(wide.code, narrow.code):
        return notice
    return replace(notice, given={name: values for name, values in notice.given.items() if name != "region"})
