"""What owners do: everybody's roles over all projects, the organization's name, retention, and jobs that failed."""

import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from checklists.errors import NotAllowed
from checklists.jobs import Job, JobState, enqueue
from checklists.organizations import colleagues_of, set_roles
from checklists.people import Membership, Organization, Project, Role, User
from checklists.visits import Photo
from tests.databases import Sessions
from tests.factories import Audit, make_audit, make_person, make_project
from tests.field import FieldPhoto
from tests.pages import Window

NOW = datetime.now(UTC)


@pytest.fixture
def audit(sessions: Sessions) -> Audit:
    with sessions() as session, session.begin():
        made = make_audit(session)
        make_project(session, made.organization, "tea", name={"en": "Tea rooms"})
    return made


@pytest.fixture
def owner(app: Flask, audit: Audit) -> Window:
    return Window(app, audit.owner.email)


def roles_of(sessions: Sessions, user: User) -> set[tuple[str, str]]:
    """The roles held now, each with the slug of its project, or "" for all of them."""
    with sessions() as session:
        rows = session.execute(
            select(Membership.role, Project.slug)
            .outerjoin(Project, Project.id == Membership.project_id)
            .where(Membership.user_id == user.id, Membership.deactivated_at.is_(None))
        )
        return {(role.value, slug or "") for role, slug in rows}


def test_an_owner_gives_and_takes_roles_over_all_projects(owner: Window, audit: Audit, sessions: Sessions) -> None:
    assert roles_of(sessions, audit.reviewer) == {("reviewer", "")}
    with sessions() as session:
        tea = session.scalars(select(Project).where(Project.slug == "tea")).one()
    owner.open("/").follow("Organization").follow("Everybody's roles")
    owner.open(f"/o/sova/people/{audit.reviewer.id}")
    owner.submit("Save", {"everywhere": [], f"roles.{tea.id}": ["manager", "client"]})
    assert "The roles of Boris Levin were saved." in owner.text
    assert roles_of(sessions, audit.reviewer) == {("manager", "tea"), ("client", "tea")}
    owner.open(f"/o/sova/people/{audit.reviewer.id}").submit("Save", {"everywhere": ["owner"], f"roles.{tea.id}": []})
    assert roles_of(sessions, audit.reviewer) == {("owner", "")}


def test_the_last_owner_cannot_be_taken_away(owner: Window, audit: Audit, sessions: Sessions) -> None:
    owner.open(f"/o/sova/people/{audit.owner.id}").submit("Save", {"everywhere": ["manager"]})
    assert owner.status == 422
    assert "Somebody has to own the organization." in owner.text
    assert roles_of(sessions, audit.owner) == {("owner", "")}
    owner.open(f"/o/sova/people/{audit.manager.id}").submit("Save", {"everywhere": ["owner", "manager"]})
    owner.open(f"/o/sova/people/{audit.owner.id}").submit("Save", {"everywhere": ["manager"]})
    assert roles_of(sessions, audit.owner) == {("manager", "")}
    assert owner.address == "/", "who owns nothing any more is led away from the owners' pages"
    assert owner.open("/o/sova/").status == 403


def test_nobody_gives_a_role_higher_than_the_own(audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        (mine,) = session.scalars(select(Membership).where(Membership.user_id == audit.manager.id))
        for place, roles in ((None, {Role.OWNER}), (audit.project.id, {Role.OWNER, Role.REVIEWER})):
            with pytest.raises(NotAllowed):
                set_roles(session, audit.organization.id, audit.reviewer, {place: roles}, [mine], NOW)
        with pytest.raises(NotAllowed):
            set_roles(session, audit.organization.id, audit.owner, {None: set()}, [mine], NOW)
        set_roles(session, audit.organization.id, audit.reviewer, {audit.project.id: {Role.CLIENT}}, [mine], NOW)
        (boris,) = (each for each in colleagues_of(session, audit.organization.id) if each.user.id == audit.reviewer.id)
        assert boris.roles == {None: {Role.REVIEWER}, audit.project.id: {Role.CLIENT}}


def test_a_managers_page_offers_no_owner_and_takes_none(window: Window, audit: Audit, sessions: Sessions) -> None:
    window.open(f"{audit.address}/people/{audit.inspectors[0].id}")
    assert "owner" not in window.text.casefold()
    window.submit("Save", {"roles": ["owner", "client"]})
    assert roles_of(sessions, audit.inspectors[0]) == {("inspector", ""), ("client", "coffee")}
    for page in ("", "people", f"people/{audit.inspectors[0].id}"):
        assert window.open(f"/o/sova/{page}").status == 403, page
    assert "Organization" not in [words for words, _link in window.open("/").page.links]


def test_people_are_found_by_name_and_role(owner: Window, audit: Audit) -> None:
    owner.open("/o/sova/people?q=anna")
    assert "Anna Petrova" in owner.text
    assert "Boris Levin" not in owner.text
    owner.open("/o/sova/people?role=reviewer")
    assert "Boris Levin" in owner.text
    assert "Anna Petrova" not in owner.text


def test_a_person_of_another_organization_is_404(owner: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        stranger = make_audit(session, "stranger")
    assert owner.open(f"/o/sova/people/{stranger.manager.id}").status == 404
    assert owner.open("/o/stranger/").status == 404


def test_a_login_that_another_organization_made_gets_no_role_that_reads(
    owner: Window, audit: Audit, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        stranger = make_audit(session, "stranger")
        make_person(
            session, audit.organization, "x", Role.INSPECTOR, project=audit.project, email=stranger.manager.email
        )
    owner.open(f"/o/sova/people/{stranger.manager.id}").submit("Save", {f"roles.{audit.project.id}": ["client"]})
    assert owner.status == 422
    assert "Another organization made this login" in owner.text


def test_the_organization_is_renamed(owner: Window, audit: Audit, sessions: Sessions) -> None:
    owner.open("/o/sova/").submit("Save", name=" ")
    assert owner.status == 422
    owner.open("/o/sova/").submit("Save", name="Сова и партнёры")
    assert "Сова и партнёры" in owner.text
    with sessions() as session:
        assert session.get_one(Organization, audit.organization.id).name == "Сова и партнёры"


def test_owners_decide_how_long_visits_are_kept(owner: Window, app: Flask, audit: Audit, sessions: Sessions) -> None:
    owner.open(f"{audit.address}/settings").submit("Save", retention="0")
    assert owner.status == 422
    owner.open(f"{audit.address}/settings").submit("Save", retention="36")
    manager = Window(app, audit.manager.email).open(f"{audit.address}/settings")
    assert "kept for 36 months" in manager.text
    manager.submit("Save", retention="1")
    with sessions() as session:
        assert session.get_one(Project, audit.project.id).retention_months == 36


def test_jobs_that_failed_are_seen_and_tried_again(owner: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        stranger = make_audit(session, "stranger")
        jobs = [enqueue(session, each.organization.id, "derive_photo", NOW) for each in (audit, stranger)]
        for job in jobs:
            job.state, job.attempts, job.error, job.finished_at = JobState.FAILED, 8, "OSError: no room", NOW
        session.flush()
        ours, theirs = jobs[0].id, jobs[1].id
    owner.open("/o/sova/")
    assert re.search(r"Jobs that failed\s*1\b", owner.text)
    assert "OSError: no room" in owner.text
    owner.submit("Try again Make the smaller sizes of a photo")
    assert "The job will be tried again in a moment." in owner.text
    assert "OSError: no room" not in owner.text
    assert owner.post(f"/o/sova/jobs/{theirs}/again").status_code == 404
    with sessions() as session:
        assert (session.get_one(Job, ours).state, session.get_one(Job, ours).attempts) == (JobState.WAITING, 0)
        assert session.get_one(Job, theirs).state is JobState.FAILED


def test_photos_that_wait_for_their_store_are_counted(owner: Window, audit: Audit, sessions: Sessions) -> None:
    assert "Photos that wait for their store none" in owner.open("/o/sova/").text
    with sessions() as session, session.begin():
        visit = audit.visit(session, photos={audit.criterion("states")["id"]: [FieldPhoto(), FieldPhoto()]})
        for photo in session.scalars(select(Photo).where(Photo.visit_id == visit.id)):
            photo.waits_on = "north-1"
    assert "Photos that wait for their store 2 the oldest since" in owner.open("/o/sova/").text


def test_a_project_takes_no_address_of_the_organizations_pages(owner: Window) -> None:
    for slug in ("people", "tokens", "trail", "name", "jobs", "new-project"):
        owner.open("/o/sova/new-project").submit("Make the project", {"name.en": "X", "slug": slug})
        assert owner.status == 422, slug
