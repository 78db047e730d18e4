"""Who manages one project, and a token for one, reach nothing beyond it: no people, no projects, no photos."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from checklists.accounts import TokenScope, create_token
from checklists.imports import Import, ImportKind, keep_upload
from checklists.orm import new_id, scoped
from checklists.people import Membership, Role, User, add_member
from inspector.background import Worker
from tests.api.world import ApiClient
from tests.databases import Sessions
from tests.factories import Audit, make_person, make_project
from tests.field import FieldPhoto
from tests.pages import OWN_SITE, Window
from tests.phone_client import FieldClient, with_photos


@pytest.fixture
def narrow(audit: Audit, sessions: Sessions) -> User:
    """Who manages this project only."""
    with sessions() as session, session.begin():
        return make_person(session, audit.organization, "Nina Belova", Role.MANAGER, project=audit.project)


def program(
    app: Flask, sessions: Sessions, audit: Audit, person: User, *scopes: TokenScope, project_id: UUID | None = None
) -> ApiClient:
    with sessions(scoped([audit.organization.id])) as session, session.begin():
        made = create_token(
            session,
            person,
            "a program",
            scopes or list(TokenScope),
            datetime.now(UTC),
            organization_id=audit.organization.id,
            project_id=project_id,
        )
        return ApiClient.with_token(app, made.text)


def test_an_owners_token_for_one_project_stays_in_it(app: Flask, audit: Audit, sessions: Sessions) -> None:
    token = program(app, sessions, audit, audit.owner, project_id=audit.project.id)
    everybody = f"/organizations/{audit.organization.id}/people"
    wish = {"roles": [{"project_id": None, "roles": ["client", "reviewer"]}]}
    someone = f"{everybody}/{audit.reviewer.id}"
    assert token.get(everybody).status_code == 403
    assert token.get(someone).status_code == 403
    assert token.ask("PATCH", someone, tag="*", json=wish).status_code == 403
    project = {"slug": "tea", "name": {"en": "Tea", "ru": "Чай"}, "languages": ["en"]}
    assert token.ask("POST", f"/organizations/{audit.organization.id}/projects", json=project).status_code == 403
    assert token.get(f"/projects/{audit.project.id}/people").status_code == 200
    with sessions() as session:
        held = session.scalars(select(Membership.role).where(Membership.user_id == audit.reviewer.id)).all()
    assert held == [Role.REVIEWER]


def test_a_token_for_the_setup_makes_no_logins(app: Flask, audit: Audit, sessions: Sessions) -> None:
    table: dict[str, Any] = {
        "data": "Name,E-mail\r\nVera Kim,vera@example.org\r\n",
        "headers": {"Content-Type": "text/csv"},
    }
    address = f"/projects/{audit.project.id}/imports?kind=inspectors"
    setup = program(app, sessions, audit, audit.manager, TokenScope.SETUP_READ, TokenScope.SETUP_WRITE)
    refused = setup.ask("POST", address, **table)
    assert (refused.status_code, refused.json["title"]) == (403, "ScopeMissing")
    made = program(app, sessions, audit, audit.manager).ask("POST", address, **table)
    assert made.status_code == 201
    one = f"/imports/{made.json['id']}"
    assert setup.get(one).status_code == 403
    assert setup.ask("PUT", f"{one}/confirmation", tag="*", json={}).status_code == 403


@pytest.mark.parametrize("by", ["page", "call"])
def test_nobody_gets_a_link_to_a_higher_login(
    app: Flask, audit: Audit, narrow: User, sessions: Sessions, by: str
) -> None:
    """Where no mail is sent, who asks for the link sees it, and could choose the password."""
    with sessions() as session, session.begin():
        boss = make_person(session, audit.organization, "Vera Kim", Role.OWNER)
        helper = make_person(session, audit.organization, "Oleg Ivanov", Role.INSPECTOR, project=audit.project)
        boss.password_hash = helper.password_hash = ""
    window, caller = Window(app, narrow.email), ApiClient.of(app, narrow)
    for person, status in ((boss, 403), (helper, 200)):
        if by == "page":
            address = f"{audit.address}/people/{person.id}/invitation"
            answer = window.client.post(address, headers=OWN_SITE)
        else:
            answer = caller.ask("POST", f"/projects/{audit.project.id}/people/{person.id}/invitation")
        assert answer.status_code == (201 if status == 200 and by == "call" else status)
        assert ("/link/" in answer.text) is (status == 200)


def test_who_manages_one_project_erases_nobody_of_others(
    app: Flask, audit: Audit, narrow: User, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        other = make_project(session, audit.organization, "tea")
        here = make_person(session, audit.organization, "Oleg Ivanov", Role.INSPECTOR, project=audit.project)
        both = make_person(session, audit.organization, "Vera Kim", Role.INSPECTOR, project=audit.project)
        add_member(session, both, [Role.REVIEWER], organization_id=audit.organization.id, project_id=other.id)
    window = Window(app, narrow.email)
    for person, erased in ((audit.manager, False), (both, False), (here, True)):
        address = f"{audit.address}/erasures/people/{person.id}"
        answer = window.client.post(address, data={"reason": "asked", "sure": "on"}, headers=OWN_SITE)
        assert answer.status_code == (302 if erased else 403)
        with sessions() as session:
            assert (session.get_one(User, person.id).erased_at is not None) is erased


def test_the_trail_names_only_people_of_ones_own_projects(
    app: Flask, audit: Audit, narrow: User, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        other = make_project(session, audit.organization, "tea")
        make_person(session, audit.organization, "Vera Kim", Role.INSPECTOR, project=other)
    address = f"/o/{audit.organization.slug}/trail"
    assert "Vera Kim" in Window(app, audit.manager.email).open(address).answer.text
    shown = Window(app, narrow.email).open(address).answer.text
    assert "Vera Kim" not in shown
    assert narrow.name in shown


def test_photos_of_ones_own_visits_are_not_seen_from_another_project(
    app: Flask, audit: Audit, sessions: Sessions
) -> None:
    anna = audit.inspectors[0]
    with sessions() as session, session.begin():
        other = make_project(session, audit.organization, "tea")
        add_member(session, anna, [Role.REVIEWER], organization_id=audit.organization.id, project_id=other.id)
        assignment = audit.assign(session)
    photo, phone = FieldPhoto(), FieldClient(app.test_client(), anna)
    assert phone.put_visit(new_id(), with_photos(audit, assignment, photo)).status_code == 201
    assert phone.put_photo(photo).status_code == 201
    address = f"/photos/{photo.id}"
    assert program(app, sessions, audit, anna).get(address).status_code == 200
    assert program(app, sessions, audit, anna, project_id=other.id).get(address).status_code == 404


@pytest.mark.parametrize("slug", ["people", "trail", "tokens", "name", "jobs", "new-project"])
def test_no_project_takes_the_address_of_a_page(app: Flask, audit: Audit, sessions: Sessions, slug: str) -> None:
    project = {"slug": slug, "name": {"en": "Tea", "ru": "Чай"}, "languages": ["en"]}
    token = program(app, sessions, audit, audit.owner)
    assert token.ask("POST", f"/organizations/{audit.organization.id}/projects", json=project).status_code == 422


def test_a_made_up_cursor_is_refused(app: Flask, audit: Audit, sessions: Sessions) -> None:
    token = program(app, sessions, audit, audit.manager)
    for moment, number in (("0001-01-01T00:00:00+14:00", 1), ("2026-01-01T00:00:00+00:00", 9**100)):
        place = [["t", moment], ["i", str(new_id())], ["n", str(number)]]
        for path, parts in (("best-practices", 3), ("visits", 2)):
            cursor = base64.urlsafe_b64encode(json.dumps(place[:parts]).encode()).decode()
            answer = token.get(f"/projects/{audit.project.id}/{path}", query_string={"cursor": cursor})
            assert answer.status_code == 422, (path, answer.text)


def test_a_table_that_nobody_confirmed_is_gone_a_day_later(app: Flask, audit: Audit, sessions: Sessions) -> None:
    """Whether or not another one comes."""
    with sessions(scoped([audit.organization.id])) as session, session.begin():
        for hours in (25, 23):
            at = datetime.now(UTC) - timedelta(hours=hours)
            keep_upload(session, audit.project.id, ImportKind.INSPECTORS, f"{hours}", b"Anna", audit.manager.id, at)
    Worker(app).forget_what_ran_out()
    with sessions() as session:
        assert session.scalars(select(Import.file_name)).all() == ["23"]
