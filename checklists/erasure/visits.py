"""Visits are erased: as a whole, or the names of the staff that they met; or, when a project's retention runs out, all
that could point at a person, while their numbers stay.
"""

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from checklists.erasure.act import Act
from checklists.erasure.photos import forget_photos
from checklists.erasure.sealed import cut_bodies, empty_bodies, staff_without_names, without_labels, without_staff
from checklists.erasure.tables import ErasureKind
from checklists.review import Correction, Review
from checklists.review.decisions import place_of
from checklists.visits import Answer, BestPractice, Check, Photo, Visit, drop_drafts_of_visit
from checklists.waves import AssignmentState


def erase_visit(session: Session, visit: Visit, act: Act) -> None:
    """Erase all of a visit: reports, answers, photos, comments, corrections, reasons, and its checks too, since nobody
    could any longer see what they rest on. It does not count any more, its place in the plan is open again, and a phone
    that sends it anew hears that it was deleted (VisitDeleted). Who sent it, when, and its SHA-256 stay.
    """
    place = place_of(session, visit)
    if place is not None:
        place.state = AssignmentState.VOID
    _forget(session, visit, act)
    for table in (Answer, Check):
        session.execute(delete(table).where(table.visit_id == visit.id).execution_options(synchronize_session=False))
    visit.deleted_at = act.at
    visit.points = visit.possible = visit.score = visit.sealed_score = None
    visit.started_at = visit.finished_at = visit.elapsed_ms = visit.utc_offset = None
    visit.repetitions, visit.outlet_attributes = [], {}
    session.flush()
    session.expire(visit)


def keep_numbers_only(session: Session, visit: Visit, act: Act) -> None:
    """Erase what could point at a person and keep what the results are made of: a project compares itself over years.

    Gone are reports as they were sent, photos, best practices, everything written in free words, positions, devices,
    the staff met. Checks and the answers' states, options, zones and numbers stay, and the visit counts as before.
    """
    _forget(session, visit, act)
    session.execute(
        update(Answer)
        .where(Answer.visit_id == visit.id)
        .values(words=None, comment=None, reason=None, photo_ids=[])
        .execution_options(synchronize_session=False)
    )
    visit.repetitions = without_labels(visit.repetitions)
    session.flush()
    session.expire(visit)


def _forget(session: Session, visit: Visit, act: Act) -> None:
    """What both have in common."""
    forget_photos(session, visit, session.scalars(select(Photo).where(Photo.visit_id == visit.id)).all(), act)
    drop_drafts_of_visit(session, visit.id, act.at)
    sha256 = empty_bodies(session, visit.id, act.at)
    for table in (BestPractice, Correction):
        session.execute(delete(table).where(table.visit_id == visit.id).execution_options(synchronize_session=False))
    for review in session.scalars(select(Review).where(Review.visit_id == visit.id)):
        review.reason, review.notes = "", []
    visit.positions, visit.staff_met, visit.consents = [], [], []
    visit.device_id = visit.app_version = ""
    act.leave_tombstone(
        session,
        ErasureKind.VISIT,
        visit.id,
        organization_id=visit.organization_id,
        project_id=visit.project_id,
        sha256=sha256,
    )


def erase_staff(session: Session, visit: Visit, act: Act) -> None:
    """Erase names and descriptions of the staff met, and what the repetitions of sections were called, here and in the
    reports as they were sent; roles and all answers stay. A name that somebody wrote into an answer or a comment goes
    only with the whole visit.
    """
    visit.staff_met = staff_without_names(visit.staff_met)
    visit.repetitions = without_labels(visit.repetitions)
    cut_bodies(session, visit.id, without_staff, act.at)
    # The next revision that a phone has begun names them too; the phone brings its copy again, without those it drops.
    drop_drafts_of_visit(session, visit.id, act.at)
    act.leave_tombstone(
        session, ErasureKind.STAFF, visit.id, organization_id=visit.organization_id, project_id=visit.project_id
    )
    session.flush()
