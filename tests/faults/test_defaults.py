"""What holds before anybody has set anything (fault 96): loopback, no password, no debugging, a home of one's own."""

from __future__ import annotations

import ast
import os
import re
import stat
from pathlib import Path

import pytest

from opportunity.settings import Settings
from opportunity.store import open_store
from search_api.guard import is_loopback
from tests.faults.processes import ROOT, run_code
from tests.search_api.conftest import open_market

PACKAGES = ("opportunity", "crawlers", "indexer", "search_api", "schedules", "market.py")


def sources() -> list[Path]:
    return [
        file for name in PACKAGES for file in ([ROOT / name] if name.endswith(".py") else (ROOT / name).rglob("*.py"))
    ]


def test_the_service_listens_on_this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MARKET_")]:
        monkeypatch.delenv(name)
    settings = Settings()
    assert is_loopback(settings.host)
    assert settings.replica_bases == {} and settings.public_hosts == ""
    assert settings.database_url.startswith("sqlite:///")


def test_there_is_no_default_password_or_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MARKET_")]:
        monkeypatch.delenv(name)
    settings = Settings()
    assert settings.engine_user == "" and settings.engine_password.get_secret_value() == ""
    assert "hunter2" not in repr(Settings(engine_password="hunter2"))  # type: ignore[arg-type]
    # No source assigns a text to a name that says password, secret or token.
    named = re.compile(r"password|passwd|secret|api_?key|token$", re.IGNORECASE)
    for file in sources():
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                names = [target.id for target in node.targets if isinstance(target, ast.Name)]
                assert not any(named.search(name) for name in names) or not node.value.value, f"{file.name}: {names}"


def test_nothing_runs_in_debug_mode(tmp_path: Path) -> None:
    for opened in open_market(tmp_path / "home"):
        assert opened.app.debug is False
        for path in ("/docs", "/redoc", "/debug", "/.env", "/static/../app.py", "/static/%2e%2e/app.py"):
            assert opened.client.get(path).status_code == 404, path
    for file in sources():
        text = file.read_text("utf-8")
        assert not re.search(r"debug\s*=\s*True|\breload\s*=\s*True|\bpdb\b|breakpoint\(\)|\beval\(|\bexec\(", text), file
        # indexer/ahead.py pickles over the private pipe to a child that it started itself; nobody else can write there.
        unsafe = r"\bmarshal\b|yaml\.load\(|shell\s*=\s*True" + ("" if file.name == "ahead.py" else r"|\bpickle\b")
        assert not re.search(unsafe, text), file


def test_scrapy_opens_no_console_and_no_remote_control() -> None:
    from crawlers.settings import scrapy_settings
    from crawlers.spiders import all_sources
    from crawlers.waiting import Limits

    source, _ = next(iter(all_sources().values()))
    settings = scrapy_settings(source, Limits(), contact="x@portal.example", time_limit=60)
    assert settings["TELNETCONSOLE_ENABLED"] is False
    assert settings["REMOTE_CONTROL_ENABLED"] is False
    handlers = settings["DOWNLOAD_HANDLERS"]
    assert {name for name, handler in handlers.items() if handler is not None} <= {"http", "https"}
    assert {"file", "data", "ftp", "s3"} <= handlers.keys()


@pytest.mark.parametrize("mask", ["022", "000"])
def test_a_new_home_is_its_owners_alone(tmp_path: Path, mask: str) -> None:
    home = tmp_path / "deep" / "home"
    code = "import os, sys; os.umask(int(sys.argv[2], 8)); from opportunity.settings import Settings; " \
        "from opportunity.store import open_store; from pathlib import Path; open_store(Settings(home=Path(sys.argv[1]))).close()"
    done = run_code(code, home, mask)
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    with open_store(Settings(home=home)) as store:
        from tests.kills.store_writer import take

        take(store, "demo_a", 0)
    assert {stat.S_IMODE(file.stat().st_mode) for file in (home / "pages").glob("*.pack")} == {0o600}
