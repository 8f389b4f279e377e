"""Alembic's entry: migrate.py hands over an open connection."""

from alembic import context
from sqlmodel import SQLModel

from engine.store import schema  # noqa: F401  (fills the metadata)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
