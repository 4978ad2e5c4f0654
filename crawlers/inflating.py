"""Undoing content-encoding, strictly: a body is whole and within its limit, or it is refused.

The usual client libraries hand back as much of a truncated gzip as they could read and say
nothing; half a list page is then taken for the whole one and notices go missing in silence. Here
every stream must reach its own end mark, and the limit is applied while inflating, so a small
bomb never becomes a large one in memory.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import brotli  # type: ignore[import-untyped]
import zstandard

from opportunity.errors import FetchError

CHUNK = 64 * 1024
ACCEPTED = ("gzip", "deflate", "br", "zstd")
# More than two encodings on one answer is an attack or a broken server, never a portal.
MOST_ENCODINGS = 2


class TruncatedBody(FetchError):
    """The answer ended before its own end mark or its stated length, or its bytes are damaged."""

    code = "truncated_body"


class BodyTooLarge(FetchError):
    """The answer is, or inflates to, more than the limit."""

    code = "body_too_large"


def inflate(body: bytes, encodings: Sequence[str], limit: int) -> bytes:
    """The bytes after all ``encodings`` (in header order) are undone; at most ``limit`` of them.

    Raises ``TruncatedBody``, ``BodyTooLarge``, or ``FetchError`` for an unknown encoding or
    damaged data.
    """
    names = [name.strip().lower() for item in encodings for name in item.split(",")]
    names = [name for name in names if name not in ("", "identity")]
    if len(names) > MOST_ENCODINGS:
        raise FetchError(f"响应声明了 {len(names)} 层压缩，已拒绝")
    for name in reversed(names):
        decoder = _decoders.get(name)
        if decoder is None:
            raise FetchError(f"响应使用了未知的压缩方式“{name[:40]}”")
        body = _limited(decoder(body), limit)
    return body


def _limited(chunks: Iterator[bytes], limit: int) -> bytes:
    whole = bytearray()
    for chunk in chunks:
        whole += chunk
        if len(whole) > limit:
            raise BodyTooLarge(f"响应解压后超过 {limit} 字节的上限，已拒绝")
    return bytes(whole)


class _Inflater(Protocol):
    """What zlib's decompressor offers, as far as it is used here."""

    @property
    def eof(self) -> bool: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes: ...


def _stream(inflater: _Inflater, data: bytes) -> Iterator[bytes]:
    while not inflater.eof:
        chunk = inflater.decompress(data, CHUNK)
        data = inflater.unconsumed_tail
        if chunk:
            yield chunk
        elif not data and not inflater.eof:
            raise TruncatedBody("压缩的响应在结束标记之前中断")


def _gzip(data: bytes) -> Iterator[bytes]:
    # A gzip body may hold several members; zero padding after the last one is allowed by the format.
    while True:
        inflater = zlib.decompressobj(wbits=31)
        try:
            yield from _stream(inflater, data)
        except zlib.error as error:
            raise TruncatedBody("gzip 响应已损坏") from error
        data = inflater.unused_data.lstrip(b"\0")
        if data[:2] != b"\x1f\x8b":
            return


def _deflate(data: bytes) -> Iterator[bytes]:
    # “deflate” means the zlib format, but some servers send the raw stream.
    wrapped = len(data) >= 2 and data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
    try:
        yield from _stream(zlib.decompressobj(wbits=15 if wrapped else -15), data)
    except zlib.error as error:
        raise TruncatedBody("deflate 响应已损坏") from error


def _brotli(data: bytes) -> Iterator[bytes]:
    decompressor = brotli.Decompressor()
    try:
        chunk = decompressor.process(data, output_buffer_limit=CHUNK)
        while chunk or not decompressor.is_finished():
            if not chunk:
                raise TruncatedBody("压缩的响应在结束标记之前中断")
            yield chunk
            if decompressor.is_finished():
                return
            chunk = decompressor.process(b"", output_buffer_limit=CHUNK)
    except brotli.error as error:
        raise TruncatedBody("br 响应已损坏") from error


def _zstd(data: bytes) -> Iterator[bytes]:
    # The window is bounded, so that a frame cannot ask for gigabytes before its first byte is out.
    decompressor = zstandard.ZstdDecompressor(max_window_size=8 * 1024 * 1024)
    if not data:
        raise TruncatedBody("压缩的响应在结束标记之前中断")
    try:
        while data:
            frame = decompressor.decompressobj(write_size=CHUNK)
            for start in range(0, len(data), 256):
                chunk = frame.decompress(data[start : start + 256])
                if chunk:
                    yield chunk
                if frame.eof:
                    break
            if not frame.eof:
                raise TruncatedBody("压缩的响应在结束标记之前中断")
            data = frame.unused_data + data[start + 256 :]
    except zstandard.ZstdError as error:
        raise TruncatedBody("zstd 响应已损坏") from error


_decoders: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
