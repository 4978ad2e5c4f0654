"""From bytes to text, and from an answer to a ``Page``.

The ladder is: byte order mark → what header or markup declare → strict UTF-8 → GB 18030. A
declaration is believed only when the bytes agree with it: valid UTF-8 under a GBK header (a
common fault of Chinese portals) decodes “successfully” as GBK into rare characters, so that case
is decided by which text looks written. What no rung decodes strictly is decoded with the fewest
U+FFFD, and these are counted on the page.
"""

from __future__ import annotations

import codecs
import datetime as dt
import re
from collections.abc import Iterator, Mapping

from opportunity.notice import Origin
from opportunity.page import Page, PageRequest

_marks = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_header_charset = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_markup_charset = re.compile(
    rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})|<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})",
    re.IGNORECASE,
)
# Servers send these by default and mean nothing by them; every byte string is valid in them.
_says_nothing = frozenset({"ascii", "iso8859-1", "cp1252"})
_gb_family = frozenset({"gb2312", "gbk", "gb18030", "cp936", "hz"})
_first_bytes = 4096


def decode(content: bytes, content_type: str = "") -> tuple[str, str, int]:
    """(text, encoding, number of U+FFFD that had to be put in) of one body."""
    for mark, name in _marks:
        if content.startswith(mark):
            return _forgiving(content[len(mark) :], name)
    candidates = list(dict.fromkeys(_candidates(content, content_type)))
    strict = [(name, text) for name in candidates if (text := _strictly(content, name)) is not None]
    cut = _cut_utf8(content)
    if not strict:
        return cut or min((_forgiving(content, name) for name in candidates), key=lambda found: found[2])
    name, text = strict[0]
    if cut is not None and _written(cut[0]) > _written(text):
        return cut
    if name != "utf-8":
        as_utf8 = next((other for known, other in strict if known == "utf-8"), None)
        if as_utf8 is not None and _written(as_utf8) >= _written(text):
            name, text = "utf-8", as_utf8
    return text, name, 0


def page_of(
    request: PageRequest,
    *,
    url: str,
    status: int,
    headers: Mapping[str, str],
    content: bytes,
    fetched_at: dt.datetime,
    origin: Origin,
) -> Page:
    """The ``Page`` of one whole answer; ``headers`` have lower-case names."""
    text, encoding, replaced = decode(content, headers.get("content-type", ""))
    return Page(
        request=request,
        url=url,
        status=status,
        headers=dict(headers),
        content=content,
        text=text,
        encoding=encoding,
        replaced=replaced,
        fetched_at=fetched_at,
        origin=origin,
    )


def _candidates(content: bytes, content_type: str) -> Iterator[str]:
    wide = _wide_without_mark(content)
    if wide:
        yield wide
    declared = [found.group(1) for found in [_header_charset.search(content_type)] if found]
    markup = _markup_charset.search(content[:_first_bytes])
    if markup:
        declared.append((markup.group(1) or markup.group(2)).decode("ascii"))
    for label in declared:
        name = _python_name(label)
        # A declared UTF-16 was either seen above by its zero bytes or is not true.
        if name and not name.startswith(("utf-16", "utf-32")):
            yield name
    yield "utf-8"
    yield "gb18030"


def _python_name(label: str) -> str | None:
    try:
        name = codecs.lookup(label).name
    except (LookupError, UnicodeError):
        return None
    if name in _says_nothing:
        return None
    if name in _gb_family:
        return "gb18030"
    # Python also knows codecs that are no character sets (base64, zip, idna): these are not text.
    if not codecs.lookup(name)._is_text_encoding or name in ("idna", "punycode", "unicode_escape", "utf-7"):
        return None
    return name


def _wide_without_mark(content: bytes) -> str | None:
    """UTF-16 without a byte order mark shows by zero bytes on one side of its ASCII markup."""
    head = content[: _first_bytes // 2 * 2]
    if len(head) < 8:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) * 10 < len(head):
        return None
    if odd > 4 * even:
        return "utf-16-le"
    return "utf-16-be" if even > 4 * odd else None


def _strictly(content: bytes, name: str) -> str | None:
    try:
        return content.decode(name)
    except (UnicodeError, ValueError):
        return None


def _cut_utf8(content: bytes) -> tuple[str, str, int] | None:
    """UTF-8 that was cut inside its last character; None for anything else."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and error.start > 0:
            return content[: error.start].decode("utf-8") + "\ufffd", "utf-8", 1
    return None


def _forgiving(content: bytes, name: str) -> tuple[str, str, int]:
    text = content.decode(name, errors="replace")
    published = content.count(b"\xef\xbf\xbd") if name == "utf-8" else 0
    return text, name, max(0, text.count("\ufffd") - published)


def _written(text: str) -> float:
    """Share of the non-ASCII characters that ordinary Chinese text is made of (0 to 1).

    Level-1 characters of GB 2312 are the 3,755 most used; text that was decoded wrongly is full
    of others.
    """
    sample = [character for character in text[:200_000] if character > "\x7f"][:4000]
    if not sample:
        return 1.0
    common = 0
    for character in sample:
        raw = character.encode("gb2312", errors="ignore")
        common += len(raw) == 2 and (0xB0 <= raw[0] <= 0xD7 or 0xA1 <= raw[0] <= 0xA3)
    return common / len(sample)
