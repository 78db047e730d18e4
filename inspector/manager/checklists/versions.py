"""A version as a whole: to be edited, to be read, to be previewed, published, drafted anew and compared."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from checklists.checklist import ChecklistVersion, differences, missing_parts, next_draft, phone_document, publish
from checklists.errors import ChecklistIncomplete, DraftExists, NotFound, PublishedIsFrozen
from checklists.journey import Touchpoint, touchpoints_of
from checklists.waves import waves_using
from inspector.auth import MANAGERS, roles
from inspector.manager.checklists import changes, conditions
from inspector.manager.checklists.place import blueprint, document_of, find_version
from inspector.manager.checklists.rules import facts, labels
from inspector.manager.forms import PageAnswer
from inspector.manager.kinds import KINDS
from inspector.manager.words import CHANNELS, PURPOSES, UNITS
from inspector.problems import in_words
from inspector.transactions import reading, writing


@blueprint.get("/versions/<uuid:version>")
@roles(*MANAGERS)
def show(version: UUID) -> PageAnswer:
    """The version with its parts: to be edited while it is a draft, to be read afterwards."""
    with reading() as session:
        stored = find_version(session, version)
        document = document_of(stored)
        touchpoints = touchpoints_of(session, g.project.id)
        names = changes.all_names(document, _names(touchpoints))
        return render_template(
            "checklists/version.html",
            version=stored,
            versions=sorted(stored.checklist.versions, key=lambda each: each.number, reverse=True),
            document=document,
            missing=[] if stored.published_at else list(missing_parts(stored)),
            waves=waves_using(session, stored.id),
            touchpoints={str(each.id): each for each in touchpoints},
            not_compared=_not_compared(stored),
            names=names,
            shown=conditions.in_words,
            labels=labels,
            facts=facts,
            channels=CHANNELS,
            kinds=KINDS,
            purposes=PURPOSES,
        )


@blueprint.post("/versions/<uuid:version>/publication")
@roles(*MANAGERS)
def publish_version(version: UUID) -> Response:
    try:
        with writing() as session:
            stored = find_version(session, version)
            publish(stored, g.project.languages, datetime.now(UTC), staff_names=g.project.staff_names)
    except (ChecklistIncomplete, PublishedIsFrozen) as error:
        flash(in_words(error), "refused")
    else:
        flash(
            _("Version %(number)s is published and frozen. It can be used in waves now.", number=stored.number), "done"
        )
    return redirect(url_for("checklists.show", version=version))


@blueprint.post("/versions/<uuid:version>/next-draft")
@roles(*MANAGERS)
def draft_anew(version: UUID) -> Response:
    """The next draft, as a copy of this version; where there is one already, that one is shown."""
    try:
        with writing() as session:
            draft = next_draft(session, find_version(session, version))
            identity, number = draft.id, draft.number
    except (DraftExists, IntegrityError):
        # The database refuses a second draft where two people pressed the button at once.
        flash(in_words(DraftExists()), "refused")
        return redirect(url_for("checklists.show", version=version))
    flash(_("Version %(number)s is a draft now: a copy, to be changed and published.", number=number), "done")
    return redirect(url_for("checklists.show", version=identity))


@blueprint.get("/versions/<uuid:version>/differences")
@roles(*MANAGERS)
def compare(version: UUID) -> PageAnswer:
    """What is different from another version of the same checklist: `since`, or else the one before."""
    with reading() as session:
        stored = find_version(session, version)
        others = [each for each in stored.checklist.versions if each.id != stored.id]
        since = _since(session, stored, others)
        touchpoints = _names(touchpoints_of(session, g.project.id))
        before, after = document_of(since), document_of(stored)
    found = differences(before, after)
    return render_template(
        "checklists/differences.html",
        version=stored,
        since=since,
        others=others,
        counts=changes.counted(found),
        changes=changes.in_words(found, changes.all_names(before, touchpoints), changes.all_names(after, touchpoints)),
    )


@blueprint.get("/versions/<uuid:version>/preview")
@roles(*MANAGERS)
def preview(version: UUID) -> PageAnswer:
    """The version as the inspector's phone shows it."""
    with reading() as session:
        stored = find_version(session, version)
        document = document_of(stored)
    names = conditions.names_of(document)
    return render_template(
        "checklists/preview.html",
        version=stored,
        document=phone_document(document),
        kinds=KINDS,
        units=UNITS,
        names=names,
        shown=conditions.in_words,
    )


def _since(session: Session, version: ChecklistVersion, others: list[ChecklistVersion]) -> ChecklistVersion:
    """The version that the address names, or the one before. Raises NotFound where there is none of this checklist."""
    asked = request.args.get("since")
    earlier = [each for each in others if each.number < version.number]
    chosen = [each for each in others if str(each.id) == asked] if asked else earlier[-1:]
    if not chosen:
        raise NotFound
    return find_version(session, chosen[0].id)


def _names(touchpoints: list[Touchpoint]) -> dict[str, Mapping[str, str]]:
    """The names of touchpoints and the texts of their barriers, by id."""
    names: dict[str, Mapping[str, str]] = {}
    for touchpoint in touchpoints:
        names[str(touchpoint.id)] = touchpoint.name
        names |= {str(barrier.id): barrier.text for barrier in touchpoint.barriers}
    return names


def _not_compared(version: ChecklistVersion) -> set[str]:
    """The criteria that were taken over from the version before and ask for something else now."""
    criteria: list[Any] = [criterion for section in version.sections for criterion in section.criteria]
    return {str(each.id) for each in criteria if each.origin_lineage_id not in (None, each.lineage_id)}
