"""What keeps tantivy's failures inside: its panics and errors become ours, and files are checked whole."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opportunity.errors import BadQuery, EngineError, EngineUnavailable, IndexBusy, MarketError

_FOOTER_MAGIC = 1337
_CHUNK = 1 << 20
_SUFFIXES = ("idx", "pos", "term", "store", "fast", "fieldnorm")


@contextmanager
def contained(what: str) -> Iterator[None]:
    """tantivy raises ValueError and OSError, and a panic as a BaseException of its own: none crosses the port."""
    try:
        yield
    except MarketError:
        raise
    except UnicodeEncodeError as problem:
        raise BadQuery("检索词含有不是字符的内容（孤立代理项）。") from problem
    except Exception as problem:
        if "LockBusy" in str(problem):
            raise IndexBusy("另一个进程正在写入索引；请先停止它，或等它结束。") from problem
        raise EngineError(f"{what}失败：{problem}") from problem
    except BaseException as problem:
        if type(problem).__name__ != "PanicException":
            raise
        raise EngineUnavailable(f"{what}失败，索引可能已损坏，请运行 market rebuild：{problem}") from problem


def damaged_file(folder: Path, known: set[str]) -> str | None:
    """The first file of the index that is not what tantivy wrote (checksum, length); None when all is well.

    Segment files never change, so a name in ``known`` is not read again; sound ones are added.
    """
    while True:
        try:
            before = (folder / "meta.json").read_bytes()
            wanted = _segment_files(json.loads(before))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return "meta.json"
        bad = next((name for name in wanted if name not in known and not _sound(folder / name)), None)
        if bad is None:
            known.update(wanted)
            return None
        if (folder / "meta.json").read_bytes() == before:
            return bad
        # a writer has committed or merged meanwhile: what was looked for may rightly be gone


def _segment_files(meta: dict[str, Any]) -> list[str]:
    names = []
    for segment in meta["segments"]:
        stem = segment["segment_id"].replace("-", "")
        names += [f"{stem}.{suffix}" for suffix in _SUFFIXES]
        if segment["deletes"]:
            names.append(f"{stem}.{segment['deletes']['opstamp']}.del")
    return names


def _sound(file: Path) -> bool:
    """tantivy ends each file with a JSON footer that holds the CRC-32 of what stands before it."""
    try:
        with file.open("rb") as handle:
            size = handle.seek(0, 2)
            handle.seek(size - 8)
            tail = handle.read(8)
            length, magic = int.from_bytes(tail[:4], "little"), int.from_bytes(tail[4:], "little")
            if magic != _FOOTER_MAGIC or length > size - 8:
                return False
            handle.seek(size - 8 - length)
            expected = json.loads(handle.read(length))["crc"]
            remaining, crc = size - 8 - length, 0
            handle.seek(0)
            while remaining > 0:
                chunk = handle.read(min(_CHUNK, remaining))
                if not chunk:
                    return False
                crc, remaining = zlib.crc32(chunk, crc), remaining - len(chunk)
        return bool(crc == expected)
    except (OSError, ValueError, KeyError, TypeError):
        return False
