"""Every truncation of every encoding is refused, whole bodies come back, bombs stay small."""

from __future__ import annotations

import gzip
import resource
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard

from crawlers.inflating import BodyTooLarge, TruncatedBody, inflate
from opportunity.errors import FetchError

TEXT = "".join(f"<li>第{n}号公告：采购一批办公桌椅{n * 7919 % 1000}</li>" for n in range(400)).encode()
LIMIT = 8 * 1024 * 1024


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "zlib": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "brotli": ("br", lambda data: brotli.compress(data, quality=4)),
    "zstd": ("zstd", lambda data: zstandard.ZstdCompressor().compress(data)),
    "zstd without size": (
        "zstd",
        lambda data: (lambda packer: packer.compress(data) + packer.flush())(zstandard.ZstdCompressor().compressobj()),
    ),
}


@pytest.mark.parametrize("name", PACKERS)
def test_whole_bodies_come_back(name: str) -> None:
    encoding, pack = PACKERS[name]
    assert inflate(pack(TEXT), [encoding], LIMIT) == TEXT
    assert inflate(pack(b""), [encoding], LIMIT) == b""


@pytest.mark.parametrize("name", PACKERS)
def test_no_truncation_is_accepted(name: str) -> None:
    encoding, pack = PACKERS[name]
    packed = pack(TEXT)
    step = max(1, len(packed) // 150)
    accepted = []
    for end in [*range(0, len(packed), step), len(packed) - 1]:
        try:
            inflate(packed[:end], [encoding], LIMIT)
        except FetchError:
            continue
        accepted.append(end)
    assert accepted == []


def test_a_truncation_is_named_as_such() -> None:
    with pytest.raises(TruncatedBody):
        inflate(gzip.compress(TEXT)[:-1], ["gzip"], LIMIT)


@pytest.mark.parametrize("name", PACKERS)
def test_bombs_are_refused_before_they_grow(name: str) -> None:
    encoding, pack = PACKERS[name]
    bomb = pack(bytes(200 * 1024 * 1024)) if name != "brotli" else brotli.compress(bytes(64 * 1024 * 1024), quality=1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BodyTooLarge):
        inflate(bomb, [encoding], LIMIT)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 64 * 1024


def test_nested_encodings_are_undone_and_more_than_two_refused() -> None:
    assert inflate(gzip.compress(zlib.compress(TEXT)), ["deflate, gzip"], LIMIT) == TEXT
    assert inflate(gzip.compress(zlib.compress(TEXT)), ["deflate", "gzip"], LIMIT) == TEXT
    with pytest.raises(FetchError):
        inflate(TEXT, ["gzip, gzip, gzip"], LIMIT)


def test_several_gzip_members_and_padding() -> None:
    assert inflate(gzip.compress(b"a") + gzip.compress(b"b") + bytes(8), ["gzip"], LIMIT) == b"ab"
    with pytest.raises(FetchError):
        inflate(gzip.compress(b"a") + gzip.compress(b"b")[:-3], ["gzip"], LIMIT)


def test_unknown_and_damaged_encodings_are_refused() -> None:
    for encoding in ("compress", "x-own", "gzip\r\nx"):
        with pytest.raises(FetchError):
            inflate(TEXT, [encoding], LIMIT)
    for encoding in ("gzip", "deflate", "br", "zstd"):
        with pytest.raises(FetchError):
            inflate(b"\x1f\x8b" + b"not compressed at all" * 3, [encoding], LIMIT)
    assert inflate(TEXT, ["identity"], LIMIT) == TEXT
    assert inflate(TEXT, [], LIMIT) == TEXT
