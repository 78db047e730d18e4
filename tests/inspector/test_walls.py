"""Every route against strangers: another organization's ids, another organization's address, roles, other sites."""

from datetime import UTC, datetime
from typing import cast
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from checklists.accounts import TokenScope, create_token
from checklists.checklist import GuidancePicture
from checklists.erasure import Erasure, ErasureKind
from checklists.imports import Import
from checklists.journey import Barrier
from checklists.notices import News, Notice
from checklists.orm import Base, Owned, ScopedSession, new_id
from checklists.phones import Contact, note_contact
from checklists.review import Content, approve, correct
from checklists.trail import AuditEntry
from checklists.visits import DraftCopy, DraftPhoto
from inspector.auth import access_of
from tests.factories import Audit, make_audit
from tests.field import FieldPhoto, answer_in_zone
from tests.phone_client import OWN_SITE, FieldClient

NOW = datetime.now(UTC)


@pytest.fixture
def own(session: ScopedSession) -> Audit:
    made = make_audit(session)
    session.commit()
    return made


@pytest.fixture
def stranger(session: ScopedSession) -> Audit:
    """Another organization with a row in every table that a route could name."""
    made = make_audit(session, "stranger")
    photo = FieldPhoto(b"a photo")
    practice = {"touchpoint_id": str(made.touchpoints[0].id), "kind": "comfort", "text": "Sockets", "photo_ids": []}
    table = made.criterion("choice")
    visit = made.visit(session, photos={made.criterion("states")["id"]: [photo]}, best_practices=[practice])
    dirty = {name: answer_in_zone(table, "red")[name] for name in ("status", "states", "options", "value", "comment")}
    correct(session, visit.id, made.manager.id, UUID(table["id"]), 0, cast(Content, dirty), "The photo shows it.", NOW)
    approve(session, visit.id, made.manager.id, NOW)
    assigned = made.assign(session)
    owned = {"organization_id": made.organization.id, "project_id": made.project.id}
    barrier = {"touchpoint_id": made.touchpoints[0].id, "text": {"en": "A queue"}, "position": 0}
    session.add(Barrier(organization_id=made.organization.id, **barrier))
    uploaded = {"kind": "outlets", "file_name": "outlets.csv", "body": b"", "uploaded_by": made.manager.id}
    news = {"user_id": assigned.inspector_id, "assignment_id": assigned.id, "news": News.NEW, "at": NOW}
    session.add(Notice(organization_id=made.organization.id, **news))
    session.add(Import(**owned, **uploaded, uploaded_at=NOW))
    picture = {"sha256": "0" * 64, "size": 1, "media_type": "image/jpeg", "width": 1, "height": 1}
    session.add(GuidancePicture(**owned, **picture, added_at=NOW))
    create_token(session, made.manager, "sync", list(TokenScope), NOW, organization_id=made.organization.id)
    session.add(AuditEntry(**owned, at=NOW, user_id=made.manager.id, action="waves.add", details={}))
    begun = {"organization_id": made.organization.id, "user_id": made.inspectors[0].id, "visit_id": new_id()}
    copy = {"device_id": "first", "revision": 1, "changes": 1, "body": b"{}", "photos": []}
    times = dict.fromkeys(("begun_at", "changed_at", "kept_at"), NOW)
    session.add(DraftCopy(**begun, **copy, **times, assignment_id=made.assign(session).id))
    session.add(DraftPhoto(id=new_id(), **begun, sha256="0" * 64, size=1, media_type="image/jpeg", stored_at=NOW))
    contact = Contact("first", "1", "Android", True, True, None, (), ())
    note_contact(session, made.inspectors[0].id, [made.organization.id], contact, NOW)
    erased = {"kind": ErasureKind.PHOTO, "subject_id": visit.id, "by_id": made.owner.id, "reason": "asked for"}
    session.add(Erasure(**owned, **erased, at=NOW))
    session.commit()
    return made


def ids_of(session: ScopedSession, organization_id: UUID) -> set[UUID]:
    """An id of each table's that belongs to the organization, which must have a row in each."""
    tables = [each.class_ for each in Base.registry.mappers if issubclass(each.class_, Owned) and "id" in each.columns]
    found = {}
    for table in tables:
        own = select(table.id).where(table.organization_id == organization_id)  # type: ignore[attr-defined]
        found[table.__tablename__] = session.scalars(own.limit(1)).first()
    assert None not in found.values(), [name for name, row_id in found.items() if row_id is None]
    # SQLite has one writer: the requests that follow must not wait for this session.
    session.expunge_all()
    session.rollback()
    return {*found.values()}


def with_ids(app: Flask) -> list[tuple[Rule, str]]:
    """Each rule that takes an id, with each of its methods."""
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        if any(type(converter).__name__ == "UUIDConverter" for converter in rule._converters.values())
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def build(rule: Rule, audit: Audit, some_id: UUID) -> str:
    values: dict[str, object] = {}
    for name, converter in rule._converters.items():
        if type(converter).__name__ == "UUIDConverter":
            values[name] = some_id
        elif type(converter).__name__ == "IntegerConverter":
            values[name] = 0
        else:
            values[name] = next(iter(getattr(converter, "items", ["x"])))
    values |= rule.defaults or {}
    values |= {"organization": audit.organization.slug, "project": audit.project.slug}
    built = rule.build({name: values[name] for name in rule.arguments})
    assert built is not None
    return built[1]


@pytest.mark.parametrize("person", ["manager", "inspector"])
def test_another_organizations_ids_are_404_on_every_route(
    app: Flask, session: ScopedSession, own: Audit, stranger: Audit, person: str
) -> None:
    foreign = ids_of(session, stranger.organization.id)
    assert len(foreign) > 20
    client = FieldClient(app.test_client(), own.manager if person == "manager" else own.inspectors[0]).client
    tried = 0
    for rule, method in with_ids(app):
        # Only reports and drafts name their own ids; an empty one under a foreign visit's id is no JSON.
        expected = 400 if rule.endpoint in ("delivery.deliver", "phone_drafts.keep") else 404
        ids = foreign
        access = access_of(app, rule.endpoint, method)
        assert access is not None
        if person not in access.roles:
            # Who may not come at all is sent away before anybody looks at the id.
            expected, ids = 403, {min(foreign)}
        for some_id in ids:
            answer = client.open(build(rule, own, some_id), method=method, headers=OWN_SITE, data={})
            assert answer.status_code == expected, (method, rule.rule, some_id, answer.status_code)
            tried += 1
    assert tried > 500


def test_another_organizations_address_is_404_on_every_page(app: Flask, own: Audit, stranger: Audit) -> None:
    client = FieldClient(app.test_client(), own.manager).client
    tried = 0
    for rule in app.url_map.iter_rules():
        if "organization" not in rule.arguments:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            answer = client.open(build(rule, stranger, stranger.wave.id), method=method, headers=OWN_SITE)
            assert answer.status_code == 404, (method, rule.rule)
            tried += 1
    assert tried > 20


def test_every_write_is_refused_from_another_site(app: Flask, own: Audit) -> None:
    client = FieldClient(app.test_client(), own.manager).client
    tried = 0
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}):
            answer = client.open(build(rule, own, own.wave.id), method=method, headers={"Sec-Fetch-Site": "cross-site"})
            assert answer.status_code == 403, (method, rule.rule)
            tried += 1
    assert tried > 20


def test_an_inspector_sees_no_page_of_a_manager(app: Flask, own: Audit) -> None:
    client = FieldClient(app.test_client(), own.inspectors[0]).client
    tried = 0
    for rule in app.url_map.iter_rules():
        if "project" in rule.arguments:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                answer = client.open(build(rule, own, own.wave.id), method=method, headers=OWN_SITE)
                assert answer.status_code == 403, (method, rule.rule)
                tried += 1
    assert tried > 20


def test_nobody_sees_anything_without_logging_in(app: Flask, own: Audit) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            access = access_of(app, rule.endpoint, method)
            assert access is not None
            if access.public:
                continue
            answer = client.open(build(rule, own, own.wave.id), method=method, headers=OWN_SITE)
            to_the_login = answer.status_code == 302 and "/login" in answer.headers["Location"]
            assert answer.status_code == 401 or to_the_login, (method, rule.rule, answer.status_code)
