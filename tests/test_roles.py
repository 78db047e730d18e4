"""Who may use which route: tests/roles.md says it, and each person tries each of them.

The table is compared with the app's own map of routes, so that a new route must be entered there, by somebody who
thinks about who may use it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from checklists.journey import Stage
from checklists.orm import ScopedSession, new_id
from checklists.people import Role, User
from inspector.auth import access_of
from tests.factories import PASSWORD, make_audit, make_person, make_project
from tests.field import FieldPhoto
from tests.phone_client import OWN_SITE
from tests.servers import ROOT

COLUMNS = (Role.INSPECTOR, Role.CLIENT, Role.REVIEWER, Role.MANAGER, Role.OWNER)
Route = tuple[str, str]
"""Method and rule."""

TABLE_FILE = ROOT / "tests" / "roles.md"


def read_table() -> dict[Route, frozenset[Role] | None]:
    """Who may use each route; None for those that are open to everybody."""
    table: dict[Route, frozenset[Role] | None] = {}
    for line in TABLE_FILE.read_text().splitlines():
        if not line.startswith("| `"):
            continue
        cells = [cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|")]
        marks = cells[2 : 2 + len(COLUMNS)]
        assert set(marks) <= {"x", "", "all"}, line
        rule, who = cells[0].strip("`"), frozenset(role for role, mark in zip(COLUMNS, marks, strict=True) if mark)
        for method in cells[1].split():
            assert (method, rule) not in table, f"twice: {method} {rule}"
            table[method, rule] = None if marks[0] == "all" else who
    return table


def routes_of(app: Flask) -> Iterator[tuple[Route, Rule]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield (method, rule.rule), rule


def test_every_route_stands_in_the_table_and_nothing_else(app: Flask) -> None:
    table, lacking = read_table(), []
    routes = dict(routes_of(app))
    for (method, rule), found in routes.items():
        access = access_of(app, found.endpoint, method)
        assert access is not None, rule
        who = None if access.public else access.roles
        if (method, rule) not in table or table[method, rule] != who:
            marks = " | ".join("all" if who is None else "x" if role in who else "" for role in COLUMNS)
            lacking.append(f"| `{rule}` | {method} | {marks} |")
    assert not lacking, "not in tests/roles.md, or otherwise there:\n" + "\n".join(lacking)
    assert not set(table) - set(routes), "in tests/roles.md, and not in the app"


@dataclass
class Someone:
    """One person with a browser, who logs in again when something that was tried ended the login."""

    app: Flask
    user: User | None
    roles: frozenset[Role] = frozenset()
    foreign: str = ""
    """What is foreign to this person: "organization" or "project", or nothing."""
    browser: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.log_in()

    def log_in(self) -> None:
        self.browser = self.app.test_client()
        if self.user is not None:
            sent = {"email": self.user.email, "password": PASSWORD}
            assert self.browser.post("/api/v1/session", json=sent, headers=OWN_SITE).status_code == 200

    def try_it(self, method: str, address: str) -> TestResponse:
        answer = self._open(method, address)
        if self.user is not None and (answer.status_code == 401 or to_the_login(answer)):
            self.log_in()
            answer = self._open(method, address)
        return answer

    def _open(self, method: str, address: str) -> TestResponse:
        options = {"json": {}} if address.startswith("/api/") and method != "GET" else {}
        return self.browser.open(address, method=method, headers=OWN_SITE, buffered=True, **options)  # type: ignore[arg-type]


@pytest.fixture
def people(app: Flask, sessions: Callable[..., ScopedSession]) -> tuple[dict[str, Someone], dict[str, object]]:
    """Everybody who may come, and the ids of what they would like to see, by the names that routes have for them."""
    with sessions() as session:
        audit, stranger = make_audit(session), make_audit(session, "stranger")
        client = make_person(session, audit.organization, "Vera Client", Role.CLIENT, project=audit.project)
        other = make_project(session, audit.organization, "other")
        neighbour = make_person(session, audit.organization, "Nina Beside", Role.MANAGER, project=other)
        visit = audit.visit(session, photos={audit.criterion("states")["id"]: [FieldPhoto()]})
        stage = session.scalars(select(Stage).where(Stage.organization_id == audit.organization.id)).first()
        assert stage is not None
        ids: dict[str, object] = {
            "organization_id": audit.organization.id,
            "project_id": audit.project.id,
            "journey_id": audit.journey.id,
            "stage_id": stage.id,
            "touchpoint_id": audit.touchpoints[0].id,
            "brand_id": audit.brands[0].id,
            "outlet_id": audit.outlets[0].id,
            "version_id": audit.version.id,
            "checklist_id": audit.version.checklist_id,
            "wave_id": audit.wave.id,
            "visit_id": visit.id,
            "assignment_id": visit.assignment_id,
            "photo_id": visit.photos[0].id,
            "organization": audit.organization.slug,
            "project": audit.project.slug,
        }
        session.commit()
    return (
        {
            "nobody": Someone(app, None),
            "inspector": Someone(app, audit.inspectors[0], frozenset({Role.INSPECTOR})),
            "client": Someone(app, client, frozenset({Role.CLIENT})),
            "reviewer": Someone(app, audit.reviewer, frozenset({Role.REVIEWER})),
            "manager": Someone(app, audit.manager, frozenset({Role.MANAGER})),
            "owner": Someone(app, audit.owner, frozenset({Role.OWNER})),
            "stranger": Someone(app, stranger.manager, frozenset({Role.MANAGER}), "organization"),
            "neighbour": Someone(app, neighbour, frozenset({Role.MANAGER}), "project"),
        },
        ids,
    )


FOREIGN_ADDRESSES = {"organization": {"organization", "project"}, "project": {"project"}}
"""What stands in the addresses of pages, where it is foreign to this kind of person."""
_OF_THE_PROJECT = {
    *("project_id", "journey_id", "stage_id", "touchpoint_id", "brand_id", "outlet_id", "checklist_id", "version_id"),
    *("wave_id", "assignment_id", "visit_id", "photo_id"),
}
FOREIGN_IDS = {"organization": {"organization_id", *_OF_THE_PROJECT}, "project": _OF_THE_PROJECT}
"""The same of ids; those of `people`."""
OPEN_TO_UNKNOWN_IDS = {("PUT", "/api/v1/visits/<uuid:visit_id>")}
"""A phone names the id of a visit before anybody knows it."""


@pytest.mark.timeout(300)
def test_each_person_gets_what_the_table_says(app: Flask, people: tuple[dict[str, Someone], dict[str, object]]) -> None:
    everybody, ids = people
    table, wrong, tried = read_table(), [], 0
    # Reading comes first, what takes something away last: so that what is asked for is still there.
    order = ["GET", "POST", "PATCH", "PUT", "DELETE"]
    for (method, rule), found in sorted(routes_of(app), key=lambda each: order.index(each[0][0])):
        address = address_of(found, ids)
        for name, someone in everybody.items():
            answer = someone.try_it(method, address)
            said, meant = verdict(answer), expected(method, found, table[method, rule], someone)
            tried += 1
            if said not in meant:
                wrong.append(f"{name}: {method} {rule}: {answer.status_code}, expected {' or '.join(sorted(meant))}")
    assert not wrong, "\n".join(wrong)
    assert tried > 1500


def address_of(rule: Rule, ids: dict[str, object]) -> str:
    values: dict[str, object] = {}
    for name, converter in rule._converters.items():
        kind = type(converter).__name__
        if name in ids:
            values[name] = ids[name]
        elif kind == "UUIDConverter":
            values[name] = new_id()
        elif kind == "IntegerConverter":
            values[name] = 0
        else:
            values[name] = next(iter(getattr(converter, "items", ["x" * 64])))
    built = rule.build({**values, **(rule.defaults or {})})
    assert built is not None
    return built[1]


def expected(method: str, rule: Rule, who: frozenset[Role] | None, someone: Someone) -> set[str]:
    """What the person may be told: "open" for anything that only those hear who are let in."""
    if who is None:
        return {"open", "login", "404"}
    if someone.user is None:
        return {"login"}
    if someone.foreign and FOREIGN_ADDRESSES[someone.foreign] & rule.arguments:
        return {"404"}
    if not who & someone.roles:
        return {"403"}
    if someone.foreign and FOREIGN_IDS[someone.foreign] & rule.arguments:
        return {"open"} if (method, rule.rule) in OPEN_TO_UNKNOWN_IDS else {"404"}
    return {"open", "404"}


def verdict(answer: TestResponse) -> str:
    if answer.status_code == 401 or to_the_login(answer):
        return "login"
    return str(answer.status_code) if answer.status_code in (403, 404, 500) else "open"


def to_the_login(answer: TestResponse) -> bool:
    return answer.status_code == 302 and "/login" in answer.headers["Location"]
