"""Outlets and inspectors from a CSV: upload, preview with what is wrong by line, confirmation."""

import base64
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from checklists.brands import brands_of
from checklists.errors import N_, DomainError, InvalidInput, NotFound
from checklists.imports import (
    ATTRIBUTE,
    INSPECTOR_TITLES,
    MOST_BYTES,
    MOST_NEW_LOGINS,
    OUTLET_TITLES,
    Effect,
    Import,
    ImportKind,
    default_time_zone,
    finish,
    import_inspectors,
    import_outlets,
    inspector_lines,
    inspector_table,
    keep_upload,
    outlet_lines,
    outlet_table,
    preview_of,
    refuse_wrong,
    table_kind,
    take_up,
)
from checklists.people import user_by_email
from inspector.auth import MANAGERS, hash_password, person, roles
from inspector.doorbell import ring
from inspector.exports.csv_stream import csv_response
from inspector.languages import current_language
from inspector.manager.forms import Form, PageAnswer, of_project
from inspector.manager.people import invite, mail_is_sent, new_password
from inspector.trail import reads_personal
from inspector.transactions import reading, writing

blueprint = Blueprint("imports", __name__, url_prefix="/o/<organization>/<project>/imports")

KIND = "<any(outlets, inspectors):kind>"
MOST_BYTES_AROUND = 64 * 1024
"""What a browser sends around a file."""
HASHES_AT_A_TIME = 4

COLUMNS: dict[ImportKind, dict[str, Any]] = {
    ImportKind.OUTLETS: {
        "brand": lazy_gettext("Brand"),
        "name": lazy_gettext("Name"),
        "city": lazy_gettext("City"),
        "address": lazy_gettext("Address"),
        "phone": lazy_gettext("Phone"),
        "url": lazy_gettext("Web address"),
        "latitude": lazy_gettext("Latitude"),
        "longitude": lazy_gettext("Longitude"),
        "time_zone": lazy_gettext("Time zone"),
    },
    ImportKind.INSPECTORS: {
        "name": lazy_gettext("Full name"),
        "email": lazy_gettext("E-mail"),
        "language": lazy_gettext("Language"),
    },
}
TITLES = {ImportKind.OUTLETS: OUTLET_TITLES, ImportKind.INSPECTORS: INSPECTOR_TITLES}
TABLES = {ImportKind.OUTLETS: outlet_table, ImportKind.INSPECTORS: inspector_table}
PLACES = {ImportKind.OUTLETS: "brands.index", ImportKind.INSPECTORS: "people.index"}
EFFECTS = {
    Effect.NEW: lazy_gettext("will be added"),
    Effect.CHANGED: lazy_gettext("will be changed"),
    Effect.SAME: lazy_gettext("stays as it is"),
    Effect.WRONG: lazy_gettext("is wrong"),
}
DONE = {
    Effect.NEW: lazy_gettext("Lines added"),
    Effect.CHANGED: lazy_gettext("Lines changed"),
    Effect.SAME: lazy_gettext("Lines without a change"),
    Effect.WRONG: lazy_gettext("Wrong lines, left out"),
}


@blueprint.route(f"/{KIND}", methods=["GET", "POST"])
@roles(*MANAGERS)
def upload(kind: str) -> PageAnswer:
    form = Form.showing()
    if request.method == "GET":
        return _upload_page(form, ImportKind(kind))
    try:
        file_name, body = _sent_file()
        table = TABLES[ImportKind(kind)](body)
        if next(iter(table), None) is None:
            raise InvalidInput({"file": N_("The file has no lines below its head.")})
        for _line in table:
            pass  # Too many lines are refused here, before the file is kept.
        with writing() as session:
            kept = keep_upload(
                session, g.project.id, ImportKind(kind), file_name, body, person().user.id, datetime.now(UTC)
            )
    except DomainError as error:
        form.keep(error)
        return _upload_page(form, ImportKind(kind))
    return redirect(url_for("imports.preview", import_id=kept.id))


@blueprint.get(f"/{KIND}/sample.csv")
@roles(*MANAGERS)
def sample(kind: str) -> Response:
    """A table that can be imported as it is, in the reader's language."""
    titles = [str(words) for words in COLUMNS[ImportKind(kind)].values()]
    if kind == ImportKind.INSPECTORS:
        people = [[_("Vera Kim"), "vera.kim@example.org", "ru"], [_("Oleg Ivanov"), "oleg.ivanov@example.org", "en"]]
        return csv_response("inspectors-sample", titles, people)
    with reading() as session:
        brands = [brand.name for brand in brands_of(session, g.project.id, with_outlets=False)]
    place = [_("Moscow"), _("Lenin street, 1"), "+7 495 000-00-00", "https://example.org/", 55.7558, 37.6173]
    rows = [[brand, _("%(brand)s, sample", brand=brand), *place, "Europe/Moscow", _("yes")] for brand in brands[:3]]
    return csv_response("outlets-sample", [*titles, _("attribute: drive-through")], rows)


@blueprint.get("/<uuid:import_id>")
@roles(*MANAGERS)
@reads_personal("import")
def preview(import_id: UUID) -> PageAnswer:
    return _preview_page(import_id, Form.showing())


# A refused confirmation is shown again at its own address, which somebody may reload or return to.
blueprint.add_url_rule("/<uuid:import_id>/confirmation", "preview_after_confirmation", preview)


@blueprint.post("/<uuid:import_id>/confirmation")
@roles(*MANAGERS)
def confirm(import_id: UUID) -> PageAnswer:
    form = Form.sent()
    try:
        with reading() as session:
            kind = table_kind(of_project(session, Import, import_id))
        counts, logins = carry_out(import_id, kind, form.ticked("rest"))
    except NotFound:
        raise
    except DomainError as error:
        form.keep(error)
        return _preview_page(import_id, form)
    done = _(
        "Imported: %(added)s added, %(changed)s changed.", added=counts[Effect.NEW], changed=counts[Effect.CHANGED]
    )
    mails = mail_is_sent()
    if logins and mails:
        done += " " + ngettext(
            "%(num)s invitation is on its way.", "%(num)s invitations are on their way.", len(logins)
        )
    if not logins or mails:
        flash(done, "done")
        return redirect(url_for(PLACES[kind]))
    # Shown in this answer only: the passwords stand nowhere else.
    table = csv_response("logins", [_("E-mail"), _("Full name"), _("Password")], logins).get_data()
    address = f"data:text/csv;charset=utf-8;base64,{base64.b64encode(table).decode()}"
    return render_template("imports/logins.html", done=done, logins=logins, address=address)


def carry_out(
    import_id: UUID, kind: ImportKind, leave_out_wrong: bool
) -> tuple[dict[Effect, int], list[tuple[str, str, str]]]:
    """Do what the table says, and count its lines by effect; with e-mail, name and first password of each new person,
    who gets an invitation instead where mail is sent. Raises NotFound, and InvalidInput by "file".
    """
    logins = _first_passwords(import_id, leave_out_wrong) if kind is ImportKind.INSPECTORS else []
    mails = mail_is_sent()
    passwords = {email: password for email, _name, password in logins}
    hashes = dict.fromkeys(passwords, "") if mails else _hashes(passwords)
    with writing() as session:
        counts = _carry_out(session, import_id, kind, hashes, leave_out_wrong)
        if mails:
            _invite(session, passwords)
    if mails and logins:
        ring()
    return counts, logins


def _invite(session: Session, emails: Iterable[str]) -> None:
    for email in emails:
        user = user_by_email(session, email)
        if user is not None:
            invite(session, user, datetime.now(UTC))


def _sent_file() -> tuple[str, bytes]:
    """The name and the bytes of the file that was sent. Raises InvalidInput by "file" for none and for too many."""
    request.max_content_length = MOST_BYTES + MOST_BYTES_AROUND
    try:
        file = request.files.get("file")
    except RequestEntityTooLarge:
        raise InvalidInput({"file": N_("The file is larger than 20 MB. Split it into several.")}) from None
    if file is None or not file.filename:
        raise InvalidInput({"file": N_("Please choose a file.")})
    return file.filename, file.read()


def _upload_page(form: Form, kind: ImportKind) -> PageAnswer:
    with reading() as session:
        ready = kind is ImportKind.INSPECTORS or bool(brands_of(session, g.project.id, with_outlets=False))
        zone = default_time_zone(session, g.project.id)
    answer = render_template(
        "imports/upload.html",
        form=form,
        kind=kind,
        ready=ready,
        columns=COLUMNS[kind],
        titles=TITLES[kind],
        zone=zone,
        most_new=MOST_NEW_LOGINS,
    )
    return answer, form.status


def _preview_page(import_id: UUID, form: Form) -> PageAnswer:
    with reading() as session:
        kept = of_project(session, Import, import_id)
        kind = table_kind(kept)
        if kept.finished_at is not None:
            answer = render_template("imports/finished.html", form=form, kept=kept, kind=kind, effects=DONE)
            return answer, form.status
        table = TABLES[kind](kept.body)
        lines = (
            outlet_lines(session, g.project.id, table)
            if kind is ImportKind.OUTLETS
            else inspector_lines(session, g.project, table)
        )
        answer = render_template(
            "imports/preview.html",
            form=form,
            kept=kept,
            kind=kind,
            table=table,
            columns=[column for column in table.columns if column],
            column_words=COLUMNS[kind],
            attribute=ATTRIBUTE,
            preview=preview_of(lines),
            effects=EFFECTS,
            zone=default_time_zone(session, g.project.id),
            most_new=MOST_NEW_LOGINS,
        )
    return answer, form.status


def _first_passwords(import_id: UUID, leave_out_wrong: bool) -> list[tuple[str, str, str]]:
    """E-mail, name and first password of each person that the table brings.

    Raises InvalidInput by "file" where they are too many for one import, or where wrong lines forbid it.
    """
    counts, new = dict.fromkeys(Effect, 0), []
    with reading() as session:
        kept = of_project(session, Import, import_id)
        if kept.finished_at is None:
            for line in inspector_lines(session, g.project, inspector_table(kept.body)):
                counts[line.effect] += 1
                if line.effect is Effect.NEW:
                    new.append((line.email, line.name, new_password()))
    refuse_wrong(counts, leave_out_wrong)
    if len(new) > MOST_NEW_LOGINS:
        raise InvalidInput({"file": N_("These are too many new people for one import. Split the file into several.")})
    return new


def _hashes(passwords: Mapping[str, str]) -> dict[str, str]:
    """Slow on purpose, so it is done before the transaction begins, some at a time."""
    with ThreadPoolExecutor(HASHES_AT_A_TIME) as workers:
        return dict(zip(passwords, workers.map(hash_password, passwords.values()), strict=True))


def _carry_out(
    session: Session, import_id: UUID, kind: ImportKind, hashes: Mapping[str, str], leave_out_wrong: bool
) -> dict[Effect, int]:
    now = datetime.now(UTC)
    kept = take_up(session, import_id, g.project.id)
    table = TABLES[kind](kept.body)
    if kind is ImportKind.OUTLETS:
        counts = import_outlets(session, g.project, table)
    else:
        counts = import_inspectors(session, g.project, table, hashes, current_language(), now)
    refuse_wrong(counts, leave_out_wrong)
    finish(kept, counts, now)
    return counts
