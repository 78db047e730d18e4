"""Jobs survive failing handlers, killed workers and a database that goes away, on both databases."""

import hashlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import Engine, select, text

from checklists.jobs import MOST_ATTEMPTS, Job, JobState, enqueue
from checklists.orm import new_id, scoped, unscoped
from checklists.people import Organization, User
from checklists.visits import Photo, Visit, VisitState
from inspector.background import Context, Handler, Worker, ring
from inspector.photo_images import draw_demo_photo
from inspector.photo_storage import FolderStorage, PhotoSize, photo_key
from inspector.transactions import writing
from tests.databases import Sessions
from tests.servers import ROOT, server_environment

LONG_AGO = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def storage(app: Flask) -> FolderStorage:
    found = app.extensions["photos"]
    assert isinstance(found, FolderStorage)
    return found


@pytest.fixture
def organization_id(sessions: Sessions) -> UUID:
    with sessions() as session, session.begin():
        organization = Organization(slug="north", name="North", created_at=datetime.now(UTC))
        session.add(organization)
        session.flush()
        return organization.id


@pytest.fixture
def ask(sessions: Sessions, organization_id: UUID) -> Callable[..., UUID]:
    """Commits a job that is due now."""

    def commit(kind: str, **arguments: str | int | list[str]) -> UUID:
        with sessions() as session, session.begin():
            job = enqueue(session, organization_id, kind, datetime.now(UTC), **arguments)
            session.flush()
            return job.id

    return commit


@pytest.fixture
def look(sessions: Sessions) -> Callable[[UUID], Job]:
    def read(job_id: UUID) -> Job:
        with sessions() as session:
            return session.get_one(Job, job_id)

    return read


@pytest.fixture
def change(sessions: Sessions) -> Callable[..., None]:
    """Sets a job's columns, as if time had passed."""

    def write(job_id: UUID, **values: object) -> None:
        with sessions() as session, session.begin():
            job = session.get_one(Job, job_id)
            for name, value in values.items():
                setattr(job, name, value)

    return write


def worker_for(app: Flask, **handlers: Handler) -> Worker:
    return Worker(app, handlers)


def minutes_from_now(moment: datetime) -> float:
    return (moment - datetime.now(UTC)).total_seconds() / 60


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it never happened"
        time.sleep(0.02)


def test_a_job_is_run_once(
    app: Flask, ask: Callable[..., UUID], look: Callable[[UUID], Job], organization_id: UUID
) -> None:
    calls: list[tuple[UUID, str, int]] = []
    worker = worker_for(
        app, greet=lambda _context, organization, *, name, times: calls.append((organization, name, times))
    )
    job_id = ask("greet", name="Анна", times=2)
    assert worker.run_one()
    assert not worker.run_one()
    assert calls == [(organization_id, "Анна", 2)]
    job = look(job_id)
    assert (job.state, job.attempts, job.lease_until, job.error) == (JobState.DONE, 1, None, None)
    assert job.finished_at is not None


def test_a_handler_may_write_because_no_transaction_is_open(
    app: Flask, ask: Callable[..., UUID], sessions: Sessions
) -> None:
    def ask_for_more(_context: Context, organization_id: UUID) -> None:
        with writing(scoped([organization_id])) as session:
            enqueue(session, organization_id, "next", datetime.now(UTC))

    ask("first")
    assert worker_for(app, first=ask_for_more).run_one()
    with sessions() as session:
        assert {job.kind: job.state for job in session.scalars(select(Job))} == {
            "first": JobState.DONE,
            "next": JobState.WAITING,
        }


def test_a_failing_job_waits_longer_each_time_and_then_stays_failed(
    app: Flask,
    ask: Callable[..., UUID],
    look: Callable[[UUID], Job],
    change: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    # What pytest captures of the log must be encodable where tests run in several processes, and this error is not.
    caplog.set_level("CRITICAL", logger="inspector.background")

    def fail(_context: Context, _organization_id: UUID) -> None:
        raise RuntimeError("the shelf\0 fell \ud800 down")

    worker = worker_for(app, fall=fail)
    job_id = ask("fall")
    for attempt in range(1, MOST_ATTEMPTS):
        assert worker.run_one()
        assert not worker.run_one(), "it must not be taken again at once"
        job = look(job_id)
        assert (job.state, job.attempts) == (JobState.WAITING, attempt)
        assert minutes_from_now(job.run_after) == pytest.approx(2 ** (attempt - 1), abs=0.2)
        change(job_id, run_after=datetime.now(UTC) - timedelta(seconds=1))
    assert worker.run_one()
    assert not worker.run_one()
    job = look(job_id)
    assert (job.state, job.attempts) == (JobState.FAILED, MOST_ATTEMPTS)
    assert job.error == "RuntimeError: the shelf\N{REPLACEMENT CHARACTER} fell ? down"


def test_a_fault_of_the_database_leaves_no_values_in_the_jobs_row(
    app: Flask, ask: Callable[..., UUID], look: Callable[[UUID], Job]
) -> None:
    """Its words quote what was to be written."""

    def fault(_context: Context, _organization_id: UUID) -> None:
        with writing(unscoped("a test")) as session:
            session.execute(text("INSERT INTO nowhere VALUES (:name)"), {"name": "Vera Kim"})

    job_id = ask("fault")
    Worker(app, {"fault": fault}).run_one()
    error = look(job_id).error or ""
    assert "Error" in error
    assert "Vera" not in error


def test_one_failing_job_does_not_hold_up_the_next(
    app: Flask, ask: Callable[..., UUID], look: Callable[[UUID], Job]
) -> None:
    unknown, fine = ask("not known here"), ask("fine")
    worker = worker_for(app, fine=lambda _context, _organization: None)
    assert worker.run_one()
    assert worker.run_one()
    assert look(unknown).state is JobState.WAITING
    assert look(unknown).error == "No handler for 'not known here'."
    assert look(fine).state is JobState.DONE


def test_many_workers_share_the_jobs(app: Flask, ask: Callable[..., UUID], sessions: Sessions) -> None:
    done: list[int] = []
    for number in range(24):
        ask("count", number=number)

    def run_all() -> None:
        worker = worker_for(app, count=lambda _context, _organization, *, number: done.append(number))
        while worker.run_one():
            pass

    threads = [threading.Thread(target=run_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == list(range(24))
    with sessions() as session:
        assert set(session.scalars(select(Job.state))) == {JobState.DONE}


WORKER = """
import signal
import time
from inspector import create_app
from inspector.background import Worker
from inspector.settings import Settings

def hang(context, organization_id):
    print("begun", flush=True)
    time.sleep(60)

worker = Worker(create_app(Settings.from_environment()), {"hang": hang}, poll_seconds=600)
signal.signal(signal.SIGTERM, lambda *_: worker.stop())
print("ready", flush=True)
worker.run()
"""


@pytest.fixture
def worker_process(database_url: str, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a process of its own, whose handler "hang" says so and never ends."""
    environment = server_environment(database_url, tmp_path / "data")
    command = [sys.executable, "-c", WORKER]
    with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE) as process:
        yield process
        process.kill()


def next_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    return process.stdout.readline()


def test_a_killed_workers_job_is_taken_up_when_its_lease_has_run_out(
    app: Flask,
    worker_process: subprocess.Popen[bytes],
    ask: Callable[..., UUID],
    look: Callable[[UUID], Job],
    change: Callable[..., None],
) -> None:
    job_id = ask("hang")
    assert next_line(worker_process) == b"ready\n"
    assert next_line(worker_process) == b"begun\n"
    worker_process.kill()
    worker_process.wait()
    assert look(job_id).state is JobState.RUNNING
    worker = worker_for(app, hang=lambda _context, _organization: None)
    assert not worker.run_one(), "the lease still holds"
    change(job_id, lease_until=datetime.now(UTC) - timedelta(seconds=1))
    assert worker.run_one()
    assert (look(job_id).state, look(job_id).attempts) == (JobState.DONE, 2)


def test_a_job_that_kills_every_worker_is_given_up(
    app: Flask, ask: Callable[..., UUID], look: Callable[[UUID], Job], change: Callable[..., None]
) -> None:
    calls: list[str] = []
    job_id = ask("bomb")
    past = datetime.now(UTC) - timedelta(minutes=1)
    change(job_id, state=JobState.RUNNING, attempts=MOST_ATTEMPTS, lease_until=past)
    assert worker_for(app, bomb=lambda _context, _organization: calls.append("boom")).run_one()
    assert calls == []
    assert (look(job_id).state, look(job_id).error) == (JobState.FAILED, "The worker died at each attempt.")


def test_the_doorbell_wakes_a_worker_and_stopping_lets_the_job_end(
    app: Flask, ask: Callable[..., UUID], look: Callable[[UUID], Job]
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow(_context: Context, _organization_id: UUID) -> None:
        begun.set()
        may_end.wait(20)

    worker = Worker(app, {"slow": slow}, poll_seconds=600)
    worker.start()
    try:
        first = ask("slow")
        ring()
        assert begun.wait(20)
        second = ask("slow")
        stopping = threading.Thread(target=worker.stop)
        stopping.start()
        may_end.set()
        stopping.join(20)
        assert not stopping.is_alive()
        assert (look(first).state, look(second).state) == (JobState.DONE, JobState.WAITING)
    finally:
        may_end.set()
        worker.stop()


def test_a_signal_ends_a_worker(worker_process: subprocess.Popen[bytes]) -> None:
    assert next_line(worker_process) == b"ready\n"
    time.sleep(0.2)
    worker_process.send_signal(signal.SIGTERM)
    assert worker_process.wait(20) == 0


def test_an_idle_worker_stops_at_once(app: Flask) -> None:
    worker = Worker(app, {}, poll_seconds=600)
    worker.start()
    time.sleep(0.1)
    started = time.monotonic()
    worker.stop()
    assert time.monotonic() - started < 5


def test_a_worker_looks_for_jobs_without_a_bell_and_outlasts_a_database_that_is_away(
    app: Flask,
    engine: Engine,
    ask: Callable[..., UUID],
    look: Callable[[UUID], Job],
    caplog: pytest.LogCaptureFixture,
) -> None:
    job_id = ask("fine")
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE jobs RENAME TO jobs_away"))
    worker = Worker(app, {"fine": lambda _context, _organization: None}, poll_seconds=0.05)
    worker.start()
    try:
        wait_until(lambda: "jobs cannot be taken" in caplog.text)
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE jobs_away RENAME TO jobs"))
        wait_until(lambda: look(job_id).state is JobState.DONE)
    finally:
        worker.stop()


def test_a_worker_sweeps_the_storage_and_forgets_what_was_done_long_ago(
    app: Flask,
    storage: FolderStorage,
    sessions: Sessions,
    ask: Callable[..., UUID],
    change: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("checklists.jobs.FORGOTTEN_AT_A_TIME", 2)
    monkeypatch.setattr("inspector.background.FORGOTTEN_AT_A_TIME", 2)
    for state in (JobState.DONE, JobState.DONE, JobState.DONE, JobState.FAILED):
        change(ask("long ago"), state=state, run_after=LONG_AGO, finished_at=LONG_AGO)
    storage.check()
    leftover = storage.root / "incoming" / "half a photo"
    leftover.write_bytes(b"half")
    yesterday = time.time() - 25 * 3600
    os.utime(leftover, (yesterday, yesterday))
    worker = Worker(app, {})
    worker.start()
    try:
        wait_until(lambda: not leftover.exists())
        with sessions() as session:
            assert session.scalars(select(Job.state)).all() == [JobState.FAILED]
    finally:
        worker.stop()


@pytest.fixture
def deliver(
    sessions: Sessions, storage: FolderStorage, organization_id: UUID, ask: Callable[..., UUID]
) -> Callable[[bytes], UUID]:
    """Stores an original with its row and asks for its derived sizes."""

    def store(content: bytes) -> UUID:
        photo_id, now, digest = new_id(), datetime.now(UTC), hashlib.sha256(content).hexdigest()
        with sessions() as session, session.begin():
            anna = User(email=f"{photo_id}@example.org", name="Анна", password_hash="", created_at=now)
            session.add(anna)
            session.flush()
            visit = Visit(
                id=new_id(),
                organization_id=organization_id,
                inspector_id=anna.id,
                state=VisitState.HELD,
                revision=1,
                received_at=now,
            )
            session.add(visit)
            session.flush()
            promise = {"sha256": digest, "size": len(content), "media_type": "image/jpeg", "stored_at": now}
            photo = Photo(id=photo_id, organization_id=organization_id, visit_id=visit.id, **promise)
            session.add(photo)
        storage.write(photo_key(photo), io.BytesIO(content), size=len(content), sha256=digest)
        ask("derive_photo", photo_id=str(photo_id))
        return photo_id

    return store


@pytest.fixture
def photo_row(sessions: Sessions) -> Callable[[UUID], Photo]:
    def read(photo_id: UUID) -> Photo:
        with sessions() as session:
            return session.get_one(Photo, photo_id)

    return read


def test_a_photo_gets_its_derived_sizes(
    app: Flask,
    storage: FolderStorage,
    deliver: Callable[[bytes], UUID],
    photo_row: Callable[[UUID], Photo],
    ask: Callable[..., UUID],
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    target = io.BytesIO()
    Image.open(io.BytesIO(draw_demo_photo(2, "Coffee", (1600, 1200)))).save(target, "JPEG", exif=exif)
    photo_id = deliver(target.getvalue())
    worker = Worker(app)
    for _ in range(2):  # A worker that died before it could say "done" leaves the job to be run again.
        assert worker.run_one()
        photo = photo_row(photo_id)
        for size, pixels in [(PhotoSize.THUMBNAIL, (240, 320)), (PhotoSize.SCREEN, (960, 1280))]:
            with storage.open(photo_key(photo, size)) as stream:
                assert Image.open(stream).size == pixels
        assert (photo.readable, photo.unreadable_reason, photo.width, photo.height) == (True, None, 1200, 1600)
        assert photo.derived_at is not None
        ask("derive_photo", photo_id=str(photo_id))
    with storage.open(photo_key(photo)) as stream:
        assert stream.read() == target.getvalue(), "the original stays as it came"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        ("Касса, 12:40".encode(), "not_a_picture"),
        (draw_demo_photo(2, "Coffee")[:20_000], "truncated"),
    ],
    ids=["empty", "text", "cut off"],
)
def test_a_photo_that_nobody_can_read_is_marked(
    app: Flask,
    storage: FolderStorage,
    deliver: Callable[[bytes], UUID],
    photo_row: Callable[[UUID], Photo],
    content: bytes,
    reason: str,
) -> None:
    photo_id = deliver(content)
    worker = Worker(app)
    assert worker.run_one()
    assert not worker.run_one()
    photo = photo_row(photo_id)
    assert (photo.readable, photo.unreadable_reason, photo.width, photo.height) == (False, reason, None, None)
    assert photo.derived_at is not None
    assert not storage.exists(photo_key(photo, PhotoSize.THUMBNAIL))


def test_a_storage_that_is_away_says_nothing_about_the_photo(
    app: Flask,
    storage: FolderStorage,
    sessions: Sessions,
    deliver: Callable[[bytes], UUID],
    photo_row: Callable[[UUID], Photo],
) -> None:
    photo_id = deliver(draw_demo_photo(3, "Coffee"))
    storage.root.rename(storage.root.with_name("unmounted"))
    worker = Worker(app)
    assert worker.run_one()
    assert photo_row(photo_id).readable is None

    storage.root.with_name("unmounted").rename(storage.root)
    with sessions() as session, session.begin():
        job = session.scalars(select(Job)).one()
        assert (job.state, job.attempts) == (JobState.WAITING, 0), "it may be away for longer than a job may fail"
        assert "Is the disk away?" in (job.error or "")
        job.run_after = datetime.now(UTC) - timedelta(seconds=1)
    assert worker.run_one()
    assert photo_row(photo_id).readable


def test_bytes_that_came_too_late_are_deleted_and_promised_ones_stay(
    app: Flask,
    storage: FolderStorage,
    organization_id: UUID,
    ask: Callable[..., UUID],
    deliver: Callable[[bytes], UUID],
    photo_row: Callable[[UUID], Photo],
) -> None:
    promised = photo_row(deliver(b"promised"))
    late, digest = Photo(id=new_id(), organization_id=organization_id), hashlib.sha256(b"late").hexdigest()
    storage.write(photo_key(late), io.BytesIO(b"late"), size=4, sha256=digest)
    ask("delete_given_up", photo_ids=[str(promised.id), str(late.id)])
    worker = Worker(app)
    while worker.run_one():
        pass
    assert storage.exists(photo_key(promised))
    assert not storage.exists(photo_key(late))


def test_a_settling_that_fails_keeps_no_job_from_being_run(
    app: Flask, ask: Callable[..., UUID], look: Callable[[UUID], Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_worker: Worker) -> None:
        raise RuntimeError("the tallies cannot be added up")

    monkeypatch.setattr(Worker, "settle_tallies", fail)
    job_id = ask("greet")
    worker = Worker(app, {"greet": lambda *_: None}, poll_seconds=0.01)
    worker.start()
    try:
        wait_until(lambda: look(job_id).state is JobState.DONE)
    finally:
        worker.stop()


def test_another_organizations_photo_is_out_of_reach(
    app: Flask, sessions: Sessions, deliver: Callable[[bytes], UUID]
) -> None:
    photo_id = deliver(draw_demo_photo(3, "Coffee"))
    with sessions() as session, session.begin():
        other = Organization(slug="south", name="South", created_at=datetime.now(UTC))
        session.add(other)
        session.flush()
        session.delete(session.scalars(select(Job)).one())
        enqueue(session, other.id, "derive_photo", datetime.now(UTC), photo_id=str(photo_id))
    assert Worker(app).run_one()
    with sessions() as session:
        assert session.get_one(Photo, photo_id).readable is None
        assert "NoResultFound" in (session.scalars(select(Job)).one().error or "")
