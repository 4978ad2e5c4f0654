"""Bringing the schema up to date: one Alembic history for every package, one transaction, one at a time.

SQLite and PostgreSQL both undo table changes with their transaction, so a migration that is killed
at any statement leaves the old schema, and the next opening starts it again.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from opportunity.errors import StoreError
from opportunity.store.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

SCRIPTS = Path(__file__).parent / "migrations"
_STATED = re.compile(r"^(revision|down_revision)\b[^=\n]*=\s*(.+)$", re.MULTILINE)


def history() -> dict[str, str | None]:
    """Each shipped revision and the one before it, read from the files: importing Alembic costs a
    third of a second, which a command that finds its schema up to date need not pay."""
    steps: dict[str, str | None] = {}
    for path in (SCRIPTS / "versions").glob("[!_]*.py"):
        stated = {name: ast.literal_eval(value) for name, value in _STATED.findall(path.read_text("utf-8"))}
        steps[stated["revision"]] = stated["down_revision"]
    return steps


def configuration(connection: Connection | None = None) -> Config:
    """The Alembic configuration of the shipped history; there is no alembic.ini."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def present_revisions(connection: Connection) -> set[str]:
    """The revisions the database says it has; empty for a new one."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return set()
    return set(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars())


def check_schema(connection: Connection) -> bool:
    """True when the schema is this program's. Raises StoreError when a newer program made it."""
    steps = history()
    present = present_revisions(connection)
    if present - set(steps):
        raise StoreError("数据库由更新版本的程序创建，请升级程序后再打开", revisions=sorted(present - set(steps)))
    return present == set(steps) - set(steps.values())


def migrate(database: Database) -> None:
    """Make or update the schema. Safe to call from many processes at once."""
    with database.errors():
        if not database.sqlite:
            _make_schema(database)
        with database.reader.connect() as connection, connection.begin():
            if check_schema(connection):
                return
        with database.writer.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            if database.sqlite:
                driver.execute(f"PRAGMA busy_timeout = {round(database.busy_seconds * 1000)}")
            with connection.begin():
                if not database.sqlite:
                    _lock(connection, database)
                if not check_schema(connection):
                    from alembic import command

                    command.upgrade(configuration(connection), "heads")


def _make_schema(database: Database) -> None:
    with database.writer.connect() as connection, connection.begin():
        query = sa.text("SELECT 1 FROM pg_namespace WHERE nspname = :name")
        if connection.execute(query, {"name": database.schema}).first() is None:
            _lock(connection, database)
            connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{database.schema}"')


def _lock(connection: Connection, database: Database) -> None:
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(database.busy_seconds * 1000)}")
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": database.schema})
