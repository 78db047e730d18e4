"""What the law asks to forget: what was erased, what there is to erase of a visit or a person, and the erasure."""

from uuid import UUID

from flask import Response
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from checklists.accounts import TokenScope
from checklists.erasure import Erasure, ErasureKind, Tombstone, Traces, tombstones_of, traces_of
from checklists.erasure.act import Act
from checklists.errors import N_, InvalidInput
from checklists.review import corrections_of
from checklists.visits import Visit, VisitState, sealed_reports_of, visit_with_parts
from inspector.api.etags import tagged
from inspector.api.fields import EXAMPLE_IDS, TOLD, Body, Choice, Flag, Id, Moment, Part, Several, Text, Whole
from inspector.api.operations import Json, Operations, told
from inspector.api.paging import Paged, cursor_as, page_of, paged
from inspector.auth import MANAGERS, person, roles
from inspector.doorbell import ring
from inspector.manager.erasures import What, act_for, erase_from, erase_someone
from inspector.manager.forms import LONGEST_TEXT
from inspector.manager.people import member_asked
from inspector.trail import reads_personal
from inspector.transactions import reading, writing

operations = Operations(
    "erasures",
    "Erasures",
    "What the law asks to forget goes for good, here and in the photo storage; a tombstone stays. Backups made before"
    " still have it.",
)


class ErasureSchema(Body):
    id = Id("erasure", **TOLD)
    kind = Choice(ErasureKind, **TOLD)
    subject_id = Id("visit", "The photo, visit or person; of `staff` the visit.", **TOLD)
    project_id = Id("project", "Null for a person, who is erased everywhere.", allow_none=True, **TOLD)
    sha256 = Text(
        "Of what had bytes.",
        allow_none=True,
        example="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        **TOLD,
    )
    reason = Text("`retention` where nobody asked for it.", example="Asked for by the person shown.", **TOLD)
    by_id = Id("user", "Null where the project's retention ran out.", allow_none=True, **TOLD)
    by_name = Text(example="Marina Orlova", **TOLD)
    at = Moment(**TOLD)


class ErasuresSchema(Body):
    items = Several(Part(ErasureSchema), "The tombstones of this erasure; none for what was erased before.", **TOLD)


class ErasableVisitSchema(Body):
    photo_ids = Several(Id("photo"), "Photos that are not erased, arrived or not.", **TOLD)
    staff_met = Whole("People of the staff who are named or described.", example=1, **TOLD)
    answers = Whole("These and what follows go with the whole visit only.", example=40, **TOLD)
    best_practices = Whole(example=1, **TOLD)
    corrections = Whole(example=0, **TOLD)
    reports = Whole("As they were sent.", example=1, **TOLD)
    counts = Flag("Whether it counts in the results now. Without the whole visit it would no longer.", **TOLD)


class ErasablePersonSchema(Body):
    name = Text(example="Anna Petrova", **TOLD)
    email = Text(example="anna@example.org", **TOLD)
    memberships = Whole("Roles, held now or once, in all projects of the organization.", example=1, **TOLD)
    tokens = Whole("That let programs in.", example=0, **TOLD)
    visits = Whole("Which keep the phone's name and positions until then. They stay without these.", example=12, **TOLD)


class VisitErasureSchema(Body):
    what = Choice(
        What,
        "`photos`: those that are named. `staff`: names and descriptions of the staff met. `visit`: all of it; it does"
        " not count any more.",
        required=True,
    )
    photo_ids = Several(Id("photo"), "Of `photos`.", most=1_000, load_default=list)
    reason = Text("It stays with the tombstone. Name nobody in it.", longest=LONGEST_TEXT, required=True)


class PersonErasureSchema(Body):
    reason = Text(
        "It stays with the tombstone. Name nobody in it.",
        longest=LONGEST_TEXT,
        required=True,
        example="The person asked for it.",
    )


@operations.route("/projects/<uuid:project_id>/erasures", methods=["GET"])
@operations.query(Paged)
@operations.answers(200, page_of(ErasureSchema), "Tombstones, the latest first")
@roles(*MANAGERS, scope=TokenScope.PEOPLE_READ)
def list_erasures(asked: Json, project_id: UUID) -> Response:
    """What was erased in the project, and people of the organization, the latest first."""
    cursor = cursor_as(asked["cursor"], UUID)
    with reading() as session:
        if cursor and session.get(Erasure, cursor[0]) is None:
            raise InvalidInput({"cursor": N_("This cursor is not one of this list.")})
        found = tombstones_of(session, project_id, after_id=cursor and cursor[0], limit=asked["limit"] + 1)
        return paged(ErasureSchema, found, asked["limit"], lambda each: (each.erasure.id,), _told)


def _told(tombstone: Tombstone) -> Json:
    names = ("id", "kind", "subject_id", "project_id", "sha256", "reason", "by_id", "at")
    return {name: getattr(tombstone.erasure, name) for name in names} | {"by_name": tombstone.by}


@operations.route("/visits/<uuid:visit_id>/erasable", methods=["GET"])
@operations.answers(200, ErasableVisitSchema, "What there is to erase")
@roles(*MANAGERS, scope=TokenScope.FIELDWORK_READ)
@reads_personal("visit")
def show_erasable_visit(visit_id: UUID) -> Response:
    """What an erasure of the visit, or of a part of it, would touch."""
    with reading() as session:
        visit = visit_with_parts(session, visit_id)
        content = {
            "photo_ids": [each.id for each in (*visit.photos, *visit.photos_beside) if each.erased_at is None],
            "staff_met": sum(bool(each.get("name") or each.get("description")) for each in visit.staff_met),
            "answers": len(visit.answers),
            "best_practices": len(visit.best_practices),
            "corrections": len(corrections_of(session, visit.id)),
            "reports": sum(report.erased_at is None for report in sealed_reports_of(session, visit.id)),
            "counts": visit.state is VisitState.APPROVED,
        }
        return tagged(ErasableVisitSchema, content)


@operations.route("/visits/<uuid:visit_id>/erasures", methods=["POST"])
@operations.body(
    VisitErasureSchema,
    example={"what": "photos", "photo_ids": [EXAMPLE_IDS["photo"]], "reason": "Asked for by the person shown."},
)
@operations.answers(201, ErasuresSchema, "It was erased")
@roles(*MANAGERS, scope=TokenScope.ERASURES_WRITE)
def erase_visit(wish: Json, visit_id: UUID) -> Response:
    """Erase photos of a visit, the names of the staff in it, or all of it. Nothing brings it back."""
    if wish["what"] is What.PHOTOS and not wish["photo_ids"]:
        raise InvalidInput({"photo_ids": _("Please choose one.")})
    act = act_for(wish["reason"])
    with writing() as session:
        session.get(Visit, visit_id, with_for_update=True)
        erase_from(session, visit_with_parts(session, visit_id), wish["what"], set(wish["photo_ids"]), act)
        answer = _erased(session, act)
    ring()
    return answer


@operations.route("/projects/<uuid:project_id>/people/<uuid:user_id>/erasable", methods=["GET"])
@operations.answers(200, ErasablePersonSchema, "What there is to erase")
@roles(*MANAGERS, scope=TokenScope.PEOPLE_READ)
@reads_personal("person")
def show_erasable_person(project_id: UUID, user_id: UUID) -> Response:
    """What an erasure of the person would touch, in all projects of the organization."""
    with reading() as session:
        user, traces = member_asked(session, user_id).user, traces_of(session, user_id)
        counts = {name: getattr(traces, name) for name in Traces.__slots__}
        return tagged(ErasablePersonSchema, {"name": user.name, "email": user.email} | counts)


@operations.route("/projects/<uuid:project_id>/people/<uuid:user_id>/erasures", methods=["POST"])
@operations.body(PersonErasureSchema)
@operations.answers(201, ErasuresSchema, "The person was erased")
@roles(*MANAGERS, scope=TokenScope.ERASURES_WRITE)
def erase_person(wish: Json, project_id: UUID, user_id: UUID) -> Response:
    """Erase a person: name, address, password, logins and tokens, and the phone's name and the positions in all visits.
    Visits and decisions stay. A login that another organization uses too is not erased there.
    """
    with reading() as session:
        member_asked(session, user_id)
    act = act_for(wish["reason"])
    erase_someone(user_id, act)
    ring()
    with reading() as session:
        return _erased(session, act)


def _erased(session: Session, act: Act) -> Response:
    """The tombstones that the erasure left."""
    session.flush()
    found = session.scalars(select(Erasure).where(Erasure.at == act.at, Erasure.by_id == act.by_id))
    items = [_told(Tombstone(each, person().user.name)) for each in found]
    return told(ErasuresSchema().dump({"items": items}), 201)
