"""Runs the revisions on the connection that `inspector migrate` or a test hands over."""

from alembic import context
from sqlalchemy import Connection

from checklists import accounts, erasure, imports, jobs, matrix, phones, review, trail  # noqa: F401 - imported so that every table is known.
from checklists.orm import Base


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
