"""One lane of a sweep: forks a process of one kind, kills it with -9, notes where it was, and forks the next.

``python -m tests.kills.lane KIND HOME --kills N --traced N --seed N [--replicas …]``. Everything is
imported once, so a restart costs a fork and not an interpreter. Two ways of killing: at an exponential time
after the process is ready (every fifth after its start), and at the k-th call of one system call, by strace, k rising.
The last line printed is a JSON report.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from opportunity.settings import Settings
from opportunity.store import open_store
from tests.kills import feed_worker
from tests.kills.board import Board
from tests.kills.web_load import WebLoad
from tests.kills.workers import PLACE_MINUTES, WORKERS, run_worker, settings_of

# A scheduler's clock moves past the lease at each restart, and to the next slot at every sixth.
_LEASE_STEP, _SLOT_STEP = 8, PLACE_MINUTES * 60
_WATCHED_SECONDS = 60.0
FLOW = 60  # notices that wait for each feeder


def flow(settings: Settings, number: int) -> None:
    """Notices for a feeder that is about to start: new ones, and new versions of some of the round before."""
    with open_store(settings) as store:
        feed_worker.load(store, number * FLOW, FLOW)
        feed_worker.load(store, (number - 1) * FLOW, FLOW // 4, version=1)


class Lane:
    """The killer of one kind of process."""

    def __init__(self, kind: str, settings: Settings, seed: int) -> None:
        self.kind, self.settings, self.seed = kind, settings, seed
        self.dice = random.Random(f"{kind} {seed}")
        self.board = Board()
        self.worker = WORKERS[kind]
        self.worker.prepare(self.board)
        self.load = WebLoad(settings.home) if kind == "web" else None
        self.phases: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.inside = self.kills = self.ended = self.forks = 0
        self.slowest_start = 0.0
        self.exit_codes: Counter[int] = Counter()

    def fork(self, *, once: bool, gate: int | None = None) -> int:
        """A new process; with ``gate`` it waits for a byte before it begins."""
        self.forks += 1
        if self.kind == "scheduler":
            self.board.move_clock(_SLOT_STEP if self.forks % 6 == 0 else _LEASE_STEP)
        if self.kind == "feeder":
            flow(self.settings, self.forks)
        self.board.set_ready(False)
        self.board.enter(type(self.board.phase).STARTING)
        pid = os.fork()
        if pid:
            return pid
        code = 70
        try:
            # A scheduler that is killed must not hand this lane's pipes on to its crawls.
            if gate is not None:
                os.read(gate, 1)
            code = run_worker(self.kind, self.board, self.settings, self.forks + self.seed, once=once)
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)

    def random_kill(self) -> None:
        """Kill at an exponential time after the process is ready; every fifth one while it starts."""
        pid = self.fork(once=False)
        began = time.monotonic()
        while self.forks % 5 and not self._ready(pid):
            if self._ended(pid) or time.monotonic() - began > _WATCHED_SECONDS:
                break
            time.sleep(0.003)
        self.slowest_start = max(self.slowest_start, time.monotonic() - began)
        seconds = min(self.dice.expovariate(1 / self.worker.mean_seconds), 8 * self.worker.mean_seconds)
        if self.load is not None and self.board.ready:
            self.load.search_until_killed(pid, seconds)
        else:
            time.sleep(seconds)
        self._kill(pid)

    def _ready(self, pid: int) -> bool:
        if self.load is not None and self.load.find(pid):
            self.board.set_ready(True)
        return self.board.ready

    def _ended(self, pid: int) -> bool:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        self._note(os.waitpid(pid, 0)[1])

    def _note(self, status: int) -> bool:
        """Count what became of a process; True when it was killed."""
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            self.kills += 1
            phase = self.board.phase
            self.phases[phase.name.lower()] += 1
            self.inside += phase.inside
            return True
        self.ended += 1
        self.exit_codes[os.waitstatus_to_exitcode(status)] += 1
        return False

    def traced_kill(self, call: str, count: int) -> bool:
        """Kill at the ``count``-th ``call`` of a process that does one round of work; False when there are fewer."""
        read, write = os.pipe()
        pid = self.fork(once=True, gate=read)
        os.close(read)
        tracer = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-p", str(pid), "-e", f"trace={call}",
             "-e", f"inject={call}:signal=SIGKILL:when={count}"],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self._await_tracer(pid, tracer)
        os.write(write, b"1")
        os.close(write)
        if self.load is not None:
            self.load.search_until_killed(pid, 6.0, start_seconds=30.0)
        status = self._wait(pid)
        tracer.wait()
        killed = self._note(status)
        self.calls[call.split(",")[0]] += killed
        return killed

    def _await_tracer(self, pid: int, tracer: subprocess.Popen[bytes]) -> None:
        while "TracerPid:\t0\n" in Path(f"/proc/{pid}/status").read_text():
            if tracer.poll() is not None:
                raise RuntimeError("strace cannot trace here")
            time.sleep(0.002)

    def _wait(self, pid: int) -> int:
        """Wait for the end; a process that does not come to one is ended (and is no kill at a call)."""
        deadline = time.monotonic() + _WATCHED_SECONDS
        while time.monotonic() < deadline and self.kind != "web":
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                return status
            time.sleep(0.005)
        if self.kind == "web" and self._ended(pid):
            return os.waitpid(pid, 0)[1]
        os.kill(pid, signal.SIGTERM)
        return os.waitpid(pid, 0)[1]

    def traced(self, wanted: int) -> None:
        """``wanted`` kills over the system calls of this kind, k rising from 1 and then in growing steps."""
        share = -(-wanted // len(self.worker.syscalls))
        for call in self.worker.syscalls:
            count, done = 1, 0
            while done < share:
                killed = self.traced_kill(call, count)
                done += 1
                # Fewer calls than that: begin again. What is done already is not done twice, so calls vary.
                count = count + 1 + done // 4 if killed else 1 + done % 3
            self.tell(f"traced {call.split(',')[0]}: {self.calls[call.split(',')[0]]} kills")

    def tell(self, line: str) -> None:
        sys.stderr.write(f"  {self.kind}: {line}\n")
        sys.stderr.flush()

    def finish(self) -> None:
        """One process that is not killed does what is left."""
        pid = self.fork(once=True)
        status = os.waitpid(pid, 0)[1]
        if status:
            raise RuntimeError(f"the last {self.kind} did not end well: {status}")

    def report(self) -> dict[str, object]:
        load = {} if self.load is None else self.load.report()
        return {
            "kind": self.kind, "kills": self.kills, "inside": self.inside, "phases": dict(self.phases.most_common()),
            "at_calls": dict(self.calls), "ended_by_itself": self.ended, "acknowledged": self.board.acknowledged,
            "shift_seconds": self.board.shift_seconds, "slowest_start_s": round(self.slowest_start, 2), **load,
            "exit_codes": dict(self.exit_codes),
        }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(WORKERS))
    parser.add_argument("home", type=Path)
    parser.add_argument("--replicas", default="")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--traced", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--finish", type=int, default=1, help="so many processes at the end that are not killed")
    options = parser.parse_args(arguments)
    lane = Lane(options.kind, settings_of(options.home, options.replicas), options.seed)
    lane.tell("ready")
    while lane.kills < options.kills:
        lane.random_kill()
        if lane.kills % 25 == 0:
            lane.tell(f"{lane.kills} kills, {lane.inside} of them inside")
    if options.traced:
        lane.traced(options.traced)
    for _ in range(options.finish if options.kind != "web" else 0):
        lane.finish()
    sys.stdout.write(json.dumps(lane.report(), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
