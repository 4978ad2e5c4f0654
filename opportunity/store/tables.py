"""The tables of the store. Instants are integers of microseconds since 1970 UTC; hashes are bytes."""

from __future__ import annotations

import sqlalchemy as sa

from opportunity.store.database import metadata

_number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_bytes = sa.LargeBinary()
_text = sa.Text()

# The id of the MARKET_HOME this database belongs to; one row.
home = sa.Table(
    "home", metadata,
    sa.Column("id", _text, primary_key=True),
    sa.Column("made_at", _number, nullable=False),
)

# name "change": the last number of the change stream; "notice": the last number given to a notice.
counter = sa.Table(
    "counter", metadata,
    sa.Column("name", _text, primary_key=True),
    sa.Column("value", _number, nullable=False),
    sa.Column("at", _number, nullable=False),
)

notice = sa.Table(
    "notice", metadata,
    sa.Column("number", _number, primary_key=True, autoincrement=False),
    sa.Column("id", _text, nullable=False, unique=True),
    sa.Column("source", _text, nullable=False),
    sa.Column("key", _text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("reading", sa.Integer, nullable=False),
    sa.Column("seq", _number, nullable=False),
    sa.Column("first_seq", _number, nullable=False),
    sa.Column("first_seen_at", _number, nullable=False),
    sa.Column("last_seen_at", _number, nullable=False),
    sa.Column("opportunity", _text),
    sa.Index("ix_notice_source_number", "source", "number"),
)

# What was published. ``base`` is the first reading that has this text: usually 1; a reader that gets
# other text out of the same pages adds a row of its own, so that evidence always points into its text.
version = sa.Table(
    "version", metadata,
    sa.Column("notice", _number, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("base", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("origin", _text, nullable=False),
    sa.Column("title", _text, nullable=False),
    sa.Column("url", _text),
    sa.Column("body", _bytes, nullable=False),
    sa.Column("body_missing", sa.Boolean, nullable=False),
    sa.Column("given", _text, nullable=False),
    sa.Column("detail", _bytes, nullable=False),
    sa.Column("raw_hash", _bytes, nullable=False),
    sa.Column("input_hash", _bytes, nullable=False),
    sa.Column("seen_at", _number, nullable=False),
)

# What a reader got out of a version: extracted fields with their evidence.
reading = sa.Table(
    "reading", metadata,
    sa.Column("notice", _number, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("reading", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("base", sa.Integer, nullable=False),
    sa.Column("seq", _number, nullable=False),
    sa.Column("reader", _text, nullable=False),
    sa.Column("fields", _text, nullable=False),
    sa.Column("fields_hash", _bytes, nullable=False),
    sa.Column("withdrawn", sa.Boolean, nullable=False),
)

change = sa.Table(
    "change", metadata,
    sa.Column("seq", _number, primary_key=True, autoincrement=False),
    sa.Column("kind", _text, nullable=False),
    sa.Column("notice", _text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("cause", _text, nullable=False),
    sa.Column("at", _number, nullable=False),
)

# A take-down: the notice never comes back. ``request`` rows keep its pages from being stored again.
tombstone = sa.Table(
    "tombstone", metadata,
    sa.Column("notice", _text, primary_key=True),
    sa.Column("source", _text, nullable=False),
    sa.Column("reason", _text, nullable=False),
    sa.Column("at", _number, nullable=False),
    sa.Column("seq", _number, nullable=False),
)
tombstone_request = sa.Table(
    "tombstone_request", metadata,
    sa.Column("request", _bytes, primary_key=True),
    sa.Column("notice", _text, nullable=False),
)

page = sa.Table(
    "page", metadata,
    sa.Column("sha256", _bytes, primary_key=True),
    sa.Column("pack", _text, nullable=False),
    sa.Column("position", _number, nullable=False),
    sa.Column("length", _number, nullable=False),
    sa.Column("size", _number, nullable=False),
    sa.Column("origin", _text, nullable=False),
    sa.Column("request", _bytes, nullable=False),
    sa.Column("meta", _text, nullable=False),
    sa.Column("fetched_at", _number, nullable=False),
    sa.Column("run", _number),
)
notice_page = sa.Table(
    "notice_page", metadata,
    sa.Column("notice", _number, primary_key=True, autoincrement=False),
    sa.Column("sha256", _bytes, primary_key=True),
    sa.Index("ix_notice_page_sha256", "sha256"),
)
# Ranges of packs whose page was taken down but may not yet be overwritten on the disk.
erasure = sa.Table(
    "erasure", metadata,
    sa.Column("pack", _text, primary_key=True),
    sa.Column("position", _number, primary_key=True, autoincrement=False),
    sa.Column("length", _number, nullable=False),
)

run = sa.Table(
    "run", metadata,
    sa.Column("id", _number, primary_key=True, autoincrement=True),
    sa.Column("source", _text, nullable=False),
    sa.Column("slot", _text),
    sa.Column("started_at", _number, nullable=False),
    sa.Column("heartbeat_at", _number, nullable=False),
    sa.Column("ended_at", _number),
    sa.Column("window_start", _number),
    sa.Column("verdict", _text, nullable=False),
    sa.Column("finish_reason", _text, nullable=False),
    sa.Column("sentence", _text, nullable=False),
    sa.Column("counts", _text, nullable=False),
    sa.Column("outcome", _text, nullable=False),
    sa.Index("ix_run_source_id", "source", "id"),
    sqlite_autoincrement=True,
)
source_state = sa.Table(
    "source_state", metadata,
    sa.Column("id", _text, primary_key=True),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("paused_until", _number),
    sa.Column("reason", _text, nullable=False),
    sa.Column("contact", _text, nullable=False),
    sa.Column("base", _text, nullable=False),
    sa.Column("facts", _text, nullable=False),
)
quarantine = sa.Table(
    "quarantine", metadata,
    sa.Column("id", _number, primary_key=True, autoincrement=True),
    sa.Column("digest", _bytes, nullable=False, unique=True),
    sa.Column("source", _text, nullable=False),
    sa.Column("key", _text),
    sa.Column("url", _text),
    sa.Column("reason", _text, nullable=False),
    sa.Column("detail", _text, nullable=False),
    sa.Column("payload", _bytes, nullable=False),
    sa.Column("run", _number),
    sa.Column("at", _number, nullable=False),
    sa.Column("last_at", _number, nullable=False),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Index("ix_quarantine_source_id", "source", "id"),
    sqlite_autoincrement=True,
)
