"""One transaction, by name. Pages and calls read in `reading()` and change things in `writing()`, which commits once,
at its end.

The scope is the one that inspector/auth found for the request; background work and commands name theirs.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, current_app, g
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from checklists.orm import Scope, ScopedSession, connect
from inspector import acts

KEPT_CONNECTIONS = 16
MOST_CONNECTIONS = 24
"""How many connections one process keeps to a PostgreSQL, and how many it opens at most."""


def install(app: Flask, url: str) -> None:
    several = {"pool_size": KEPT_CONNECTIONS, "max_overflow": MOST_CONNECTIONS - KEPT_CONNECTIONS}
    engine = connect(url) if url.startswith("sqlite") else connect(url, **several)
    app.extensions["readers"] = engine.execution_options(writes=False, postgresql_readonly=True)
    app.extensions["writers"] = engine


@contextmanager
def reading(scope: Scope | None = None) -> Iterator[Session]:
    """A session for looking only; what it changed by mistake is never committed."""
    with ScopedSession(_engine("readers"), scope or g.scope) as session:
        yield session


@contextmanager
def writing(scope: Scope | None = None) -> Iterator[Session]:
    """A session whose changes are committed when the block ends, and undone when it raises. What it changed goes with
    them into the audit trail (inspector/acts.py).
    """
    with ScopedSession(_engine("writers"), scope or g.scope) as session, session.begin():
        acts.watch(session)
        yield session
        acts.add_entries(session)


def _engine(name: str) -> Engine:
    engine: Engine = current_app.extensions[name]
    return engine
