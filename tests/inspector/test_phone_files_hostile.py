"""A phone's file that is broken or forged gets a clear answer, and does no harm."""

import io
import json
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from checklists.imports import Import
from checklists.orm import ScopedSession, new_id
from checklists.visits import Visit
from checklists.waves import Assignment
from tests.copies import counts
from tests.factories import Audit
from tests.field import FieldPhoto
from tests.pages import Window
from tests.phone_files import Filed, a_visit, entries_of, take_in, upload, zipped


def bomb(audit: Audit) -> bytes:
    return zipped({"manifest.json": b"{}", "big": b"\0" * (129 * 1024 * 1024)}, zipfile.ZIP_DEFLATED)


def many_entries(_audit: Audit) -> bytes:
    return zipped({f"{number}": b"" for number in range(5_001)})


def lying_directory(_audit: Audit) -> bytes:
    """Two entries that are said to be 60,000, with a directory of 400 MB."""
    file = bytearray(zipped({"manifest.json": b"{}", "a": b""}))
    file[-14:-10] = struct.pack("<HH", 60_000, 60_000)
    file[-10:-6] = struct.pack("<L", 400_000_000)
    return bytes(file)


def beyond_4_gb(_audit: Audit) -> bytes:
    file = zipped({"manifest.json": b"{}"})
    return file[:-22] + struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1) + file[-22:]


def encrypted(audit: Audit) -> bytes:
    file = bytearray(zipped(entries_of(audit.inspectors[0])))
    file[file.index(b"PK\x01\x02") + 8] |= 1
    return bytes(file)


def other_compression(audit: Audit) -> bytes:
    return zipped(entries_of(audit.inspectors[0]), zipfile.ZIP_BZIP2)


def name_twice(audit: Audit) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as written:
        written.writestr("manifest.json", entries_of(audit.inspectors[0])["manifest.json"])
        with pytest.warns(UserWarning, match="Duplicate name"):
            written.writestr("manifest.json", b"{}")
    return file.getvalue()


def deep_json(_audit: Audit) -> bytes:
    return zipped({"manifest.json": b'{"format": ' + b"[" * 1_000_000})


def of_a_newer_app(audit: Audit) -> bytes:
    return zipped(entries_of(audit.inspectors[0], format="service-audit-unsent/2"))


def cut_off(audit: Audit) -> bytes:
    return zipped(entries_of(audit.inspectors[0]))[:-30]


def flipped_bit(audit: Audit) -> bytes:
    file = bytearray(zipped(entries_of(audit.inspectors[0])))
    file[60] ^= 1
    return bytes(file)


def without_manifest(_audit: Audit) -> bytes:
    return zipped({"../../etc/passwd": b"root"})


def wrong_types(audit: Audit) -> bytes:
    manifest = json.loads(entries_of(audit.inspectors[0])["manifest.json"])
    return zipped({"manifest.json": json.dumps(manifest | {"visits": [{"id": 1}], "drafts": "none"}).encode()})


def two_lines_for_one_entry(audit: Audit) -> bytes:
    """Each line would have it unpacked and read once more."""
    return of_lines(audit, lambda line: [line, line])


def two_photos_in_one_entry(audit: Audit) -> bytes:
    return of_lines(
        audit, lambda line: [line | {"photos": [photo | {"id": str(new_id())} for photo in 2 * line["photos"]]}]
    )


def of_lines(audit: Audit, change: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> bytes:
    entries = entries_of(audit.inspectors[0], [Filed(b"{}", [FieldPhoto(b"a photo")], new_id(), {"revision": 1})])
    manifest = json.loads(entries["manifest.json"])
    lines = change(manifest["visits"][0])
    return zipped(entries | {"manifest.json": json.dumps(manifest | {"visits": lines}).encode()})


HOSTILE: dict[str, tuple[Callable[[Audit], bytes], str]] = {
    "no ZIP": (lambda _audit: b"hello", "not a whole ZIP"),
    "nothing": (lambda _audit: b"", "not a whole ZIP"),
    "cut off": (cut_off, "not a whole ZIP"),
    "with a comment": (lambda audit: zipped(entries_of(audit.inspectors[0]))[:-2] + b"\x01\0a", "not a whole ZIP"),
    "a bomb": (bomb, "holds more than a phone's file can"),
    "many entries": (many_entries, "holds more than a phone's file can"),
    "a lying directory": (lying_directory, "holds more than a phone's file can"),
    "beyond 4 GB": (beyond_4_gb, "holds more than a phone's file can"),
    "encrypted": (encrypted, "not saved by the phone app"),
    "another compression": (other_compression, "not saved by the phone app"),
    "a name twice": (name_twice, "not saved by the phone app"),
    "two lines for one entry": (two_lines_for_one_entry, "not saved by the phone app"),
    "two photos in one entry": (two_photos_in_one_entry, "not saved by the phone app"),
    "deep JSON": (deep_json, "not saved by the phone app"),
    "a flipped bit": (flipped_bit, "not saved by the phone app"),
    "without a manifest": (without_manifest, "not saved by the phone app"),
    "wrong types": (wrong_types, "not saved by the phone app"),
    "of a newer app": (of_a_newer_app, "saved by a newer app"),
    "too large": (lambda _audit: b"P" * (31 * 1024 * 1024), "larger than 30 MB"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_gets_a_clear_answer(name: str, window: Window, audit: Audit, session: ScopedSession) -> None:
    make, words = HOSTILE[name]
    upload(window, audit, make(audit))
    assert window.status == 422
    assert words in window.text
    assert counts(session, Import, Visit) == [0, 0]


def test_a_report_that_is_not_the_promised_one_is_damaged_and_the_others_come_in(
    window: Window, audit: Audit, assignment: Assignment, session: ScopedSession
) -> None:
    other = audit.assign(session, audit.outlets[1])
    session.commit()
    good, changed, gone = a_visit(audit.report(assignment)), a_visit(audit.report(other)), a_visit(audit.report(other))
    deep = Filed(b"[" * 500_000, (), new_id(), {"revision": 1})
    huge = Filed(b" " * (7 * 1024 * 1024), (), new_id(), {"revision": 1})
    entries = entries_of(audit.inspectors[0], [good, changed, gone, deep, huge])
    entries[f"visits/{changed.id}/report.json"] += b" "
    del entries[f"visits/{gone.id}/report.json"]
    take_in(window, audit, zipped(entries, zipfile.ZIP_DEFLATED))
    assert window.text.count("Its content in the file is damaged.") == 4
    assert session.scalars(select(Visit.id)).all() == [good.id]
