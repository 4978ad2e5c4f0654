"""Many writes in one request, settled one by one: none is forgotten, none stops the others.

Each item carries the change number as its external version, so sending it again, late or twice changes nothing:
  2xx             written
  409             the index holds this or a newer version: settled too (also when our first try arrived after all)
  429, 503, block sent again after a pause that grows, by itself: the settled ones are not sent again
  400, 413        the document cannot be held: DocumentRefused names it
  anything else   EngineError
When a whole request is not answered nothing is known of its items: EngineUnavailable, and the batch is replayed.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from indexer.engine import DocumentRefused
from indexer.engines.elastic_connection import BLOCKED, BUSY_STATUSES, Connection, Refusal, error_of
from opportunity.errors import EngineError, EngineUnavailable

MOST_BYTES = 8_000_000  # of one request
ATTEMPTS = 8
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0  # seconds, each half again as long by chance
_LATEST_CONFLICT = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One write: which alias, which notice, the number of its change, and the document as JSON."""

    target: str
    id: str
    seq: int
    row: bytes

    def lines(self) -> bytes:
        action = {"index": {"_index": self.target, "_id": self.id, "version": self.seq, "version_type": "external"}}
        return json.dumps(action).encode() + b"\n" + self.row + b"\n"


class Bulk:
    """Settles items. ``pause`` waits so many seconds, ``chance`` gives numbers of [0, 1)."""

    def __init__(
        self, connection: Connection, *, pause: Callable[[float], object] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._connection = connection
        self._pause = pause
        self._chance = chance

    def settle(self, items: Sequence[Item]) -> None:
        """Returns when every item is written or superseded."""
        waiting = list(items)
        for attempt in range(ATTEMPTS):
            again, reason = list[Item](), ""
            for part in _parts(waiting):
                refused, why = self._send(part)
                again += refused
                reason = why or reason
            if not again:
                return
            waiting = again
            if attempt + 1 < ATTEMPTS:
                self._pause(min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt) * (1 + self._chance() / 2))
        if BLOCKED in reason:
            sentence = "Elasticsearch 暂不接受写入（磁盘将满或只读）；腾出空间后会自动继续。"
        else:
            sentence = "Elasticsearch 太忙，暂不接受写入；稍后会自动继续。"
        raise EngineUnavailable(sentence, waiting=len(waiting), reason=reason)

    def _send(self, items: Sequence[Item]) -> tuple[list[Item], str]:
        """The items that must be sent again, and why the last of them."""
        body = b"".join(item.lines() for item in items)
        try:
            answer = self._connection.tell(
                "POST", "/_bulk", body, params={"require_alias": "true"}, timeout=self._connection.waiting.write
            )
        except Refusal as refusal:
            if refusal.status == 413:
                return self._send_less(items, refusal)
            if refusal.status in BUSY_STATUSES or BLOCKED in refusal.reason:
                return list(items), refusal.reason
            raise
        answers = answer.get("items")
        if not isinstance(answers, list) or [_id(given) for given in answers] != [item.id for item in items]:
            raise EngineUnavailable("Elasticsearch 的回答不完整，本批公告将重新写入。")
        again, reason = list[Item](), ""
        for item, given in zip(items, answers, strict=True):
            why = _unsettled(item, given["index"])
            if why is not None:
                again.append(item)
                reason = why
        return again, reason

    def _send_less(self, items: Sequence[Item], refusal: Refusal) -> tuple[list[Item], str]:
        """A request that is too large is halved; one document that is too large alone is refused."""
        if len(items) == 1:
            raise DocumentRefused(f"公告 {items[0].id} 过大，无法写入索引。", id=items[0].id, reason=refusal.reason) from refusal
        middle = len(items) // 2
        first, second = self._send(items[:middle]), self._send(items[middle:])
        return first[0] + second[0], second[1] or first[1]


def _unsettled(item: Item, given: dict[str, Any]) -> str | None:
    """None when the item has its final state; otherwise why it must be sent again. Raises when it never can be."""
    status = int(given.get("status", 0))
    if 200 <= status < 300 or status == _LATEST_CONFLICT:
        return None
    kind, reason = error_of(given.get("error"))
    if status in BUSY_STATUSES or kind == BLOCKED:
        return f"{status} {kind}: {reason}"
    if status in (400, 413):
        raise DocumentRefused(f"公告 {item.id} 无法写入索引：{kind}", id=item.id, reason=f"{kind}: {reason}")
    if status == 404:
        raise EngineUnavailable("正在写入的索引已不存在（可能刚被替换），将重新打开。", id=item.id, reason=reason)
    raise EngineError(f"写入公告 {item.id} 失败（{status} {kind}）。", id=item.id, status=status, reason=reason)


def _id(given: Any) -> Any:
    return given["index"].get("_id") if isinstance(given, dict) and isinstance(given.get("index"), dict) else None


def _parts(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Runs of items that one request may hold."""
    part, size = list[Item](), 0
    for item in items:
        length = len(item.row) + 200
        if part and size + length > MOST_BYTES:
            yield part
            part, size = [], 0
        part.append(item)
        size += length
    if part:
        yield part
