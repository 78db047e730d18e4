"""What is kept of the matrix is what its checks come to: before it is settled, after it, and after each change."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, update

from checklists.matrix import settle, touchpoint_matrix
from checklists.matrix.tallies import ChangedOutlet, OutletTally, tallies_of
from checklists.orm import ScopedSession, scoped
from checklists.review import approve, reopen
from checklists.visits import Answer, Check, Visit, VisitState
from tests.databases import Sessions
from tests.factories import Audit, make_audit


@pytest.fixture
def audit(session: ScopedSession) -> Audit:
    with session.begin():
        return make_audit(session)


def later() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=5)


def count(session: ScopedSession, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def tallies(session: ScopedSession, audit: Audit) -> set[tuple[object, ...]]:
    return {tuple(row) for row in session.execute(tallies_of(audit.wave.id))}


def test_settling_changes_no_figure_and_later_changes_are_seen_at_once(session: ScopedSession, audit: Audit) -> None:
    with session.begin():
        visits = [audit.visit(session, outlet, state="approved") for outlet in audit.outlets for _ in range(2)]
    with session.begin():
        added_up = tallies(session, audit)
        assert len(added_up) == len(audit.outlets) * len(audit.touchpoints)
        assert settle(session, later()) == len(audit.outlets)
        assert (count(session, ChangedOutlet), count(session, OutletTally)) == (0, len(added_up))
        assert tallies(session, audit) == added_up
    before = touchpoint_matrix(session, audit.wave.id, 0.1)
    session.rollback()
    with session.begin():
        reopen(session, visits[0].id, audit.manager.id, "The photos show another shop.", datetime.now(UTC))
    after = touchpoint_matrix(session, audit.wave.id, 0.1)
    (place,) = {(row.touchpoint_id, visits[0].outlet.brand_id) for row in after.rows[:1]}
    cells = [
        next(row for row in each.rows if row.touchpoint_id == place[0]).cells[place[1]] for each in (before, after)
    ]
    assert [(cell.approved, cell.received) for cell in cells] == [(6, 0), (5, 1)]
    session.rollback()
    with session.begin():
        approve(session, visits[0].id, audit.manager.id, datetime.now(UTC))
        assert settle(session, later()) == 1
        assert tallies(session, audit) == added_up


def test_an_outlet_in_which_something_happens_is_left_alone(session: ScopedSession, audit: Audit) -> None:
    with session.begin():
        audit.visit(session)
        assert settle(session, datetime.now(UTC)) == 0
        assert settle(session, later()) == 1


@pytest.mark.parametrize("change", ["state", "deleted", "outlet", "score", "gone"])
def test_the_database_notes_every_change_whoever_makes_it(session: ScopedSession, audit: Audit, change: str) -> None:
    with session.begin():
        visit = audit.visit(session, state="approved")
        settle(session, later())
    other = audit.outlets[1].id
    statements = {
        "state": update(Visit).values(state=VisitState.RETURNED),
        "deleted": update(Visit).values(deleted_at=datetime.now(UTC)),
        "outlet": update(Visit).values(outlet_id=other),
        "score": update(Check).values(score=0.125),
        "gone": delete(Check),
    }
    with session.begin():
        if change == "gone":
            session.execute(delete(Answer))
        session.execute(statements[change].execution_options(synchronize_session=False))
        noted = set(session.scalars(select(ChangedOutlet.outlet_id)))
        assert noted == ({visit.outlet_id, other} if change == "outlet" else {visit.outlet_id})
        added_up = tallies(session, audit)
        settle(session, later())
        assert tallies(session, audit) == added_up


def test_what_says_nothing_about_checks_is_not_noted(session: ScopedSession, audit: Audit) -> None:
    with session.begin():
        visit = audit.visit(session, state="approved")
        settle(session, later())
    with session.begin():
        session.get_one(Visit, visit.id).device_id = "another"
    assert count(session, ChangedOutlet) == 0


def test_the_tallies_stay_inside_their_organization(sessions: Sessions, session: ScopedSession, audit: Audit) -> None:
    with session.begin():
        audit.visit(session, state="approved")
        settle(session, later())
        other = make_audit(session, "other")
    for organization, number in ((audit.organization, len(audit.touchpoints)), (other.organization, 0)):
        with sessions(scoped([organization.id])) as narrow:
            assert count(narrow, OutletTally) == number
