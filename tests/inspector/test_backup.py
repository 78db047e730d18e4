"""A backup is whole and honest, or it is refused; restored, it is the installation again."""

import io
import json
import os
import signal
import stat
import subprocess
import tarfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import func, select

from checklists.visits import Photo, Visit
from inspector.moving.archive import CHUNK_BYTES, BadArchiveError
from inspector.moving.backup import back_up
from inspector.moving.empty import NotEmptyError
from inspector.moving.pieces import ORIGINALS_TALLY, bytes_of, pieces_of
from inspector.moving.proof import Comparison
from inspector.moving.restore import restore
from inspector.moving.rows import snapshot
from inspector.moving.stillness import alone
from inspector.moving.tables import tables_of
from inspector.photo_storage import photo_key
from tests.databases import KINDS, Databases, alembic_config
from tests.factories import PASSWORD
from tests.installations import TABLES, Installation, empty_at, filled_at
from tests.lines import log_in, request
from tests.servers import ROOT, LiveServer, inspector_command, run_inspector, server_environment

Make = Callable[[str], Installation]
Entry = tuple[tarfile.TarInfo, bytes]


@pytest.fixture
def filled(databases: Databases, tmp_path: Path) -> Iterator[Make]:
    yield from _maker(databases, tmp_path / "source", lambda kind, folder: filled_at(databases.fresh(kind), folder))


@pytest.fixture
def empty(databases: Databases, tmp_path: Path) -> Iterator[Make]:
    yield from _maker(databases, tmp_path / "target", lambda kind, folder: empty_at(databases.empty(kind), folder))


def _maker(databases: Databases, folder: Path, make: Callable[[str, Path], Installation]) -> Iterator[Make]:
    made: list[Installation] = []

    def one(kind: str) -> Installation:
        made.append(make(kind, folder / str(len(made))))
        return made[-1]

    yield one
    for each in made:
        each.engine.dispose()
        databases.drop(each.url)


def backed_up(installation: Installation) -> bytes:
    file = io.BytesIO()
    back_up(installation.engine, installation.storage, file, datetime.now(UTC))
    return file.getvalue()


def restored(installation: Installation, archive: bytes) -> Comparison:
    installation.engine.dispose()
    engine = alone(installation.url)
    try:
        return restore(engine, installation.storage, io.BytesIO(archive))
    finally:
        engine.dispose()


@pytest.mark.parametrize("goal", KINDS)
@pytest.mark.parametrize("origin", KINDS)
def test_a_backup_of_one_kind_is_restored_on_any(filled: Make, empty: Make, origin: str, goal: str) -> None:
    source, target = filled(origin), empty(goal)
    archive = backed_up(source)
    proof = restored(target, archive)
    assert proof.differing == []
    with source.session() as here, target.session() as there:
        for table in TABLES:
            count = select(func.count()).select_from(table)
            assert here.scalar(count) == there.scalar(count) == proof.target.tallies[table.name].number, table.name
        for piece in pieces_of(here, tables_of(here.connection())):
            assert bytes_of(target.storage, piece) == bytes_of(source.storage, piece) is not None
    again = backed_up(target)  # A backup of what was restored says the same of everything.
    assert _of(archive, "proof.json") == _of(again, "proof.json")


def test_the_command_writes_a_file_for_its_owner_only_and_restores_it(
    filled: Make, empty: Make, tmp_path: Path
) -> None:
    source, target, file = filled("sqlite"), empty("postgresql"), tmp_path / "night.tar"
    server = LiveServer(source.url, source.folder)
    server.start()
    try:
        said = run_inspector("backup", str(file), database_url=source.url, data_dir=source.folder)
    finally:
        server.stop()
    assert f"{ORIGINALS_TALLY}" in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.part"))
    with pytest.raises(RuntimeError, match="is there already"):
        run_inspector("backup", str(file), database_url=source.url, data_dir=source.folder)
    said = run_inspector("restore", str(file), database_url=target.url, data_dir=target.folder)
    assert "Everything in the backup is here" in said
    with pytest.raises(RuntimeError, match="not empty"):
        run_inspector("restore", str(file), database_url=target.url, data_dir=target.folder)
    assert "Utro 1" in _manager_sees(target, source)


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_shows_one_moment_though_people_go_on_writing(filled: Make, empty: Make, kind: str) -> None:
    """Each visit comes with its answers and reports in one transaction: so either all of them are in, or none."""
    source, target, ended = filled(kind), empty("sqlite"), threading.Event()

    def keep_writing() -> None:
        while not ended.is_set():
            with source.session() as session, session.begin():
                assert source.audit is not None
                source.audit.visit(session)

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        archives = [backed_up(source) for _ in range(3)]
    finally:
        ended.set()
        writer.join()
    for line in archives:
        assert "visits" in json.loads(_of(line, "proof.json"))["tallies"]
    # The new photos have no bytes in the storage: they are named as lost, and restored without them.
    proof = restored(target, archives[-1])
    assert proof.differing == []
    with target.session() as session:
        visits = session.scalars(select(Visit)).all()
        assert len(visits) >= 3
        assert all(visit.answers and visit.checks for visit in visits)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_after_the_moment_of_a_backup_is_not_seen(filled: Make, kind: str) -> None:
    source = filled(kind)
    count = select(func.count()).select_from(Visit)
    with snapshot(source.engine) as moment:
        before = moment.scalar(count)
        with source.session() as session, session.begin():
            assert source.audit is not None
            source.audit.visit(session)
        assert moment.scalar(count) == before


def test_a_changed_byte_anywhere_in_a_backup_is_found(filled: Make, empty: Make) -> None:
    source = filled("sqlite")
    archive = backed_up(source)
    entries = _entries(archive)
    targets = {
        "a photo": next(each for each in entries if each[0].name.endswith("/original")),
        "a smaller size": next(each for each in entries if each[0].name.endswith("/thumbnail")),
        "rows": next(each for each in entries if each[0].name.startswith("rows/answers")),
        "the proof": next(each for each in entries if each[0].name == "proof.json"),
    }
    for what, (member, content) in targets.items():
        begins = archive.index(content)
        changed = bytearray(archive)
        changed[begins + len(content) // 2] ^= 1
        _is_refused(empty("sqlite"), bytes(changed), what)
        assert member.size == len(content)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_missing_added_or_cut_off_is_found(filled: Make, empty: Make, kind: str) -> None:
    archive = backed_up(filled(kind))
    entries = _entries(archive)
    target = empty(kind)
    for name in ("about.json", "proof.json", "rows/visits/000001.gz", "rows/logins/000001.gz"):
        _is_refused(target, _tar([each for each in entries if each[0].name != name]), f"without {name}")
    photo = next(each for each in entries if each[0].name.startswith("photos/"))
    _is_refused(target, _tar([each for each in entries if each is not photo]), "without a photo")
    _is_refused(target, _tar([*entries[:-1], photo, entries[-1]]), "a photo twice")
    rows = next(each for each in entries if each[0].name.startswith("rows/login_failures"))
    fewer = _with_lines(rows, [])
    _is_refused(target, _tar([fewer if each is rows else each for each in entries]), "a row less")
    for part in (0.1, 0.5, 0.9):
        _is_refused(target, archive[: int(len(archive) * part)], f"cut off at {part}")
    restored(target, archive)  # What was refused left nothing that a good one would meet.


@pytest.mark.parametrize(
    "name",
    [
        "../../escaped", "/tmp/escaped", "photos/../../escaped", "photos//etc/passwd", "photos/..\\escaped",
        "rows/../escaped/000001.gz", "rows/pg_class/000001.gz", "rows/alembic_version/000001.gz", "proof.json/../x",
    ],
)  # fmt: skip
def test_no_name_in_a_backup_reaches_the_file_system(filled: Make, empty: Make, tmp_path: Path, name: str) -> None:
    entries = _entries(backed_up(filled("sqlite")))
    hostile = tarfile.TarInfo(name)
    hostile.size = 5
    target = empty("sqlite")
    _is_refused(target, _tar([*entries[:-1], (hostile, b"bytes"), entries[-1]]), name)
    assert not [each for each in tmp_path.rglob("*") if each.is_file() and each.read_bytes() == b"bytes"]
    assert not Path("/tmp/escaped").exists()


def test_links_devices_and_another_photos_key_are_refused(filled: Make, empty: Make) -> None:
    source, target = filled("sqlite"), empty("sqlite")
    entries = _entries(backed_up(source))
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE):
        special = tarfile.TarInfo("photos/link")
        special.type, special.linkname = kind, "/etc/passwd"
        _is_refused(target, _tar([*entries[:-1], (special, b""), entries[-1]]), str(kind))
    with source.session() as session:
        photo = session.scalars(select(Photo).where(Photo.readable.is_not(True))).first()
    assert photo is not None
    smaller = tarfile.TarInfo(f"photos/{photo_key(photo, 'screen')}")  # It has none: nobody can read it.
    _is_refused(target, _tar([*entries[:-1], (smaller, b""), entries[-1]]), "a key that no row has")


def test_a_backup_whose_rows_unpack_to_more_than_memory_is_refused(filled: Make, empty: Make) -> None:
    entries = _entries(backed_up(filled("sqlite")))
    rows = next(each for each in entries if each[0].name.startswith("rows/users"))
    packer = zlib.compressobj(9)
    bomb = b"".join(packer.compress(bytes(CHUNK_BYTES)) for _ in range(65)) + packer.flush()
    member = tarfile.TarInfo(rows[0].name)
    member.size = len(bomb)
    _is_refused(empty("sqlite"), _tar([(member, bomb) if each is rows else each for each in entries]), "a bomb")


def test_a_backup_of_a_newer_release_is_left_to_it(filled: Make, empty: Make) -> None:
    entries = _entries(backed_up(filled("sqlite")))
    about = json.loads(entries[0][1]) | {"revision": "9999"}
    content = json.dumps(about).encode()
    member = tarfile.TarInfo("about.json")
    member.size = len(content)
    target = empty("sqlite")
    with pytest.raises(BadArchiveError, match="newer release"):
        restored(target, _tar([(member, content), *entries[1:]]))


def test_a_backup_goes_into_an_empty_installation_only(filled: Make) -> None:
    one, other = filled("sqlite"), filled("postgresql")
    with pytest.raises(NotEmptyError):
        restored(other, backed_up(one))


@pytest.mark.parametrize("kind", KINDS)
def test_a_restore_that_was_killed_is_repeated(filled: Make, empty: Make, tmp_path: Path, kind: str) -> None:
    source, target, file = filled("sqlite"), empty(kind), tmp_path / "backup.tar"
    file.write_bytes(backed_up(source))
    process = subprocess.Popen(
        inspector_command("restore", str(file)),
        env=server_environment(target.url, target.folder),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    photos = target.folder / "photos"
    while process.poll() is None and not [each for each in photos.rglob("original") if each.is_file()]:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.returncode == -signal.SIGKILL
    said = run_inspector("restore", str(file), database_url=target.url, data_dir=target.folder)
    assert "Everything in the backup is here" in said
    assert "DIFFERS" not in said


@pytest.mark.parametrize("origin", KINDS)
def test_a_backup_that_was_killed_leaves_no_file_that_looks_whole(filled: Make, tmp_path: Path, origin: str) -> None:
    source, file = filled(origin), tmp_path / "backup.tar"
    process = subprocess.Popen(
        inspector_command("backup", str(file)), env=server_environment(source.url, source.folder), cwd=ROOT
    )
    while process.poll() is None and not file.with_name("backup.tar.part").exists():
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not file.exists()
    run_inspector("backup", str(file), database_url=source.url, data_dir=source.folder)
    assert file.exists()
    assert os.listdir(tmp_path).count("backup.tar.part") == 0


@pytest.mark.parametrize("goal", KINDS)
@pytest.mark.parametrize("origin", KINDS)
def test_a_backup_of_the_previous_release_is_restored_upgraded_and_served(
    filled: Make, empty: Make, origin: str, goal: str
) -> None:
    source, target = filled(origin), empty(goal)
    _go_back_to(source, "0002")
    archive = backed_up(source)
    assert json.loads(_of(archive, "about.json"))["revision"] == "0002"
    if origin == goal:  # An installation that was migrated already, and is empty still, goes back and forth.
        run_inspector("migrate", database_url=target.url, data_dir=target.folder)
    assert restored(target, archive).differing == []
    page = _manager_sees(target, source)
    assert "Utro 1" in page


@pytest.mark.parametrize("kind", KINDS)
def test_the_previous_releases_installation_is_upgraded_and_served(filled: Make, kind: str) -> None:
    source = filled(kind)
    _go_back_to(source, "0002")
    with source.session() as session:
        visits = session.execute(select(func.count(Visit.id))).scalar_one()
    assert "Utro 1" in _manager_sees(source, source)
    with source.session() as session:
        assert session.scalar(select(func.count(Visit.id))) == visits


def _go_back_to(installation: Installation, revision: str) -> None:
    """The tables and rows as that release had them."""
    with installation.engine.begin() as connection:
        command.downgrade(alembic_config(connection), revision)
    installation.engine.dispose()


def _manager_sees(installation: Installation, origin: Installation) -> str:
    """The list of visits and the matrix, as the service shows them there."""
    assert origin.audit is not None
    installation.engine.dispose()
    server = LiveServer(installation.url, installation.folder)
    server.start()
    try:
        cookie = log_in(server.url, "marina@example.org", PASSWORD)
        pages = ""
        for path in ("visits/", f"results/waves/{origin.audit.wave.id}", "people/"):
            status, page, _ = request(server.url, "GET", f"{origin.audit.address}/{path}", b"", cookie)
            assert status == 200, path
            pages += page
        return pages
    finally:
        server.stop()


def _is_refused(target: Installation, archive: bytes, what: str) -> None:
    try:
        restored(target, archive)
    except BadArchiveError:
        with target.session() as session:
            tables = tables_of(session.connection())
            filled = [form.name for form in tables if session.execute(select(form.table).limit(1)).first()]
            assert filled == [], what
    else:
        pytest.fail(f"was taken: {what}")


def _entries(archive: bytes) -> list[Entry]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return [(member, stream.read()) for member in tar if (stream := tar.extractfile(member))]


def _of(archive: bytes, name: str) -> bytes:
    return next(content for member, content in _entries(archive) if member.name == name)


def _tar(entries: list[Entry]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for member, content in entries:
            tar.addfile(member, io.BytesIO(content))
    return file.getvalue()


def _with_lines(entry: Entry, lines: list[bytes]) -> Entry:
    content = zlib.compress(b"\n".join(lines))
    member = tarfile.TarInfo(entry[0].name)
    member.size = len(content)
    return member, content
