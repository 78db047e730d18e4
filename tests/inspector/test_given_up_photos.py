"""A photo that a draft or a revision gives up, and names again while a job deletes what came of it: whichever comes
first, bytes that were taken in anew are never deleted.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from checklists.jobs import Job, JobState
from checklists.orm import ScopedSession, new_id
from checklists.review import send_back
from checklists.visits import DraftPhoto
from checklists.waves import Assignment
from inspector.background import Worker
from inspector.photo_storage import FolderStorage
from tests.copies import DRAFTS, a_copy, keep, keep_photo, stored, told
from tests.factories import Audit
from tests.field import FieldPhoto
from tests.inspector.jobs import work_off
from tests.phone_client import FieldClient, with_photos

KIND = "delete_given_up"


class PausingStorage(FolderStorage):
    """A folder that lets a test do something in the moment before bytes are deleted."""

    before_delete: Callable[[str], None] = staticmethod(lambda _key: None)

    def delete(self, key: str) -> None:
        self.before_delete(key)
        super().delete(key)


@pytest.fixture
def storage(app: Flask) -> Iterator[PausingStorage]:
    former = app.extensions["photos"]
    app.extensions["photos"] = PausingStorage(former.root)
    yield app.extensions["photos"]
    app.extensions["photos"] = former


@contextmanager
def a_job_that_has_begun(app: Flask, storage: PausingStorage) -> Iterator[None]:
    """Within the block a worker has decided to delete a photo's bytes and has not touched them yet."""
    reached, go_on = threading.Event(), threading.Event()

    def pause(_key: str) -> None:
        reached.set()
        assert go_on.wait(20)

    storage.before_delete = pause
    thread = threading.Thread(target=Worker(app).run_one)
    thread.start()
    try:
        assert reached.wait(20), "no bytes were to be deleted"
        yield
    finally:
        go_on.set()
        thread.join(20)


def have_due(session: ScopedSession) -> None:
    """Let a day have passed: what was given up is to be deleted now."""
    past = datetime.now(UTC) - timedelta(days=1)
    session.rollback()
    session.execute(update(Job).where(Job.kind == KIND).values(run_after=past))
    session.execute(update(Job).where(Job.kind != KIND).values(run_after=past + timedelta(days=8)))
    session.commit()


def test_a_draft_that_names_a_photo_again_while_its_bytes_are_deleted_has_it_come_later(
    app: Flask, storage: PausingStorage, session: ScopedSession, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, photo = new_id(), FieldPhoto(b"taken, removed, wanted after all")
    keep(phone, visit_id, a_copy(assignment, photo, changes=1))
    keep_photo(phone, visit_id, photo)
    keep(phone, visit_id, a_copy(assignment, changes=2))
    have_due(session)
    with a_job_that_has_begun(app, storage):
        copy = told(keep(phone, visit_id, a_copy(assignment, photo, changes=3)))
        assert copy["missing_photos"] == [str(photo.id)]
        refused = keep_photo(phone, visit_id, photo)
        assert (refused.status_code, told(refused)["title"]) == (423, "PhotoBeingDeleted")
    assert stored(app) == set()
    assert keep_photo(phone, visit_id, photo).status_code == 201
    have_due(session)
    assert not Worker(app).run_one(), "the job has done its work"
    assert phone.client.get(f"{DRAFTS}/{visit_id}/photos/{photo.id}").data == photo.content


def test_a_revision_that_promises_a_photo_again_while_its_bytes_are_deleted_has_it_come_later(
    app: Flask,
    storage: PausingStorage,
    session: ScopedSession,
    audit: Audit,
    assignment: Assignment,
    phone: FieldClient,
) -> None:
    photo, other, visit_id = FieldPhoto(b"promised, given up, promised"), FieldPhoto(b"given up for good"), new_id()
    # Written beforehand: what they read opens a transaction, for which SQLite's other writers would wait.
    without, again = audit.report(assignment, revision=2), with_photos(audit, assignment, photo) | {"revision": 3}
    phone.put_visit(visit_id, with_photos(audit, assignment, photo, other))
    return_it(session, visit_id, audit)
    phone.put_visit(visit_id, without)
    session.rollback()
    (job,) = session.scalars(select(Job).where(Job.kind == KIND))
    assert job.arguments == {"photo_ids": sorted([str(photo.id), str(other.id)])}, "one job for all of them"
    return_it(session, visit_id, audit)
    have_due(session)
    with a_job_that_has_begun(app, storage):
        receipt = phone.put_visit(visit_id, again)
        assert told(receipt)["missing_photos"] == [str(photo.id)]
        for refused in (phone.put_photo(photo), phone.client.head(f"/api/v1/photos/{photo.id}")):
            assert refused.status_code == 423
    assert phone.put_photo(photo).status_code == 201
    assert phone.client.get(f"/api/v1/photos/{photo.id}").data == photo.content


def return_it(session: ScopedSession, visit_id: UUID, audit: Audit) -> None:
    session.rollback()
    send_back(session, visit_id, audit.reviewer.id, "Once more.", [], datetime.now(UTC))
    session.commit()


def test_bytes_that_came_for_a_copy_are_left_alone_before_they_are_written_down(
    app: Flask, storage: PausingStorage, session: ScopedSession, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, photo = new_id(), FieldPhoto(b"its bytes are here, its row is not")
    keep(phone, visit_id, a_copy(assignment, photo, changes=1))
    keep_photo(phone, visit_id, photo)
    keep(phone, visit_id, a_copy(assignment, changes=2))
    keep(phone, visit_id, a_copy(assignment, photo, changes=3))
    have_due(session)
    assert session.get(DraftPhoto, photo.id) is None
    session.rollback()
    assert Worker(app).run_one()
    assert stored(app) == {str(photo.id)}


def test_a_photo_whose_deleting_worker_died_comes_after_another_one_has_done_it(
    app: Flask, storage: PausingStorage, session: ScopedSession, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, photo = new_id(), FieldPhoto(b"a photo")
    keep(phone, visit_id, a_copy(assignment, photo, changes=1))
    keep_photo(phone, visit_id, photo)
    keep(phone, visit_id, a_copy(assignment, changes=2))
    have_due(session)
    died = {"state": JobState.RUNNING, "attempts": 1, "lease_until": datetime.now(UTC) - timedelta(seconds=1)}
    session.execute(update(Job).where(Job.kind == KIND).values(died))
    session.commit()
    keep(phone, visit_id, a_copy(assignment, photo, changes=3))
    assert keep_photo(phone, visit_id, photo).status_code == 423
    assert Worker(app).run_one()
    assert keep_photo(phone, visit_id, photo).status_code == 201
    assert stored(app) == {str(photo.id)}


def test_workers_and_phones_at_once_lose_nothing(
    app: Flask, storage: PausingStorage, session: ScopedSession, assignment: Assignment, phone: FieldClient
) -> None:
    """Rounds of giving up and naming again, with two workers at it, each at moments of its own."""
    chance = random.Random(11)
    visit_id, photos = new_id(), [FieldPhoto(f"photo {number}".encode()) for number in range(4)]
    storage.before_delete = lambda _key: time.sleep(chance.random() / 50)
    told_later = 0
    for turn in range(6):
        keep(phone, visit_id, a_copy(assignment, *photos, changes=2 * turn + 1))
        for photo in photos:
            assert keep_photo(phone, visit_id, photo).status_code in (200, 201)
        keep(phone, visit_id, a_copy(assignment, changes=2 * turn + 2))
        have_due(session)
        workers = [threading.Thread(target=work_off, args=(app,)) for _ in range(2)]
        for worker in workers:
            worker.start()
        time.sleep(chance.random() / 20)
        keep(phone, visit_id, a_copy(assignment, *photos, changes=2 * turn + 3))
        for photo in photos:
            while (answer := keep_photo(phone, visit_id, photo).status_code) == 423:
                told_later += 1
                time.sleep(0.005)
            assert answer in (200, 201)
        for worker in workers:
            worker.join(30)
        assert stored(app) == {str(photo.id) for photo in photos}
    assert told_later, "the two never met"
