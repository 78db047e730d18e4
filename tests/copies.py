"""What the phone app does over HTTP to keep its drafts on the server too, for tests that need no phone."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import Engine, func, select, update
from werkzeug.test import TestResponse

from checklists.jobs import Job
from checklists.orm import ScopedSession
from checklists.waves import Assignment
from inspector.background import Worker
from inspector.photo_storage import PhotoStorage
from tests.field import FieldPhoto
from tests.phone_client import OWN_SITE, FieldClient

DRAFTS = "/api/v1/phone/drafts"


def a_copy(assignment: Assignment, *photos: FieldPhoto, changes: int = 1, device: str = "first", **more: Any) -> Any:
    """A copy as a phone sends it."""
    body = {"progress": {"done": changes, "total": 40}, "draft": {"answers": {"door": {"comment": "мокро"}}}}
    return {
        "device_id": device,
        "assignment_id": str(assignment.id),
        "revision": 1,
        "changes": changes,
        "begun_at": "2026-11-22T14:00:00+03:00",
        "changed_at": f"2026-11-22T14:{changes:02}:00+03:00",
        "photos": [
            {"id": str(each.id), "sha256": each.sha256, "size": len(each.content), "media_type": each.media_type}
            for each in photos
        ],
        "body": json.dumps(body, ensure_ascii=False),
        **more,
    }


def keep(phone: FieldClient, visit_id: UUID, copy: Any) -> TestResponse:
    return phone.client.put(f"{DRAFTS}/{visit_id}", json=copy, headers=OWN_SITE)


def keep_photo(phone: FieldClient, visit_id: UUID, photo: FieldPhoto, content: bytes | None = None) -> TestResponse:
    return phone.client.put(
        f"{DRAFTS}/{visit_id}/photos/{photo.id}",
        data=photo.content if content is None else content,
        headers=OWN_SITE,
        content_type=photo.media_type,
    )


def drafts_of(phone: FieldClient) -> list[Any]:
    answer = phone.client.get(DRAFTS)
    assert answer.status_code == 200
    assert answer.json is not None
    drafts: list[Any] = answer.json["drafts"]
    return drafts


def told(answer: TestResponse) -> Any:
    assert answer.json is not None
    return answer.json


def counts(session: ScopedSession, *tables: type) -> list[int]:
    """How many rows there are, asked in a session of its own: SQLite's writers would wait for one that stays open."""
    session.commit()
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    with ScopedSession(engine, session.scope) as asking:
        return [asking.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def stored(app: Flask) -> set[str]:
    """Of which photos there are bytes."""
    storage: PhotoStorage = app.extensions["photos"]
    pieces = storage.keys()
    return {key.split("/")[2] for key, _size in pieces}


def drop_bytes(app: Flask, session: ScopedSession) -> None:
    """What would happen tomorrow."""
    session.rollback()
    session.execute(update(Job).values(run_after=datetime.now(UTC) - timedelta(minutes=1)))
    session.commit()
    worker = Worker(app)
    while worker.run_one():
        pass


class LateLine(io.BytesIO):
    """A body of which the first bytes come, and then something happens before the last ones do."""

    def __init__(self, content: bytes, meanwhile: Callable[[], None]) -> None:
        super().__init__(content)
        self._meanwhile: Callable[[], None] | None = meanwhile

    def read(self, size: int | None = -1, /) -> bytes:
        if self._meanwhile is not None:
            happens, self._meanwhile = self._meanwhile, None
            happens()
        return super().read(size)

    def readinto(self, buffer: Any, /) -> int:
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)
