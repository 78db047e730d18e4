"""A world with one thing of each kind that the API names, so that an example or a made-up request meets something."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from checklists.accounts import TokenScope, begin_login, create_token
from checklists.checklist import GuidancePicture, next_draft, version_with_parts
from checklists.imports import Import, ImportKind
from checklists.jobs import Job, JobState, enqueue
from checklists.journey import Barrier, Channel, Journey, Stage, Touchpoint
from checklists.orm import new_id
from checklists.people import Role, User
from checklists.review import Content, approve, correct, send_back
from inspector.api.fields import EXAMPLE_IDS
from tests.factories import PASSWORD, Audit, make_audit, make_brand, make_person
from tests.field import FieldPhoto, answer_in_zone, deliver
from tests.forms import make_checklist
from tests.phone_client import OWN_SITE

NOW = datetime.now(UTC)
OUTLETS = "Brand,Name,City,Time zone\r\nZerno,Zerno 99,Moscow,Europe/Moscow\r\n"


@dataclass
class World:
    """`ids` by the noun of the API; `held`, `approved` and `returned` are further visits in these states."""

    audit: Audit
    ids: dict[str, UUID]
    token: str
    held: UUID
    approved: UUID
    returned: UUID

    def with_real_ids(self, text: str) -> str:
        """An address or a body of the description with this world's ids in place of the examples'."""
        for noun, example in EXAMPLE_IDS.items():
            if noun in self.ids:
                text = text.replace(example, str(self.ids[noun]))
        return text


def make_world(session: Session, slug: str = "sova") -> World:
    audit = make_audit(session, slug)
    states, choice = audit.criterion("states"), audit.criterion("choice")
    photo = FieldPhoto(b"a photo")
    touchpoint = audit.touchpoints[0]
    practice = {"touchpoint_id": str(touchpoint.id), "kind": "comfort", "text": "Sockets", "photo_ids": []}
    visit = audit.visit(session, photos={states["id"]: [photo]}, best_practices=[practice])
    red = {name: answer_in_zone(choice, "red")[name] for name in ("status", "states", "options", "value", "comment")}
    correction = correct(
        session, visit.id, audit.manager.id, UUID(choice["id"]), 0, cast(Content, red), "The photo shows it.", NOW
    )
    approved = audit.visit(session, audit.outlets[1], best_practices=[practice])
    approve(session, approved.id, audit.manager.id, NOW)
    returned = audit.visit(session, audit.outlets[2])
    send_back(session, returned.id, audit.manager.id, "Look again, please.", (), NOW)
    held = _held(session, audit)
    assignment = audit.assign(session, audit.outlets[3])
    owned = {"organization_id": audit.organization.id}
    barrier = Barrier(**owned, touchpoint_id=touchpoint.id, text={"en": "A queue", "ru": "Очередь"}, position=0)
    session.add(barrier)
    whole = version_with_parts(session, audit.version.id)
    assert whole is not None
    draft = next_draft(session, whole)
    uploaded = Import(
        **owned,
        project_id=audit.project.id,
        kind=ImportKind.OUTLETS,
        file_name="outlets.csv",
        body=OUTLETS.encode(),
        uploaded_by=audit.manager.id,
        uploaded_at=NOW,
    )
    picture = GuidancePicture(
        **owned,
        project_id=audit.project.id,
        sha256="0" * 64,
        size=1,
        media_type="image/jpeg",
        width=1,
        height=1,
        added_at=NOW,
    )
    session.add_all([uploaded, picture])
    empty_journey = Journey(**owned, project_id=audit.project.id, name={"en": "J", "ru": "П"}, position=1)
    empty_stage = Stage(**owned, journey_id=audit.journey.id, name={"en": "S", "ru": "С"}, position=5)
    session.add_all([empty_journey, empty_stage])
    empty_touchpoint = Touchpoint(
        **owned,
        project_id=audit.project.id,
        stage_id=audit.journey.stages[0].id,
        name={"en": "T", "ru": "Т"},
        channel=Channel.WEB,
        position=5,
    )
    unused = Touchpoint(
        **owned,
        project_id=audit.project.id,
        stage_id=audit.journey.stages[0].id,
        name={"en": "U", "ru": "Н"},
        channel=Channel.CHAT,
        position=6,
    )
    session.add_all([empty_touchpoint, unused])
    empty_brand = make_brand(session, audit.project, "Aroma", position=5)
    other = make_checklist(session, audit.project, [empty_touchpoint])
    newcomer = make_person(session, audit.organization, "Vera Kim", Role.INSPECTOR, email=f"vera@{slug}.example.org")
    newcomer.password_hash = ""
    made = create_token(session, audit.owner, "tests", list(TokenScope), NOW, organization_id=audit.organization.id)
    login = begin_login(session, audit.owner, "Mozilla/5.0 (Linux; Android 14) Chrome/142.0", "192.0.2.7", NOW)
    job = _failed_job(session, audit)
    session.flush()
    ids = {
        "organization": audit.organization.id,
        "project": audit.project.id,
        "journey": audit.journey.id,
        "stage": audit.journey.stages[0].id,
        "touchpoint": touchpoint.id,
        "barrier": barrier.id,
        "brand": audit.brands[1].id,
        "outlet": audit.outlets_of(audit.brands[1])[0].id,
        "checklist": audit.version.checklist_id,
        "version": audit.version.id,
        "draft": draft.id,
        "wave": audit.wave.id,
        "assignment": assignment.id,
        "visit": visit.id,
        "photo": photo.id,
        "inspector": audit.inspectors[1].id,
        "user": audit.inspectors[0].id,
        "criterion": UUID(states["id"]),
        "state": UUID(states["states"][0]["id"]),
        "option": UUID(choice["options"][0]["id"]),
        "section": UUID(audit.document["sections"][0]["id"]),
        "import": uploaded.id,
        "picture": picture.id,
        "token": made.token.id,
        "correction": correction.id,
        "login": login.id,
        "job": job.id,
        "empty_journey": empty_journey.id,
        "empty_stage": empty_stage.id,
        "empty_touchpoint": empty_touchpoint.id,
        "unused_touchpoint": unused.id,
        "empty_brand": empty_brand.id,
        "other_version": other.id,
        "newcomer": newcomer.id,
    }
    return World(audit, ids, made.text, held, approved.id, returned.id)


def _failed_job(session: Session, audit: Audit) -> Job:
    job = enqueue(session, audit.organization.id, "derive_photo", NOW, photo_id=str(new_id()))
    job.state, job.attempts, job.error, job.finished_at = JobState.FAILED, 8, "The disk is full.", NOW
    return job


def _held(session: Session, audit: Audit) -> UUID:
    """A visit under an assignment that nobody knows."""
    assignment = audit.assign(session, audit.outlets[4])
    report = audit.report(assignment) | {"assignment_id": str(new_id())}
    return deliver(session, assignment, report).id


@dataclass
class ApiClient:
    """Asks the app as a person with a cookie, or as a program with a token."""

    client: FlaskClient
    headers: Mapping[str, str]

    @classmethod
    def with_token(cls, app: Flask, token: str) -> "ApiClient":
        return cls(app.test_client(), {"Authorization": f"Bearer {token}"})

    @classmethod
    def of(cls, app: Flask, person: User) -> "ApiClient":
        client = app.test_client()
        answer = client.post("/api/v1/session", json={"email": person.email, "password": PASSWORD}, headers=OWN_SITE)
        assert answer.status_code == 200, answer.text
        return cls(client, OWN_SITE)

    def ask(self, method: str, address: str, *, tag: str | None = None, **more: Any) -> Any:
        """`tag` goes into If-Match; more goes to Werkzeug's client (json, data, query_string)."""
        headers = {**self.headers, **more.pop("headers", {})}
        if tag is not None:
            headers["If-Match"] = tag
        return self.client.open(f"/api/v1{address}", method=method, headers=headers, **more)

    def get(self, address: str, **more: Any) -> Any:
        return self.ask("GET", address, **more)
