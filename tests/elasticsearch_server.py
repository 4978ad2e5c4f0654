"""The real Elasticsearch server for the tests: one node on loopback, free ports, stopped at the end.

``tools/prepare_tests.py`` fetches and unpacks it. It refuses to run as root, so then somebody else runs it; it
dies with the process that started it, even when that is killed.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tools.prepare_tests import ELASTICSEARCH, cache_folder, find_java

START_SECONDS = 120.0


def _command(user: pwd.struct_passwd | None) -> list[str]:
    switch = [] if user is None else [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return ["setpriv", "--pdeathsig=KILL", *switch]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def elasticsearch(*, heap: str = "512m", more: str = "") -> Iterator[str]:
    """A node of our own without security; gives its URL. ``more`` is added to elasticsearch.yml.

    Raises RuntimeError with the server's log when it does not start: a missing server is a failure.
    """
    server = cache_folder() / f"elasticsearch-{ELASTICSEARCH}"
    java = find_java()
    if java is None or not (server / "bin" / "elasticsearch").exists():
        raise RuntimeError("the tests need Elasticsearch and a Java of 21 or newer: run tools/prepare_tests.py")
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="market-es-"))
    port, transport = free_port(), free_port()
    shutil.copytree(server / "config", folder / "config")
    (folder / "config" / "elasticsearch.yml").write_text(
        f"cluster.name: market-{folder.name}\nnode.name: one\nnetwork.host: 127.0.0.1\nhttp.port: {port}\n"
        f"transport.port: {transport}\ndiscovery.type: single-node\npath.data: {folder}/data\n"
        f"path.logs: {folder}/logs\nxpack.security.enabled: false\n"
        "cluster.routing.allocation.disk.threshold_enabled: false\n" + more,
        encoding="utf-8",
    )
    (folder / "config" / "jvm.options.d" / "heap.options").write_text(f"-Xms{heap}\n-Xmx{heap}\n", encoding="utf-8")
    (folder / "tmp").mkdir()  # apart from config: the server may write there and must not write here
    if user is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)
    environment = {**os.environ, "ES_PATH_CONF": str(folder / "config"), "ES_JAVA_HOME": java, "HOME": str(folder),
                   "ES_TMPDIR": str(folder / "tmp")}
    with (folder / "out").open("wb") as output:
        process = subprocess.Popen(
            [*_command(user), str(server / "bin" / "elasticsearch")], cwd=folder, env=environment,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(process, url, folder)
        yield url
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # at once; the data are thrown away
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(process: subprocess.Popen[bytes], url: str, folder: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        health = f"{url}/_cluster/health?wait_for_status=yellow&timeout=1s"
        with contextlib.suppress(OSError), urllib.request.urlopen(health, timeout=3) as answer:
            if answer.status == 200:
                return
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError((folder / "out").read_text(errors="replace")[-4000:])
        time.sleep(0.3)
