"""The plan of a wave: what is still missing, the assignments, and one of them."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from sqlalchemy.orm import Session

from checklists.brands import brands_of
from checklists.checklist import ChecklistVersion
from checklists.errors import DomainError, NotFound
from checklists.matrix import uncounted_checks
from checklists.people import inspectors_of
from checklists.waves import (
    Assignment,
    AssignmentState,
    Plan,
    Wave,
    assignments_of,
    change_assignment,
    hand_out,
    missing_visits,
    plan_assignments,
    restore,
    revoke,
)
from inspector.auth import MANAGERS, roles
from inspector.manager.forms import LONGEST_TEXT, Form, PageAnswer, of_project
from inspector.manager.waves.place import blueprint, find_wave, ids, in_our_time
from inspector.transactions import reading, writing

ASSIGNMENT_STATES = {
    AssignmentState.PLANNED: lazy_gettext("planned"),
    AssignmentState.HANDED_OUT: lazy_gettext("handed out"),
    AssignmentState.DELIVERED: lazy_gettext("delivered"),
    AssignmentState.REVOKED: lazy_gettext("revoked"),
    AssignmentState.VOID: lazy_gettext("visit rejected"),
}


@blueprint.get("/<uuid:wave_id>")
@roles(*MANAGERS)
def show(wave_id: UUID) -> PageAnswer:
    with reading() as session:
        return _plan_page(session, wave_id, Form.showing(inspectors=_inspector_ids(session)))


def _plan_page(session: Session, wave_id: UUID, form: Form) -> PageAnswer:
    wave = find_wave(session, wave_id)
    assignments = assignments_of(session, wave.id)
    now = datetime.now(UTC)
    page = render_template(
        "waves/show.html",
        form=form,
        wave=wave,
        missing=_by_brand(session, missing_visits(session, wave, uncounted_checks(session, wave.id))),
        inspectors=inspectors_of(session, g.project.id),
        assignments=assignments,
        counts=Counter(each.state for each in assignments),
        states=ASSIGNMENT_STATES,
        overdue={each.id for each in assignments if is_overdue(each, now)},
    )
    return page, form.status


def is_overdue(assignment: Assignment, now: datetime) -> bool:
    return assignment.state in (AssignmentState.PLANNED, AssignmentState.HANDED_OUT) and assignment.due_until < now


def _by_brand(session: Session, plans: Sequence[Plan]) -> list[tuple[str, ChecklistVersion, int]]:
    names = {brand.id: brand.name for brand in brands_of(session, g.project.id)}
    return [(names[plan.brand_id], plan.version, len(plan.outlets)) for plan in plans]


def _inspector_ids(session: Session) -> list[UUID]:
    return [each.id for each in inspectors_of(session, g.project.id)]


# A refused plan is shown again at its own address, which somebody may reload or return to.
for _noun in ("plan", "handing-out"):
    blueprint.add_url_rule(f"/<uuid:wave_id>/{_noun}", f"show_after_{_noun}", show)


@blueprint.post("/<uuid:wave_id>/plan")
@roles(*MANAGERS)
def plan(wave_id: UUID) -> PageAnswer:
    """Plan the missing visits for the ticked inspectors."""
    form = Form.sent()
    ticked = set(ids(form.chosen("inspectors")))
    try:
        with writing() as session:
            wave = find_wave(session, wave_id)
            active = inspectors_of(session, g.project.id)
            if active and not ticked:
                form.refuse("inspectors", _("Choose at least one inspector."))
            form.check()
            inspectors = [each for each in active if each.id in ticked]
            uncounted = uncounted_checks(session, wave.id)
            count = len(plan_assignments(session, wave, inspectors, datetime.now(UTC), uncounted))
    except NotFound:
        raise
    except DomainError as error:
        form.keep(error)
        with reading() as session:
            return _plan_page(session, wave_id, form)
    if count:
        flash(ngettext("%(num)s visit was planned.", "%(num)s visits were planned.", count), "done")
    else:
        flash(_("The plan is complete already; nothing was added."), "done")
    return redirect(url_for("waves.show", wave_id=wave_id))


@blueprint.post("/<uuid:wave_id>/handing-out")
@roles(*MANAGERS)
def hand_out_assignments(wave_id: UUID) -> PageAnswer:
    """Hand out the ticked planned assignments, or all planned ones."""
    everything = bool(request.form.get("all"))
    ticked = ids(request.form.getlist("assignments"))
    with writing() as session:
        wave = of_project(session, Wave, wave_id)
        chosen = assignments_of(session, wave.id, only=None if everything else ticked, lock=True)
        if not everything and len(chosen) < len(set(ticked)):
            raise NotFound
        count = hand_out(chosen, datetime.now(UTC))
    if count:
        flash(ngettext("%(num)s assignment was handed out.", "%(num)s assignments were handed out.", count), "done")
    else:
        flash(_("Nothing was handed out: tick planned assignments first."), "refused")
    return redirect(url_for("waves.show", wave_id=wave_id, _anchor="assignments"))


@blueprint.route("/<uuid:wave_id>/assignments/<uuid:assignment_id>", methods=["GET", "POST"])
@roles(*MANAGERS)
def assignment(wave_id: UUID, assignment_id: UUID) -> PageAnswer:
    """One assignment: its inspector, window and brief."""
    if request.method == "GET":
        with reading() as session:
            found = _assignment(session, wave_id, assignment_id)
            form = Form.showing(
                inspector=found.inspector_id,
                due_from=_local(found.due_from, found.outlet.zone),
                due_until=_local(found.due_until, found.outlet.zone),
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
            if inspector_id not in [*_inspector_ids(session), found.inspector_id]:
                form.refuse("inspector", _("Please choose one."))
            form.check()
            change_assignment(found, inspector_id=inspector_id, due_from=due_from, due_until=due_until, brief=brief)
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
        inspectors=[(each.id, each.name) for each in people.values()],
        overdue=is_overdue(found, datetime.now(UTC)),
    )
    return page, form.status


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
