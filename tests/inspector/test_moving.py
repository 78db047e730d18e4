"""An installation moves between databases of both kinds, with a proof that finds whatever did not arrive."""

import io
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from checklists.jobs import Job
from checklists.orm import ScopedSession, connect, unscoped
from checklists.visits import Photo, Visit
from inspector.moving.empty import NotEmptyError
from inspector.moving.move import LostPhotosError, NotTheSameError, move
from inspector.moving.pieces import DERIVED_TALLY, ORIGINALS_TALLY, bytes_of, pieces_of
from inspector.moving.places import storage_at
from inspector.moving.proof import Comparison
from inspector.moving.stillness import InUseError, alone
from inspector.moving.tables import as_data, tables_of
from inspector.photo_storage import FolderStorage, PhotoSize, photo_key
from inspector.photo_storage.keys import owner_of
from inspector.settings import Settings
from tests.databases import KINDS, Databases
from tests.factories import PASSWORD
from tests.installations import Installation, empty_at, filled_at
from tests.lines import log_in, request
from tests.object_store import ObjectStore
from tests.servers import ROOT, LiveServer, inspector_command, run_inspector, server_environment

Make = Callable[[str], Installation]


@pytest.fixture
def filled(databases: Databases, tmp_path: Path) -> Iterator[Make]:
    """Makes an installation with something in it, on the kind of database that is named."""
    yield from _maker(databases, tmp_path / "source", lambda url, folder: filled_at(url, folder))


@pytest.fixture
def empty(databases: Databases, tmp_path: Path) -> Iterator[Make]:
    """Makes an empty one, not even migrated."""
    yield from _maker(databases, tmp_path / "target", empty_at, migrated=False)


def _maker(databases: Databases, folder: Path, make: Any, migrated: bool = True) -> Iterator[Make]:
    made: list[Installation] = []

    def one(kind: str) -> Installation:
        url = databases.fresh(kind) if migrated else databases.empty(kind)
        made.append(make(url, folder / str(len(made))))
        return made[-1]

    yield one
    for each in made:
        each.engine.dispose()
        databases.drop(each.url)


def moved(source: Installation, target: Installation, *, lost_is_accepted: bool = False) -> Comparison:
    """Move as the command does."""
    with _alone(source) as origin, _alone(target) as goal:
        return move(origin, source.storage, goal, target.storage, lost_is_accepted=lost_is_accepted)


@contextmanager
def _alone(installation: Installation) -> Iterator[Any]:
    installation.engine.dispose()
    engine = alone(installation.url)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.mark.parametrize("goal", KINDS)
@pytest.mark.parametrize("origin", KINDS)
def test_everything_arrives_and_is_proved(filled: Make, empty: Make, origin: str, goal: str) -> None:
    source, target = filled(origin), empty(goal)
    proof = moved(source, target)
    with source.session() as here, target.session() as there:
        forms = tables_of(here.connection())
        assert as_data(forms) == as_data(tables_of(there.connection()))
        assert set(proof.source.tallies) == {form.name for form in forms} | {ORIGINALS_TALLY, DERIVED_TALLY}
        assert all(tally.number for tally in proof.target.tallies.values())
        for form in forms:
            columns = [form.table.c[name] for name in form.kinds]
            rows = [sorted(session.execute(select(*columns)), key=_plain_cells) for session in (here, there)]
            assert rows[0] == rows[1], form.name
        pieces = list(pieces_of(here, forms))
        assert all(bytes_of(target.storage, piece) == bytes_of(source.storage, piece) for piece in pieces)
        assert len(pieces) == sum(proof.target.tallies[name].number for name in (ORIGINALS_TALLY, DERIVED_TALLY))


def _plain_cells(row: Any) -> str:
    """PostgreSQL keeps no order of JSON's keys, and takes 1.0 for 1, as Python does when it compares."""
    return repr([cell for cell in row if not isinstance(cell, (dict, list))])


def test_a_moved_installation_serves(filled: Make, empty: Make) -> None:
    source, target = filled("sqlite"), empty("postgresql")
    moved(source, target)
    server = LiveServer(target.url, target.folder)
    server.start()
    try:
        assert source.audit is not None
        page = _manager_sees(server, f"{source.audit.address}/visits/")
        assert "Utro 1" in page
    finally:
        server.stop()


def test_what_is_not_empty_is_refused_and_stays_as_it_is(filled: Make) -> None:
    source, other = filled("sqlite"), filled("postgresql")
    with other.session() as session:
        before = session.scalar(select(func.count()).select_from(Visit))
    with pytest.raises(NotEmptyError):
        moved(source, other)
    with other.session() as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_database_that_somebody_works_with_is_not_moved(filled: Make, kind: str) -> None:
    source = filled(kind)
    server = LiveServer(source.url, source.folder)
    server.start()
    try:
        with pytest.raises(InUseError):
            alone(source.url)
    finally:
        server.stop()
    source.engine.dispose()
    alone(source.url).dispose()


@pytest.mark.parametrize("kind", KINDS)
def test_a_service_that_starts_during_the_move_cannot_write(filled: Make, empty: Make, kind: str) -> None:
    """What it took in would be left behind; so it has to wait, and the phones with it."""
    source, target = filled(kind), empty("sqlite")
    refused: list[str] = []

    class Watching(FolderStorage):
        def write(self, *arguments: Any, **values: Any) -> None:
            super().write(*arguments, **values)
            if not refused:
                refused.append(_try_to_write(source))

    target.storage = Watching(target.folder / "photos")
    moved(source, target)
    assert "lock" in refused[0]


def _try_to_write(installation: Installation) -> str:
    impatient = {"connect_args": {"timeout": 0.2}} if installation.url.startswith("sqlite") else {}
    engine = connect(installation.url, **impatient)
    try:
        with ScopedSession(engine, unscoped("a test writes")) as session, session.begin():
            if engine.dialect.name == "postgresql":
                session.execute(select(func.set_config("lock_timeout", "200ms", True)))
            session.execute(update(Visit).values(app_version="too late"))
    except Exception as fault:
        return str(fault)
    finally:
        engine.dispose()
    return "written"


def test_a_photo_that_is_lost_here_is_named_and_nothing_moves_unless_that_is_accepted(
    filled: Make, empty: Make
) -> None:
    source, target = filled("sqlite"), empty("sqlite")
    missing, changed = _originals(source)[:2]
    source.storage.delete(missing)
    (source.folder / "photos" / changed).write_bytes(b"another picture")
    with pytest.raises(LostPhotosError) as lost:
        moved(source, target)
    assert set(lost.value.keys) == {missing, changed}
    with target.session() as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == 0
    proof = moved(source, target, lost_is_accepted=True)
    assert set(proof.source.lost) == {missing, changed}
    assert proof.differing == []


def test_a_smaller_size_that_is_lost_is_made_anew(filled: Make, empty: Make) -> None:
    source, target = filled("sqlite"), empty("sqlite")
    with source.session() as session:
        photo = session.scalars(select(Photo).where(Photo.readable)).first()
    assert photo is not None
    source.storage.delete(photo_key(photo, PhotoSize.THUMBNAIL))
    moved(source, target)
    with target.session() as session:
        jobs = session.scalars(select(Job).where(Job.arguments["photo_id"].as_string() == str(photo.id))).all()
        assert len(jobs) == 2  # The one that came with the photo, and the new one.


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_target_changes_is_found_and_nothing_is_committed(filled: Make, empty: Make, kind: str) -> None:
    source, target = filled("sqlite"), empty(kind)
    key = _originals(source)[0]

    class Forgetful(FolderStorage):
        def open(self, wanted: str) -> Any:
            stream = super().open(wanted)
            return io.BytesIO(stream.read()[:-1] + b"!") if wanted == key else stream

    target.storage = Forgetful(target.folder / "photos")
    with pytest.raises(NotTheSameError) as different:
        moved(source, target)
    assert different.value.comparison.differing == [ORIGINALS_TALLY]
    assert any("DIFFERS" in line for line in different.value.comparison.lines)
    with target.session() as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_move_that_was_killed_is_repeated_and_copies_no_photo_twice(filled: Make, empty: Make, kind: str) -> None:
    source, target = filled("sqlite"), empty(kind)
    source.engine.dispose()
    command = inspector_command("move", "--to-database", target.url, "--to-photos", str(target.folder / "photos"))
    environment = server_environment(source.url, source.folder)
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    while process.poll() is None and not _files(target):
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    kept = {file: file.stat().st_mtime_ns for file in _files(target)}
    assert kept
    said = run_inspector(*command[3:], database_url=source.url, data_dir=source.folder)
    assert "Everything arrived." in said
    assert "DIFFERS" not in said
    assert all(file.stat().st_mtime_ns == written for file, written in kept.items())
    assert len(_files(target)) == len(_files(source))


def test_an_installation_moves_from_folder_to_object_store_and_back(
    filled: Make, empty: Make, swift: ObjectStore
) -> None:
    """SQLite and a folder become PostgreSQL and S3 by one command, and the other way round."""
    source, target, home = filled("sqlite"), empty("postgresql"), empty("sqlite")
    source.engine.dispose()
    bucket = swift.new_bucket()
    there = ("--to-database", target.url, "--to-photos", f"s3://{bucket}/photos")
    keys = {name: value for name, value in swift.settings(bucket).items() if name != "PHOTO_STORAGE"}
    said = run_inspector("move", *there, database_url=source.url, data_dir=source.folder, **keys)
    assert "Everything arrived." in said
    assert "DIFFERS" not in said
    root = source.folder / "photos"
    kept = {f"photos/{file.relative_to(root)}": file.stat().st_size for file in _files(source)}
    assert swift.contents(bucket) == kept
    served = {**keys, "PHOTO_STORAGE": f"s3://{bucket}/photos"}
    server = LiveServer(target.url, target.folder, **served)
    server.start()
    try:
        assert source.audit is not None
        assert "Utro 1" in _manager_sees(server, f"{source.audit.address}/visits/")
        with target.session() as session:
            received = set(session.scalars(select(Photo.id)))
        key = next(each for each in _originals(source) if owner_of(each)[1] in received)
        cookie = log_in(server.url, "marina@example.org", PASSWORD)
        address = f"{server.url}/api/v1/photos/{key.split('/')[2]}?size=original"
        with urllib.request.urlopen(urllib.request.Request(address, headers={"Cookie": cookie})) as answer:
            assert answer.read() == (root / key).read_bytes()
    finally:
        server.stop()
    target.engine.dispose()
    back = ("--to-database", home.url, "--to-photos", str(home.folder / "photos"))
    said = run_inspector("move", *back, database_url=target.url, data_dir=target.folder, **served)
    assert "Everything arrived." in said
    assert {file.name for file in _files(home)} == {file.name for file in _files(source)}


def test_an_object_that_changed_in_the_store_is_found(filled: Make, empty: Make, swift: ObjectStore) -> None:
    source, target = filled("sqlite"), empty("sqlite")
    bucket = swift.new_bucket()
    there = Settings.from_environment(server_environment(source.url, source.folder, **swift.settings(bucket)))
    key = _originals(source)[0]

    class Rotting(FolderStorage):
        """The folder from which photos come, which tells when all of them have been copied."""

        def open(self, wanted: str) -> Any:
            if wanted != key and swift.contents(bucket).get(key):
                swift.client.put_object(Bucket=bucket, Key=key, Body=b"another picture")
            return super().open(wanted)

    source.storage = Rotting(source.folder / "photos")
    target.storage = storage_at(there, f"s3://{bucket}")
    with pytest.raises(NotTheSameError) as different:
        moved(source, target)
    assert different.value.comparison.differing == [ORIGINALS_TALLY]
    with target.session() as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == 0


def _files(installation: Installation) -> list[Path]:
    """Whole files of photos, not those that are being written."""
    root = installation.folder / "photos"
    return [file for file in root.rglob("*") if file.is_file() and "incoming" not in file.parts]


def _originals(installation: Installation) -> list[str]:
    with installation.session() as session:
        return [piece.key for piece in pieces_of(session, tables_of(session.connection())) if piece.sha256]


def _manager_sees(server: LiveServer, path: str) -> str:
    status, page, _headers = request(server.url, "GET", path, b"", log_in(server.url, "marina@example.org", PASSWORD))
    assert status == 200
    return page
