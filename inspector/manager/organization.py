"""The organization as its owners run it: its name, its projects, everybody's roles, and the state of the service."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from checklists.errors import DomainError, NotFound
from checklists.jobs import JobState, failed_jobs, try_again, unfinished_jobs
from checklists.organizations import Colleague, Place, colleagues_of, set_roles
from checklists.orm import alphabetical_key, holds
from checklists.people import MemberOrder, Organization, Project, Role, projects_of
from checklists.visits import waiting_photos
from inspector.auth import OWNERS, person, roles
from inspector.doorbell import ring
from inspector.manager.forms import Form, PageAnswer
from inspector.manager.lists import Listing, choice_asked
from inspector.manager.people import refuse_foreign_login
from inspector.manager.words import ROLES
from inspector.trail import reads_personal
from inspector.transactions import reading, writing

blueprint = Blueprint("organization", __name__, url_prefix="/o/<organization>")

PEOPLE_ON_A_PAGE = 100
EVERYWHERE = (Role.OWNER, Role.MANAGER, Role.REVIEWER, Role.INSPECTOR, Role.CLIENT)
"""What can be held in all projects."""
IN_ONE_PROJECT = (Role.MANAGER, Role.REVIEWER, Role.INSPECTOR, Role.CLIENT)
JOBS = {
    "derive_photo": lazy_gettext("Make the smaller sizes of a photo"),
    "mail": lazy_gettext("Send an e-mail"),
    "delete_erased": lazy_gettext("Delete an erased photo from the storage"),
    "delete_given_up": lazy_gettext("Delete a photo that its visit gave up from the storage"),
    "erase_traces": lazy_gettext("Erase the traces of an erased person's phone"),
    "keep_retention": lazy_gettext("Erase what the project's retention no longer keeps"),
}


@blueprint.get("/")
@roles(*OWNERS)
def show() -> PageAnswer:
    return _page(Form.showing(name=g.organization.name))


@blueprint.post("/name")
@roles(*OWNERS)
def rename() -> PageAnswer:
    form = Form.sent()
    name = form.text("name", required=True)
    try:
        form.check()
        with writing() as session:
            session.get_one(Organization, g.organization.id).name = name
    except DomainError as error:
        form.keep(error)
        return _page(form)
    flash(_("The settings were saved."), "done")
    return redirect(url_for("organization.show"))


# A refused name is shown again at its own address, which somebody may reload or return to.
blueprint.add_url_rule("/name", "show_after_name", show)


def _page(form: Form) -> PageAnswer:
    with reading() as session:
        colleagues = colleagues_of(session, g.organization.id)
        page = render_template(
            "organization/show.html",
            form=form,
            projects=_projects(session),
            people=_counted(colleagues),
            owners=[each for each in colleagues if Role.OWNER in each.everywhere],
            waiting=waiting_photos(session),
            jobs=unfinished_jobs(session),
            failed=failed_jobs(session),
            job_names=JOBS,
            states=JobState,
        )
    return page, form.status


def _projects(session: Session) -> list[Project]:
    return next(iter(projects_of(session, g.memberships).values()), [])


def _counted(colleagues: list[Colleague]) -> Mapping[Any, Mapping[Role, int]]:
    """How many people hold each role, by project and under None for all of them."""
    counted: dict[Any, dict[Role, int]] = {}
    for colleague in colleagues:
        for place, held in colleague.roles.items():
            for role in held:
                here = counted.setdefault(place, {})
                here[role] = here.get(role, 0) + 1
    return counted


@blueprint.get("/people")
@roles(*OWNERS)
@reads_personal("people")
def people() -> PageAnswer:
    """Everybody's roles over all projects."""
    role = choice_asked(Role, "role")
    listing = Listing.asked(MemberOrder, "name", {"role": str(ROLES[role]) if role else ""})
    with reading() as session:
        found = [
            each
            for each in colleagues_of(session, g.organization.id)
            if holds(listing.words, each.user.name, each.user.email)
            and (role is None or any(role in held for held in each.roles.values()))
        ]
        found.sort(key=lambda each: alphabetical_key(getattr(each.user, listing.order)), reverse=listing.descending)
        found.sort(key=lambda each: not each.active)
        projects = _projects(session)
    return render_template(
        "organization/people.html",
        people=listing.cut(found, PEOPLE_ON_A_PAGE),
        total=len(found),
        size=PEOPLE_ON_A_PAGE,
        listing=listing,
        projects=projects,
        roles=ROLES,
    )


@blueprint.route("/people/<uuid:user>", methods=["GET", "POST"])
@roles(*OWNERS)
@reads_personal("person")
def change_roles(user: UUID) -> PageAnswer:
    """One person's roles: in all projects, and in each."""
    with reading() as session:
        colleague, projects = _colleague(session, user), _projects(session)
    if request.method == "GET":
        form = Form.showing(**{_field(place): sorted(held) for place, held in colleague.roles.items()})
        return _roles_page(form, colleague, projects)
    form = Form.sent()
    wanted: dict[Place, set[Role]] = {None: _chosen(form, None, EVERYWHERE)}
    wanted |= {project.id: _chosen(form, project.id, IN_ONE_PROJECT) for project in projects}
    for place, chosen in wanted.items():
        refuse_foreign_login(form, _field(place), colleague.user, chosen - colleague.roles.get(place, set()))
    try:
        form.check()
        with writing() as session:
            set_roles(session, g.organization.id, colleague.user, wanted, g.memberships, datetime.now(UTC))
    except DomainError as error:
        form.keep(error)
        return _roles_page(form, colleague, projects)
    flash(_("The roles of %(name)s were saved.", name=colleague.user.name), "done")
    still_owner = colleague.user.id != person().user.id or Role.OWNER in wanted[None]
    return redirect(url_for("organization.people" if still_owner else "entrance.home"))


def _roles_page(form: Form, colleague: Colleague, projects: list[Project]) -> PageAnswer:
    page = render_template(
        "organization/roles.html",
        form=form,
        colleague=colleague,
        projects=projects,
        field=_field,
        everywhere=[(role, ROLES[role]) for role in EVERYWHERE],
        in_one=[(role, ROLES[role]) for role in IN_ONE_PROJECT],
    )
    return page, form.status


def _field(place: Place) -> str:
    return f"roles.{place}" if place else "everywhere"


def _chosen(form: Form, place: Place, offered: tuple[Role, ...]) -> set[Role]:
    return {role for role in offered if role in form.chosen(_field(place))}


def _colleague(session: Session, user: UUID) -> Colleague:
    """The person of the organization with this id. Raises NotFound for anybody else."""
    for colleague in colleagues_of(session, g.organization.id):
        if colleague.user.id == user:
            return colleague
    raise NotFound


@blueprint.post("/jobs/<uuid:job>/again")
@roles(*OWNERS)
def try_job_again(job: UUID) -> Response:
    with writing() as session:
        try_again(session, job, datetime.now(UTC))
    ring()
    flash(_("The job will be tried again in a moment."), "done")
    return redirect(url_for("organization.show", _anchor="service"))
