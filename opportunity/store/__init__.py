"""The store: SQLAlchemy Core and one Alembic history on SQLite or PostgreSQL, and packs of pages."""

from opportunity.store.content import Incoming, Saved
from opportunity.store.pages import PageMeta
from opportunity.store.quarantine import Quarantined
from opportunity.store.sources import KEEP, SourceState
from opportunity.store.store import Store, open_store

__all__ = ["KEEP", "Incoming", "PageMeta", "Quarantined", "Saved", "SourceState", "Store", "open_store"]
