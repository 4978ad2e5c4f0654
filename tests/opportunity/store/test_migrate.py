"""One history: it makes what the tables say, resumes after a kill at any statement, refuses newer schemas."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event

import schedules.tables
import search_api.tables
from opportunity.errors import StoreError
from opportunity.settings import Settings
from opportunity.store import Store, migrate, open_store
from opportunity.store.database import metadata
from tests.opportunity.store.samples import incoming

DECLARED = (schedules.tables, search_api.tables)


def test_the_history_makes_exactly_the_declared_tables(store: Store) -> None:
    with store.write() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_history_is_one_line_and_read_without_alembic_as_alembic_reads_it() -> None:
    scripts = ScriptDirectory.from_config(migrate.configuration())
    assert len(scripts.get_heads()) == 1
    assert migrate.history() == {one.revision: one.down_revision for one in scripts.walk_revisions()}


def statements_of_a_migration(settings: Settings, until: int) -> int:
    """Open the store in a child process that kills itself before statement ``until``; how it ended."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return status
    seen = 0

    def before(*_: object) -> None:
        nonlocal seen
        if seen == until:
            os.kill(os.getpid(), signal.SIGKILL)
        seen += 1

    event.listen(sa.engine.Engine, "before_cursor_execute", before)
    try:
        open_store(settings).close()
        os._exit(0)
    except BaseException:
        os._exit(1)


def test_a_migration_killed_at_each_statement_resumes(settings: Settings) -> None:
    """On one and the same home: each kill leaves the old schema, and the next attempt gets further."""
    until = 0
    while os.WIFSIGNALED(status := statements_of_a_migration(settings, until)):
        assert os.WTERMSIG(status) == signal.SIGKILL
        with pytest.raises(StoreError):
            open_store(settings, create=False)
        until += 1
    assert os.WEXITSTATUS(status) == 0
    assert until > len(metadata.tables)
    with open_store(settings) as store:
        assert store.save([incoming()])[0].seq == 1


def test_many_open_a_new_home_at_once_and_agree(opened: Callable[[], Store]) -> None:
    names: list[str] = []
    threads = [threading.Thread(target=lambda: names.append(opened().home_id)) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(names) == 6 and len(set(names)) == 1


def test_a_schema_of_a_newer_program_is_refused(settings: Settings) -> None:
    with open_store(settings) as store, store.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    for create in (True, False):
        with pytest.raises(StoreError, match="更新版本"):
            open_store(settings, create=create)


def test_without_create_nothing_is_made(settings: Settings) -> None:
    with pytest.raises(StoreError):
        open_store(settings, create=False)
    assert not settings.home.exists()
    with open_store(settings) as store:
        store.save([incoming()])
    with open_store(settings, create=False) as store:
        assert store.count() == 1


def test_a_database_of_another_home_is_refused(settings: Settings) -> None:
    with open_store(settings) as store, store.write() as connection:
        connection.execute(sa.text("UPDATE home SET id = 'another'"))
    with pytest.raises(StoreError, match="另一个数据目录"):
        open_store(settings)


@pytest.mark.parametrize("damage", ["", "short", "UPPERCASE234", "甲" * 12])
def test_a_damaged_home_id_is_noticed(settings: Settings, damage: str) -> None:
    open_store(settings).close()
    (settings.home / "home-id").write_text(damage, encoding="utf-8")
    with pytest.raises(StoreError, match="编号"):
        open_store(settings)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "market.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError):
        open_store(Settings(home=tmp_path))
