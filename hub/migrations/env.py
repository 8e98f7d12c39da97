"""Run by Alembic: the connection comes from `hub.database.migrate`, which alone starts it."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
