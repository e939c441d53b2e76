"""How Alembic reaches the database: over the connection that `storage.upgrade` hands it."""

from alembic import context

from storage.tables.base import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
