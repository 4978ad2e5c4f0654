"""Pack files: pages compressed one by one and appended; a row in the database makes one valid.

A frame is ``MPK1``, the length of its data (4 bytes, big endian), the SHA-256 of the page (32 bytes)
and the page as one zstd frame. A frame is on the disk (fsync) before the row that names it commits,
so the tail a crash leaves behind belongs to nobody and harms nothing. Each pack has one writer.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
import threading
from pathlib import Path

import zstandard

from opportunity.errors import StoreError

MAGIC = b"MPK1"
_HEAD = struct.Struct(">4sI32s")
PACK_BYTES = 256 * 1024 * 1024
_MAX_PAGE_BYTES = 1 << 30


class Packs:
    """The folder of packs: one of them is ours to append to, all can be read."""

    def __init__(self, folder: Path, *, pack_bytes: int = PACK_BYTES) -> None:
        self.folder = folder
        self.pack_bytes = pack_bytes
        self._turn = threading.Lock()
        self._file: int | None = None
        self._name = ""
        self._failed = False

    def append(self, content: bytes, sha256: bytes) -> tuple[str, int, int]:
        """Write one page and sync it; returns pack name, position and length of its frame.

        Raises StoreError when the disk is full or fails; nothing is acknowledged then.
        """
        data = zstandard.ZstdCompressor(level=6).compress(content)
        frame = _HEAD.pack(MAGIC, len(data), sha256) + data
        with self._turn:
            if self._failed:
                raise StoreError("页面文件同步失败过，请重新启动进程")
            try:
                return self._write(frame)
            except OSError as error:
                raise self._refuse(error) from error

    def _write(self, frame: bytes) -> tuple[str, int, int]:
        if self._file is None or os.fstat(self._file).st_size >= self.pack_bytes:
            self._take_pack()
        assert self._file is not None
        position = os.lseek(self._file, 0, os.SEEK_END)
        left = memoryview(frame)
        while left:
            left = left[os.write(self._file, left) :]
        try:
            os.fsync(self._file)
        except OSError:
            self._failed = True
            raise
        return self._name, position, len(frame)

    def _refuse(self, error: OSError) -> StoreError:
        sentence = "磁盘空间不足，页面未保存" if error.errno in (28, 27, 122) else "磁盘读写出错，页面未保存"
        return StoreError(sentence, cause=str(error), path=str(self.folder))

    def _take_pack(self) -> None:
        """Lock a pack that has room and no other writer, or start a new one."""
        self._release()
        self.folder.mkdir(parents=True, exist_ok=True)
        names = sorted(path.name for path in self.folder.glob("*.pack"))
        for name in reversed(names[-16:]):
            if self._lock(name) and self._file is not None:
                if os.fstat(self._file).st_size < self.pack_bytes:
                    return
                self._release()
        number = int(names[-1].split(".")[0]) + 1 if names else 1
        while not self._lock(f"{number:08d}.pack", new=True):
            number += 1
        _sync_folder(self.folder)

    def _lock(self, name: str, *, new: bool = False) -> bool:
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | (os.O_CREAT | os.O_EXCL if new else 0)
        try:
            file = os.open(self.folder / name, flags, 0o600)
        except (FileExistsError, FileNotFoundError):
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file, self._name = file, name
        return True

    def _release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def read(self, name: str, position: int, length: int, sha256: bytes) -> bytes:
        """The page of a frame, verified by its hash. Raises StoreError when it is damaged or missing."""
        try:
            with open(self.folder / name, "rb") as file:
                file.seek(position)
                frame = file.read(length)
        except OSError as error:
            raise StoreError("无法读取已保存的页面", cause=str(error), pack=name) from error
        try:
            magic, size, named = _HEAD.unpack_from(frame)
            if magic != MAGIC or named != sha256 or size != length - _HEAD.size or len(frame) != length:
                raise ValueError("wrong frame")
            data = frame[_HEAD.size :]
            content = zstandard.ZstdDecompressor().decompress(data, max_output_size=_MAX_PAGE_BYTES)
        except (ValueError, struct.error, zstandard.ZstdError) as error:
            raise StoreError("已保存的页面损坏", pack=name, position=position) from error
        if hashlib.sha256(content).digest() != sha256:
            raise StoreError("已保存的页面与其校验值不符", pack=name, position=position)
        return content

    def erase(self, name: str, position: int, length: int) -> None:
        """Overwrite a frame with zeros and sync; doing it again, or after the pack is gone, is harmless."""
        try:
            file = os.open(self.folder / name, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._refuse(error) from error
        try:
            end = min(position + length, os.fstat(file).st_size)
            for start in range(position, end, 1 << 20):
                os.pwrite(file, bytes(min(1 << 20, end - start)), start)
            os.fsync(file)
        except OSError as error:
            raise self._refuse(error) from error
        finally:
            os.close(file)

    def close(self) -> None:
        with self._turn:
            self._release()


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
