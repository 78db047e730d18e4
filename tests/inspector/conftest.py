"""A small audit with its manager's window and its inspector's phone, for the tests of pages and of delivery."""

import pytest
from flask import Flask

from checklists.orm import ScopedSession
from checklists.waves import Assignment
from tests.databases import Sessions
from tests.factories import Audit, make_audit
from tests.pages import Window
from tests.phone_client import FieldClient


@pytest.fixture
def audit(sessions: Sessions) -> Audit:
    """Committed, and bound to no session: whoever changes a part of it does so in a session of their own."""
    with sessions() as session, session.begin():
        return make_audit(session)


@pytest.fixture
def window(app: Flask, audit: Audit) -> Window:
    return Window(app, audit.manager.email)


@pytest.fixture
def assignment(session: ScopedSession, audit: Audit) -> Assignment:
    made = audit.assign(session)
    session.commit()
    return made


@pytest.fixture
def phone(app: Flask, audit: Audit) -> FieldClient:
    return FieldClient(app.test_client(), audit.inspectors[0])
