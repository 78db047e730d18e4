"""The list of waves, and what one consists of: days and their parts, brief, checklists, outlets."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from checklists.brands import Brand, brands_of
from checklists.checklist import ChecklistVersion, checklists_of
from checklists.errors import DomainError, NotFound
from checklists.orm import alphabetical_key, holds
from checklists.waves import MOST_DAY_PARTS, DayPart, Switched, Wave, day_parts_of, set_day_parts, set_up_wave, waves_of
from inspector.auth import MANAGERS, roles
from inspector.languages import words
from inspector.manager.forms import LONGEST_TEXT, Form, PageAnswer
from inspector.manager.lists import Listing
from inspector.manager.waves.place import blueprint, find_wave, hours_words, ids, in_our_time
from inspector.transactions import reading, writing

USUAL_LENGTH = timedelta(days=27)
ALL, SOME, NONE = "all", "some", "none"
ANY_TIME, OWN_PARTS = "any", "own"
USUAL_PARTS: dict[str, list[DayPart]] = {
    ANY_TIME: [],
    "two": [(9, 14), (14, 20)],
    "three": [(9, 12), (12, 16), (16, 20)],
    "around": [(0, 6), (6, 12), (12, 18), (18, 24)],
}
"""What the form offers as parts of the day, beside hours of one's own."""


@blueprint.get("/")
@roles(*MANAGERS)
def index() -> PageAnswer:
    listing = Listing.asked(["name", "starts", "ends"], "-starts")
    with reading() as session:
        every = waves_of(session, g.project.id)
    orders: dict[str, Callable[[Wave], Any]] = {
        "name": lambda wave: alphabetical_key(words(wave.name)),
        "starts": lambda wave: wave.starts_on,
        "ends": lambda wave: wave.ends_on,
    }
    found = [each for each in every if holds(listing.words, *each.name.values())]
    found.sort(key=orders[listing.order], reverse=listing.descending)
    today = datetime.now(UTC).date()
    return render_template("waves/index.html", waves=found, any=bool(every), listing=listing, today=today)


@blueprint.route("/new", methods=["GET", "POST"])
@roles(*MANAGERS)
def add() -> PageAnswer:
    if request.method == "POST":
        return _save(None)
    today = datetime.now(UTC).date()
    with reading() as session:
        scopes = {str(brand.id): ALL for brand in brands_of(session, g.project.id)}
        versions = [each.id for each in _choosable(session, ()) if each.number == _newest(each)]
        return _edit_page(
            session,
            Form.showing(
                starts_on=today.isoformat(),
                ends_on=(today + USUAL_LENGTH).isoformat(),
                scope=scopes,
                day_parts=ANY_TIME,
                versions=versions if len(versions) == 1 else [],
            ),
        )


@blueprint.route("/<uuid:wave_id>/edit", methods=["GET", "POST"])
@roles(*MANAGERS)
def edit(wave_id: UUID) -> PageAnswer:
    if request.method == "POST":
        return _save(wave_id)
    with reading() as session:
        wave = find_wave(session, wave_id)
        chosen = {pin.outlet_id for pin in wave.outlets}
        form = Form.showing(
            name=wave.name,
            starts_on=wave.starts_on.isoformat(),
            ends_on=wave.ends_on.isoformat(),
            brief=wave.brief,
            **_parts_shown(day_parts_of(wave)),
            versions=[pin.version_id for pin in wave.checklists],
            scope={str(brand.id): _scope(brand, chosen) for brand in brands_of(session, g.project.id)},
            outlets=list(chosen),
        )
        return _edit_page(session, form, wave)


def _save(wave_id: UUID | None) -> PageAnswer:
    form = Form.sent()
    name = form.words("name", g.project.languages, required=True)
    starts_on, ends_on = _day(form, "starts_on"), _day(form, "ends_on")
    if ends_on < starts_on:
        form.refuse("ends_on", _("The last day cannot be before the first one."))
    brief = form.words("brief", g.project.languages, longest=LONGEST_TEXT)
    parts = _parts_sent(form)
    version_ids, ticked = ids(form.chosen("versions")), ids(form.chosen("outlets"))
    if not version_ids:
        form.refuse("versions", _("Choose at least one checklist."))
    try:
        with writing() as session:
            outlet_ids = _chosen_outlets(session, form, ticked)
            if not outlet_ids:
                form.refuse("outlets", _("Choose at least one outlet."))
            form.check()
            now = datetime.now(UTC)
            wave = find_wave(session, wave_id) if wave_id else Wave(project_id=g.project.id, created_at=now)
            wave.name, wave.starts_on, wave.ends_on, wave.brief = name, starts_on, ends_on, brief
            set_day_parts(wave, parts)
            switched = set_up_wave(session, wave, version_ids, outlet_ids)
    except NotFound:
        raise
    except DomainError as error:
        form.keep(error)
        with reading() as session:
            return _edit_page(session, form, find_wave(session, wave_id) if wave_id else None)
    if wave_id:
        flash(_("The wave was saved."), "done")
        _say_what_followed(switched)
        return redirect(url_for("waves.show", wave_id=wave.id))
    flash(_("The wave was made. Look over the required checks, then plan its visits."), "done")
    return redirect(url_for("waves.required", wave_id=wave.id))


def _parts_shown(parts: list[DayPart]) -> dict[str, object]:
    """The parts of the day as the form shows them: one of the usual choices, or hours of one's own."""
    usual = next((name for name, each in USUAL_PARTS.items() if each == parts), OWN_PARTS)
    return {"day_parts": usual, "part": [{"from": begins, "until": ends} for begins, ends in parts]}


def _parts_sent(form: Form) -> list[DayPart]:
    if form.value("day_parts") != OWN_PARTS:
        return USUAL_PARTS.get(form.value("day_parts"), [])
    parts = []
    for number in range(MOST_DAY_PARTS):
        begins, ends = (f"part.{number}.{edge}" for edge in ("from", "until"))
        if form.value(begins).strip() or form.value(ends).strip():
            parts.append((form.whole(begins, least=0, most=23), form.whole(ends, least=1, most=24)))
    if not parts:
        form.refuse("day_parts", _("Enter the hours of at least one part of the day."))
    return parts


def _say_what_followed(switched: Switched) -> None:
    """What became of the assignments where the wave took another version of a checklist."""
    if switched.followed:
        flash(
            ngettext(
                "%(num)s planned assignment follows to the new version.",
                "%(num)s planned assignments follow to the new version.",
                switched.followed,
            ),
            "done",
        )
    if switched.stayed:
        flash(
            ngettext(
                "%(num)s assignment that was handed out keeps the version that is on the phone.",
                "%(num)s assignments that were handed out keep the version that is on the phones.",
                switched.stayed,
            )
            + " "
            + _("Under “with an older version” you can hand them out again with the new one."),
            "done",
        )


def _chosen_outlets(session: Session, form: Form, ticked: Iterable[UUID]) -> set[UUID]:
    """The ticked outlets of brands of which some are wanted, and all of the others that are wanted."""
    chosen = set(ticked)
    for brand in brands_of(session, g.project.id):
        scope = form.value(f"scope.{brand.id}") or SOME
        here = {outlet.id for outlet in brand.outlets if outlet.deleted_at is None}
        chosen = chosen | here if scope == ALL else chosen - here if scope == NONE else chosen
    return chosen


def _scope(brand: Brand, chosen: set[UUID]) -> str:
    here = {outlet.id for outlet in brand.outlets if outlet.deleted_at is None}
    return ALL if here and here <= chosen else SOME if here & chosen else NONE


def _edit_page(session: Session, form: Form, wave: Wave | None = None) -> PageAnswer:
    pinned = [pin.version_id for pin in wave.checklists] if wave else []
    page = render_template(
        "waves/edit.html",
        form=form,
        wave=wave,
        versions=_choosable(session, pinned),
        newest=_newest,
        brands=brands_of(session, g.project.id),
        part_choices=_part_choices(),
        most_parts=MOST_DAY_PARTS,
        scopes={ALL: _("All outlets"), SOME: _("Some outlets"), NONE: _("None")},
    )
    return page, form.status


def _part_choices() -> list[tuple[str, str]]:
    named = [(name, ", ".join(hours_words(*part) for part in parts)) for name, parts in USUAL_PARTS.items() if parts]
    return [(ANY_TIME, _("At any time")), *named, (OWN_PARTS, _("Other hours"))]


def _choosable(session: Session, pinned: Iterable[UUID]) -> list[ChecklistVersion]:
    """The newest published version of each checklist, and those that the wave uses already."""
    kept = set(pinned)
    return [
        version
        for checklist in checklists_of(session, g.project.id)
        for version in checklist.versions
        if version.published_at is not None and (version.id in kept or version.number == _newest(version))
    ]


def _newest(version: ChecklistVersion) -> int:
    return max(each.number for each in version.checklist.versions if each.published_at is not None)


def _day(form: Form, name: str) -> date:
    try:
        return in_our_time(form, name, date.fromisoformat(form.text(name, required=True)))
    except ValueError:
        form.refuse(name, _("Please enter a date."))
        return date.min
