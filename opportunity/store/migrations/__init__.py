"""The one Alembic history of the database; every package adds its revisions here."""
