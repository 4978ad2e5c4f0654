"""Any interleaving of saving, re-reading, withdrawing, taking down and reopening equals a plain dict."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from opportunity.notice import notice_id
from opportunity.store import Incoming, Store
from tests.opportunity.store.samples import START, incoming

KEYS = ("a", "b", "c")
# Two ways to write the same, and another text.
BODIES = ("甲：1,000 元", "甲 1000元", "乙")
_run = itertools.count()


@dataclasses.dataclass
class Model:
    """One notice as the model holds it: texts by version, and what its newest reading is."""

    bodies: list[str]
    body: str
    reader: str
    readings: int
    withdrawn: bool
    history: list[tuple[int, int, str]]


item = st.tuples(st.sampled_from(KEYS), st.sampled_from(BODIES), st.sampled_from(["r1", "r2"]), st.booleans())


class StoreAgainstDict(RuleBasedStateMachine):
    open_store: Callable[[], Store]

    def __init__(self) -> None:
        super().__init__()
        self.source = f"demo_{next(_run)}"
        self.store = type(self).open_store()
        self.start = self.seq = self.store.watermark()
        self.model: dict[str, Model] = {}
        self.down: set[str] = set()
        self.changes: list[tuple[str, str, int]] = []

    def _incoming(self, drawn: tuple[str, str, str, bool]) -> Incoming:
        key, body, reader, withdrawn = drawn
        more: dict[str, Any] = {"withdrawn": True} if withdrawn else {}
        return incoming(key, source=self.source, body=body, fields={}, reader=reader, **more)

    def _change(self, key: str, kind: str) -> int:
        known = self.model[key]
        self.seq += 1
        self.changes.append((kind, key, len(known.bodies)))
        known.history.append((self.seq, len(known.bodies), known.body))
        return self.seq

    def _expect(self, key: str, body: str, reader: str, withdrawn: bool) -> tuple[str, int | None]:
        if key in self.down:
            return "removed", None
        known = self.model.get(key)
        if known is None:
            self.model[key] = Model([body], body, reader, 1, withdrawn, [])
            return "new", self._change(key, "published")
        if withdrawn and known.withdrawn:
            return "unchanged", None
        if withdrawn:
            known.withdrawn = True
            known.readings += 1
            return "reread", self._change(key, "reread")
        if (body, reader) == (known.body, known.reader) and not known.withdrawn:
            return "unchanged", None
        same = body == known.body or {body, known.body} == set(BODIES[:2])
        known.body, known.reader, known.withdrawn = body, reader, False
        if same:
            known.readings += 1
            known.bodies[-1] = body
            return "reread", self._change(key, "reread")
        known.bodies.append(body)
        known.readings = 1
        return "changed", self._change(key, "published")

    @rule(drawn=st.lists(item, max_size=5))
    def save(self, drawn: list[tuple[str, str, str, bool]]) -> None:
        saved = self.store.save([self._incoming(one) for one in drawn])
        assert [(one.outcome, one.seq) for one in saved] == [self._expect(*one) for one in drawn]

    @rule(key=st.sampled_from(KEYS))
    def take_down(self, key: str) -> None:
        if key in self.model:
            version = len(self.model.pop(key).bodies)
            self.down.add(key)
            self.seq += 1
            self.changes.append(("removed", key, version))
            self.store.take_down(notice_id(self.source, key), reason="r", at=START)

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = type(self).open_store()

    @rule(reader=st.sampled_from(["r1", "r3"]))
    def reparse(self, reader: str) -> None:
        records = list(self.store.iterate(source=self.source))
        again = [
            Incoming(notice=one.notice, extracted={}, reader=reader, seen_at=START, cause="reparse")
            for one in records if not one.notice.withdrawn
        ]
        saved = self.store.save(again)
        expected = [self._expect(one.notice.key, one.notice.body, reader, False) for one in again]
        assert [(one.outcome, one.seq) for one in saved] == expected

    @invariant()
    def equal(self) -> None:
        found = {one.notice.key: one for one in self.store.iterate(source=self.source, batch=2)}
        assert set(found) == set(self.model)
        for key, known in self.model.items():
            one = found[key]
            assert (one.version, one.reading, one.reader) == (len(known.bodies), known.readings, known.reader)
            assert (one.notice.body, one.notice.withdrawn) == (known.body, known.withdrawn)
            assert (one.first_seq, one.seq) == (known.history[0][0], known.history[-1][0])
            for seq, version, body in known.history:
                then = self.store.record_as_of(one.id, seq)
                assert then is not None and (then.version, then.notice.body) == (version, body)
            for version, body in enumerate(known.bodies, 1):
                old = self.store.record(one.id, version)
                assert old is not None and old.notice.body == body

    @invariant()
    def stream(self) -> None:
        changes = self.store.changes(self.start, 10_000)
        assert [one.seq for one in changes] == list(range(self.start + 1, self.seq + 1))
        named = [(kind, notice_id(self.source, key), version) for kind, key, version in self.changes]
        assert [(one.kind.value, one.notice, one.version) for one in changes] == named
        assert self.store.watermark() == self.seq

    def teardown(self) -> None:
        self.store.close()


@pytest.mark.timeout(120)
def test_the_store_equals_a_dict(opened: Callable[[], Store]) -> None:
    machine = type("Machine", (StoreAgainstDict,), {"open_store": staticmethod(opened)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25, stateful_step_count=12, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
