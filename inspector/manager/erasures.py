"""What the law asks to forget: photos, names of staff, whole visits, people; and the list of what was erased."""

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from checklists.erasure import (
    ErasureKind,
    erase_login,
    erase_person,
    erase_photos,
    erase_staff,
    erase_visit,
    tombstones_of,
)
from checklists.erasure.act import Act
from checklists.erasure.retention import REASON
from checklists.errors import DomainError, NotAllowed, NotErasable, NotFound
from checklists.jobs import enqueue
from checklists.organizations import refuse_to_outrank
from checklists.orm import unscoped
from checklists.people import Member, Membership, members_of
from checklists.visits import Visit
from inspector.auth import MANAGERS, person, roles
from inspector.doorbell import ring
from inspector.manager.forms import LONGEST_TEXT, Form, PageAnswer
from inspector.manager.lists import identity_asked
from inspector.manager.people import own_memberships
from inspector.manager.visits.place import visit_asked
from inspector.trail import reads_personal
from inspector.transactions import reading, writing

blueprint = Blueprint("erasures", __name__, url_prefix="/o/<organization>/<project>/erasures")

ON_A_PAGE = 100
KINDS = {
    ErasureKind.PHOTO: lazy_gettext("photo"),
    ErasureKind.PERSON: lazy_gettext("person"),
    ErasureKind.STAFF: lazy_gettext("names of staff"),
    ErasureKind.VISIT: lazy_gettext("visit"),
}


class What(StrEnum):
    """What of a visit is to go."""

    PHOTOS = "photos"
    STAFF = "staff"
    VISIT = "visit"


WHAT = {
    What.PHOTOS: lazy_gettext("The photos that are ticked below. Answers and scores stay."),
    What.STAFF: lazy_gettext(
        "Names and descriptions of the staff met, and what repeated sections were called (it may be a name). Answers,"
        " comments and scores stay."
    ),
    What.VISIT: lazy_gettext("The whole visit, with answers, photos and comments. It does not count any more."),
}


@blueprint.get("/")
@roles(*MANAGERS)
def index() -> PageAnswer:
    """What was erased, the latest first."""
    last = identity_asked("after")
    with reading() as session:
        found = tombstones_of(session, g.project.id, after_id=last, limit=ON_A_PAGE + 1)
    return render_template(
        "erasures/index.html",
        tombstones=found[:ON_A_PAGE],
        more=len(found) > ON_A_PAGE,
        kinds=KINDS,
        retention=REASON,
    )


@blueprint.route("/visits/<uuid:visit_id>", methods=["GET", "POST"])
@roles(*MANAGERS)
@reads_personal("visit")
def visit(visit_id: UUID) -> PageAnswer:
    """Erase photos of a visit, names in it, or all of it."""
    if request.method == "GET":
        return _visit_page(visit_id, Form.showing(what=What.PHOTOS))
    form = Form.sent()
    what, reason = form.one_of("what", What), _confirmed(form)
    try:
        photos = {UUID(each) for each in form.chosen("photos")}
    except ValueError:
        raise NotFound from None
    if what is What.PHOTOS and not photos:
        form.refuse("photos", _("Tick at least one photo."))
    try:
        form.check()
        with writing() as session:
            erase_from(session, visit_asked(session, visit_id), what, photos, act_for(reason))
    except NotFound:
        raise
    except DomainError as error:
        form.keep(error)
        return _visit_page(visit_id, form)
    ring()
    flash(_("It was erased."), "done")
    return redirect(url_for("erasures.index") if what is What.VISIT else url_for("visits.show", visit_id=visit_id))


def erase_from(session: Session, visit: Visit, what: What, photos: set[UUID], act: Act) -> None:
    """Erase this of the visit. Raises NotFound where a photo is not of it."""
    match what:
        case What.PHOTOS:
            erase_photos(session, visit, photos, act)
        case What.STAFF:
            erase_staff(session, visit, act)
        case What.VISIT:
            erase_visit(session, visit, act)


def _visit_page(visit_id: UUID, form: Form) -> PageAnswer:
    with reading() as session:
        visit = visit_asked(session, visit_id)
        page = render_template("erasures/visit.html", form=form, visit=visit, what=WHAT.items())
    return page, form.status


@blueprint.route("/people/<uuid:user_id>", methods=["GET", "POST"])
@roles(*MANAGERS)
@reads_personal("person")
def someone(user_id: UUID) -> PageAnswer:
    """Erase a person."""
    with reading() as session:
        member = _member(session, user_id)
    if request.method == "GET":
        return _person_page(member, Form.showing())
    form = Form.sent()
    reason = _confirmed(form)
    try:
        form.check()
        erase_someone(user_id, act_for(reason))
    except DomainError as error:
        form.keep(error)
        return _person_page(member, form)
    ring()
    flash(_("It was erased."), "done")
    return redirect(url_for("people.index"))


def erase_someone(user_id: UUID, act: Act) -> None:
    """Erase a person of the organization of the address; what their phones left in visits, a job erases. Raises
    NotErasable for oneself and for those who reach further.
    """
    if user_id == person().user.id:
        raise NotErasable
    shared = _is_known_elsewhere(user_id)
    with writing() as session:
        _refuse_higher(session, user_id)
        erase_person(session, user_id, g.organization.id, act)
        if not shared:
            erase_login(session, user_id, act, _("erased person"))
        traces = {"user_id": str(user_id), "by_id": str(act.by_id), "reason": act.reason}
        enqueue(session, g.organization.id, "erase_traces", act.at, **traces)


def _person_page(member: Member, form: Form) -> PageAnswer:
    return render_template("erasures/person.html", form=form, member=member), form.status


def _member(session: Session, user_id: UUID) -> Member:
    for member in members_of(session, g.project.id):
        if member.user.id == user_id:
            return member
    raise NotFound


def _refuse_higher(session: Session, user_id: UUID) -> None:
    """Raises NotErasable: an erased person is gone from all projects, and an organization must not lose its last owner
    this way.
    """
    try:
        refuse_to_outrank(session, g.organization.id, user_id, own_memberships())
    except NotAllowed:
        raise NotErasable from None


def _is_known_elsewhere(user_id: UUID) -> bool:
    """Whether another organization has this person too; then the login is not ours alone to erase."""
    with reading(unscoped("which other organizations know this person?")) as session:
        elsewhere = select(Membership.id).where(
            Membership.user_id == user_id, Membership.organization_id != g.organization.id
        )
        return session.scalar(elsewhere.limit(1)) is not None


def _confirmed(form: Form) -> str:
    """The reason, with the tick that says that nothing brings it back."""
    reason = form.text("reason", required=True, longest=LONGEST_TEXT)
    if not form.ticked("sure"):
        form.refuse("sure", _("Please tick this: an erasure cannot be undone."))
    return reason


def act_for(reason: str) -> Act:
    """An erasure by the person of this request. Raises ReasonRequired."""
    return Act(person().user.id, reason, datetime.now(UTC))
