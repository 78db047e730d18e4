"""What a manager does with assignments: several at once from the plan, and one on a page of its own."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from checklists.errors import DomainError, NotFound
from checklists.people import inspectors_of
from checklists.waves import (
    CHANGEABLE,
    Assignment,
    DayPart,
    Wave,
    assignments_of,
    change_assignment,
    day_parts_of,
    extend_by,
    extend_to,
    give_to,
    hand_out,
    hand_out_newer,
    is_late,
    newer_versions,
    put_back,
    restore,
    revoke,
    take_back,
)
from inspector.auth import MANAGERS, roles
from inspector.manager.forms import LONGEST_TEXT, Form, PageAnswer, of_project
from inspector.manager.waves.place import blueprint, find_wave, hours_words, ids, in_our_time
from inspector.manager.waves.plan import (
    ASSIGNMENT_STATES,
    USUAL_EXTENSION_DAYS,
    Listed,
    inspector_ids,
    listed_assignments,
    plan_page,
)
from inspector.transactions import reading, writing

MOST_DAYS = 366


@blueprint.post("/<uuid:wave_id>/assignments")
@roles(*MANAGERS)
def change_assignments(wave_id: UUID) -> PageAnswer:
    """Do what the pressed button says with the ticked assignments, or with all that the list shows."""
    form = Form.sent()
    try:
        with writing() as session:
            wave = find_wave(session, wave_id)
            listed = listed_assignments(session, wave)
            # Locked, so that no visit arrives meanwhile.
            chosen = assignments_of(session, wave.id, only=_chosen(form, listed), lock=True)
            said = _do(session, form, wave, chosen)
            form.check()
    except NotFound:
        raise
    except DomainError as error:
        form.keep(error)
        with reading() as session:
            return plan_page(session, wave_id, form)
    flash(*said)
    return redirect(url_for("waves.show", wave_id=wave_id, _anchor="assignments", **listed.filters))


def _chosen(form: Form, listed: Listed) -> set[UUID]:
    """The assignments that the form means. Raises NotFound where it names one that the wave does not have."""
    everything = {each.id for each in listed.everything}
    if form.value("do") == "hand_out_all":
        return everything
    if form.ticked("all") and not form.value("late"):
        return {each.id for each in listed.shown}
    chosen = set(ids([form.value("late")] if form.value("late") else form.chosen("assignments")))
    if not chosen <= everything:
        raise NotFound
    return chosen


def _do(session: Session, form: Form, wave: Wave, chosen: Sequence[Assignment]) -> tuple[str, str]:
    """Change the assignments, and say in words what came of it; what is wrong with a field is noted in the form."""
    now = datetime.now(UTC)
    what = "extend_late" if form.value("late") else form.value("do")
    done, said = 0, ""
    match what:
        case "nothing":
            pass
        case "hand_out" | "hand_out_all":
            done = hand_out(chosen, now)
            said = ngettext("%(num)s assignment was handed out.", "%(num)s assignments were handed out.", done)
        case "give":
            inspector_id = form.identity("give_to")
            if inspector_id is None or inspector_id not in inspector_ids(session):
                form.refuse("give_to", _("Please choose one."))
            else:
                done = give_to(chosen, inspector_id, now)
            said = ngettext(
                "%(num)s assignment has another inspector.", "%(num)s assignments have another inspector.", done
            )
        case "extend" | "extend_late":
            days = USUAL_EXTENSION_DAYS if what == "extend_late" else form.whole("days", least=1, most=MOST_DAYS)
            done = 0 if form.wrong else extend_by(chosen, days, now)
            said = ngettext("%(num)s assignment was extended.", "%(num)s assignments were extended.", done)
        case "extend_to":
            day = _day(form, "until")
            done = extend_to(chosen, day, now) if day else 0
            said = ngettext("%(num)s assignment was extended.", "%(num)s assignments were extended.", done)
        case "revoke":
            done = take_back(chosen)
            said = ngettext("%(num)s assignment was revoked.", "%(num)s assignments were revoked.", done)
        case "restore":
            done = put_back(chosen)
            said = ngettext("%(num)s assignment is planned again.", "%(num)s assignments are planned again.", done)
        case "newer":
            done = hand_out_newer(session, wave, chosen, now)
            said = ngettext(
                "%(num)s assignment has the version of the wave now.",
                "%(num)s assignments have the version of the wave now.",
                done,
            )
        case _:
            raise NotFound
    if not done:
        return _("Nothing was changed: tick assignments first for which that is possible."), "refused"
    left = len(chosen) - done if what != "hand_out_all" else 0
    if left:
        said += " " + ngettext("%(num)s stayed as it was.", "%(num)s stayed as they were.", left)
    return said, "done"


def _day(form: Form, name: str) -> date | None:
    try:
        day = in_our_time(form, name, date.fromisoformat(form.text(name, required=True)))
    except ValueError:
        form.refuse(name, _("Please enter a date."))
    return None if form.wrong else day


@blueprint.route("/<uuid:wave_id>/assignments/<uuid:assignment_id>", methods=["GET", "POST"])
@roles(*MANAGERS)
def assignment(wave_id: UUID, assignment_id: UUID) -> PageAnswer:
    """One assignment: its inspector, window, part of the day and brief."""
    if request.method == "GET":
        with reading() as session:
            found = _assignment(session, wave_id, assignment_id)
            form = Form.showing(
                inspector=found.inspector_id,
                due_from=_local(found.due_from, found.outlet.zone),
                due_until=_local(found.due_until, found.outlet.zone),
                hours=_field(_hours(found)),
                brief=found.brief,
            )
            return _assignment_page(session, form, found)
    form = Form.sent()
    inspector_id = form.identity("inspector")
    brief = form.words("brief", g.project.languages, longest=LONGEST_TEXT)
    try:
        with writing() as session:
            found = _assignment(session, wave_id, assignment_id, lock=True)
            due_from, due_until = (_moment(form, name, found.outlet.zone) for name in ("due_from", "due_until"))
            if due_until <= due_from:
                form.refuse("due_until", _("The window must end after it begins."))
            if inspector_id not in [*inspector_ids(session), found.inspector_id]:
                form.refuse("inspector", _("Please choose one."))
            offered = {_field(part): part for part in _parts(found)}
            hours = offered.get(form.value("hours"))
            if form.value("hours") and hours is None:
                form.refuse("hours", _("Please choose one."))
            form.check()
            change_assignment(
                found, inspector_id=inspector_id, due_from=due_from, due_until=due_until, brief=brief, hours=hours
            )
    except NotFound:
        raise
    except DomainError as error:
        form.keep(error)
        with reading() as session:
            return _assignment_page(session, form, _assignment(session, wave_id, assignment_id))
    flash(_("The assignment was saved."), "done")
    return redirect(url_for("waves.show", wave_id=wave_id, _anchor="assignments"))


def _assignment_page(session: Session, form: Form, found: Assignment) -> PageAnswer:
    people = {each.id: each for each in inspectors_of(session, g.project.id)}
    if found.inspector is not None:
        people.setdefault(found.inspector.id, found.inspector)
    page = render_template(
        "waves/assignment.html",
        form=form,
        wave=found.wave,
        assignment=found,
        state=ASSIGNMENT_STATES[found.state],
        changeable=found.state in CHANGEABLE,
        inspectors=[(each.id, each.name) for each in people.values()],
        parts=[(_field(part), hours_words(*part)) for part in _parts(found)],
        late=is_late(found, datetime.now(UTC)),
        newer=newer_versions(session, found.wave, [found]).get(found.id),
    )
    return page, form.status


def _hours(found: Assignment) -> DayPart | None:
    if found.hours_from is None or found.hours_until is None:
        return None
    return found.hours_from, found.hours_until


def _parts(found: Assignment) -> list[DayPart]:
    """The wave's parts of the day, and the one that the assignment has, which may be none of them any more."""
    own = _hours(found)
    return sorted({*day_parts_of(found.wave), *([own] if own else [])})


def _field(part: DayPart | None) -> str:
    return f"{part[0]}-{part[1]}" if part else ""


@blueprint.post("/<uuid:wave_id>/assignments/<uuid:assignment_id>/revocation")
@roles(*MANAGERS)
def revoke_assignment(wave_id: UUID, assignment_id: UUID) -> PageAnswer:
    with writing() as session:
        revoke(_assignment(session, wave_id, assignment_id, lock=True))
    flash(_("The assignment was revoked. Its place in the plan is open again."), "done")
    return redirect(url_for("waves.assignment", wave_id=wave_id, assignment_id=assignment_id))


@blueprint.post("/<uuid:wave_id>/assignments/<uuid:assignment_id>/restoration")
@roles(*MANAGERS)
def restore_assignment(wave_id: UUID, assignment_id: UUID) -> PageAnswer:
    with writing() as session:
        restore(_assignment(session, wave_id, assignment_id, lock=True))
    flash(_("The assignment is planned again. Hand it out when it is to be visited."), "done")
    return redirect(url_for("waves.assignment", wave_id=wave_id, assignment_id=assignment_id))


def _assignment(session: Session, wave_id: UUID, assignment_id: UUID, *, lock: bool = False) -> Assignment:
    """The assignment; locked where it is to be changed, so that no visit arrives meanwhile."""
    wave = of_project(session, Wave, wave_id)
    found = assignments_of(session, wave.id, only=[assignment_id], lock=lock)
    if not found:
        raise NotFound
    return found[0]


def _moment(form: Form, name: str, zone: ZoneInfo) -> datetime:
    """A moment as the outlet's clocks show it."""
    try:
        moment = datetime.fromisoformat(form.text(name, required=True)).replace(tzinfo=zone)
        return in_our_time(form, name, moment)
    except ValueError:
        form.refuse(name, _("Please enter a date and a time."))
        return datetime.min.replace(tzinfo=UTC)


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
