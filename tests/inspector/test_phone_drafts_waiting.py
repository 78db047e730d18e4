"""A draft's photo waits for an object store that is away like any other, and is its visit's when that arrives."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from checklists.orm import ScopedSession, new_id
from checklists.visits import Photo
from checklists.waves import Assignment
from inspector.photo_images import draw_demo_photo
from inspector.photo_storage import photo_key
from inspector.photo_storage.mover import Mover
from inspector.photo_storage.waiting import WaitingStorage
from inspector.settings import Settings
from tests.copies import a_copy, keep, keep_photo, told
from tests.factories import Audit
from tests.field import FieldPhoto
from tests.object_store import ObjectStore
from tests.phone_client import FieldClient, with_photos
from tests.servers import server_environment

# PostgreSQL alone: whoever has an object store has that.
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def bucket(object_store: ObjectStore) -> str:
    return object_store.new_bucket()


@pytest.fixture
def settings(object_store: ObjectStore, bucket: str, database_url: str, tmp_path: Path) -> Settings:
    more = object_store.settings(bucket)
    return Settings.from_environment(server_environment(database_url, tmp_path / "data", **more, NODE_NAME="first"))


@pytest.mark.parametrize("arrives", ["before it is moved", "after it was moved"])
def test_a_drafts_photo_waits_and_moves_and_is_its_visits_when_that_arrives(
    app: Flask,
    object_store: ObjectStore,
    bucket: str,
    phone: FieldClient,
    audit: Audit,
    assignment: Assignment,
    sessions: Callable[..., ScopedSession],
    arrives: str,
) -> None:
    storage: WaitingStorage = app.extensions["photos"]
    photo = FieldPhoto(draw_demo_photo(3, "Utro", (640, 480)))
    visit_id, report = new_id(), with_photos(audit, assignment, photo)

    def arrive() -> Photo:
        assert told(phone.put_visit(visit_id, report))["missing_photos"] == []
        with sessions() as session:
            return session.get_one(Photo, photo.id)

    keep(phone, visit_id, a_copy(assignment, photo))
    object_store.kill()
    assert keep_photo(phone, visit_id, photo).status_code == 201
    waiting = list(storage.disk.keys())
    assert len(waiting) == 1
    if arrives == "before it is moved":
        assert arrive().waits_on == "first"
    object_store.start()
    assert Mover(app, storage).move_all() == 1
    arrived = arrive()
    assert (arrived.waits_on, list(storage.disk.keys())) == (None, [])
    assert object_store.contents(bucket) == {photo_key(arrived): len(photo.content)}
    with storage.open(photo_key(arrived)) as stream:
        assert stream.read() == photo.content
