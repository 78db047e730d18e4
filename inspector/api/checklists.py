"""Checklists, and their versions as whole documents: a draft is read, changed and written back as one."""

from datetime import UTC, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from flask import Response, g, request
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from checklists.accounts import TokenScope
from checklists.checklist import (
    Change,
    Changed,
    Checklist,
    ChecklistVersion,
    Purpose,
    checklists_of,
    counts_of_criteria,
    create_checklist,
    differences,
    next_draft,
    phone_document,
    publish,
    refuse_if_published,
    replace_draft,
    version_with_parts,
)
from checklists.errors import DraftExists, NotFound
from inspector.api.checklist_bodies import VersionSchema, draft_asked, version_told
from inspector.api.etags import refuse_if_changed, tagged
from inspector.api.fields import TOLD, Anything, Body, Choice, Id, Moment, Part, Several, Text, Whole, Words
from inspector.api.operations import Json, Operations, told
from inspector.api.paging import Paged, behind, page_of, paged
from inspector.api.reach import find
from inspector.auth import MANAGERS, REVIEWERS, roles
from inspector.manager.checklists.pictures import LARGEST_PICTURE, keep_picture
from inspector.manager.checklists.place import document_of
from inspector.transactions import reading, writing

operations = Operations(
    "checklists",
    "Checklists",
    "The templates that audit managers design. A draft is read, changed and written back as one document; published, it"
    " is frozen. Sections, criteria, states and options that keep their ids stay the same things.",
)

ANY: Json = {"type": ["string", "number", "boolean", "object", "array", "null"]}


class VersionBriefSchema(Body):
    id = Id("version", **TOLD)
    number = Whole(example=1, **TOLD)
    published_at = Moment("Null while it is a draft.", allow_none=True, **TOLD)
    criteria = Whole("How many it has.", example=24, **TOLD)


class ChecklistSchema(Body):
    id = Id("checklist", **TOLD)
    project_id = Id("project", **TOLD)
    name = Words(required=True, example={"en": "Phone call", "ru": "Звонок"})
    purpose = Choice(Purpose, load_default=Purpose.VISIT)
    created_at = Moment(**TOLD)
    versions = Several(Part(VersionBriefSchema), "The oldest first.", **TOLD)


class DifferenceSchema(Body):
    change = Choice(Change, **TOLD)
    part = Choice(Changed, **TOLD)
    section = Words(allow_none=True, example={"en": "Reception"}, **TOLD)
    criterion = Words(allow_none=True, example={"en": "The desk"}, **TOLD)
    name = Words(allow_none=True, example={"en": "The desk is clean"}, **TOLD)
    field = Text("What of it was reworded or changed.", example="weight", **TOLD)
    old = Anything(ANY, example=1, **TOLD)
    new = Anything(ANY, example=2, **TOLD)


class DifferencesSchema(Body):
    since_id = Id("version", "With which it was compared.", **TOLD)
    items = Several(Part(DifferenceSchema), "In the order of the later version.", **TOLD)


class DifferencesQuery(Body):
    since = Id("version", "Another version of the same checklist; else the one before.", load_default=None)


class PictureSchema(Body):
    id = Id("picture", **TOLD)
    width = Whole("In pixels.", example=1280, **TOLD)
    height = Whole("In pixels.", example=960, **TOLD)


@operations.route("/projects/<uuid:project_id>/checklists", methods=["GET"])
@operations.query(Paged)
@operations.answers(200, page_of(ChecklistSchema), "The project's checklists in the order in which they were made")
@roles(*REVIEWERS, scope=TokenScope.SETUP_READ)
def list_checklists(asked: Json, project_id: UUID) -> Response:
    """The project's checklists with their versions, without what these say."""
    with reading() as session:
        found = behind(sorted(checklists_of(session, project_id), key=_place), asked["cursor"], asked["limit"], _place)
        counts = counts_of_criteria(session, [version.id for each in found for version in each.versions])
        return paged(ChecklistSchema, found, asked["limit"], _place, lambda each: _told(each, counts))


def _place(checklist: Checklist) -> tuple[UUID]:
    return (checklist.id,)


@operations.route("/projects/<uuid:project_id>/checklists", methods=["POST"])
@operations.body(ChecklistSchema)
@operations.answers(201, ChecklistSchema, "The checklist was made, with an empty draft")
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def add(design: Json, project_id: UUID) -> Response:
    """A new checklist with an empty draft."""
    with writing() as session:
        checklist = create_checklist(session, project_id, design["name"], datetime.now(UTC))
        checklist.purpose = design["purpose"]
        session.flush()
        return tagged(ChecklistSchema, _told(checklist, {}), 201, location=f"/api/v1/checklists/{checklist.id}")


@operations.route("/checklists/<uuid:checklist_id>", methods=["GET"])
@operations.answers(200, ChecklistSchema, "The checklist")
@roles(*REVIEWERS, scope=TokenScope.SETUP_READ)
def show_checklist(checklist_id: UUID) -> Response:
    """One checklist with its versions, without what these say."""
    with reading() as session:
        checklist = find(session, Checklist, checklist_id)
        counts = counts_of_criteria(session, [each.id for each in checklist.versions])
        return tagged(ChecklistSchema, _told(checklist, counts))


def _told(checklist: Checklist, counts: dict[UUID, int]) -> Json:
    return {name: getattr(checklist, name) for name in ("id", "project_id", "name", "purpose", "created_at")} | {
        "versions": [
            {
                "id": each.id,
                "number": each.number,
                "published_at": each.published_at,
                "criteria": counts.get(each.id, 0),
            }
            for each in checklist.versions
        ]
    }


@operations.route("/versions/<uuid:version_id>", methods=["GET"])
@operations.answers(200, VersionSchema, "The version")
@roles(*REVIEWERS, scope=TokenScope.SETUP_READ)
def show(version_id: UUID) -> Response:
    """One version as a whole: sections, criteria, states, options, conditions, weights."""
    with reading() as session:
        return tagged(VersionSchema, version_told(_version(session, version_id)))


@operations.route("/versions/<uuid:version_id>", methods=["PUT"])
@operations.body(VersionSchema)
@operations.answers(200, VersionSchema, "The draft as it is now, with the ids of what is new")
@operations.needs_tag
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def change(document: Json, version_id: UUID) -> Response:
    """Write a draft as a whole. Parts that the document does not have are removed; one without an id, or with one that
    the draft does not have, is new.
    """
    with writing() as session:
        version = _locked(session, version_id)
        refuse_if_published(version)
        replace_draft(session, version, draft_asked(session, document))
        return tagged(VersionSchema, version_told(_afresh(session, version_id)))


@operations.route("/versions/<uuid:version_id>/publication", methods=["PUT"])
@operations.answers(200, VersionSchema, "The version, frozen")
@operations.needs_tag
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def publish_version(version_id: UUID) -> Response:
    """Freeze a draft, so that waves can use it."""
    with writing() as session:
        version = _locked(session, version_id)
        publish(version, g.project.languages, datetime.now(UTC), staff_names=g.project.staff_names)
        session.flush()
        return tagged(VersionSchema, version_told(version))


@operations.route("/versions/<uuid:version_id>/next-draft", methods=["POST"])
@operations.answers(201, VersionSchema, "The draft")
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def draft_anew(version_id: UUID) -> Response:
    """The next draft, as a copy of this version. A checklist has one draft at a time."""
    try:
        with writing() as session:
            draft = next_draft(session, _version(session, version_id))
            content = version_told(_afresh(session, draft.id))
    except IntegrityError:
        # The database refuses a second draft where two people asked for one at once.
        raise DraftExists from None
    return tagged(VersionSchema, content, 201, location=f"/api/v1/versions/{content['id']}")


@operations.route("/versions/<uuid:version_id>/differences", methods=["GET"])
@operations.query(DifferencesQuery)
@operations.answers(200, DifferencesSchema, "What is different")
@roles(*MANAGERS, scope=TokenScope.SETUP_READ)
def compare(asked: Json, version_id: UUID) -> Response:
    """What is different from another version of the same checklist."""
    with reading() as session:
        version = _version(session, version_id)
        others = [each for each in version.checklist.versions if each.id != version.id]
        earlier = [each for each in others if each.number < version.number]
        chosen = [each for each in others if each.id == asked["since"]] if asked["since"] else earlier[-1:]
        if not chosen:
            raise NotFound
        since = _version(session, chosen[0].id)
        found = differences(document_of(since), document_of(version))
    items = [{name: _plain(getattr(each, name)) for name in DifferenceSchema().fields} for each in found]
    return told(DifferencesSchema().dump({"since_id": since.id, "items": items}))


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) and not isinstance(value, (Change, Changed)) else value


@operations.route("/versions/<uuid:version_id>/phone", methods=["GET"])
@operations.answers(200, {"type": "object"}, "As `GET /api/v1/phone/work` has it")
@roles(*MANAGERS, scope=TokenScope.SETUP_READ)
def show_on_phone(version_id: UUID) -> Response:
    """The version as an inspector's phone gets it: blind where it is blind."""
    with reading() as session:
        return told(phone_document(document_of(_version(session, version_id))))


@operations.route("/projects/<uuid:project_id>/pictures", methods=["POST"])
@operations.doc(
    requestBody={
        "required": True,
        "content": {name: {"schema": {"type": "string", "format": "binary"}} for name in ("image/jpeg", "image/png")},
    }
)
@operations.answers(201, PictureSchema, "The picture was kept")
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def add_picture(project_id: UUID) -> Response:
    """Keep a reference picture for the guidance of criteria, redrawn as a JPEG without metadata."""
    picture = keep_picture(request.stream.read(LARGEST_PICTURE + 1))
    return told(PictureSchema().dump(picture), 201)


def _version(session: Session, version_id: UUID) -> ChecklistVersion:
    """The version with all its parts."""
    version = version_with_parts(session, version_id)
    if version is None:
        raise NotFound
    return version


def _locked(session: Session, version_id: UUID) -> ChecklistVersion:
    """The version with all its parts, locked. Raises NotFound, TagRequired and ChangedMeanwhile."""
    find(session, ChecklistVersion, version_id, lock=True)
    version = _version(session, version_id)
    refuse_if_changed(VersionSchema, version_told(version))
    return version


def _afresh(session: Session, version_id: UUID) -> ChecklistVersion:
    """The version as it was just written, with the order and the ids that the database has."""
    session.flush()
    session.expire_all()
    return _version(session, version_id)
