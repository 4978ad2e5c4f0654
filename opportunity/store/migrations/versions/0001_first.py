"""The first schema: notices with versions and readings, changes, pages, runs, sources, quarantine.

Written out here and never changed, so that an old database always goes the same way up.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _notices()
    _readings()
    _changes()
    _removals()
    _pages()
    _operations()
    counter = sa.table("counter", sa.column("name"), sa.column("value"), sa.column("at"))
    op.bulk_insert(counter, [{"name": "change", "value": 0, "at": 0}, {"name": "notice", "value": 0, "at": 0}])


def _notices() -> None:
    op.create_table(
        "notice",
        sa.Column("number", _number, autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reading", sa.Integer(), nullable=False),
        sa.Column("seq", _number, nullable=False),
        sa.Column("first_seq", _number, nullable=False),
        sa.Column("first_seen_at", _number, nullable=False),
        sa.Column("last_seen_at", _number, nullable=False),
        sa.Column("opportunity", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_notice"),
        sa.UniqueConstraint("id", name="uq_notice_id"),
    )
    op.create_index("ix_notice_source_number", "notice", ["source", "number"])


def _readings() -> None:
    op.create_table(
        "version",
        sa.Column("notice", _number, autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("base", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_missing", sa.Boolean(), nullable=False),
        sa.Column("given", sa.Text(), nullable=False),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.Column("raw_hash", sa.LargeBinary(), nullable=False),
        sa.Column("input_hash", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", _number, nullable=False),
        sa.PrimaryKeyConstraint("notice", "version", "base", name="pk_version"),
    )
    op.create_table(
        "reading",
        sa.Column("notice", _number, autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reading", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("seq", _number, nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("fields_hash", sa.LargeBinary(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("notice", "version", "reading", name="pk_reading"),
    )


def _changes() -> None:
    op.create_table(
        "change",
        sa.Column("seq", _number, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("at", _number, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_change"),
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", _number, nullable=False),
        sa.Column("at", _number, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counter"),
    )
    op.create_table(
        "home",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("made_at", _number, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_home"),
    )


def _removals() -> None:
    op.create_table(
        "tombstone",
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", _number, nullable=False),
        sa.Column("seq", _number, nullable=False),
        sa.PrimaryKeyConstraint("notice", name="pk_tombstone"),
    )
    op.create_table(
        "tombstone_request",
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("request", name="pk_tombstone_request"),
    )


def _pages() -> None:
    op.create_table(
        "page",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("position", _number, nullable=False),
        sa.Column("length", _number, nullable=False),
        sa.Column("size", _number, nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("meta", sa.Text(), nullable=False),
        sa.Column("fetched_at", _number, nullable=False),
        sa.Column("run", _number, nullable=True),
        sa.PrimaryKeyConstraint("sha256", name="pk_page"),
    )
    op.create_table(
        "notice_page",
        sa.Column("notice", _number, autoincrement=False, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("notice", "sha256", name="pk_notice_page"),
    )
    op.create_index("ix_notice_page_sha256", "notice_page", ["sha256"])
    op.create_table(
        "erasure",
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("position", _number, autoincrement=False, nullable=False),
        sa.Column("length", _number, nullable=False),
        sa.PrimaryKeyConstraint("pack", "position", name="pk_erasure"),
    )


def _operations() -> None:
    op.create_table(
        "run",
        sa.Column("id", _number, autoincrement=True, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=True),
        sa.Column("started_at", _number, nullable=False),
        sa.Column("heartbeat_at", _number, nullable=False),
        sa.Column("ended_at", _number, nullable=True),
        sa.Column("window_start", _number, nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("finish_reason", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_run_source_id", "run", ["source", "id"])
    op.create_table(
        "source_state",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("paused_until", _number, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_source_state"),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", _number, autoincrement=True, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("run", _number, nullable=True),
        sa.Column("at", _number, nullable=False),
        sa.Column("last_at", _number, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quarantine"),
        sa.UniqueConstraint("digest", name="uq_quarantine_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_quarantine_source_id", "quarantine", ["source", "id"])
