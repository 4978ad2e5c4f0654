"""What is called how in Elasticsearch, and the locks in the home folder that keep writers apart.

All names begin with ``market-<home>``; the home's id is hashed to a fixed length, so no pattern of one home reaches
another's. A build is ``market-<home>-<fingerprint>-<n>`` and consists of
  <build>-notices-<month>  the notices first seen in that month (UTC)
  <build>-notices-base     the cursor, and removals of notices that this build never held
  <build>-notices          alias over the months (over the base as long as there is none): what a search asks
  <build>-write-<month>    alias of one index: a write to it never creates an index by mistake
The alias ``market-<home>`` names the base of the build that answers searches; it moves in one step.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from opportunity.errors import IndexBusy

BASE = "base"
POSITION = "*"  # id of the cursor's document; no notice has it
_OTHER_MONTH = "other"


def home_alias(home_id: str) -> str:
    return f"market-{hashlib.sha256(home_id.encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """The names of one build."""

    home: str
    fingerprint: str
    number: int

    @property
    def name(self) -> str:
        return f"{self.home}-{self.fingerprint}-{self.number}"

    @property
    def base(self) -> str:
        return self.month_index(BASE)

    @property
    def notices(self) -> str:
        return f"{self.name}-notices"

    def month_index(self, month: str) -> str:
        return f"{self.name}-notices-{month}"

    def month_alias(self, month: str) -> str:
        return f"{self.name}-write-{month}"

    def month_of_index(self, index: str) -> str:
        return index.removeprefix(f"{self.name}-notices-")


def build_of(index: str) -> Build | None:
    """The build an index belongs to; None when the name is not ours."""
    found = re.match(r"(market-[0-9a-f]{16})-([0-9a-f]{12})-(\d+)-", index)
    return Build(home=found[1], fingerprint=found[2], number=int(found[3])) if found else None


def month_of(first_seen: int) -> str:
    """The month (UTC) in which a notice was first seen: it never changes, so a notice never moves."""
    try:
        return dt.datetime.fromtimestamp(first_seen, dt.UTC).strftime("%Y%m")
    except (ValueError, OverflowError, OSError):
        return _OTHER_MONTH


class Locks:
    """Locks of this home: one writer for each build, and one build at a time. Given back by closing the file."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "index" / "elastic"

    def hold_writer(self, build: Build) -> IO[bytes]:
        return self._hold(f"{build.name}.lock", "另一个进程正在写入索引；请先停止它，或等它结束。")

    def hold_building(self) -> IO[bytes]:
        return self._hold("building.lock", "另一个进程正在重建索引；请等它结束。")

    def is_written(self, build: Build) -> bool:
        """Whether a writer on this machine holds the build."""
        try:
            self.hold_writer(build).close()
        except IndexBusy:
            return True
        return False

    def forget(self, build: Build) -> None:
        (self._folder / f"{build.name}.lock").unlink(missing_ok=True)

    def _hold(self, name: str, sentence: str) -> IO[bytes]:
        self._folder.mkdir(parents=True, exist_ok=True)
        handle = (self._folder / name).open("ab")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            raise IndexBusy(sentence) from None
        return handle
