"""A photo that broke off goes on at the last byte that arrived: whoever asks, whatever is killed, it is stored once."""

import hashlib
import io
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from checklists.errors import OtherOffset, PhotoInFlight, WrongHash
from checklists.jobs import Job
from checklists.orm import ScopedSession, new_id
from checklists.visits import Photo
from checklists.waves import Assignment
from inspector.photo_storage import FolderStorage, PhotoStorage, photo_key
from inspector.photo_storage.parts import Parts
from inspector.photo_storage.s3 import Bucket, S3Storage
from inspector.photo_storage.waiting import WaitingStorage
from tests.factories import Audit, make_audit
from tests.field import FieldPhoto
from tests.object_store import ACCESS_KEY, REGION, SECRET_KEY, ObjectStore
from tests.phone_client import OWN_SITE, FieldClient, count, with_photos

CONTENT = bytes(range(256)) * 80
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SIZE = len(CONTENT)
PHOTO = new_id()


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    return Parts(tmp_path / "incoming")


def append(parts: Parts, offset: int, end: int) -> int:
    return parts.append(PHOTO, offset, io.BytesIO(CONTENT[offset:end]), SIZE)


def test_pieces_of_any_length_make_the_photo(parts: Parts) -> None:
    assert parts.offset(PHOTO) == 0
    ends = [0, 1, 5_000, 5_000, SIZE - 1, SIZE, SIZE]
    for start, end in pairwise(ends):
        assert append(parts, start, end) == parts.offset(PHOTO) == end
    with parts.whole(PHOTO, size=SIZE, sha256=SHA256) as file:
        assert file.read() == b""
        file.seek(0)
        assert file.read() == CONTENT
    assert parts.offset(PHOTO) == 0


def test_no_more_bytes_than_promised_are_taken(parts: Parts) -> None:
    assert parts.append(PHOTO, 0, io.BytesIO(CONTENT + b"more"), SIZE) == SIZE
    assert parts.offset(PHOTO) == SIZE


@pytest.mark.parametrize("offset", [101, SIZE])
def test_another_offset_than_the_one_that_is_here_is_told(parts: Parts, offset: int) -> None:
    append(parts, 0, 100)
    with pytest.raises(OtherOffset) as raised:
        append(parts, offset, SIZE)
    assert raised.value.details == {"offset": 100}
    assert parts.offset(PHOTO) == 100


def test_bytes_that_are_here_already_are_not_written_again(parts: Parts) -> None:
    """A browser repeats by itself what broke off, from the first byte of that request on."""
    append(parts, 0, 9_000)
    assert append(parts, 100, 5_000) == 5_000
    assert parts.offset(PHOTO) == 9_000
    assert append(parts, 100, SIZE) == SIZE
    with parts.whole(PHOTO, size=SIZE, sha256=SHA256):
        pass


def test_who_goes_on_with_nothing_hears_it(parts: Parts) -> None:
    with pytest.raises(OtherOffset) as raised:
        append(parts, 100, SIZE)
    assert raised.value.details == {"offset": 0}


class Hanging:
    """A body of which something comes, then something else happens, then comes the rest or the line is gone."""

    def __init__(self, first: bytes, meanwhile: Callable[[], object], rest: bytes | None) -> None:
        self._first, self._meanwhile, self._rest = first, meanwhile, rest

    def read(self, _size: int) -> bytes:
        if self._first:
            first, self._first = self._first, b""
            return first
        self._meanwhile()
        if self._rest is None:
            raise ConnectionResetError("the phone is gone")
        rest, self._rest = self._rest, b""
        return rest


def test_what_came_of_a_broken_request_stays(parts: Parts) -> None:
    with pytest.raises(ConnectionResetError):
        parts.append(PHOTO, 0, Hanging(CONTENT[:777], lambda: None, None), SIZE)
    assert parts.offset(PHOTO) == 777
    assert append(parts, 777, SIZE) == SIZE


def test_a_request_that_hangs_keeps_nobody_from_going_on(parts: Parts) -> None:
    """Its own rest, should it ever come, is not written a second time."""
    hanging = Hanging(CONTENT[:1000], lambda: append(parts, 1000, 3000), CONTENT[1000:2000])
    assert parts.append(PHOTO, 0, hanging, SIZE) == 2000
    assert parts.offset(PHOTO) == 3000
    append(parts, 3000, SIZE)
    with parts.whole(PHOTO, size=SIZE, sha256=SHA256):
        pass


def test_while_one_keeps_the_photo_others_wait(parts: Parts) -> None:
    append(parts, 0, SIZE)
    with parts.whole(PHOTO, size=SIZE, sha256=SHA256):
        with pytest.raises(PhotoInFlight), parts.whole(PHOTO, size=SIZE, sha256=SHA256):
            pytest.fail("two have it")
        with pytest.raises(PhotoInFlight):
            append(parts, SIZE, SIZE)


def test_what_was_thrown_away_meanwhile_is_not_written_to(parts: Parts) -> None:
    with pytest.raises(PhotoInFlight):
        parts.append(PHOTO, 0, Hanging(CONTENT[:1000], lambda: parts.drop(PHOTO), CONTENT[1000:]), SIZE)
    assert parts.offset(PHOTO) == 0


def test_other_bytes_are_thrown_away(parts: Parts) -> None:
    append(parts, 0, SIZE - 1)
    parts.append(PHOTO, SIZE - 1, io.BytesIO(b"?"), SIZE)
    with pytest.raises(WrongHash), parts.whole(PHOTO, size=SIZE, sha256=SHA256):
        pytest.fail("it is not the photo")
    assert parts.offset(PHOTO) == 0


def test_where_the_photo_cannot_be_kept_all_its_bytes_stay(parts: Parts) -> None:
    append(parts, 0, SIZE)
    with pytest.raises(OSError, match="away"), parts.whole(PHOTO, size=SIZE, sha256=SHA256):
        raise OSError("the store is away")
    assert append(parts, SIZE, SIZE) == SIZE


def test_many_at_once_write_each_byte_once(parts: Parts) -> None:
    def send(_number: int) -> None:
        for _ in range(1000):
            here = parts.offset(PHOTO)
            if here == SIZE:
                return
            try:
                append(parts, here, min(SIZE, here + 100))
            except (OtherOffset, PhotoInFlight):
                continue
        pytest.fail("it does not get on")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(send, range(4)))
    with parts.whole(PHOTO, size=SIZE, sha256=SHA256):
        pass


@pytest.fixture(params=["folder", "waiting", "waiting, the store is away"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> PhotoStorage:
    folder = FolderStorage(tmp_path / "photos")
    if request.param == "folder":
        return folder
    store: ObjectStore = request.getfixturevalue("object_store")
    s3 = S3Storage(Bucket(store.new_bucket(), "", store.url, REGION, ACCESS_KEY, SECRET_KEY))
    if request.param.endswith("away"):
        store.kill()
    return WaitingStorage(s3, folder, "here")


def test_a_whole_part_goes_where_all_photos_go(storage: PhotoStorage) -> None:
    key = photo_key(Photo(id=PHOTO, organization_id=new_id()))
    append(storage.parts, 0, 100)
    append(storage.parts, 100, SIZE)
    with storage.parts.whole(PHOTO, size=SIZE, sha256=SHA256) as file:
        waits_on = storage.take(key, file, SHA256)
    with storage.open(key) as stream:
        assert stream.read() == CONTENT
    away = isinstance(storage, WaitingStorage) and storage.store_is_away
    assert waits_on == ("here" if away else None)


def test_of_a_whole_request_that_breaks_off_what_came_is_where_it_goes_on(storage: PhotoStorage) -> None:
    key = photo_key(Photo(id=PHOTO, organization_id=new_id()))
    for came in (500, 300):  # The second one has fewer, and does not take away what is here.
        body = Hanging(CONTENT[:came], lambda: None, None)
        with pytest.raises(ConnectionResetError):
            storage.write(key, body, size=SIZE, sha256=SHA256, part_of=PHOTO)
    assert storage.parts.offset(PHOTO) == 500
    assert append(storage.parts, 500, SIZE) == SIZE


def test_a_part_is_swept_after_a_day_without_a_change(tmp_path: Path) -> None:
    folder = FolderStorage(tmp_path)
    append(folder.parts, 0, 100)
    assert folder.sweep() == 0
    (part,) = tmp_path.glob("incoming/*.part")
    yesterday = time.time() - 25 * 3600
    os.utime(part, (yesterday, yesterday))
    append(folder.parts, 100, 200)
    assert folder.sweep() == 0, "it went on just now"
    os.utime(part, (yesterday, yesterday))
    assert folder.sweep() == 1


@pytest.fixture
def photo(phone: FieldClient, audit: Audit, assignment: Assignment) -> FieldPhoto:
    """One that a report has promised."""
    promised = FieldPhoto(CONTENT)
    assert phone.put_visit(new_id(), with_photos(audit, assignment, promised)).status_code == 201
    return promised


def patch(client: FlaskClient, photo: FieldPhoto, offset: int | str, body: bytes) -> TestResponse:
    headers = {**OWN_SITE, "Upload-Offset": str(offset)}
    return client.patch(f"/api/v1/photos/{photo.id}", data=body, headers=headers)


def told(client: FlaskClient, photo: FieldPhoto) -> tuple[str | None, str | None]:
    answer = client.head(f"/api/v1/photos/{photo.id}", headers=OWN_SITE)
    assert (answer.status_code, answer.data) == (200, b"")
    return answer.headers.get("Upload-Offset"), answer.headers.get("Upload-Length")


def test_a_photo_comes_in_pieces_and_is_stored_once(
    session: ScopedSession, phone: FieldClient, photo: FieldPhoto
) -> None:
    assert told(phone.client, photo) == ("0", str(SIZE))
    first = patch(phone.client, photo, 0, CONTENT[:9000])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "9000")
    assert told(phone.client, photo) == ("9000", str(SIZE))
    last = patch(phone.client, photo, 9000, CONTENT[9000:])
    assert (last.status_code, last.json["sha256"]) == (201, SHA256)
    assert told(phone.client, photo) == (str(SIZE), str(SIZE))
    again = patch(phone.client, photo, SIZE, b"")
    assert (again.status_code, again.json) == (200, last.json)
    assert phone.put_photo(photo).json == last.json
    assert phone.client.get(f"/api/v1/photos/{photo.id}").data == CONTENT
    assert count(session, Job) == 1


def test_a_wrong_place_is_told_as_a_problem_that_says_the_right_one(phone: FieldClient, photo: FieldPhoto) -> None:
    patch(phone.client, photo, 0, CONTENT[:9000])
    answer = patch(phone.client, photo, 10_000, CONTENT[10_000:])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, "9000")
    assert answer.content_type == "application/problem+json"
    assert answer.json["instance"] == f"/api/v1/photos/{photo.id}"
    assert "9,000" in answer.json["detail"]


@pytest.mark.parametrize("offset", ["", "-1", "ten", "1.5", "9" * 16, "٣"])
def test_what_is_no_place_is_refused(phone: FieldClient, photo: FieldPhoto, offset: str) -> None:
    headers = {**OWN_SITE, "Upload-Offset": offset.encode("utf-8").decode("latin-1")}
    answer = phone.client.patch(f"/api/v1/photos/{photo.id}", data=b"x", headers=headers)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/Upload-Offset")


def test_more_than_promised_is_refused_before_it_is_written(phone: FieldClient, photo: FieldPhoto) -> None:
    patch(phone.client, photo, 0, CONTENT[:9000])
    assert patch(phone.client, photo, 9000, CONTENT[9000:] + b"!").status_code == 422
    assert told(phone.client, photo)[0] == "9000"


def test_other_bytes_are_refused_when_they_are_whole_and_it_begins_anew(phone: FieldClient, photo: FieldPhoto) -> None:
    patch(phone.client, photo, 0, CONTENT[:9000])
    assert patch(phone.client, photo, 9000, bytes(SIZE - 9000)).status_code == 422
    assert told(phone.client, photo)[0] == "0"
    assert patch(phone.client, photo, 0, CONTENT).status_code == 201


def test_one_that_is_sent_whole_in_between_leaves_no_part(app: Flask, phone: FieldClient, photo: FieldPhoto) -> None:
    patch(phone.client, photo, 0, CONTENT[:9000])
    assert phone.put_photo(photo).status_code == 201
    assert app.extensions["photos"].parts.offset(photo.id) == 0
    assert patch(phone.client, photo, 9000, CONTENT[9000:]).status_code == 200


def test_while_another_has_it_the_phone_comes_again_later(app: Flask, phone: FieldClient, photo: FieldPhoto) -> None:
    parts: Parts = app.extensions["photos"].parts
    parts.append(photo.id, 0, io.BytesIO(CONTENT), SIZE)
    with parts.whole(photo.id, size=SIZE, sha256=SHA256):
        assert told(phone.client, photo)[0] == str(SIZE)
        assert patch(phone.client, photo, SIZE, b"").status_code == 423
    assert told(phone.client, photo)[0] == "0"


def test_whoever_reaches_the_end_keeps_the_photo(app: Flask, phone: FieldClient, photo: FieldPhoto) -> None:
    """A broken request that is read to its end late found all bytes here, kept them, and who had brought the last ones
    was told that nothing is here.
    """
    app.extensions["photos"].parts.append(photo.id, 0, io.BytesIO(CONTENT), SIZE)
    late = patch(phone.client, photo, 0, CONTENT[:9000])
    assert (late.status_code, late.headers["Upload-Offset"]) == (204, "9000")
    assert told(phone.client, photo)[0] == str(SIZE)
    assert patch(phone.client, photo, SIZE, b"").status_code == 201


def test_only_its_inspector_sees_how_far_a_photo_is(
    app: Flask, session: ScopedSession, audit: Audit, phone: FieldClient, photo: FieldPhoto
) -> None:
    stranger = make_audit(session, "other")
    session.commit()
    patch(phone.client, photo, 0, CONTENT[:9000])
    refused = {audit.inspectors[1]: 404, stranger.inspectors[0]: 404, audit.manager: 403, stranger.manager: 403}
    for person, status in refused.items():
        client = FieldClient(app.test_client(), person).client
        assert client.head(f"/api/v1/photos/{photo.id}").status_code == status
        assert patch(client, photo, 9000, CONTENT[9000:]).status_code == status
    unknown = FieldPhoto(CONTENT)
    assert patch(phone.client, unknown, 0, CONTENT).status_code == 404
    assert phone.client.head(f"/api/v1/photos/{unknown.id}").status_code == 404
    assert app.test_client().head(f"/api/v1/photos/{photo.id}").status_code == 401
    assert told(phone.client, photo)[0] == "9000"


def test_never_from_another_site(phone: FieldClient, photo: FieldPhoto) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Upload-Offset": "0"}
    assert phone.client.patch(f"/api/v1/photos/{photo.id}", data=CONTENT, headers=headers).status_code == 403
