"""A manager's decision: once, with a reason where it refuses, never before the photos are there."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from sqlalchemy.exc import OperationalError

from checklists.errors import PhotosMissing, ReasonRequired, ReviewNotPossible
from checklists.orm import ScopedSession
from checklists.review import Decision, approve, reject, reviews_of
from checklists.visits import Visit, VisitState, receive_photo
from checklists.waves import Assignment, AssignmentState
from tests.factories import Audit, make_audit
from tests.field import FieldPhoto, deliver

Sessions = Callable[..., ScopedSession]
NOW = datetime.now(UTC)


@pytest.fixture
def session(sessions: Sessions) -> Iterator[ScopedSession]:
    with sessions() as opened, opened.begin():
        yield opened


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


def test_a_held_visit_is_rejected_and_never_approved_and_its_assignment_stays(
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
    assert assignment.state is AssignmentState.HANDED_OUT, "the inspector may still deliver a sound visit"
    assert deliver(session, assignment, audit.report(assignment)).state is VisitState.RECEIVED


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
