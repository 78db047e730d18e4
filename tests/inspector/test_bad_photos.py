"""What somebody might send in the place of a photo: kept as evidence, never decoded past its limits, and never
handed to a browser as anything that could run there.
"""

import io
import re
from dataclasses import dataclass

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from checklists.jobs import Job
from checklists.orm import ScopedSession, new_id
from checklists.visits import Photo
from checklists.waves import Assignment
from inspector.photo_images import Unreadable, draw_demo_photo
from inspector.photo_storage import FolderStorage
from tests.bombs import bombs
from tests.factories import Audit
from tests.field import FieldPhoto
from tests.inspector.jobs import work_off
from tests.phone_client import OWN_SITE, FieldClient, count, with_photos

SCRIPT = b"<script>fetch('/api/v1/phone/work').then(steal)</script>"
HOSTILE_NAMES = (
    "../../../etc/passwd",
    "..\\..\\photo.jpg",
    "/etc/cron.d/photo",
    "a\u202egpj.exe",
    "a" * 5_000,
    "%00.jpg",
    "con.jpg; rm -rf /",
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Bytes promised as a media type, and why nobody can see them; None where they are a picture after all."""

    name: str
    content: bytes
    media_type: str
    reason: Unreadable | None


def evidence() -> list[Evidence]:
    jpeg = draw_demo_photo(1, "Utro")
    avif = _avif()
    heic = avif.replace(b"ftypavif", b"ftypheic")
    return [
        Evidence("nothing", b"", "image/jpeg", Unreadable.EMPTY),
        Evidence("a text", "Касса, 12:40".encode(), "text/plain", Unreadable.NOT_A_PICTURE),
        Evidence("a page", b"<!doctype html>" + SCRIPT, "text/html", Unreadable.NOT_A_PICTURE),
        Evidence("a page called a photo", b"<!doctype html>" + SCRIPT, "image/jpeg", Unreadable.NOT_A_PICTURE),
        Evidence("an SVG", b"<svg xmlns='x'>" + SCRIPT + b"</svg>", "image/svg+xml", Unreadable.NOT_A_PICTURE),
        Evidence("an SVG called a photo", b"<svg>" + SCRIPT + b"</svg>", "image/png", Unreadable.NOT_A_PICTURE),
        Evidence("a script", b"fetch('/')", "text/javascript", Unreadable.NOT_A_PICTURE),
        Evidence("half a JPEG", jpeg[: len(jpeg) // 2], "image/jpeg", Unreadable.TRUNCATED),
        Evidence("half a HEIC", heic[: len(heic) // 2], "image/heic", Unreadable.TRUNCATED),
        Evidence("half an AVIF", avif[: len(avif) // 2], "image/avif", Unreadable.UNSUPPORTED_FORMAT),
        Evidence("a photo with a page behind it", jpeg + SCRIPT, "image/jpeg", None),
        Evidence("a photo called a page", jpeg + b"<!--", "text/html", None),
        Evidence("a photo called an SVG", jpeg + b"<svg>", "image/svg+xml", None),
        *(Evidence(bomb.name, bomb.content, "image/jpeg", bomb.reason) for bomb in bombs()),
    ]


def _avif() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (200, 100), "red").save(target, "AVIF")
    return target.getvalue()


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_whatever_comes_as_a_photo_is_kept_and_harmless(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    sent = {FieldPhoto(each.content, each.media_type): each for each in evidence()}
    assert phone.put_visit(new_id(), with_photos(audit, assignment, *sent)).status_code == 201
    for photo, what in sent.items():
        assert phone.put_photo(photo).status_code == 201, what.name
        assert phone.put_photo(photo).status_code == 200, what.name
        _assert_harmless(phone.client.get(f"/api/v1/photos/{photo.id}"), photo.content)
    work_off(app)
    assert {(job.attempts, job.error) for job in session.scalars(select(Job))} == {(1, None)}
    for photo, what in sent.items():
        row = session.get_one(Photo, photo.id)
        assert (row.readable, row.unreadable_reason) == (what.reason is None, what.reason), what.name
        session.rollback()
        shown = phone.client.get(f"/api/v1/photos/{photo.id}")
        _assert_harmless(shown, photo.content)
        assert what.reason is None or shown.headers["Content-Disposition"].startswith("attachment"), what.name
        for size in ("thumbnail", "screen"):
            small = phone.client.get(f"/api/v1/photos/{photo.id}?size={size}")
            _assert_harmless(small, None if what.reason is None else photo.content)
            assert SCRIPT not in small.data or what.reason, "a picture that we made holds nothing but the picture"
    assert count(session, Photo) == len(sent)


def _assert_harmless(answer: TestResponse, content: bytes | None) -> None:
    """It is shown as one of three kinds of pictures, or else is to be saved under a name of ours; and a browser may
    neither guess nor run anything.
    """
    assert answer.status_code == 200
    assert content is None or answer.data == content
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "public" not in answer.headers["Cache-Control"]
    if answer.mimetype not in ("image/jpeg", "image/png", "image/webp"):
        assert answer.mimetype == "application/octet-stream"
        assert re.fullmatch(r"attachment; filename=[0-9a-f-]{36}", answer.headers["Content-Disposition"])


def test_a_name_from_outside_comes_near_no_path(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    photos = [FieldPhoto(name.encode()) for name in HOSTILE_NAMES]
    phone.put_visit(new_id(), with_photos(audit, assignment, *photos))
    for photo, name in zip(photos, HOSTILE_NAMES, strict=True):
        headers = {"Content-Disposition": f"attachment; filename*=utf-8''{name}".encode().decode("latin-1")}
        headers |= {"X-File-Name": "../../x", "Slug": "../../x", "Content-Type": "image/jpeg; name=../../x"}
        answer = phone.client.put(
            f"/api/v1/photos/{photo.id}", query_string={"name": name}, data=photo.content, headers=OWN_SITE | headers
        )
        assert answer.status_code == 201, answer.text
    storage: FolderStorage = app.extensions["photos"]
    stored = [file for file in storage.root.parent.rglob("*") if file.is_file() and storage.root in file.parents]
    assert {file.relative_to(storage.root).as_posix() for file in stored} == {
        f"{audit.organization.id}/{str(photo.id)[-2:]}/{photo.id}/original" for photo in photos
    }


@pytest.mark.parametrize(
    ("promised", "sent", "status"),
    [(26_214_401, 10, 413), (10, 26_214_401, 413), (0, 1, 422), (1, 0, 422), (5_000_000, 4_999_999, 422)],
)
def test_a_photo_keeps_its_promise_to_the_byte(
    app: Flask,
    session: ScopedSession,
    audit: Audit,
    assignment: Assignment,
    phone: FieldClient,
    promised: int,
    sent: int,
    status: int,
) -> None:
    photo = FieldPhoto(b"x" * promised)
    assert phone.put_visit(new_id(), with_photos(audit, assignment, photo)).status_code == 201
    answer = phone.put_photo(photo, b"x" * sent)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert session.get_one(Photo, photo.id).stored_at is None
    storage: FolderStorage = app.extensions["photos"]
    # Of one that is too short what came may stay, to be gone on with.
    left = [file for file in storage.root.rglob("*") if file.is_file() and file.suffix != ".part"]
    assert left == []
