"""One transaction, by name. Pages and calls read in `reading()` and change things in `writing()`, which commits once,
at its end.

The scope is the one that inspector/auth.py found for the request; background work and commands name theirs.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, current_app, g
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from checklists.orm import Scope, ScopedSession, connect


def install(app: Flask, url: str) -> None:
    engine = connect(url, pool_size=16, max_overflow=8) if not url.startswith("sqlite") else connect(url)
    app.extensions["readers"] = engine.execution_options(writes=False, postgresql_readonly=True)
    app.extensions["writers"] = engine


@contextmanager
def reading(scope: Scope | None = None) -> Iterator[Session]:
    """A session for looking only; what it changed by mistake is never committed."""
    with ScopedSession(_engine("readers"), scope or g.scope) as session:
        yield session


@contextmanager
def writing(scope: Scope | None = None) -> Iterator[Session]:
    """A session whose changes are committed when the block ends, and undone when it raises."""
    with ScopedSession(_engine("writers"), scope or g.scope) as session, session.begin():
        yield session


def _engine(name: str) -> Engine:
    engine: Engine = current_app.extensions[name]
    return engine
