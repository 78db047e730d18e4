"""A reviewer's decision: once, with a reason where it refuses, never before the photos are there; what is sent back
comes again; and what is held can be put right.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import OperationalError

from checklists.errors import (
    HoldReason,
    InvalidInput,
    NotesRequired,
    NotFound,
    NotToBePutRight,
    PhotosMissing,
    PlaceTaken,
    ReasonRequired,
    ReviewNotPossible,
)
from checklists.orm import ScopedSession, new_id
from checklists.review import (
    Decision,
    Happening,
    Note,
    approve,
    history_of,
    open_places,
    put_right,
    reject,
    reopen,
    review_queue,
    reviews_of,
    send_back,
)
from checklists.visits import Answer, Receipt, Visit, VisitState, receive_photo
from checklists.waves import Assignment, AssignmentState, hand_out, restore, revoke
from tests.databases import Sessions
from tests.factories import Audit, make_audit
from tests.field import FieldPhoto, deliver, read_report

NOW = datetime.now(UTC)


@pytest.fixture
def audit(session: ScopedSession) -> Audit:
    return make_audit(session)


def test_approval_is_noted_with_its_reviewer(session: ScopedSession, audit: Audit) -> None:
    visit = audit.visit(session)
    approve(session, visit.id, audit.reviewer.id, NOW)
    assert visit.state is VisitState.APPROVED
    (review,) = reviews_of(session, visit.id)
    assert (review.decision, review.reviewer.name, review.at) == (Decision.APPROVED, "Boris Levin", NOW)


def test_a_visit_waits_for_its_photos(session: ScopedSession, audit: Audit) -> None:
    photos = [FieldPhoto(b"one"), FieldPhoto(b"two")]
    assignment = audit.assign(session)
    receipt = deliver(session, assignment, audit.report(assignment, photos={audit.criterion("states")["id"]: photos}))
    receive_photo(session, photos[0].id, NOW)
    with pytest.raises(PhotosMissing) as refusal:
        approve(session, receipt.id, audit.manager.id, NOW)
    assert refusal.value.details == {"count": 1}
    receive_photo(session, photos[1].id, NOW)
    assert approve(session, receipt.id, audit.manager.id, NOW).state is VisitState.APPROVED


def test_rejection_needs_a_reason_and_opens_the_place_again(session: ScopedSession, audit: Audit) -> None:
    visit = audit.visit(session)
    assert visit.assignment_id is not None
    with pytest.raises(ReasonRequired):
        reject(session, visit.id, audit.manager.id, "  \n", NOW)
    assert visit.state is VisitState.RECEIVED
    reject(session, visit.id, audit.manager.id, " Another shop. ", NOW)
    assert visit.state is VisitState.REJECTED
    assert reviews_of(session, visit.id)[0].reason == "Another shop."
    assert session.get_one(Assignment, visit.assignment_id).state is AssignmentState.VOID


def test_a_held_visit_is_rejected_and_never_approved_and_opens_the_place_that_it_was_for(
    session: ScopedSession, audit: Audit
) -> None:
    assignment = audit.assign(session)
    report = audit.report(assignment)
    report["answers"].pop()
    receipt = deliver(session, assignment, report)
    assert receipt.state is VisitState.HELD
    with pytest.raises(ReviewNotPossible):
        approve(session, receipt.id, audit.manager.id, NOW)
    reject(session, receipt.id, audit.manager.id, "Half of it is missing.", NOW)
    assert session.get_one(Visit, receipt.id).state is VisitState.REJECTED
    session.refresh(assignment)
    assert assignment.state is AssignmentState.VOID, "its place is planned again"


def test_rejecting_what_came_for_anothers_place_leaves_that_place(session: ScopedSession, audit: Audit) -> None:
    assignment = audit.assign(session)
    revoke(assignment)
    receipt = deliver(session, assignment, audit.report(assignment))
    restore(assignment)
    hand_out([assignment], NOW)
    reject(session, receipt.id, audit.manager.id, "It came too late.", NOW)
    assert assignment.state is AssignmentState.HANDED_OUT, "it was handed out anew since"


@pytest.mark.parametrize("state", ["approved", "rejected"])
def test_what_was_decided_is_not_decided_again(session: ScopedSession, audit: Audit, state: str) -> None:
    visit = audit.visit(session, state=state)
    with pytest.raises(ReviewNotPossible):
        approve(session, visit.id, audit.manager.id, NOW)
    with pytest.raises(ReviewNotPossible):
        reject(session, visit.id, audit.manager.id, "Changed my mind.", NOW)
    assert len(reviews_of(session, visit.id)) == 1


def test_of_two_reviewers_who_decide_at_once_one_is_told(sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        audit = make_audit(session)
        visit = audit.visit(session)
    start = Barrier(2)

    def decide(reviewer: int) -> str:
        with sessions() as session:
            start.wait()
            try:
                with session.begin():
                    if reviewer:
                        approve(session, visit.id, audit.manager.id, NOW)
                    else:
                        reject(session, visit.id, audit.reviewer.id, "Another shop.", NOW)
            except ReviewNotPossible:
                return "told"
            except OperationalError as error:  # SQLite's single writer, should the other one take long
                return str(error)
            return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(decide, range(2))) == ["done", "told"]
    with sessions() as session:
        assert len(reviews_of(session, visit.id)) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_reviewer_who_had_looked_before_the_other_decided_is_told(sessions: Sessions) -> None:
    """The row was locked, but the visit as the session knew it was not read again."""
    with sessions() as session, session.begin():
        audit = make_audit(session)
        visit = audit.visit(session)
    with sessions() as slow, slow.begin():
        assert slow.get_one(Visit, visit.id).state is VisitState.RECEIVED
        with sessions() as quick, quick.begin():
            approve(quick, visit.id, audit.manager.id, NOW)
        with pytest.raises(ReviewNotPossible):
            reject(slow, visit.id, audit.reviewer.id, "Another shop.", NOW)


def test_what_is_sent_back_carries_its_notes_and_comes_again(session: ScopedSession, audit: Audit) -> None:
    criterion = audit.criterion("states")
    assignment = audit.assign(session)
    report = audit.report(assignment, zones={criterion["id"]: "red"})
    receipt = deliver(session, assignment, report)
    asked = UUID(criterion["id"])
    notes = [Note(asked, 0, "  Which employee was it?  "), Note(asked, 1, " \n")]
    with pytest.raises(NotesRequired):
        send_back(session, receipt.id, audit.reviewer.id, " ", notes[1:], NOW)
    visit = send_back(session, receipt.id, audit.reviewer.id, "", notes, NOW)
    assert visit.state is VisitState.RETURNED
    (review,) = reviews_of(session, visit.id)
    assert (review.decision, review.revision) == (Decision.RETURNED, 1)
    assert review.notes == [{"criterion_id": criterion["id"], "repetition": 0, "text": "Which employee was it?"}]
    assert session.get_one(Assignment, assignment.id).state is AssignmentState.DELIVERED, "its place stays taken"
    with pytest.raises(ReviewNotPossible):
        approve(session, visit.id, audit.reviewer.id, NOW)
    again = deliver(session, assignment, audit.report(assignment, revision=2), visit_id=visit.id)
    assert (again.state, again.revision) == (VisitState.RECEIVED, 2)
    session.refresh(visit)
    assert visit.score == visit.sealed_score == 1.0
    assert approve(session, visit.id, audit.manager.id, NOW).state is VisitState.APPROVED
    assert [each.decision for each in reviews_of(session, visit.id)] == [Decision.RETURNED, Decision.APPROVED]


def test_a_note_stands_beside_a_criterion_of_the_visit(session: ScopedSession, audit: Audit) -> None:
    visit = audit.visit(session)
    with pytest.raises(NotFound):
        send_back(session, visit.id, audit.reviewer.id, "", [Note(new_id(), 0, "What is this?")], NOW)
    assert visit.state is VisitState.RECEIVED


def test_a_returned_visit_that_never_comes_again_can_be_rejected(session: ScopedSession, audit: Audit) -> None:
    visit = audit.visit(session)
    send_back(session, visit.id, audit.reviewer.id, "The photos are of another day.", [], NOW)
    reject(session, visit.id, audit.manager.id, "It never came again.", NOW)
    assert visit.assignment_id is not None
    assert session.get_one(Assignment, visit.assignment_id).state is AssignmentState.VOID


def test_an_approval_is_taken_back_with_a_reason_and_a_rejection_never(session: ScopedSession, audit: Audit) -> None:
    approved, rejected = audit.visit(session, state="approved"), audit.visit(session, state="rejected")
    with pytest.raises(ReasonRequired):
        reopen(session, approved.id, audit.manager.id, "\t", NOW)
    reopen(session, approved.id, audit.manager.id, "The client says it was another shop.", datetime.now(UTC))
    assert approved.state is VisitState.RECEIVED
    with pytest.raises(ReviewNotPossible):
        reopen(session, approved.id, audit.manager.id, "Twice.", NOW)
    with pytest.raises(ReviewNotPossible):
        reopen(session, rejected.id, audit.manager.id, "It was right after all.", NOW)
    assert [each.decision for each in reviews_of(session, approved.id)] == [Decision.APPROVED, Decision.REOPENED]


def held_visit(session: ScopedSession, audit: Audit, assignment: Assignment, **changes: Any) -> tuple[Receipt, Any]:
    report = audit.report(assignment) | changes
    receipt = deliver(session, assignment, report)
    assert receipt.state is VisitState.HELD
    return receipt, read_report(report)


def test_a_visit_of_a_revoked_assignment_is_put_right_at_its_place(session: ScopedSession, audit: Audit) -> None:
    assignment = audit.assign(session, state=AssignmentState.REVOKED)
    receipt, report = held_visit(session, audit, assignment)
    visit = session.get_one(Visit, receipt.id)
    with pytest.raises(ReasonRequired):
        put_right(session, visit.id, audit.manager.id, report, assignment.id, "", NOW)
    put_right(session, visit.id, audit.manager.id, report, assignment.id, "She had been there already.", NOW)
    assert (visit.state, visit.hold_reason, visit.score) == (VisitState.RECEIVED, None, 1.0)
    session.refresh(assignment)
    assert assignment.state is AssignmentState.DELIVERED
    assert reviews_of(session, visit.id)[0].decision is Decision.PUT_RIGHT
    assert approve(session, visit.id, audit.manager.id, NOW).state is VisitState.APPROVED


def test_a_visit_for_anothers_assignment_goes_to_whom_it_was_made_by(session: ScopedSession, audit: Audit) -> None:
    anna, timur = audit.inspectors
    foreign, planned = audit.assign(session, inspector=timur), audit.assign(session, state=AssignmentState.PLANNED)
    own = audit.assign(session)
    report = audit.report(foreign)
    receipt = deliver(session, own, report)
    visit = session.get_one(Visit, receipt.id)
    assert visit.hold_reason is HoldReason.FOREIGN_ASSIGNMENT
    checklist_id = audit.version.checklist_id
    offered = open_places(session, audit.project.id, checklist_id, visit)
    assert {each.id for each in offered} == {foreign.id, planned.id, own.id}
    assert offered[-1].inspector_id == timur.id, "the inspector's own come first"
    put_right(session, visit.id, audit.manager.id, read_report(report), planned.id, "Sent in her name.", NOW)
    session.refresh(planned)
    assert (planned.state, planned.inspector_id) == (AssignmentState.DELIVERED, anna.id)
    assert visit.assignment_id == planned.id
    session.refresh(foreign)
    assert foreign.state is AssignmentState.HANDED_OUT


def test_a_place_that_is_taken_or_of_another_checklist_takes_no_visit(session: ScopedSession, audit: Audit) -> None:
    taken = audit.visit(session)
    assert taken.assignment_id is not None
    receipt, report = held_visit(session, audit, audit.assign(session, state=AssignmentState.REVOKED))
    other = make_audit(session, "other")
    for place in (taken.assignment_id, other.assign(session).id, new_id()):
        with pytest.raises(PlaceTaken):
            put_right(session, receipt.id, audit.manager.id, report, place, "Here.", NOW)
    with pytest.raises(NotToBePutRight):
        put_right(session, receipt.id, audit.manager.id, None, audit.assign(session).id, "Here.", NOW)
    assert session.get_one(Visit, receipt.id).state is VisitState.HELD


def test_absurd_times_are_replaced_and_answers_that_cannot_stand_are_kept(session: ScopedSession, audit: Audit) -> None:
    measure = audit.criterion("measure")["id"]
    assignment = audit.assign(session)
    in_1970 = {"started_at": "1970-01-01T00:00:00+00:00", "finished_at": "1970-01-01T00:12:00+00:00"}
    report = audit.report(assignment, answers={measure: {"value": -5}}) | in_1970
    receipt = deliver(session, assignment, report)
    with pytest.raises(InvalidInput) as refusal:
        put_right(session, receipt.id, audit.manager.id, read_report(report), assignment.id, "A clock of 1970.", NOW)
    assert set(refusal.value.fields) == {"started_at"}
    began, ended = NOW - timedelta(days=1), NOW - timedelta(hours=23)
    visit = put_right(
        session, receipt.id, audit.manager.id, read_report(report), assignment.id, "A clock of 1970.", NOW, began, ended
    )
    assert (visit.started_at, visit.finished_at, visit.state) == (began, ended, VisitState.RECEIVED)
    kept = session.get_one(Answer, (visit.id, UUID(measure), 0))
    assert (kept.value, kept.zone, kept.possible) == (-5, None, 0.0)


def test_a_revision_that_is_held_keeps_its_place_until_it_is_rejected_or_put_right(
    session: ScopedSession, audit: Audit
) -> None:
    visits = [audit.visit(session, outlet) for outlet in audit.outlets[:2]]
    reports = []
    for visit in visits:
        assert visit.assignment is not None
        send_back(session, visit.id, audit.reviewer.id, "Once more, please.", [], NOW)
        report = audit.report(visit.assignment, revision=2)
        report["answers"].pop()
        assert deliver(session, visit.assignment, report, visit_id=visit.id).state is VisitState.HELD
        reports.append(read_report(report))
    rejected, right = visits
    reject(session, rejected.id, audit.manager.id, "Half of it is missing.", NOW)
    assert rejected.assignment_id is not None
    assert right.assignment_id is not None
    assert session.get_one(Assignment, rejected.assignment_id).state is AssignmentState.VOID
    put_right(session, right.id, audit.manager.id, reports[1], right.assignment_id, "Enough for us.", NOW)
    assert session.get_one(Assignment, right.assignment_id).state is AssignmentState.DELIVERED
    assert right.revision == 2


def test_the_history_tells_all_of_it_in_order(session: ScopedSession, audit: Audit) -> None:
    criterion = audit.criterion("states")["id"]
    assignment, photo = audit.assign(session), FieldPhoto(b"one")
    report = audit.report(assignment, photos={criterion: [photo]}, started_at=NOW + timedelta(hours=5))
    visit_id = deliver(session, assignment, report).id
    deliver(session, assignment, report | {"elapsed_ms": 1}, visit_id=visit_id)
    receive_photo(session, photo.id, datetime.now(UTC))
    send_back(session, visit_id, audit.reviewer.id, "Whose photo is it?", [], datetime.now(UTC))
    deliver(session, assignment, report | {"revision": 2}, visit_id=visit_id)
    approve(session, visit_id, audit.manager.id, datetime.now(UTC))
    events = history_of(session, visit_id)
    assert [event.kind for event in events] == [
        Happening.HANDED_OUT,
        Happening.RECEIVED,
        Happening.CONFLICT,
        Happening.PHOTOS,
        Happening.DECIDED,
        Happening.BEGUN,
        Happening.FINISHED,
        Happening.RECEIVED,
        Happening.DECIDED,
    ]
    assert [event.revision for event in events if event.kind is Happening.RECEIVED] == [1, 2]
    assert [event.person for event in events if event.review] == ["Boris Levin", "Marina Orlova"]
    with pytest.raises(NotFound):
        history_of(session, new_id())


def test_the_queue_goes_round_by_receipt(session: ScopedSession, audit: Audit) -> None:
    first, second, third = (audit.visit(session, audit.outlets[number]) for number in (0, 1, 3))
    audit.visit(session, audit.outlets[2], state="approved")
    queue = review_queue(session, audit.project.id)
    assert [queue.place(each.id) for each in (first, second, third)] == [1, 2, 3]
    assert queue.after(None) == first.id
    assert (queue.after(first), queue.after(third)) == (second.id, first.id)
    approve(session, second.id, audit.manager.id, NOW)
    left = review_queue(session, audit.project.id)
    assert (left.place(second.id), left.after(second), len(left.waiting)) == (None, third.id, 2)
    for filters, waiting in (
        ({"brand_id": audit.brands[1].id}, [third.id]),
        ({"outlet_id": audit.outlets[0].id}, [first.id]),
        ({"wave_id": new_id()}, []),
        ({"touchpoint_id": audit.touchpoints[0].id}, [first.id, third.id]),
        ({"inspector_id": audit.inspectors[1].id}, []),
    ):
        found = review_queue(session, audit.project.id, **filters)
        assert [identity for _received_at, identity in found.waiting] == waiting, filters
    assert review_queue(session, audit.project.id, wave_id=new_id()).after(None) is None
