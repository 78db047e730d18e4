"""The customer's journey: stages in order, touchpoints in stages, barriers at touchpoints, edited one by one."""

from typing import TypeAlias
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from checklists.checklist import KeptBy, checklists_at, criteria_testing, kept_by
from checklists.errors import DomainError, NotFound
from checklists.journey import (
    Barrier,
    Channel,
    Journey,
    Stage,
    Step,
    Touchpoint,
    add_barrier,
    add_journey,
    add_stage,
    add_touchpoint,
    journeys_of,
    move,
)
from checklists.orm import LanguageMap
from inspector.auth import MANAGERS, roles
from inspector.languages import words
from inspector.manager.forms import Form, PageAnswer, of_project
from inspector.manager.words import CHANNELS
from inspector.transactions import reading, writing

blueprint = Blueprint("journey", __name__, url_prefix="/o/<organization>/<project>/journey")

Part: TypeAlias = Journey | Stage | Touchpoint | Barrier

PARTS: dict[str, type[Journey] | type[Stage] | type[Touchpoint] | type[Barrier]] = {
    "journeys": Journey,
    "stages": Stage,
    "touchpoints": Touchpoint,
    "barriers": Barrier,
}
KIND = "<any(journeys, stages, touchpoints, barriers):kind>"


@blueprint.get("/")
@roles(*MANAGERS)
def index() -> PageAnswer:
    with reading() as session:
        journeys = journeys_of(session, g.project.id)
        testing = criteria_testing(session, g.project.id)
    return render_template("journey/index.html", journeys=journeys, channels=CHANNELS, testing=testing)


@blueprint.route("/journeys/new", methods=["GET", "POST"], defaults={"kind": "journeys"})
@blueprint.route(f"/{KIND}/new-in/<uuid:whole>", methods=["GET", "POST"])
@roles(*MANAGERS)
def add(kind: str, whole: UUID | None = None) -> PageAnswer:
    """A new part; `whole` is the journey, stage or touchpoint that it belongs to."""
    with reading() as session:
        place = _place(session, kind, whole)
    if request.method == "GET":
        return _page(Form.showing(channel=Channel.ON_SITE), kind, place)
    form = Form.sent()
    name, channel = _read(form, kind)
    try:
        form.check()
        with writing() as session:
            _add(session, kind, whole, name, channel)
    except DomainError as error:
        form.keep(error)
        return _page(form, kind, place)
    flash(_("“%(name)s” was added.", name=words(name)), "done")
    if form.ticked("another"):
        return redirect(url_for("journey.add", kind=kind, whole=whole))
    return redirect(_address_of(whole))


@blueprint.route(f"/{KIND}/<uuid:part>", methods=["GET", "POST"])
@roles(*MANAGERS)
def change(kind: str, part: UUID) -> PageAnswer:
    with reading() as session:
        stored = of_project(session, PARTS[kind], part)
        place = _whole_of(stored)
    if request.method == "GET":
        channel = stored.channel if isinstance(stored, Touchpoint) else None
        return _page(Form.showing(name=_name(stored), channel=channel), kind, place, stored)
    form = Form.sent()
    name, chosen = _read(form, kind)
    try:
        form.check()
        with writing() as session:
            changed = of_project(session, PARTS[kind], part)
            if isinstance(changed, Barrier):
                changed.text = name
            else:
                changed.name = name
            if isinstance(changed, Touchpoint):
                changed.channel = chosen
    except DomainError as error:
        form.keep(error)
        return _page(form, kind, place, stored)
    flash(_("“%(name)s” was saved.", name=words(name)), "done")
    return redirect(_address_of(part))


@blueprint.post(f"/{KIND}/<uuid:part>/move")
@roles(*MANAGERS)
def move_part(kind: str, part: UUID) -> Response:
    step = Step.UP if request.form.get("step") == Step.UP else Step.DOWN
    with writing() as session:
        match of_project(session, PARTS[kind], part):
            case Journey() as journey:
                move(journeys_of(session, g.project.id), journey, step)
            case Stage() as stage:
                move(stage.journey.stages, stage, step)
            case Touchpoint() as touchpoint:
                move(touchpoint.stage.touchpoints, touchpoint, step)
            case Barrier() as barrier:
                move(barrier.touchpoint.barriers, barrier, step)
    return redirect(_address_of(part))


@blueprint.post(f"/{KIND}/<uuid:part>/removal")
@roles(*MANAGERS)
def remove(kind: str, part: UUID) -> Response:
    """Remove what nothing hangs on: nobody loses more than the name they see on the button."""
    with writing() as session:
        stored = of_project(session, PARTS[kind], part)
        place = _whole_of(stored)
        why = _why_kept(session, stored)
        if not why:
            session.delete(stored)
    if why:
        flash(why, "refused")
        return redirect(_address_of(part))
    flash(_("“%(name)s” was removed.", name=words(_name(stored))), "done")
    return redirect(_address_of(place.id if place else None))


def _why_kept(session: Session, part: Part) -> str:
    """Why the part cannot be removed, in words, or nothing."""
    name = words(_name(part))
    match kept_by(session, part):
        case KeptBy.STAGES:
            return str(_("“%(name)s” still has stages. Remove them first.", name=name))
        case KeptBy.TOUCHPOINTS:
            return str(_("“%(name)s” still has touchpoints. Remove them first.", name=name))
        case KeptBy.CHECKLISTS:
            used = checklists_at(session, part.id)
            lists = ", ".join(str(_("“%(text)s”", text=words(each.name))) for each in used)
            return str(
                _("“%(name)s” is used by the checklist %(lists)s, so it cannot be removed.", name=name, lists=lists)
            )
        case KeptBy.TESTED_BARRIERS:
            return str(_("A barrier at “%(name)s” is tested by a criterion, so it cannot be removed.", name=name))
        case KeptBy.TESTS:
            return str(_("“%(name)s” is tested by a criterion, so it cannot be removed.", name=name))
    return ""


def _page(form: Form, kind: str, place: Part | None, stored: Part | None = None) -> PageAnswer:
    answer = render_template(
        "journey/form.html", form=form, kind=kind, place=place, stored=stored, channels=CHANNELS.items()
    )
    return answer, form.status


def _read(form: Form, kind: str) -> tuple[LanguageMap, Channel]:
    name = form.words("name", g.project.languages, required=True)
    return name, form.one_of("channel", Channel) if kind == "touchpoints" else Channel.OTHER


def _add(session: Session, kind: str, whole: UUID | None, name: LanguageMap, channel: Channel) -> None:
    place = _place(session, kind, whole)
    match place:
        case None:
            add_journey(session, g.project.id, name)
        case Journey():
            add_stage(session, place, name)
        case Stage():
            add_touchpoint(session, place, name, channel)
        case Touchpoint():
            add_barrier(session, place, name)


def _place(session: Session, kind: str, whole: UUID | None) -> Journey | Stage | Touchpoint | None:
    """The part of the project to which a new part of this kind is added; None for a journey."""
    match kind, whole:
        case "stages", UUID():
            return of_project(session, Journey, whole)
        case "touchpoints", UUID():
            return of_project(session, Stage, whole)
        case "barriers", UUID():
            return of_project(session, Touchpoint, whole)
        case "journeys", None:
            return None
    raise NotFound


def _whole_of(part: Part) -> Journey | Stage | Touchpoint | None:
    match part:
        case Stage():
            return part.journey
        case Touchpoint():
            return part.stage
        case Barrier():
            return part.touchpoint
    return None


def _name(part: Part) -> LanguageMap:
    return part.text if isinstance(part, Barrier) else part.name


def _address_of(part: UUID | None) -> str:
    """The place of the part in the overview, where the person was."""
    return url_for("journey.index", _anchor=f"part-{part}" if part else None)
