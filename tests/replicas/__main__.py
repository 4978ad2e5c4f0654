"""Serve the three replicas on loopback: ``python -m tests.replicas --state FILE``.

The state file (JSON, written in one step) maps each demonstration source to its address, and ``_pid`` to the process.
It stops on SIGTERM or SIGINT, and when the process given by ``--parent`` has gone away.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import threading
from pathlib import Path
from types import FrameType

from tests.replicas.portal import PACE
from tests.replicas.replica import Replica


def main() -> None:
    arguments = _arguments()
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    replica = Replica(
        seed=arguments.seed, notices=arguments.notices, days=arguments.history, pace=PACE, shared=0.15, port=arguments.port, control=arguments.control,
    )
    first_parent = os.getppid()
    with replica:
        _write_state(arguments.state, replica)
        try:
            while not stopping.wait(0.5):
                if arguments.parent is not None and _gone(arguments.parent, first_parent):
                    break
        finally:
            arguments.state.unlink(missing_ok=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.replicas", description="在本机回环地址上提供三个演示门户（内容均系虚构）")
    parser.add_argument("--state", type=Path, required=True, help="写入各演示来源地址的 JSON 文件")
    parser.add_argument("--seed", type=int, default=1, help="随机种子")
    parser.add_argument("--port", type=int, default=0, help="第一个端口，其余依次加一；0 为任意空闲端口")
    parser.add_argument("--history", type=float, default=10.0, help="启动时已发布多少天的公告")
    parser.add_argument("--notices", type=int, default=400, help="启动时每个门户已有的公告数")
    parser.add_argument("--control", action="store_true", help="开放 /__fault 等控制地址")
    parser.add_argument("--parent", type=int, default=None, help="该进程结束时一并停止")
    return parser.parse_args()


def _write_state(path: Path, replica: Replica) -> None:
    state: dict[str, object] = {**replica.bases, "_pid": {"pid": os.getpid()}}
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(json.dumps(state, ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(partial, path)


def _gone(parent: int, first_parent: int) -> bool:
    """Whether the parent has ended: it is not there, or we were handed to another process."""
    if parent == first_parent and os.getppid() != first_parent:
        return True
    try:
        os.kill(parent, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


if __name__ == "__main__":
    main()
