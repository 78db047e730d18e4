"""A small audit and its inspector's phone, for the tests of delivery."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from checklists.orm import ScopedSession
from checklists.waves import Assignment
from tests.factories import Audit, make_audit
from tests.phone_client import FieldClient

Sessions = Callable[..., ScopedSession]


@pytest.fixture
def session(sessions: Sessions) -> Iterator[ScopedSession]:
    with sessions() as opened:
        yield opened


@pytest.fixture
def audit(session: ScopedSession) -> Audit:
    made = make_audit(session)
    session.commit()
    return made


@pytest.fixture
def assignment(session: ScopedSession, audit: Audit) -> Assignment:
    made = audit.assign(session)
    session.commit()
    return made


@pytest.fixture
def phone(app: Flask, audit: Audit) -> FieldClient:
    return FieldClient(app.test_client(), audit.inspectors[0])
