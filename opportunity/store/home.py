"""The id of a MARKET_HOME: made once, kept beside the data, the name of its PostgreSQL schema."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from opportunity.errors import StoreError

_FILE = "home-id"
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


def read_home_id(home: Path) -> str | None:
    """The id written in the folder, or None. Raises StoreError when the file is damaged."""
    try:
        text = (home / _FILE).read_text("ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError("无法读取数据目录的编号文件", cause=str(error), path=str(home / _FILE)) from error
    if len(text) != 12 or any(letter not in _LETTERS for letter in text):
        raise StoreError("数据目录的编号文件已损坏", path=str(home / _FILE))
    return text


def make_home_id(home: Path, wanted: str | None = None) -> str:
    """The id of the folder, made now if it has none; of two makers at once one wins and both agree."""
    known = read_home_id(home)
    if known is not None:
        return known
    new = wanted or "".join(secrets.choice(_LETTERS) for _ in range(12))
    draft = home / f".{_FILE}-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        # For the owner alone: notices hold personal data, and taken-down ones must not be copied meanwhile.
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(draft, "w", encoding="ascii") as file:
            file.write(new + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, home / _FILE)
        except FileExistsError:
            return read_home_id(home) or new
        finally:
            draft.unlink()
        folder = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StoreError("无法在数据目录中写入，请检查路径、权限与磁盘空间", cause=str(error), path=str(home)) from error
    return new


def schema_name(home_id: str) -> str:
    """The PostgreSQL schema of a home."""
    return f"market_{home_id}"
