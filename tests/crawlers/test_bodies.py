"""One crawl over notices whose pages come broken in every way: whole ones are stored, the others never."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import zstandard

from opportunity.settings import Settings
from opportunity.store import open_store
from tests.crawlers.bench import list_json, notice_html
from tests.crawlers.fetching import crawl, labels
from tests.crawlers.site import Answer, Site, Sites, answer, page

HTML = notice_html("云溪市课桌椅采购公告")
HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"


def chunked(body: bytes, *, end: bool) -> bytes:
    half = len(body) // 2
    parts = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:]))
    return (HEAD + "Transfer-Encoding: chunked\r\n\r\n").encode() + parts + (b"0\r\n\r\n" if end else b"")


async def drip_body(writer: asyncio.StreamWriter) -> None:
    writer.write((HEAD + f"Content-Length: {len(HTML)}\r\n\r\n").encode())
    for byte in HTML:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.3)


async def drip_head(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(1000):
        writer.write(b"X-%d: y\r\n" % number)
        await writer.drain()
        await asyncio.sleep(0.3)


async def endless_head(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(200_000):
        writer.write(b"Set-Cookie: c%d=%s\r\n" % (number, b"x" * 200))
        await writer.drain()


async def endless_chunks(writer: asyncio.StreamWriter) -> None:
    writer.write((HEAD + "Transfer-Encoding: chunked\r\n\r\n").encode())
    while True:
        writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        await writer.drain()


async def reset(writer: asyncio.StreamWriter) -> None:
    writer.write((HEAD + "Content-Length: 5000\r\n\r\n<html>").encode())
    await writer.drain()
    writer.transport.abort()


GOOD: dict[str, list[Answer]] = {
    "plain": [page(HTML)],
    "gzip": [page(gzip.compress(HTML), Content_Encoding="gzip")],
    "deflate": [page(zlib.compress(HTML), Content_Encoding="deflate")],
    "br": [page(brotli.compress(HTML), Content_Encoding="br")],
    "zstd": [page(zstandard.ZstdCompressor().compress(HTML), Content_Encoding="zstd")],
    "chunked": [chunked(HTML, end=True)],
    "closed-with-end": [(HEAD + "Connection: close\r\n\r\n").encode() + HTML],
    "gbk-as-utf8": [answer(HTML.decode().encode("gbk"), kind="text/html; charset=utf-8")],
    "once-cut": [page(gzip.compress(HTML)[:99], Content_Encoding="gzip"), page(HTML)],
    "once-damaged": [page(HTML, Content_Encoding="gzip"), page(HTML)],
    "once-empty": [page(b""), page(HTML)],
    "once-502": [answer(b"bad gateway", "502 Bad Gateway", "text/html"), page(HTML)],
    # A document without its end tag is whole by its length: that is a mark, not a fault.
    "no-end-tag": [page(HTML.replace(b"</html>", b""))],
}
BAD: dict[str, list[Answer]] = {
    "cut-gzip": [page(gzip.compress(HTML)[:-20], Content_Encoding="gzip")],
    "cut-br": [page(brotli.compress(HTML)[:-5], Content_Encoding="br")],
    "cut-zstd": [page(zstandard.ZstdCompressor().compress(HTML)[:-5], Content_Encoding="zstd")],
    "short": [answer(HTML[:400], kind="text/html", length=len(HTML))],
    "cut-chunks": [chunked(HTML, end=False)],
    "closed-without-end": [(HEAD + "Connection: close\r\n\r\n").encode() + HTML[:400]],
    "bomb": [page(gzip.compress(bytes(100 * 1024 * 1024), 6), Content_Encoding="gzip")],
    "too-long": [answer(b"x", length=10**12)],
    "endless-chunks": [endless_chunks],
    "endless-head": [endless_head],
    "empty": [page(b"")],
    "reset": [reset],
    "slow-body": [drip_body],
    "slow-head": [drip_head],
    "unknown-encoding": [page(HTML, Content_Encoding="own")],
}


def publish(site: Site, kinds: dict[str, list[Answer]]) -> None:
    # Good ones between the others, so that no run of failures looks like a site that is down.
    for name, answers in kinds.items():
        site.set(f"/notice/{name}", *answers)


def test_whole_pages_are_stored_and_broken_ones_are_not(tmp_path: Path, sites: Sites) -> None:
    site = sites.open()
    names = [name for pair in zip([*GOOD, *(f"fill{n}" for n in range(9))], BAD, strict=False) for name in pair]
    names += [name for name in GOOD if name not in names]
    publish(site, {**GOOD, **BAD, **{name: [page(HTML)] for name in names if name.startswith("fill")}})
    site.set("/list", answer(list_json([(name, f"公告 {name}") for name in names])))
    home = tmp_path / "home"
    run = crawl(home, site.base, limits={"timeout": 1.0})
    with open_store(Settings(home=home)) as store:
        stored = store.known_keys("demo_bench", names)
        titles = {record.notice.title for record in store.iterate()}
        bodies = {len(record.notice.body) for record in store.iterate()}
    assert stored == set(names) - set(BAD)
    assert titles == {"云溪市课桌椅采购公告"}
    assert len(bodies) == 1
    assert run["verdict"] == "incomplete"
    assert {"truncated", "network"} <= labels(run)
    assert any("时限" in problem["sentence"] or "连接" in problem["sentence"] for problem in run["problems"])
    assert run["counts"]["ignored"]["page_without_end_tag"] >= 1
    # Every broken page had its tries and no more.
    assert {name: len(site.asked(f"/notice/{name}")) for name in ("cut-gzip", "short", "reset", "slow-head")} == {
        "cut-gzip": 2, "short": 2, "reset": 2, "slow-head": 2,
    }  # fmt: skip
    assert {len(site.asked(f"/notice/{name}")) for name in ("bomb", "too-long", "unknown-encoding")} == {1}


def test_a_list_that_came_broken_is_never_a_complete_run(tmp_path: Path, sites: Sites) -> None:
    site = sites.open()
    whole = list_json([("1", "一号公告")])
    site.set("/list", answer(gzip.compress(whole)[:-9], Content_Encoding="gzip"))
    run = crawl(tmp_path / "home", site.base)
    assert run["verdict"] == "broken"
    assert run["chain_broken"] == ["list"]
    assert labels(run) == {"truncated"}
