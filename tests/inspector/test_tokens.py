"""Tokens: shown once, kept as a hash, narrower than their maker, and of no use where no scope is named."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, g, jsonify
from sqlalchemy import event, select

from checklists.accounts import Token, TokenScope, create_token
from checklists.orm import scoped
from checklists.people import Membership, Role
from inspector.auth import MANAGERS, person, roles
from tests.databases import Sessions
from tests.factories import Audit, make_audit, make_project
from tests.pages import OWN_SITE, Window

pytestmark = pytest.mark.own_app

SEEN = "/api/v1/test-what-is-reached"


@pytest.fixture
def app(app: Flask) -> Flask:
    """The service with one more call, which says what a token reaches."""

    @app.route(SEEN, methods=["GET", "POST"])
    @roles(*MANAGERS, scope=TokenScope.SETUP_READ)
    def what_is_reached() -> object:
        return jsonify(
            person=person().user.email,
            token=g.token.name if "token" in g else None,
            reached=sorted([each.role.value, str(each.project_id)] for each in g.memberships),
            organizations=sorted(map(str, g.scope.organizations)),
        )

    return app


def make_token(sessions: Sessions, audit: Audit, *scopes: TokenScope, **values: object) -> str:
    with sessions(scoped([audit.organization.id])) as session, session.begin():
        made = create_token(
            session,
            audit.manager,
            "report",
            scopes or (TokenScope.SETUP_READ,),
            datetime.now(UTC),
            organization_id=audit.organization.id,
            **values,  # type: ignore[arg-type]
        )
        return made.text


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_token_is_made_shown_once_used_and_revoked(app: Flask, audit: Audit, sessions: Sessions) -> None:
    window = Window(app, audit.manager.email).open(f"/o/{audit.organization.slug}/tokens").follow("Make a token")
    window.submit("Make the token", {"name": "Weekly report", "scopes": ["setup:read", "results:read"], "lasts": "30"})
    found = re.search(r"audit_[\w-]{40,}", window.answer.text)
    assert found is not None
    token = found[0]
    assert window.answer.headers["Cache-Control"] == "no-store"
    program = app.test_client()
    answer = program.get(SEEN, headers=bearer(token)).json
    assert answer is not None
    assert (answer["person"], answer["token"]) == (audit.manager.email, "Weekly report")
    assert program.get_cookie("audit") is None
    window.follow("Back to the tokens")
    assert token not in window.answer.text
    assert token[:12] in window.text
    assert "never" not in window.text.split("Weekly report")[1].split("Revoke")[0]
    with sessions() as session:
        row = session.scalars(select(Token)).one()
        assert token not in str(vars(row))
        assert row.expires_at is not None
        assert timedelta(days=29) < row.expires_at - datetime.now(UTC) < timedelta(days=31)
    window.submit("Revoke Weekly report")
    assert "was revoked" in window.text
    assert program.get(SEEN, headers=bearer(token)).status_code == 401


@pytest.mark.parametrize("fault", ["unknown", "revoked", "expired", "erased", "empty"])
def test_a_token_that_does_not_count_gets_401(app: Flask, audit: Audit, sessions: Sessions, fault: str) -> None:
    token = make_token(sessions, audit)
    assert app.test_client().get(SEEN, headers=bearer(token)).status_code == 200
    now = datetime.now(UTC)
    with sessions() as session, session.begin():
        row = session.scalars(select(Token)).one()
        row.revoked_at = now if fault == "revoked" else None
        row.expires_at = now if fault == "expired" else None
        row.user.erased_at = now if fault == "erased" else None
    sent = {"unknown": "audit_" + "x" * 43, "empty": ""}.get(fault, token)
    answer = app.test_client().get(SEEN, headers=bearer(sent))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert answer.content_type == "application/problem+json"


def test_a_token_reaches_no_further_than_its_maker_at_this_moment(app: Flask, audit: Audit, sessions: Sessions) -> None:
    token = make_token(sessions, audit)
    program = app.test_client()
    assert program.get(SEEN, headers=bearer(token)).json["reached"] == [["manager", "None"]]  # type: ignore[index]
    with sessions() as session, session.begin():
        membership = session.scalars(select(Membership).where(Membership.user_id == audit.manager.id)).one()
        membership.role = Role.INSPECTOR
    assert program.get(SEEN, headers=bearer(token)).status_code == 403
    with sessions() as session, session.begin():
        membership = session.scalars(select(Membership).where(Membership.user_id == audit.manager.id)).one()
        membership.role, membership.deactivated_at = Role.MANAGER, datetime.now(UTC) - timedelta(days=1)
    assert program.get(SEEN, headers=bearer(token)).status_code == 403


def test_a_token_stays_in_its_organization_and_project(app: Flask, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        other = make_audit(session, "other")
        session.add(Membership(organization_id=other.organization.id, user_id=audit.manager.id, role=Role.OWNER))
        make_project(session, audit.organization, "second")
    token = make_token(sessions, audit, project_id=audit.project.id)
    answer = app.test_client().get(SEEN, headers=bearer(token)).json
    assert answer is not None
    assert answer["reached"] == [["manager", str(audit.project.id)]]
    assert answer["organizations"] == [str(audit.organization.id)]


def test_only_the_purposes_of_the_token_and_only_calls_that_name_one(
    app: Flask, audit: Audit, sessions: Sessions
) -> None:
    token = make_token(sessions, audit, TokenScope.RESULTS_READ)
    answer = app.test_client().get(SEEN, headers=bearer(token))
    assert answer.status_code == 403
    assert answer.json is not None
    assert "setup:read" in answer.json["detail"]
    refused = 0
    for rule in app.url_map.iter_rules():
        access = getattr(app.view_functions[rule.endpoint], "access", None)
        if access and not access.public and not access.scope and not rule.arguments:
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                assert app.test_client().open(rule.rule, method=method, headers=bearer(token)).status_code == 403
                refused += 1
    assert refused > 5


def test_a_token_needs_no_cross_site_guard_and_looks_at_no_cookie(app: Flask, audit: Audit, sessions: Sessions) -> None:
    token = make_token(sessions, audit)
    assert app.test_client().post(SEEN, headers=bearer(token)).status_code == 200
    browser = Window(app, audit.reviewer.email).client
    answer = browser.post(SEEN, headers={**bearer(token), "Sec-Fetch-Site": "cross-site"})
    assert answer.json is not None
    assert answer.json["person"] == audit.manager.email
    assert browser.post(SEEN, headers=bearer("audit_wrong")).status_code == 401, "and falls back to no cookie"
    assert browser.post(SEEN, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_the_use_of_a_token_is_written_at_most_every_ten_minutes(app: Flask, audit: Audit, sessions: Sessions) -> None:
    token, program = make_token(sessions, audit), app.test_client()
    written: list[str] = []
    event.listen(app.extensions["writers"], "before_cursor_execute", lambda *given: written.append(given[2]))
    for _ in range(3):
        assert program.get(SEEN, headers=bearer(token)).status_code == 200
    assert len([each for each in written if each.startswith("UPDATE tokens")]) == 1


def test_a_manager_of_one_project_makes_and_sees_tokens_of_that_one_only(
    app: Flask, audit: Audit, sessions: Sessions
) -> None:
    make_token(sessions, audit)
    with sessions() as session, session.begin():
        second = make_project(session, audit.organization, "second")
        membership = session.scalars(select(Membership).where(Membership.user_id == audit.manager.id)).one()
        membership.project_id = audit.project.id
    tokens = f"/o/{audit.organization.slug}/tokens"
    window = Window(app, audit.manager.email).open(tokens)
    assert "No token yet." in window.text
    with sessions() as session:
        whole = session.scalars(select(Token.id)).one()
    assert window.post(f"{tokens}/{whole}/revocation").status_code == 404
    for project in ("", str(second.id)):
        window.open(f"{tokens}/new").submit(
            "Make the token", {"name": "a", "scopes": ["setup:read"], "project": project}
        )
        assert window.status == 422
        assert 'id="wrong-project"' in window.answer.text
    window.submit("Make the token", {"project": str(audit.project.id)})
    assert window.status == 200
    assert "audit_" in window.text


@pytest.mark.parametrize(
    ("changes", "field"), [({"name": " "}, "name"), ({"scopes": []}, "scopes"), ({"lasts": "99999"}, "lasts")]
)
def test_a_mistake_makes_no_token(
    window: Window, audit: Audit, sessions: Sessions, changes: dict[str, str | list[str]], field: str
) -> None:
    window.open(f"/o/{audit.organization.slug}/tokens/new")
    window.submit("Make the token", {"name": "a", "scopes": ["setup:read"], **changes})
    assert window.status == 422
    assert f'id="wrong-{field}"' in window.answer.text
    with sessions() as session:
        assert session.scalars(select(Token)).all() == []


def test_other_organizations_see_no_token(app: Flask, audit: Audit, sessions: Sessions) -> None:
    make_token(sessions, audit)
    with sessions() as session, session.begin():
        other = make_audit(session, "other")
        token = session.scalars(select(Token.id)).one()
    window = Window(app, other.manager.email).open(f"/o/{other.organization.slug}/tokens")
    assert "No token yet." in window.text
    assert window.post(f"/o/{other.organization.slug}/tokens/{token}/revocation").status_code == 404
    assert window.client.post(f"/o/{audit.organization.slug}/tokens/new", headers=OWN_SITE).status_code == 404
