"""What Alembic runs for a migration: on the connection, and in the transaction, of the caller."""

from alembic import context

from orchestration.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
