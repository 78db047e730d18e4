"""What happens to assignments after they were planned: handed out, given away, extended, taken back, renewed."""

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from checklists.errors import AssignmentBusy, HoldReason, InvalidInput
from checklists.matrix import uncounted_checks
from checklists.orm import ScopedSession, new_id
from checklists.people import inspectors_of
from checklists.visits import FieldAccess, Sender, VisitState, record_visit
from checklists.waves import (
    Assignment,
    AssignmentState,
    assignments_of,
    change_assignment,
    extend_by,
    extend_to,
    give_to,
    hand_out,
    hand_out_newer,
    is_late,
    newer_versions,
    pin_checklists,
    plan_assignments,
    put_back,
    restore,
    revoke,
    take_back,
)
from tests.factories import Audit, make_audit
from tests.field import read_report
from tests.forms import next_version

NOW = datetime.now(UTC)


@pytest.fixture
def audit(session: ScopedSession) -> Audit:
    return make_audit(session)


def plan(session: ScopedSession, audit: Audit) -> list[Assignment]:
    inspectors = inspectors_of(session, audit.project.id)
    return plan_assignments(session, audit.wave, inspectors, NOW, uncounted_checks(session, audit.wave.id))


def test_what_was_handed_out_is_handed_out_again_with_the_new_version(session: ScopedSession, audit: Audit) -> None:
    planned = plan(session, audit)
    hand_out(planned[:3], NOW)
    session.flush()
    audit.visit(session, assignment=planned[0])
    newer = next_version(session, audit.version)
    pin_checklists(session, audit.wave, [newer.id])
    session.expire_all()
    plans = assignments_of(session, audit.wave.id)
    assert set(newer_versions(session, audit.wave, plans)) == {planned[1].id, planned[2].id}
    later = NOW + timedelta(hours=1)
    chosen = [each for each in plans if each.id in (planned[0].id, planned[1].id)]
    assert hand_out_newer(session, audit.wave, chosen, later) == 1
    assert (planned[1].version_id, planned[1].handed_out_at) == (newer.id, later)
    assert planned[0].version_id == audit.version.id, "its visit has arrived"
    assert set(newer_versions(session, audit.wave, plans)) == {planned[2].id}


def test_an_assignment_is_handed_out_changed_revoked_and_restored(session: ScopedSession, audit: Audit) -> None:
    planned = plan(session, audit)
    one, other = planned[0], planned[1]
    assert hand_out([one, other], NOW) == 2
    assert hand_out([one, other], NOW) == 0
    change_assignment(
        one,
        inspector_id=audit.inspectors[1].id,
        due_from=NOW,
        due_until=NOW + timedelta(days=1),
        brief={"en": "You have lost your card."},
        hours=(9, 14),
    )
    revoke(other)
    session.flush()
    found = {each.id: each for each in assignments_of(session, audit.wave.id)}
    assert found[one.id].inspector is not None
    assert found[one.id].inspector.name == audit.inspectors[1].name
    assert found[one.id].brief == {"en": "You have lost your card."}
    assert (found[one.id].hours_from, found[one.id].hours_until) == (9, 14)
    assert found[other.id].state is AssignmentState.REVOKED
    restore(found[other.id])
    assert (other.state, other.handed_out_at) == (AssignmentState.PLANNED, None)


def test_what_was_delivered_stays_as_it_is(session: ScopedSession, audit: Audit) -> None:
    assignment = audit.assign(session)
    audit.visit(session, assignment=assignment)
    with pytest.raises(AssignmentBusy):
        revoke(assignment)
    with pytest.raises(AssignmentBusy):
        change_assignment(assignment, inspector_id=None, due_from=NOW, due_until=NOW, brief={})
    restore(assignment)
    assert assignment.state is AssignmentState.DELIVERED


def test_several_assignments_are_given_to_somebody_else(session: ScopedSession, audit: Audit) -> None:
    timur = audit.inspectors[1]
    out, planned = audit.assign(session), audit.assign(session, state=AssignmentState.PLANNED, handed_out_at=None)
    delivered, his = audit.assign(session), audit.assign(session, inspector=timur)
    audit.visit(session, assignment=delivered)
    assert give_to([out, planned, delivered, his], timur.id, NOW) == 2
    assert out.inspector_id == planned.inspector_id == timur.id
    assert (out.state, out.handed_out_at) == (AssignmentState.HANDED_OUT, NOW)
    assert (planned.state, planned.handed_out_at) == (AssignmentState.PLANNED, None)
    assert delivered.inspector_id == audit.inspectors[0].id


def test_a_visit_begun_before_its_assignment_was_given_away_is_held(session: ScopedSession, audit: Audit) -> None:
    assignment = audit.assign(session)
    report = audit.report(assignment)
    give_to([assignment], audit.inspectors[1].id, NOW)
    session.flush()
    anna = Sender(audit.inspectors[0].id, (FieldAccess(audit.organization.id),))
    receipt = record_visit(session, new_id(), anna, json.dumps(report).encode(), read_report(report), NOW)
    assert (receipt.state, receipt.hold_reason) == (VisitState.HELD, HoldReason.FOREIGN_ASSIGNMENT)
    assert assignment.state is AssignmentState.HANDED_OUT, "the other inspector may still go"


def test_windows_are_extended_by_days_and_late_ones_from_today(session: ScopedSession, audit: Audit) -> None:
    there = ZoneInfo("Asia/Vladivostok")
    audit.outlets[0].time_zone = there.key
    now = datetime(2026, 11, 22, 15, 0, tzinfo=there)
    late, in_time, delivered = (
        audit.assign(session, due_from=datetime(2026, 11, 10, tzinfo=there), due_until=ends)
        for ends in (datetime(2026, 11, 15, tzinfo=there), datetime(2026, 11, 25, tzinfo=there), now)
    )
    audit.visit(session, assignment=delivered)
    assert [is_late(each, now) for each in (late, in_time, delivered)] == [True, False, False]
    assert extend_by([late, in_time, delivered], 7, now) == 2
    assert late.due_until == datetime(2026, 11, 30, tzinfo=there), "seven whole days from tomorrow on"
    assert in_time.due_until == datetime(2026, 12, 2, tzinfo=there)
    assert delivered.due_until == now


def test_windows_are_extended_to_a_day(session: ScopedSession, audit: Audit) -> None:
    there = ZoneInfo("Asia/Vladivostok")
    audit.outlets[0].time_zone = there.key
    now = datetime(2026, 11, 22, 15, 0, tzinfo=there)
    near, far = audit.assign(session), audit.assign(session, audit.outlets[1])
    assert extend_to([near, far], date(2026, 12, 5), now) == 2
    assert near.due_until == datetime(2026, 12, 6, tzinfo=there)
    assert far.due_until == datetime(2026, 12, 6, tzinfo=audit.outlets[1].zone)
    with pytest.raises(InvalidInput, match="attention"):
        extend_to([near], date(2026, 11, 21), now)
    near.due_from = datetime(2026, 12, 1, tzinfo=there)
    with pytest.raises(InvalidInput):
        extend_to([near], date(2026, 11, 30), now)
    assert near.due_until == datetime(2026, 12, 6, tzinfo=there)


def test_several_assignments_are_revoked_and_planned_again(session: ScopedSession, audit: Audit) -> None:
    planned = plan(session, audit)
    hand_out(planned[:2], NOW)
    session.flush()
    audit.visit(session, assignment=planned[0])
    assert take_back(planned[:3]) == 2
    session.flush()
    assert len(plan(session, audit)) == 2, "their places are open"
    assert put_back(planned[:3]) == 2
    states = [AssignmentState.DELIVERED, AssignmentState.PLANNED, AssignmentState.PLANNED]
    assert [each.state for each in planned[:3]] == states
