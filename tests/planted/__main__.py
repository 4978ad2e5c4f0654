"""``python -m tests.planted [WORD]``: plants every bug (whose name holds WORD) and prints caught/planted."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.planted.bugs import BUGS
from tests.planted.plant import Garden


def main() -> int:
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    chosen = [bug for bug in BUGS if word in bug.name]
    with tempfile.TemporaryDirectory(prefix="market-planted-") as folder:
        garden = Garden(Path(folder) / "project")
        sound = garden.run(dict.fromkeys(test for bug in chosen for test in bug.tests))
        if sound.caught:
            print(f"the tests fail without any bug: {', '.join(sound.failed)}")
            return 2
        caught = 0
        for bug in chosen:
            outcome = garden.plant(bug)
            caught += outcome.caught
            print(f"{'caught' if outcome.caught else 'MISSED'}  {bug.name}  {' '.join(outcome.failed)}", flush=True)
    print(f"{caught}/{len(chosen)} planted bugs caught")
    return 0 if caught == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
