"""Run by Alembic: applies the steps on the connection that `database.migrate` hands over."""

from __future__ import annotations

from alembic import context

from photo_factory.shared.ledger.models import Base

# The transaction is the caller's: a migration that fails half-way leaves nothing behind.
context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
