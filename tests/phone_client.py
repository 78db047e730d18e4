"""What the phone app does over HTTP, for tests that need no phone."""

import json
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from checklists.orm import ScopedSession
from checklists.people import User
from checklists.waves import Assignment
from tests.factories import PASSWORD, Audit
from tests.field import FieldPhoto

OWN_SITE = {"Sec-Fetch-Site": "same-origin"}


class FieldClient:
    """What the phone app does over HTTP, without the phone."""

    def __init__(self, client: FlaskClient, person: User) -> None:
        self.client = client
        answer = client.post("/api/v1/session", json={"email": person.email, "password": PASSWORD}, headers=OWN_SITE)
        assert answer.status_code == 200, answer.text

    def put_visit(self, visit_id: UUID, report: dict[str, Any] | bytes) -> TestResponse:
        body = report if isinstance(report, bytes) else json.dumps(report).encode()
        return self.client.put(
            f"/api/v1/visits/{visit_id}", data=body, headers=OWN_SITE, content_type="application/json"
        )

    def put_photo(self, photo: FieldPhoto, content: bytes | None = None) -> TestResponse:
        return self.client.put(
            f"/api/v1/photos/{photo.id}",
            data=photo.content if content is None else content,
            headers=OWN_SITE,
            content_type=photo.media_type,
        )


def with_photos(audit: Audit, assignment: Assignment, *photos: FieldPhoto) -> dict[str, Any]:
    return audit.report(assignment, photos={audit.criterion("states")["id"]: photos})


def count(session: ScopedSession, table: type) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(table)) or 0
