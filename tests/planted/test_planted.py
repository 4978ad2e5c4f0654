"""Every planted bug still has its place in the source; in the long run every one of them is planted and caught."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.planted.bugs import BUGS, Bug
from tests.planted.plant import ROOT, Garden, planted


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_every_bug_has_its_place(bug: Bug) -> None:
    source = (ROOT / bug.file).read_text("utf-8")
    compile(planted(source, bug), bug.file, "exec")
    for test in bug.tests:
        file, _, name = test.partition("::")
        assert f"def {name}" in (ROOT / file).read_text("utf-8"), "the test that must notice it is not there"


def test_there_are_enough_bugs_and_no_two_alike() -> None:
    assert len(BUGS) >= 25
    assert len({(bug.file, bug.old, bug.new) for bug in BUGS}) == len({bug.name for bug in BUGS}) == len(BUGS)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_every_planted_bug_is_caught(tmp_path: Path) -> None:
    garden = Garden(tmp_path / "project")
    sound = garden.run(dict.fromkeys(test for bug in BUGS for test in bug.tests))
    assert not sound.caught, f"without a bug the tests must pass: {sound.failed}"
    missed = []
    for number, bug in enumerate(BUGS, 1):
        outcome = garden.plant(bug)
        print(f"\n  {number}/{len(BUGS)} {'caught' if outcome.caught else 'MISSED'}: {bug.name}", end="", flush=True)
        if not outcome.caught:
            missed.append(bug.name)
    print(f"\n{len(BUGS) - len(missed)}/{len(BUGS)} planted bugs caught")
    assert missed == []
