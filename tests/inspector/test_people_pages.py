"""The way in, projects and people: what a manager does in the pages, and what strangers cannot."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from flask import Flask
from sqlalchemy import select

from checklists.orm import new_id
from checklists.people import Membership, Project, Role, User
from inspector.auth import cookie
from tests.databases import Sessions
from tests.factories import PASSWORD, Audit, make_audit, make_person
from tests.pages import OWN_SITE, Window


def roles_in(sessions: Sessions, email: str, project_id: object) -> dict[Role, bool]:
    """The person's roles in the project, each with whether it is active."""
    with sessions() as session:
        rows = session.scalars(
            select(Membership).join(User).where(User.email == email, Membership.project_id == project_id)
        )
        return {row.role: row.deactivated_at is None for row in rows}


def test_a_wrong_password_keeps_the_address_and_never_shows_the_password(app: Flask, audit: Audit) -> None:
    answer = app.test_client().post(
        "/login", data={"email": audit.manager.email, "password": "a wrong guess"}, headers=OWN_SITE
    )
    assert answer.status_code == 401
    assert f'value="{audit.manager.email}"' in answer.text
    assert "a wrong guess" not in answer.text


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("{address}/people/", "{address}/people/"),
        ("https://example.com/", "/"),
        ("//example.com/", "/"),
        ("////example.com/", "/"),
        ("/\\/\\example.com/", "/"),
        ("//[example.com/", "/"),
        ("/\\example.com/", "/"),
        ("/\t/example.com/", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_the_login_leads_to_this_site_only(app: Flask, audit: Audit, wanted: str, led_to: str) -> None:
    answer = app.test_client().post(
        "/login",
        data={"email": audit.manager.email, "password": PASSWORD, "next": wanted.format(address=audit.address)},
        headers=OWN_SITE,
    )
    assert answer.status_code == 302
    assert answer.location == led_to.format(address=audit.address)


def test_a_login_lasts_ninety_days_from_the_last_use(app: Flask, audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cookie is sent once a day, so it is good for a day longer."""
    client = app.test_client()
    form = {"email": audit.manager.email, "password": PASSWORD}
    login = client.post("/login", data=form, headers=OWN_SITE)
    assert "Set-Cookie" not in client.get(f"{audit.address}/people/").headers
    monkeypatch.setattr(cookie, "RENEWED_EVERY", timedelta())
    later = client.get(f"{audit.address}/people/")
    for answer in (login, later):
        expires = end_of_cookie(answer.headers["Set-Cookie"])
        assert abs(expires - datetime.now(UTC) - timedelta(days=91)) < timedelta(minutes=1)


def end_of_cookie(header: str) -> datetime:
    """When the cookie ends."""
    (ends,) = re.findall(r"Expires=([^;]+)", header)
    return parsedate_to_datetime(ends)


def test_a_page_asks_for_the_login_and_comes_back(app: Flask, audit: Audit) -> None:
    answer = app.test_client().get(f"{audit.address}/people/?a=1")
    assert answer.status_code == 302
    assert answer.location == f"/login?next={audit.address}/people/?a%3D1"


def test_logging_out_ends_the_access(window: Window, audit: Audit) -> None:
    window.submit("Log out").open(f"{audit.address}/people/")
    assert window.address == "/login"


def test_an_inspector_is_sent_to_the_phone(app: Flask, audit: Audit) -> None:
    client = app.test_client()
    data = {"email": audit.inspectors[0].email, "password": PASSWORD}
    assert client.post("/login", data=data, headers=OWN_SITE).status_code == 302
    assert client.get("/").location == "/phone/"
    assert client.get(f"{audit.address}/people/").status_code == 403


def test_a_reviewer_sees_the_project_but_does_not_manage_it(app: Flask, audit: Audit) -> None:
    window = Window(app, audit.reviewer.email).open("/")
    labels = {label for label, _address in window.page.links}
    assert "Coffee shops" in labels
    assert "Waves" not in labels
    assert window.open(f"{audit.address}/people/").status == 403
    window.open(f"{audit.address}/")
    assert window.address.startswith(f"{audit.address}/visits")


def test_the_language_is_switched_and_stays(window: Window, audit: Audit) -> None:
    window.open(f"{audit.address}/people/").submit("Русский")
    assert window.address == f"{audit.address}/people/"
    assert '<html lang="ru">' in window.answer.text
    assert '<html lang="ru">' in window.open("/").answer.text


def test_a_project_is_made_and_its_settings_are_changed(window: Window, sessions: Sessions) -> None:
    window.open("/").follow("New project")
    window.submit(
        "Make the project", {"name.ru": "Аптеки", "name.en": "Pharmacies", "slug": "pharmacies", "first": "en"}
    )
    assert window.status == 200
    assert window.address.endswith("/pharmacies/journey/")
    window.open(window.address.replace("journey/", "settings"))
    window.submit("Save", {"margin": "7,5", "languages": ["en"]})
    with sessions() as session:
        project = session.scalars(select(Project).where(Project.slug == "pharmacies")).one()
    assert project.languages == ["en"]
    assert project.margin == pytest.approx(0.075)
    assert project.name["en"] == "Pharmacies"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"slug": "coffee"}, "slug"),
        ({"slug": "Наш проект"}, "slug"),
        ({"slug": "new-project"}, "slug"),
        ({"name.ru": ""}, "name.ru"),
        ({"margin": "many"}, "margin"),
        ({"margin": "0"}, "margin"),
        ({"margin": "100"}, "margin"),
    ],
)
def test_a_project_with_a_mistake_loses_nothing(window: Window, changes: dict[str, str], field: str) -> None:
    window.open("/").follow("New project")
    filled = {"name.ru": "Аптеки", "name.en": "Pharmacies", "slug": "pharmacies", "margin": "5"} | changes
    window.submit("Make the project", dict(filled))
    assert window.status == 422
    assert f'id="wrong-{field}"' in window.answer.text
    assert {name: window.fields[name] for name in filled} == filled


def test_a_manager_of_one_project_who_makes_another_manages_it(app: Flask, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        membership = session.scalars(select(Membership).where(Membership.user_id == audit.manager.id)).one()
        membership.project_id = audit.project.id
    window = Window(app, audit.manager.email).open("/").follow("New project")
    window.submit("Make the project", {"name.ru": "Аптеки", "slug": "pharmacies"})
    assert window.status == 200
    assert window.address.endswith("/pharmacies/journey/")


def test_a_new_person_gets_a_password_that_is_shown_once_and_works(window: Window, audit: Audit, app: Flask) -> None:
    window.open(f"{audit.address}/people/").follow("Add a person")
    window.submit("Add the person", {"name": "Vera Kim", "email": " Vera@Example.org ", "roles": ["reviewer"]})
    assert window.status == 200
    password = window.answer.text.split('class="password">')[1].split("<")[0]
    assert password not in window.open(f"{audit.address}/people/").text
    answer = app.test_client().post(
        "/login", data={"email": "vera@example.org", "password": password}, headers=OWN_SITE
    )
    assert answer.status_code == 302


def test_a_person_known_elsewhere_is_added_without_a_new_password(
    window: Window, audit: Audit, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        elsewhere = make_audit(session, "other").inspectors[0]
    assert elsewhere.email not in window.open(f"{audit.address}/people/").text
    window.follow("Add a person").submit("Add the person", {"name": "Somebody", "email": elsewhere.email})
    assert window.address == f"{audit.address}/people/"
    assert elsewhere.email in window.text
    assert "Somebody had a login already and was added to the project." in window.text
    with sessions() as session:
        user = session.scalars(select(User).where(User.email == elsewhere.email)).one()
        assert user.password_hash == elsewhere.password_hash
        assert user.name == elsewhere.name
    assert roles_in(sessions, elsewhere.email, audit.project.id) == {Role.INSPECTOR: True}


def test_a_login_that_another_organization_made_only_inspects_here(
    window: Window, audit: Audit, app: Flask, sessions: Sessions
) -> None:
    """Whoever made it has read its password, and would read our visits with it."""
    with sessions() as session, session.begin():
        other = make_audit(session, "other")
    theirs = Window(app, other.manager.email).open(f"{other.address}/people/new")
    theirs.submit("Add the person", {"name": "The boss", "email": "boss@client.example", "roles": ["reviewer"]})
    somebody: dict[str, str | list[str]] = {"name": "The boss", "email": "boss@client.example"}
    for roles in (["manager"], ["inspector", "reviewer"]):
        window.open(f"{audit.address}/people/new").submit("Add the person", somebody | {"roles": roles})
        assert window.status == 422
        assert "Another organization made this login" in window.text
        assert 'id="wrong-email"' in window.answer.text
    assert roles_in(sessions, "boss@client.example", audit.project.id) == {}
    window.open(f"{audit.address}/people/new").submit("Add the person", somebody | {"roles": ["inspector"]})
    window.follow("Roles The boss").submit("Save", {"roles": ["inspector", "manager"]})
    assert window.status == 422
    assert 'id="wrong-roles"' in window.answer.text
    assert roles_in(sessions, "boss@client.example", audit.project.id) == {Role.INSPECTOR: True}


def test_a_login_of_our_own_takes_any_role_later(window: Window, audit: Audit, sessions: Sessions) -> None:
    window.open(f"{audit.address}/people/new")
    window.submit("Add the person", {"name": "Anna", "email": audit.inspectors[0].email, "roles": ["reviewer"]})
    assert window.address == f"{audit.address}/people/"
    assert roles_in(sessions, audit.inspectors[0].email, audit.project.id) == {Role.REVIEWER: True}


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"email": "nobody"}, "email"), ({"name": " "}, "name"), ({"roles": []}, "roles")],
)
def test_a_person_with_a_mistake_loses_nothing(
    window: Window, audit: Audit, changes: dict[str, str | list[str]], field: str
) -> None:
    window.open(f"{audit.address}/people/new")
    filled: dict[str, str | list[str]] = {"name": "Vera Kim", "email": "vera@example.org", "roles": ["reviewer"]}
    window.submit("Add the person", filled | changes)
    assert window.status == 422
    assert f'id="wrong-{field}"' in window.answer.text
    kept = {name: value for name, value in filled.items() if name != field}
    assert {name: window.fields.getlist(name) for name in kept} == {
        name: value if isinstance(value, list) else [value] for name, value in kept.items()
    }


def test_nobody_is_made_owner_through_the_form(window: Window, audit: Audit, sessions: Sessions) -> None:
    window.open(f"{audit.address}/people/new")
    window.submit("Add the person", {"name": "Vera", "email": "vera@example.org", "roles": ["owner", "inspector"]})
    assert roles_in(sessions, "vera@example.org", audit.project.id) == {Role.INSPECTOR: True}


def test_roles_change_end_and_come_back(window: Window, audit: Audit, sessions: Sessions) -> None:
    window.open(f"{audit.address}/people/new")
    roles: dict[str, str | list[str]] = {
        "name": "Vera Kim",
        "email": "vera@example.org",
        "roles": ["reviewer", "inspector"],
    }
    window.submit("Add the person", roles).open(f"{audit.address}/people/").follow("Roles Vera Kim")
    window.submit("Save", {"roles": ["inspector", "manager"]})
    expected = {Role.REVIEWER: False, Role.INSPECTOR: True, Role.MANAGER: True}
    assert roles_in(sessions, "vera@example.org", audit.project.id) == expected
    window.submit("End access Vera Kim")
    assert set(roles_in(sessions, "vera@example.org", audit.project.id).values()) == {False}
    window.submit("Give access again Vera Kim")
    assert roles_in(sessions, "vera@example.org", audit.project.id) == expected


def test_ending_a_projects_roles_does_not_claim_to_end_the_whole_access(
    window: Window, audit: Audit, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        make_person(session, audit.organization, audit.reviewer.name, Role.INSPECTOR, project=audit.project)
        helper = make_person(session, audit.organization, "Vera Kim", Role.INSPECTOR, project=audit.project)
    window.open(f"{audit.address}/people/")
    buttons = [words for form in window.page.forms for words, *_ in form.buttons]
    assert f"End access {audit.reviewer.name}" not in buttons
    assert f"End access {helper.name}" in buttons
    window.post(f"{audit.address}/people/{audit.reviewer.id}/deactivation")
    assert "Boris Levin keeps access by a role in all projects" in window.text
    assert "no longer has access" not in window.text
    assert roles_in(sessions, audit.reviewer.email, audit.project.id) == {Role.INSPECTOR: False}


def test_nobody_locks_themselves_out(app: Flask, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        membership = session.scalars(select(Membership).where(Membership.user_id == audit.manager.id)).one()
        membership.project_id = audit.project.id
    window = Window(app, audit.manager.email)
    window.open(f"{audit.address}/people/{audit.manager.id}").submit("Save", {"roles": ["reviewer"]})
    assert window.status == 422
    window.post(f"{audit.address}/people/{audit.manager.id}/deactivation")
    assert "lock yourself out" in window.text
    assert roles_in(sessions, audit.manager.email, audit.project.id) == {Role.MANAGER: True}


def test_people_of_other_organizations_are_not_found(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        stranger = make_audit(session, "other").inspectors[0].id
    for someone in (stranger, new_id()):
        address = f"{audit.address}/people/{someone}"
        assert window.open(address).status == 404
        for action in ("", "/deactivation", "/activation"):
            assert window.post(address + action, {"roles": "inspector"}).status_code == 404
