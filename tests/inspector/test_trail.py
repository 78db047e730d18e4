"""The audit trail: every change by a person or token leaves one entry, in the same transaction and without values."""

import csv
import io
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask, g
from sqlalchemy import func, insert, select, update
from werkzeug.routing import Rule

from checklists.accounts import TokenScope, create_token
from checklists.brands import Brand
from checklists.orm import Base, scoped
from checklists.people import Membership, Project, Role
from checklists.trail import READ, AuditEntry
from checklists.visits import SealedReport
from inspector.acts import UNNOTED
from inspector.auth import MANAGERS, access_of, roles
from inspector.manager.trail_words import ACTS, READINGS, TABLES
from inspector.transactions import writing
from tests.databases import Sessions
from tests.factories import PASSWORD, Audit, make_audit, make_person, make_project
from tests.pages import OWN_SITE, Window
from tests.phone_client import FieldClient

pytestmark = pytest.mark.own_app

SAFE = {"GET", "HEAD", "OPTIONS"}


def entries(sessions: Sessions, *, reads: bool = False) -> list[AuditEntry]:
    with sessions() as session:
        found = session.scalars(select(AuditEntry).order_by(AuditEntry.at, AuditEntry.id)).all()
    return [each for each in found if each.action.startswith(READ) == reads]


def writing_rules(app: Flask) -> list[tuple[Rule, str]]:
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - SAFE)
        if not access_of(app, rule.endpoint, method).public  # type: ignore[union-attr]  # A test sees to it that each has one.
    ]


def test_whatever_route_changes_something_leaves_an_entry(app: Flask, audit: Audit, sessions: Sessions) -> None:
    """Every writing route of the table, with a body that changes a brand: a new route cannot forget its entry."""

    def change(**_arguments: object) -> tuple[str, int]:
        with writing(scoped([audit.organization.id])) as session:
            session.get_one(Brand, audit.brands[0].id).name += "!"
        return "", 204

    clients = {
        "owner": FieldClient(app.test_client(), audit.owner).client,
        "inspector": FieldClient(app.test_client(), audit.inspectors[0]).client,
    }
    rules, wanted = writing_rules(app), []
    assert len(rules) > 60
    for rule, method in rules:
        access = access_of(app, rule.endpoint, method)
        assert access is not None
        change.access = access  # type: ignore[attr-defined]
        app.view_functions[rule.endpoint] = change
        values = dict.fromkeys(rule.arguments, "x") | _ids(rule, audit)
        built = rule.build(values | {"organization": audit.organization.slug, "project": audit.project.slug})
        assert built is not None
        who = "owner" if "owner" in access.roles else "inspector"
        answer = clients[who].open(built[1], method=method, headers=OWN_SITE)
        if answer.status_code == 204 and who == "owner":
            wanted.append(rule.endpoint)
        assert answer.status_code in (204, 404), (method, rule.rule, answer.status_code)
    found = entries(sessions)
    assert [each.action for each in found] == wanted
    assert len(wanted) > 50
    assert {each.user_id for each in found} == {audit.owner.id}
    assert all(each.details["brands"] == {"changed": 1, "fields": ["name"]} for each in found)
    assert {"delivery.deliver", "photos.deliver"}.isdisjoint(wanted), "a delivery is its own trail"


def _ids(rule: Rule, audit: Audit) -> dict[str, object]:
    """Something that the address can name: what it names does not matter here."""
    values: dict[str, object] = dict(rule.defaults or {})
    for name, converter in rule._converters.items():
        if type(converter).__name__ == "UUIDConverter":
            values[name] = _by_name(audit).get(name, audit.wave.id)
        elif type(converter).__name__ == "IntegerConverter":
            values[name] = 0
        elif hasattr(converter, "items"):
            values[name] = next(iter(converter.items))
    return values


def _by_name(audit: Audit) -> dict[str, UUID]:
    return {
        "organization_id": audit.organization.id,
        "project_id": audit.project.id,
        "brand_id": audit.brands[0].id,
        "outlet_id": audit.outlets[0].id,
        "journey_id": audit.journey.id,
        "touchpoint_id": audit.touchpoints[0].id,
    }


def test_an_entry_says_who_what_and_where_and_no_value(
    app: Flask, window: Window, audit: Audit, sessions: Sessions
) -> None:
    window.open(f"{audit.address}/brands/new").submit("Save", name="A secret rival")
    (entry,) = entries(sessions)
    assert (entry.action, entry.user_id, entry.token_id) == ("brands.add", audit.manager.id, None)
    assert (entry.organization_id, entry.project_id) == (audit.organization.id, audit.project.id)
    assert entry.details == {"brands": {"added": 1}}
    assert entry.address == "127.0.0.1"
    assert datetime.now(UTC) - entry.at < timedelta(minutes=1)
    with sessions() as session:
        brand = session.scalars(select(Brand).where(Brand.name == "A secret rival")).one()
    assert entry.subject_id == brand.id
    assert "secret" not in str(vars(entry))


def test_a_change_that_is_undone_leaves_no_entry(app: Flask, audit: Audit, sessions: Sessions) -> None:
    with app.test_request_context("/"):
        g.person, g.memberships = _Somebody(audit), []
        with pytest.raises(RuntimeError):
            _change_and_break_off(audit)
    assert entries(sessions) == []


def _change_and_break_off(audit: Audit) -> None:
    with writing(scoped([audit.organization.id])) as session:
        session.get_one(Brand, audit.brands[0].id).name = "other"
        session.flush()
        raise RuntimeError


class _Somebody:
    """As much of a person as an entry asks for."""

    def __init__(self, audit: Audit) -> None:
        self.user, self.memberships = audit.owner, []


def test_statements_without_objects_are_counted_by_the_database(app: Flask, audit: Audit, sessions: Sessions) -> None:
    with app.test_request_context("/"):
        g.person, g.memberships = _Somebody(audit), []
        new = {"organization_id": audit.organization.id, "project_id": audit.project.id, "own": False, "position": 9}
        with writing(scoped([audit.organization.id])) as session:
            session.execute(update(Brand).where(Brand.name == "nobody's").values(position=1))
        assert entries(sessions) == [], "a statement that met no row did nothing"
        with writing(scoped([audit.organization.id])) as session:
            session.execute(insert(Brand), [{**new, "name": "one"}, {**new, "name": "two"}])
            session.execute(update(Brand).where(Brand.project_id == audit.project.id).values(position=1))
    with sessions() as session:
        brands = session.scalar(select(func.count()).select_from(Brand))
    (entry,) = entries(sessions)
    assert entry.details == {"brands": {"added": 2, "changed": brands}}


def test_a_form_that_changes_nothing_leaves_no_entry(window: Window, audit: Audit, sessions: Sessions) -> None:
    window.open(f"{audit.address}/settings").submit("Save")
    assert window.status == 200
    assert entries(sessions) == []


def test_what_is_ones_own_is_told_to_each_of_ones_organizations(app: Flask, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        other = make_audit(session, "other")
        make_person(session, other.organization, audit.manager.name, Role.MANAGER, email=audit.manager.email)
    window, new = Window(app, audit.manager.email), "seven quiet herons"
    window.open("/profile/password").submit("Change password", old=PASSWORD, new=new, again=new)
    found = entries(sessions)
    assert {each.organization_id for each in found} == {audit.organization.id, other.organization.id}
    assert [each.action for each in found] == ["profile.change_password"] * 2
    assert all("password_hash" in each.details["users"]["fields"] for each in found)


def test_a_token_is_named_beside_its_maker(app: Flask, audit: Audit, sessions: Sessions) -> None:
    @app.post("/api/v1/test-change")
    def change() -> tuple[str, int]:
        with writing() as session:
            session.get_one(Project, audit.project.id).margin = 0.5
        return "", 204

    roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)(change)
    with sessions() as session, session.begin():
        made = create_token(
            session, audit.manager, "sync", [TokenScope.SETUP_WRITE], datetime.now(UTC),
            organization_id=audit.organization.id,
        )  # fmt: skip
    header = {"Authorization": f"Bearer {made.text}"}
    assert app.test_client().post("/api/v1/test-change", headers=header).status_code == 204
    (entry,) = entries(sessions)
    assert (entry.user_id, entry.token_id) == (audit.manager.id, made.token.id)
    window = Window(app, audit.manager.email).open(f"/o/{audit.organization.slug}/trail")
    assert "token “sync”" in window.text


def test_who_looks_at_people_is_kept(window: Window, audit: Audit, sessions: Sessions) -> None:
    people = f"{audit.address}/people/"
    window.open(people).open(f"{people}{audit.inspectors[0].id}").open(f"{people}{audit.outlets[0].id}")
    assert window.status == 404
    window.open(f"{audit.address}/exports/visits.csv")
    read = entries(sessions, reads=True)
    assert [each.action for each in read] == ["read people", "read person", "read visits"]
    assert [each.subject_id for each in read] == [None, audit.inspectors[0].id, None]
    assert {each.user_id for each in read} == {audit.manager.id}


def test_who_looks_at_a_visit_is_kept_once_in_ten_minutes(
    app: Flask, window: Window, audit: Audit, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        one, two = (audit.visit(session, outlet) for outlet in audit.outlets[:2])
    page = f"{audit.address}/visits/"
    criterion = audit.criterion("states")["id"]
    for path in ("", str(one.id), f"{one.id}/answers/{criterion}/0", str(one.id), "", str(two.id)):
        assert window.open(page + path).status == 200
    assert _readings(sessions) == [("visit_list", None), ("visit", one.id), ("visit", two.id)]
    Window(app, audit.reviewer.email).open(f"{page}{one.id}")
    assert _readings(sessions)[3:] == [("visit", one.id)], "another person looks for himself"
    with sessions() as session, session.begin():
        for entry in session.scalars(select(AuditEntry)):
            entry.at -= timedelta(minutes=11)
        (report,) = session.scalars(select(SealedReport.id).where(SealedReport.visit_id == one.id))
    window.open(f"{page}{one.id}")
    for _ in range(2):
        window.open(f"{page}{one.id}/reports/{report}")
    assert _readings(sessions)[4:] == [("visit", one.id), ("report", one.id), ("report", one.id)]


def _readings(sessions: Sessions) -> list[tuple[str, UUID | None]]:
    return [(each.action.removeprefix(READ), each.subject_id) for each in entries(sessions, reads=True)]


def test_views_that_show_personal_data_say_so(app: Flask) -> None:
    views = {name: getattr(view, "reads_personal", None) for name, view in app.view_functions.items()}
    shown = {
        *("people.index", "people.change", "organization.people", "organization.change_roles", "erasures.someone"),
        *("trail.index", "trail.download", "export_visits.download", "export_answers.download"),
        *("visits.index", "visits.show", "visits.alike", "visits.show_correction", "visits.report", "erasures.visit"),
        *(f"visits.show_after_{decision}" for decision in ("approval", "return", "rejection", "reopening", "placing")),
        *("imports.preview", "imports.preview_after_confirmation", "phone_files.show", "api_phone_files.take"),
        *("api_people.list_people", "api_people.show", "api_people.list_colleagues", "api_people.show_colleague"),
    }
    assert {name for name in shown if not views[name]} == set()
    assert {what for what in views.values() if what} <= set(READINGS), "each has its words"


def test_the_page_says_it_in_words_and_finds_it_again(
    app: Flask, window: Window, audit: Audit, sessions: Sessions
) -> None:
    window.open(f"{audit.address}/brands/new").submit("Save", name="Rival")
    boris = Window(app, audit.reviewer.email)
    boris.open("/profile").submit("Save", name="Boris Lvovich Levin")
    with sessions() as session, session.begin():
        old = session.scalars(select(AuditEntry).where(AuditEntry.action == "brands.add")).one()
        old.at = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
    trail = f"/o/{audit.organization.slug}/trail"
    shown = window.open(trail).text
    assert "added brands: 1" in shown
    assert "changed people: 1 (name)" in shown
    assert "looked at the audit trail" in window.open(trail).text
    only = {
        f"?person={audit.reviewer.id}": "people",
        "?since=2026-03-01&until=2026-03-01": "brands",
        "?kind=reads": "looked",
    }
    for query, word in only.items():
        table = window.open(trail + query).text.partition("Network address")[2]
        assert [each for each in ("added brands", "changed people", "looked") if each in table] == [
            each for each in ("added brands", "changed people", "looked") if word in each
        ], query
    rows = list(csv.reader(io.StringIO(window.client.get(f"{trail}/trail.csv?kind=changes").text.lstrip("\ufeff"))))
    assert [row[4] for row in rows[1:]] == ["changed people: 1 (name)", "added brands: 1"]
    for odd in ("?person=x", "?since=yesterday", "?until=9999-12-31", "?before=x", f"?before={audit.wave.id}"):
        assert window.open(trail + odd).status == 200
    boris.open(trail)
    assert boris.status == 403


def test_the_list_goes_on_with_older_entries(window: Window, audit: Audit, sessions: Sessions) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    with sessions() as session, session.begin():
        session.add_all(
            AuditEntry(organization_id=audit.organization.id, at=at, action=f"waves.n{n:03}", details={})
            for n in range(150)
        )
    window.open(f"/o/{audit.organization.slug}/trail?kind=changes")
    first = window.text.count("waves.n")
    window.follow("Older entries")
    assert (first, window.text.count("waves.n")) == (100, 50)
    assert "Older entries" not in window.text


def test_a_manager_of_one_project_sees_that_ones_entries_only(
    app: Flask, window: Window, audit: Audit, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        second = make_project(session, audit.organization, "second")
        membership = session.scalars(select(Membership).where(Membership.user_id == audit.manager.id)).one()
        membership.project_id = audit.project.id
        for project in (audit.project.id, second.id, None):
            owned = {"organization_id": audit.organization.id, "project_id": project}
            session.add(AuditEntry(**owned, at=datetime.now(UTC), action="waves.add", details={}))
    assert window.open(f"/o/{audit.organization.slug}/trail?kind=changes").text.count("waves.add") == 1


def test_every_act_that_has_a_name_is_one(app: Flask) -> None:
    assert {name.removeprefix("api_") for name in app.view_functions} >= set(ACTS)


def test_every_table_has_its_word() -> None:
    tables = {each.class_.__tablename__ for each in Base.registry.mappers}
    assert tables - UNNOTED == set(TABLES)
    assert tables > UNNOTED
    assert all(str(each) for each in (*TABLES.values(), *READINGS.values(), *ACTS.values()))
