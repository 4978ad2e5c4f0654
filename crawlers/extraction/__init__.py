"""Plain text of a notice → fields with evidence. ``extract`` and ``html_to_plain`` are the whole surface."""

from __future__ import annotations

from crawlers.extraction.fields import extract
from crawlers.extraction.plain import clean_plain, html_to_plain, plain_of

READER = "extraction-1"

__all__ = ["READER", "clean_plain", "extract", "html_to_plain", "plain_of"]
