"""The object store goes away: photos wait on the disk, are moved when it is back, and nothing is lost or twice.

The store is a real one, killed, paused like a machine that hangs, or misconfigured.
"""

import io
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from checklists.errors import ObjectStoreAway, StorageUnavailable
from checklists.jobs import MOST_ATTEMPTS, Job, JobState
from checklists.orm import new_id
from checklists.visits import Photo, waiting_photos
from checklists.waves import Assignment
from inspector import create_app
from inspector.background import Worker
from inspector.photo_images import draw_demo_photo
from inspector.photo_storage import PhotoSize, photo_key
from inspector.photo_storage.mover import Mover
from inspector.photo_storage.waiting import PAUSE_SECONDS, WaitingStorage
from inspector.settings import Settings
from tests.databases import Sessions
from tests.factories import PASSWORD, Audit
from tests.field import FieldPhoto
from tests.object_store import ObjectStore
from tests.phone_client import OWN_SITE, FieldClient, with_photos
from tests.servers import ROOT, inspector_command, server_environment

QUICK_SECONDS = 2.0

# PostgreSQL alone: whoever has an object store has that, and each outage takes seconds.
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def bucket(object_store: ObjectStore) -> str:
    return object_store.new_bucket()


@pytest.fixture
def environment(object_store: ObjectStore, bucket: str, database_url: str, tmp_path: Path) -> dict[str, str]:
    return server_environment(database_url, tmp_path / "data", **object_store.settings(bucket), NODE_NAME="first")


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    return Settings.from_environment(environment)


@pytest.fixture
def storage(app: Flask) -> WaitingStorage:
    found = app.extensions["photos"]
    assert isinstance(found, WaitingStorage)
    return found


@pytest.fixture
def photo() -> FieldPhoto:
    return FieldPhoto(draw_demo_photo(3, "Utro", (640, 480)))


@pytest.fixture
def promised(phone: FieldClient, audit: Audit, assignment: Assignment, photo: FieldPhoto) -> FieldPhoto:
    """A photo whose report has arrived."""
    assert phone.put_visit(new_id(), with_photos(audit, assignment, photo)).status_code == 201
    return photo


@pytest.fixture
def waiting(object_store: ObjectStore, phone: FieldClient, promised: FieldPhoto) -> FieldPhoto:
    """A photo that has arrived while the store was away, as it still is."""
    object_store.kill()
    assert phone.put_photo(promised).status_code == 201
    return promised


@pytest.fixture
def row(sessions: Sessions) -> Callable[[FieldPhoto], Photo]:
    def read(photo: FieldPhoto) -> Photo:
        with sessions() as session:
            return session.get_one(Photo, photo.id)

    return read


@pytest.fixture
def elsewhere(environment: dict[str, str], tmp_path: Path) -> Flask:
    """The same service on another machine."""
    other = environment | {"DATA_DIR": str(tmp_path / "other"), "NODE_NAME": "second"}
    made = create_app(Settings.from_environment(other))
    made.testing = True
    return made


def on_disk(storage: WaitingStorage) -> list[str]:
    return sorted(key for key, _size in storage.disk.keys())  # noqa: SIM118 - no dict.


def let_time_pass(storage: WaitingStorage) -> None:
    """As if the breaker's pause were over."""
    storage._breaker._ask_again_at = 0.0


def test_a_photo_waits_while_the_store_is_away_and_moves_when_it_is_back(
    app: Flask,
    object_store: ObjectStore,
    bucket: str,
    storage: WaitingStorage,
    phone: FieldClient,
    promised: FieldPhoto,
    row: Callable[[FieldPhoto], Photo],
    sessions: Sessions,
) -> None:
    object_store.kill()
    assert phone.put_photo(promised).status_code == 201
    assert phone.put_photo(promised).status_code == 200
    key = photo_key(row(promised))
    assert (row(promised).waits_on, on_disk(storage)) == ("first", [key])
    with sessions() as session:
        waiting = waiting_photos(session)
    assert (waiting.number, waiting.oldest) == (1, row(promised).stored_at)
    with storage.open(key) as stream:
        assert stream.read() == promised.content, "what waits here is read from the disk"
    ready = app.test_client().get("/readyz")
    assert (ready.status_code, ready.json["photos"], ready.json["photos_waiting"]) == (200, "waiting", 1)
    assert Mover(app, storage).move_all() == 0

    object_store.start()
    assert Mover(app, storage).move_all() == 1
    assert (row(promised).waits_on, on_disk(storage)) == (None, [])
    assert object_store.contents(bucket) == {key: len(promised.content)}
    with storage.open(key) as stream:
        assert stream.read() == promised.content
    ready = app.test_client().get("/readyz")
    assert (ready.status_code, ready.json["photos"], ready.json["photos_waiting"]) == (200, "reachable", 0)
    assert Mover(app, storage).move_all() == 0


def test_an_outage_does_not_cost_each_photo_a_time_out(
    object_store: ObjectStore,
    storage: WaitingStorage,
    phone: FieldClient,
    audit: Audit,
    assignment: Assignment,
) -> None:
    photos = [FieldPhoto(os.urandom(1000)) for _ in range(10)]
    assert phone.put_visit(new_id(), with_photos(audit, assignment, *photos)).status_code == 201
    object_store.pause()
    assert phone.put_photo(photos[0]).status_code == 201  # This one finds out.
    storage._breaker._ask_again_at = time.monotonic() + 60
    began = time.monotonic()
    assert [phone.put_photo(each).status_code for each in photos[1:]] == [201] * 9
    assert time.monotonic() - began < QUICK_SECONDS
    began = time.monotonic()
    assert phone.client.get("/readyz").json["photos"] == "waiting"
    assert time.monotonic() - began < QUICK_SECONDS
    assert len(on_disk(storage)) == 10
    assert PAUSE_SECONDS < 10, "nobody waits long for the store to be asked again"


def test_on_another_machine_a_photo_that_waits_is_spoken_of(
    object_store: ObjectStore,
    waiting: FieldPhoto,
    audit: Audit,
    elsewhere: Flask,
    app: Flask,
    storage: WaitingStorage,
) -> None:
    reader = FieldClient(elsewhere.test_client(), audit.inspectors[0]).client
    address = f"/api/v1/photos/{waiting.id}?size=thumbnail"
    for store_is_back in (False, True):
        if store_is_back:
            object_store.start()
            let_time_pass(elsewhere.extensions["photos"])
        answer = reader.get(address, headers={"Accept-Language": "en"})
        assert (answer.status_code, answer.json["title"]) == (503, "PhotoWaits")
        assert "waits on the server that took it in" in answer.json["detail"]
    page = app.test_client()
    page.post("/api/v1/session", json={"email": audit.reviewer.email, "password": PASSWORD}, headers=OWN_SITE)
    seen = page.get(f"{audit.address}/visits/queue", headers={"Accept-Language": "en"}, follow_redirects=True).text
    assert "1 photo of this visit waits on the server that took it in" in seen
    Mover(app, storage).move_all()
    assert reader.get(address).data == waiting.content


def test_a_job_waits_for_the_store_as_long_as_it_takes(
    app: Flask,
    object_store: ObjectStore,
    bucket: str,
    storage: WaitingStorage,
    waiting: FieldPhoto,
    row: Callable[[FieldPhoto], Photo],
    sessions: Sessions,
) -> None:
    worker = Worker(app)
    for _ in range(3 * MOST_ATTEMPTS):
        assert worker.run_one()
        with sessions() as session, session.begin():
            job = session.scalars(select(Job)).one()
            assert (job.state, job.attempts) == (JobState.WAITING, 0)
            assert "ObjectStoreAway" in (job.error or "") or "StorageUnavailable" in (job.error or "")
            assert job.run_after - datetime.now(UTC) < timedelta(minutes=2)
            job.run_after = datetime.now(UTC) - timedelta(seconds=1)
    object_store.start()
    Mover(app, storage).move_all()
    assert worker.run_one()
    assert row(waiting).readable
    assert sorted(object_store.contents(bucket)) == sorted(photo_key(row(waiting), size) for size in PhotoSize)


def test_a_job_on_another_machine_waits_until_the_photo_has_moved(
    object_store: ObjectStore, waiting: FieldPhoto, elsewhere: Flask, sessions: Sessions
) -> None:
    object_store.start()
    assert Worker(elsewhere).run_one()
    with sessions() as session:
        job = session.scalars(select(Job)).one()
    assert (job.state, job.attempts) == (JobState.WAITING, 0)
    assert "PhotoWaits" in (job.error or "")


def test_a_manager_who_adds_a_picture_is_told(object_store: ObjectStore, storage: WaitingStorage) -> None:
    """Only originals wait: a derived size can be made again, and a picture can be chosen again."""
    object_store.kill()
    organization, photo_id = new_id(), new_id()
    for size in ("thumbnail", "picture"):
        key = f"{organization}/{str(photo_id)[-2:]}/{photo_id}/{size}"
        with pytest.raises(StorageUnavailable):
            storage.write(key, io.BytesIO(b""), size=0, sha256=EMPTY_SHA256)
    assert on_disk(storage) == []
    with pytest.raises(ObjectStoreAway):
        storage.check()
    storage.check_intake()


EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_what_was_moved_before_its_delivery_was_written_down_is_put_right(
    app: Flask,
    object_store: ObjectStore,
    storage: WaitingStorage,
    phone: FieldClient,
    promised: FieldPhoto,
    row: Callable[[FieldPhoto], Photo],
    sessions: Sessions,
) -> None:
    phone.put_photo(promised)
    with sessions() as session, session.begin():
        session.get_one(Photo, promised.id).waits_on = "first"
    Mover(app, storage).move_all()
    assert row(promised).waits_on is None


def test_a_photo_that_was_erased_while_it_waited_never_reaches_the_store(
    app: Flask,
    object_store: ObjectStore,
    bucket: str,
    storage: WaitingStorage,
    waiting: FieldPhoto,
    sessions: Sessions,
) -> None:
    with sessions() as session, session.begin():
        session.get_one(Photo, waiting.id).erased_at = datetime.now(UTC)
    object_store.start()
    assert Mover(app, storage).move_all() == 0
    assert (on_disk(storage), object_store.contents(bucket)) == ([], {})


def test_a_photo_that_was_erased_while_it_was_moved_is_deleted_by_a_job(
    app: Flask, object_store: ObjectStore, bucket: str, waiting: FieldPhoto, sessions: Sessions, storage: WaitingStorage
) -> None:
    def send_on_and_erase(key: str, **promised: Any) -> None:
        WaitingStorage.send_on(storage, key, **promised)
        with sessions() as session, session.begin():
            session.get_one(Photo, waiting.id).erased_at = datetime.now(UTC)

    object_store.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage, "send_on", send_on_and_erase)
        assert Mover(app, storage).move_all() == 1
    assert (on_disk(storage), len(object_store.contents(bucket))) == ([], 1)
    assert all(Worker(app).run_one() for _job in range(2))
    assert object_store.contents(bucket) == {}


def test_what_the_disk_did_not_keep_is_not_moved(
    app: Flask,
    object_store: ObjectStore,
    bucket: str,
    storage: WaitingStorage,
    waiting: FieldPhoto,
    row: Callable[[FieldPhoto], Photo],
) -> None:
    key = photo_key(row(waiting))
    (storage.disk.root / key).write_bytes(b"!" + waiting.content[1:])
    object_store.start()
    mover = Mover(app, storage)
    assert (mover.move_all(), mover.move_all()) == (0, 0)
    assert (row(waiting).waits_on, object_store.contents(bucket)) == ("first", {})


MOVE_FOR_EVER = """
import time
from inspector import create_app
from inspector.photo_storage.mover import start_mover
from inspector.settings import Settings
start_mover(create_app(Settings.from_environment()))
print("ready", flush=True)
time.sleep(120)
"""


@pytest.fixture
def movers(environment: dict[str, str]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that share the disk, each with a mover."""
    command = [*inspector_command()[:2], MOVE_FOR_EVER]
    started = [subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(3)]
    yield started
    for process in started:
        process.kill()
        process.communicate()


def test_processes_that_share_a_disk_move_each_photo_though_they_are_killed(
    object_store: ObjectStore,
    bucket: str,
    storage: WaitingStorage,
    phone: FieldClient,
    audit: Audit,
    assignment: Assignment,
    sessions: Sessions,
    movers: list[subprocess.Popen[bytes]],
) -> None:
    photos = [FieldPhoto(os.urandom(50_000)) for _ in range(30)]
    assert phone.put_visit(new_id(), with_photos(audit, assignment, *photos)).status_code == 201
    object_store.kill()
    assert {phone.put_photo(each).status_code for each in photos} == {201}
    for process in movers:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    object_store.start()
    give_up = time.monotonic() + 60
    while len(on_disk(storage)) > 20:
        assert time.monotonic() < give_up
        time.sleep(0.02)
    movers[0].kill()
    movers[1].kill()
    while on_disk(storage):
        assert time.monotonic() < give_up
        time.sleep(0.1)
    with sessions() as session:
        rows = {photo.id: photo for photo in session.scalars(select(Photo))}
    assert {row.waits_on for row in rows.values()} == {None}
    assert object_store.contents(bucket) == {photo_key(row): row.size for row in rows.values()}
    for each in photos:
        with storage.store.open(photo_key(rows[each.id])) as stream:
            assert stream.read() == each.content


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [({"S3_SECRET_KEY": "wrong"}, "SignatureDoesNotMatch"), ({"PHOTO_STORAGE": "s3://missing-bucket"}, "NoSuchBucket")],
)
def test_what_is_misconfigured_is_said_and_photos_wait_all_the_same(
    environment: dict[str, str],
    wrong: dict[str, str],
    reason: str,
    phone: FieldClient,
    promised: FieldPhoto,
    audit: Audit,
) -> None:
    done = subprocess.run(
        inspector_command("check"), env=environment | wrong, cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert reason in done.stdout
    wrongly = create_app(Settings.from_environment(environment | wrong))
    answer = FieldClient(wrongly.test_client(), audit.inspectors[0]).put_photo(promised)
    assert (answer.status_code, json.loads(answer.text)["sha256"]) == (201, promised.sha256)
    assert len(on_disk(wrongly.extensions["photos"])) == 1
