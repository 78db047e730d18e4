"""Two people take turns with one phone: what it sends for one of them is never taken in under the other's login."""

from uuid import UUID

from flask import Flask
from sqlalchemy import func, select

from checklists.orm import new_id
from checklists.visits import Visit
from tests.databases import Sessions
from tests.factories import Audit
from tests.phone_client import OWN_SITE, FieldClient


def test_what_is_meant_for_one_person_is_not_taken_under_anothers_login(
    app: Flask, audit: Audit, sessions: Sessions
) -> None:
    anna, timur = audit.inspectors
    with sessions() as session, session.begin():
        report = audit.report(audit.assign(session, inspector=anna))
    timurs = FieldClient(app.test_client(), timur)
    visit_id = new_id()

    def put(person_id: UUID, phone: FieldClient) -> int:
        headers = OWN_SITE | {"Expect-Person": str(person_id)}
        return phone.client.put(f"/api/v1/visits/{visit_id}", json=report, headers=headers).status_code

    assert put(anna.id, timurs) == 401
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == 0
    assert put(anna.id, FieldClient(app.test_client(), anna)) == 201
    with sessions() as session:
        assert session.get_one(Visit, visit_id).inspector_id == anna.id
    assert timurs.client.get("/api/v1/session").status_code == 200, "nobody is logged out by it"


def test_a_log_out_that_comes_late_ends_no_other_persons_login(app: Flask, audit: Audit) -> None:
    anna, timur = audit.inspectors
    timurs = FieldClient(app.test_client(), timur).client

    def log_out(**meant_for: str) -> tuple[int, int]:
        left = timurs.delete("/api/v1/session", headers=OWN_SITE | meant_for)
        return left.status_code, timurs.get("/api/v1/session").status_code

    assert log_out(**{"Expect-Person": str(anna.id)}) == (204, 200)
    assert log_out(**{"Expect-Person": str(timur.id)}) == (204, 401)
    assert log_out(**{"Expect-Person": str(anna.id)}) == (204, 401)
