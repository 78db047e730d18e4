"""What a client's session gives away, whatever is asked of it: approved visits, and nobody's name."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from checklists.errors import NotFound
from checklists.matrix import coverage_of, touchpoint_matrix
from checklists.orm import ScopedSession
from checklists.people import Membership, Role, User
from checklists.readers import is_for_clients, scope_of
from checklists.review import Correction, Review, best_practices_of, corrections_of, reopen, reviews_of
from checklists.visits import (
    Check,
    SealedReport,
    Visit,
    every_visit,
    sealed_reports_of,
    visit_with_parts,
    visits_in_brief,
    visits_page,
)
from checklists.waves import Assignment, Wave
from tests.databases import Sessions
from tests.factories import Audit, make_audit
from tests.field import FieldPhoto

NOW = datetime.now(UTC)


def membership(audit: Audit, role: Role) -> Membership:
    return Membership(organization_id=audit.organization.id, project_id=audit.project.id, role=role)


def make_world(session: ScopedSession) -> tuple[Audit, Visit, list[Visit]]:
    """A visit that was approved, and others in every other state."""
    audit = make_audit(session, required=1)
    practice = {"touchpoint_id": str(audit.touchpoints[0].id), "kind": "comfort", "text": "Sockets", "photo_ids": []}
    photos = {audit.criterion("states")["id"]: [FieldPhoto(b"a photo")]}
    approved = audit.visit(session, state="approved", photos=photos, best_practices=[practice])
    others = [
        audit.visit(session, audit.outlets[1], best_practices=[practice]),
        audit.visit(session, audit.outlets[1], state="rejected"),
        audit.visit(session, audit.outlets[2], state="approved", best_practices=[practice]),
    ]
    reopen(session, others[-1].id, audit.manager.id, "Another look.", NOW)
    audit.assign(session, audit.outlets[2])
    session.commit()
    return audit, approved, others


def test_a_client_gets_approved_visits_only(sessions: Sessions) -> None:
    with sessions() as session:
        audit, approved, others = make_world(session)
    with sessions(scope_of([membership(audit, Role.CLIENT)])) as session:
        assert [each.id for each in visits_page(session, audit.project.id)] == [approved.id]
        (line,) = visits_in_brief(session, audit.project.id)
        assert (line.id, line.inspector) == (approved.id, None)
        assert [each.id for each in every_visit(session, audit.project.id)] == [approved.id]
        found, total = best_practices_of(session, audit.project.id, state=None)
        assert [each.visit.id for each in found] == [approved.id]
        assert total == 1
        assert session.scalar(select(func.count()).select_from(Visit)) == 1
        assert session.scalars(select(aliased(Visit).id)).all() == [approved.id]
        assert set(session.scalars(select(Check.visit_id).join(Visit))) == {approved.id}
        for other in others:
            with pytest.raises(NotFound):
                visit_with_parts(session, other.id)
            assert session.get(Visit, other.id) is None


def test_a_client_gets_nobodys_name_and_nothing_of_the_phone(sessions: Sessions) -> None:
    with sessions() as session:
        audit, approved, _others = make_world(session)
        assert approved.positions
    with sessions(scope_of([membership(audit, Role.CLIENT)])) as session:
        for visit in (visit_with_parts(session, approved.id), *every_visit(session, audit.project.id)):
            assert visit.inspector is None
            assert visit.assignment is None
            assert (visit.positions, visit.device_id, visit.app_version) == ([], "", "")
            assert visit.answers
            assert visit.photos[0].visit is visit
        assert session.get_one(Wave, audit.wave.id).brief == {}
        assert (reviews_of(session, approved.id), corrections_of(session, approved.id)) == ([], [])
        assert sealed_reports_of(session, approved.id) == []
        for table in (User, Membership, Assignment, SealedReport, Review, Correction):
            assert session.scalars(select(table)).all() == [], table


def test_what_a_client_is_not_shown_is_not_changed_either(sessions: Sessions) -> None:
    """A blanked column is not a change: nothing of it may ever reach the database."""
    with sessions() as session:
        audit, approved, _others = make_world(session)
    with sessions(scope_of([membership(audit, Role.CLIENT)])) as session:
        seen = session.get_one(Visit, approved.id)
        session.get_one(Wave, audit.wave.id)
        assert not session.dirty
        session.refresh(seen)
        assert seen.positions == []
        session.commit()
    with sessions() as session:
        kept = session.get_one(Visit, approved.id)
        assert kept.positions
        assert kept.device_id
        assert session.get_one(Wave, audit.wave.id).brief


def test_results_count_for_a_client_as_for_everybody(sessions: Sessions) -> None:
    with sessions() as session:
        audit, _approved, _others = make_world(session)
        whole = touchpoint_matrix(session, audit.wave.id, 0.1)
    with sessions(scope_of([membership(audit, Role.CLIENT)])) as session:
        seen = touchpoint_matrix(session, audit.wave.id, 0.1)
        coverage = coverage_of(session, audit.wave.id, NOW)
    for row, same in zip(whole.rows, seen.rows, strict=True):
        for brand in whole.brands:
            full, cell = row.cells[brand.id], same.cells[brand.id]
            assert (full.approved, full.required) == (cell.approved, cell.required)
            assert (full.estimate, full.zones, full.verdict) == (cell.estimate, cell.zones, cell.verdict)
            assert (cell.received, cell.returned, cell.planned) == (0, 0, 0)
    assert sum(cell.received for row in whole.rows for cell in row.cells.values()) > 0
    assert {standing.value for cell in coverage.cells for standing in cell.counts} == {"approved"}


@pytest.mark.parametrize("other", [Role.OWNER, Role.MANAGER, Role.REVIEWER])
def test_who_has_another_role_besides_reads_by_that_one(sessions: Sessions, other: Role) -> None:
    with sessions() as session:
        audit, _approved, others = make_world(session)
    scope = scope_of([membership(audit, Role.CLIENT), membership(audit, other)])
    assert not is_for_clients(scope)
    with sessions(scope) as session:
        assert len(visits_page(session, audit.project.id)) == 1 + len(others)
