"""Which addresses from notices may become links: http and https to a real host, nothing else."""

from __future__ import annotations

from urllib.parse import urlsplit

_MAX = 2000


def safe_link(url: str | None) -> str | None:
    """The address when a browser can only read it as http(s), else None (it is then shown as text).

    White space, control characters, backslashes and user:password@ are refused rather than mended,
    as browsers and parsers disagree on them.
    """
    if not url or len(url) > _MAX or any(c <= " " or c in "\\\"'<>`\x7f" or c.isspace() for c in url):
        return None
    if any("\x80" <= c <= "\x9f" or "\u200b" <= c <= "\u200f" or "\u202a" <= c <= "\u202e" for c in url):
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not host or "@" in parts.netloc:
        return None
    if not url.lower().startswith(("http://", "https://")):
        return None
    try:
        url.encode("utf-8")
    except UnicodeEncodeError:
        return None
    return url
