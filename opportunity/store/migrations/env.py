"""Run by Alembic; the connection and its transaction belong to ``opportunity.store.migrate``."""

from alembic import context

from opportunity.store.database import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
