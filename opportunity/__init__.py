"""The words everybody shares: notices, sources, pages, queries, results, runs.

Frozen, slotted, keyword-only dataclasses and pure functions. Only the standard
library is imported here, except pydantic-settings in ``settings`` and SQLAlchemy,
Alembic and zstandard in ``store``.
"""
