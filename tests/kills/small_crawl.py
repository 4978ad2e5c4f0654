"""``python small_crawl.py LOG crawl SOURCE --slot SLOT``: a crawl that takes its source's lock and notes its run.

Standard library alone, started without site packages: a scheduler starts hundreds of them in a sweep.
"""

import fcntl
import os
import sys
import time

log, _, source, _, slot = sys.argv[1:]
with open(f"{log}.{source}.lock", "a") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(out, f"begin {source} {slot}\n".encode())
    time.sleep(0.05)
    os.write(out, f"end {source} {slot}\n".encode())
