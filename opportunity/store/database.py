"""The connection to the database: SQLite or PostgreSQL, one writer at a time, errors in our own words.

Every write runs inside :meth:`Database.write`, which holds the one write lock before it reads
anything: ``BEGIN IMMEDIATE`` on SQLite, the counter row ``FOR UPDATE`` on PostgreSQL. So the numbers
of the change stream have no gaps and their order is the order of the commits, on both.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from opportunity.errors import StoreBusy, StoreError
from opportunity.settings import Settings

# Every package declares its tables here (``<package>/tables.py``); one Alembic history makes them all.
metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

SYNC_ERRORS = {
    getattr(sqlite3, name)
    for name in ("SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC", "SQLITE_IOERR_DIR_CLOSE")
}
_SQLITE_SENTENCES = {
    sqlite3.SQLITE_FULL: "磁盘空间不足，本次写入未保存",
    sqlite3.SQLITE_IOERR: "磁盘读写出错，本次写入未保存",
    sqlite3.SQLITE_CORRUPT: "数据库文件已损坏，请从备份恢复",
    sqlite3.SQLITE_NOTADB: "该文件不是数据库，请检查数据目录",
    sqlite3.SQLITE_READONLY: "数据库不可写，请检查权限",
    sqlite3.SQLITE_CANTOPEN: "无法打开数据库文件，请检查数据目录与权限",
    sqlite3.SQLITE_PERM: "没有访问数据库文件的权限",
}
_POSTGRESQL_BUSY = {"55P03", "40P01", "40001"}
_POSTGRESQL_SENTENCES = {"53100": "数据库服务器磁盘空间不足，本次写入未保存", "58030": "数据库服务器磁盘读写出错，本次写入未保存"}


class Database:
    """Two pools on one database: a writer (one at a time) and readers that each see one snapshot."""

    def __init__(self, settings: Settings, schema: str) -> None:
        self.url = sa.make_url(settings.database_url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        if not self.sqlite and self.url.get_backend_name() != "postgresql":
            raise StoreError("数据库只支持 SQLite 与 PostgreSQL", url=self.url.render_as_string())
        self.schema = schema
        self.busy_seconds = settings.busy_seconds
        self._turn = threading.Lock()
        self._holder: int | None = None
        self._refused: str | None = None
        if self.sqlite:
            self.writer = _sqlite_engine(self.url, "BEGIN IMMEDIATE", read_only=False)
            self.reader = _sqlite_engine(self.url, "BEGIN", read_only=True)
        else:
            self.writer = _postgresql_engine(self.url, schema)
            self.reader = self.writer.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )

    @contextmanager
    def write(self, *, secure: bool = False) -> Iterator[Connection]:
        """One write transaction; committed when the block ends, undone when it raises.

        ``secure`` makes SQLite overwrite what is deleted. Raises StoreBusy when another writer
        keeps the lock for longer than the waiting time, StoreError when the disk refuses.
        """
        if self._refused is not None:
            raise StoreError(self._refused)
        deadline = time.monotonic() + self.busy_seconds
        if self._holder == threading.get_ident():
            raise StoreError("同一线程中写事务不能嵌套")
        if not self._turn.acquire(timeout=self.busy_seconds):
            raise StoreBusy(_busy_sentence(self.busy_seconds))
        self._holder = threading.get_ident()
        try:
            with self.errors(), self.writer.connect() as connection:
                self._wait_at_most(connection, deadline, secure=secure)
                with connection.begin():
                    self._lock_counter(connection)
                    yield connection
        finally:
            self._holder = None
            self._turn.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One read transaction on one snapshot; nothing can be written through it."""
        with self.errors(), self.reader.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Translate the driver's errors. After a failed fsync every later write is refused: Linux
        may have dropped the pages, so a retry in this process could acknowledge what is not there."""
        try:
            yield
        except sa.exc.IntegrityError:
            raise
        except sa.exc.DBAPIError as error:
            raise self._told(error.orig) from error
        except sqlite3.Error as error:  # of a statement given to the driver itself (pragmas)
            raise self._told(error) from error

    def _told(self, error: BaseException | None) -> StoreError:
        translated = translate(error, self.busy_seconds)
        if getattr(error, "sqlite_errorcode", None) in SYNC_ERRORS:
            self.refuse_writes(f"{translated.message}；请重新启动进程")
        return translated

    def refuse_writes(self, sentence: str) -> None:
        """Refuse every later write of this process (after a failed fsync)."""
        self._refused = sentence

    def _wait_at_most(self, connection: Connection, deadline: float, *, secure: bool) -> None:
        left = max(1, round((deadline - time.monotonic()) * 1000))
        driver = connection.connection.dbapi_connection
        assert driver is not None
        if self.sqlite:
            cursor: Any = driver.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {left}")
            cursor.execute(f"PRAGMA secure_delete = {'ON' if secure else 'OFF'}")
            cursor.close()
        else:
            connection.info["lock_timeout"] = left

    def _lock_counter(self, connection: Connection) -> None:
        if self.sqlite:
            return
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(connection.info['lock_timeout'])}")
        connection.exec_driver_sql("SELECT value FROM counter WHERE name = 'change' FOR UPDATE")

    def clean_up(self) -> bool:
        """Drop what deleted rows left behind: SQLite's log is emptied, PostgreSQL's dead rows vacuumed.

        False when a reader still holds the old log; the next call tries again.
        """
        with self.errors():
            if self.sqlite:
                with self.writer.connect() as connection:
                    driver: Any = connection.connection.dbapi_connection
                    busy = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                    return not busy
            options = {"isolation_level": "AUTOCOMMIT"}
            with self.writer.connect().execution_options(**options) as connection:
                connection.exec_driver_sql("VACUUM notice, version, reading, page, notice_page, quarantine")
            return True

    def close(self) -> None:
        self.reader.dispose()
        self.writer.dispose()


def translate(error: BaseException | None, busy_seconds: float) -> StoreError:
    """The driver's error as a StoreError or StoreBusy with a Chinese sentence."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        primary = code & 0xFF
        if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StoreBusy(_busy_sentence(busy_seconds))
        return StoreError(_SQLITE_SENTENCES.get(primary, "数据库出错，本次操作未完成"), cause=str(error))
    state = getattr(error, "sqlstate", None)
    if state in _POSTGRESQL_BUSY:
        return StoreBusy(_busy_sentence(busy_seconds))
    sentence = _POSTGRESQL_SENTENCES.get(state or "", "数据库出错，本次操作未完成")
    if state is None or state.startswith(("08", "57")):
        sentence = "无法连接数据库服务器，本次操作未完成"
    return StoreError(sentence, cause=str(error))


def _busy_sentence(seconds: float) -> str:
    return f"另一个进程占用数据库写锁超过 {seconds:g} 秒，请稍后重试"


def _sqlite_engine(url: sa.URL, begin: str, *, read_only: bool) -> Engine:
    engine = sa.create_engine(url, pool_size=8, max_overflow=56)

    def connected(driver: sqlite3.Connection, _record: object) -> None:
        driver.isolation_level = None
        statements = [
            "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA busy_timeout = 30000",
            "PRAGMA wal_autocheckpoint = 4000", "PRAGMA journal_size_limit = 67108864",
            "PRAGMA cache_size = -32768", "PRAGMA temp_store = MEMORY",
        ]
        if read_only:
            statements = [*statements[2:], "PRAGMA query_only = ON"]
        for statement in statements:
            driver.execute(statement)

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine


def _postgresql_engine(url: sa.URL, schema: str) -> Engine:
    options = f"-csearch_path={schema} -csynchronous_commit=on -ctimezone=UTC"
    return sa.create_engine(
        url.set(drivername="postgresql+psycopg"), pool_size=8, max_overflow=56, pool_pre_ping=True,
        connect_args={"options": options},
    )
