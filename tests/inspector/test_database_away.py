"""The database goes away under a running service: every answer says so, in words, and nothing is called a fault."""

import pytest
from flask import Flask

from checklists.orm import new_id
from checklists.waves import Assignment
from tests.databases import Databases
from tests.factories import PASSWORD, Audit
from tests.phone_client import OWN_SITE, FieldClient


@pytest.fixture
def database_url(databases: Databases) -> str:
    """One of PostgreSQL, which the test itself takes away."""
    return databases.fresh("postgresql")


def test_a_database_that_is_away_is_said_in_words(
    app: Flask, audit: Audit, assignment: Assignment, phone: FieldClient, databases: Databases, database_url: str
) -> None:
    manager = app.test_client()
    manager.post("/api/v1/session", json={"email": audit.reviewer.email, "password": PASSWORD}, headers=OWN_SITE)
    address, report = audit.address, audit.report(assignment)
    databases.cluster.drop(database_url.rsplit("/", 1)[1])
    for _ in range(2):
        answer = phone.put_visit(new_id(), report)
        assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
        assert answer.json["title"] == "DatabaseUnavailable"
        page = manager.get(f"{address}/visits/", headers={"Accept-Language": "en"})
        assert page.status_code == 503
        assert "The database cannot be reached at the moment." in page.text
    assert app.test_client().get("/readyz").status_code == 503
    assert app.test_client().get("/healthz").status_code == 200
