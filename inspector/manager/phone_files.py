"""Work that only a phone had: the file that its inspector saved, uploaded, looked into and taken in."""

import io
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from werkzeug.exceptions import RequestEntityTooLarge

from checklists.errors import N_, DomainError
from checklists.imports import PHONE_FILE, finish_phone_file, keep_upload, phone_file
from checklists.people import User
from checklists.visits import assignments_of
from inspector.auth import MANAGERS, person, roles
from inspector.doorbell import ring
from inspector.manager.forms import Form, PageAnswer
from inspector.phone_files.archive import refused
from inspector.phone_files.lines import Line, Outcome, PhotoCounts, Told
from inspector.phone_files.taking import look_into, take_in
from inspector.trail import reads_personal
from inspector.transactions import reading, writing

blueprint = Blueprint("phone_files", __name__, url_prefix="/o/<organization>/<project>/phone-files")

MOST_BYTES = 30 * 1024 * 1024
"""Phones begin another file at 20 MB."""
MOST_BYTES_AROUND = 64 * 1024

WILL: Mapping[Outcome, Any] = {
    Outcome.NEW: lazy_gettext("will be taken in"),
    Outcome.SAME: lazy_gettext("received already"),
    Outcome.HELD: lazy_gettext("will be held for you to look at"),
    Outcome.OTHER_CONTENT: lazy_gettext("differs from what was received; will be kept beside it and not counted"),
    Outcome.REFUSED: lazy_gettext("cannot be taken in"),
    Outcome.DAMAGED: lazy_gettext("cannot be read"),
    Outcome.KEPT: lazy_gettext("not finished; will be kept, so that the inspector can go on with it on another phone"),
    Outcome.KEPT_BEFORE: lazy_gettext("not finished; this or a later state is kept already"),
}
DONE: Mapping[Outcome, Any] = {
    **WILL,
    Outcome.NEW: lazy_gettext("taken in"),
    Outcome.HELD: lazy_gettext("taken in and held for you to look at"),
    Outcome.OTHER_CONTENT: lazy_gettext("differs from what was received; kept beside it and not counted"),
    Outcome.REFUSED: lazy_gettext("not taken in"),
    Outcome.KEPT: lazy_gettext("not finished; kept, so that the inspector can go on with it on another phone"),
}
ARRIVED = (Outcome.NEW, Outcome.SAME, Outcome.HELD, Outcome.OTHER_CONTENT)
"""Then there is a visit to look at."""


@blueprint.route("/", methods=["GET", "POST"])
@roles(*MANAGERS)
def upload() -> PageAnswer:
    form = Form.showing()
    if request.method == "GET":
        return _upload_page(form)
    try:
        name, body = _sent_file()
        look_into(io.BytesIO(body), g.project.id, current_app.config["SETTINGS"])
        with writing() as session:
            kept = keep_upload(session, g.project.id, PHONE_FILE, name, body, person().user.id, datetime.now(UTC))
    except DomainError as error:
        form.keep(error)
        return _upload_page(form)
    return redirect(url_for("phone_files.show", import_id=kept.id))


@blueprint.get("/<uuid:import_id>")
@roles(*MANAGERS)
@reads_personal("phone_file")
def show(import_id: UUID) -> PageAnswer:
    """What is in a file and what would become of it; once it was taken in, what became of it."""
    with reading() as session:
        kept = phone_file(session, import_id, g.project.id)
    is_done = kept.finished_at is not None
    told = Told.read(kept.counts) if is_done else look_into(io.BytesIO(kept.body), g.project.id, _settings())
    with reading() as session:
        wanted = [line.assignment_id for line in told.lines if line.assignment_id]
        assignments = assignments_of(session, g.project.id, wanted)
        inspector = session.get(User, told.inspector) if told.inspector else None
    return render_template(
        "phone_files/show.html",
        kept=kept,
        told=told,
        lines=told.lines,
        inspector=inspector,
        assignments=assignments,
        outcomes=DONE if is_done else WILL,
        arrived=ARRIVED,
        why_words=why_words,
        photo_words=lambda counts: photo_words(counts, is_done=is_done),
        is_useful=_is_useful(told),
    )


@blueprint.post("/<uuid:import_id>/taking-in")
@roles(*MANAGERS)
def take(import_id: UUID) -> PageAnswer:
    with reading() as session:
        kept = phone_file(session, import_id, g.project.id)
    if kept.finished_at is not None:
        flash(_("This file was taken in already."), "refused")
        return redirect(url_for("phone_files.show", import_id=import_id))
    storage = current_app.extensions["photos"]
    told = take_in(io.BytesIO(kept.body), g.project.id, _settings(), storage, person().user.id)
    ring()
    if not told.is_whole:
        flash(
            _("Some photos could not be stored at the moment. Nothing is lost: press “Take in” again later."), "refused"
        )
        return redirect(url_for("phone_files.show", import_id=import_id))
    with writing() as session:
        kept = phone_file(session, import_id, g.project.id, lock=True)
        if kept.finished_at is None:
            finish_phone_file(kept, told.kept(), datetime.now(UTC))
    flash(_("The file was taken in. What became of each visit stands below."), "done")
    return redirect(url_for("phone_files.show", import_id=import_id))


def _sent_file() -> tuple[str, bytes]:
    """The name and the bytes of the file that was sent. Raises InvalidInput by "file" for none and for too many."""
    request.max_content_length = MOST_BYTES + MOST_BYTES_AROUND
    try:
        file = request.files.get("file")
    except RequestEntityTooLarge:
        raise refused(N_("The file is larger than 30 MB. The phone app saves smaller ones: ask for those.")) from None
    if file is None or not file.filename:
        raise refused(N_("Please choose a file."))
    return file.filename, file.read()


def _upload_page(form: Form) -> PageAnswer:
    return render_template("phone_files/upload.html", form=form), form.status


def _is_useful(told: Told) -> bool:
    """Whether taking it in would change anything."""
    news = (Outcome.NEW, Outcome.HELD, Outcome.OTHER_CONTENT, Outcome.KEPT)
    return any(line.outcome in news or line.photos.given for line in told.lines)


def why_words(line: Line) -> str:
    words = _(line.why) if line.why else ""
    return words % line.details if line.details else words


def photo_words(counts: PhotoCounts, *, is_done: bool) -> list[str]:
    """What is said of a visit's photos: how many it has, and what became, or would become, of those not yet here."""
    said = [ngettext("%(num)s photo", "%(num)s photos", counts.all)]
    if counts.given and is_done:
        said.append(ngettext("%(num)s came with the file", "%(num)s came with the file", counts.given))
    elif counts.given:
        said.append(ngettext("%(num)s will come with the file", "%(num)s will come with the file", counts.given))
    if counts.absent:
        said.append(ngettext("%(num)s is not in this file", "%(num)s are not in this file", counts.absent))
    if counts.wrong:
        said.append(ngettext("%(num)s is damaged", "%(num)s are damaged", counts.wrong))
    return said


def _settings() -> Any:
    return current_app.config["SETTINGS"]
