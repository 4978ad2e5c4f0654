"""Tables of the search service: ranked results fixed for paging, and the secret that signs cursors."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table

from opportunity.store.database import metadata

_number = BigInteger().with_variant(Integer(), "sqlite")

# ``hits``: 10 bytes of the notice's id and 4 bytes of its score each, in rank order; ``expires_at``: UTC seconds.
search_result = Table(
    "search_result",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("seq", _number, nullable=False),
    Column("hits", LargeBinary, nullable=False),
    Column("expires_at", _number, nullable=False),
    Index("ix_search_result_expires_at", "expires_at"),
)

search_secret = Table(
    "search_secret",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
