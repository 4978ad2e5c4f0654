"""Real servers for the tests: started when first needed, on a private socket, stopped at the end.

A server program that is missing fails the test that needs it; nothing is skipped.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path


def postgresql_program(name: str) -> str:
    """A program of PostgreSQL from PATH or from Debian's folders. Raises FileNotFoundError."""
    found = shutil.which(name)
    if found:
        return found
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / name).exists():
            return str(folder / name)
    raise FileNotFoundError(f"{name} (PostgreSQL) is needed for the tests and was not found")


def _other_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: then somebody else runs it."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("the tests run as root and there is no user postgres or nobody to run PostgreSQL")


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL server of our own; gives its URL (unix socket, no network).

    It dies with the process that started it, even when that is killed.
    """
    user = _other_user()
    folder = Path(tempfile.mkdtemp(prefix="market-pg-"))
    command: list[str] = []
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
        command = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    data = folder / "data"
    environment = {**os.environ, "LC_ALL": "C", "HOME": str(folder)}
    with open(folder / "log", "wb") as log:
        subprocess.run(
            [*command, postgresql_program("initdb"), "-D", str(data), "-U", "market", "-A", "trust",
             "-E", "UTF8", "--locale=C", "--no-sync"],
            check=True, stdout=log, stderr=log, cwd=folder, env=environment,
        )
        server = subprocess.Popen(
            ["setpriv", "--pdeathsig=QUIT", *command[1:], postgresql_program("postgres"), "-D", str(data),
             "-k", str(folder), "-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off",
             "-c", "shared_buffers=32MB", "-c", "max_connections=200"],
            stdout=log, stderr=log, cwd=folder, env=environment,
        )
    try:
        _wait_for(server, folder)
        yield f"postgresql+psycopg://market@/postgres?host={folder}"
    finally:
        server.send_signal(signal.SIGQUIT)  # at once; the data are thrown away
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(server: subprocess.Popen[bytes], folder: Path) -> None:
    import psycopg

    end = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(host=str(folder), user="market", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > end:
                raise RuntimeError((folder / "log").read_text(errors="replace")) from None
            time.sleep(0.05)
