"""Phones' files as the app saves them, and as somebody might forge them."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from checklists.orm import new_id
from checklists.people import User
from tests.factories import Audit
from tests.field import FieldPhoto
from tests.pages import Window


@dataclass
class Filed:
    """One visit or draft, with those of its photos that go into the file; `line` replaces what its line says."""

    body: bytes
    photos: Iterable[FieldPhoto] = ()
    id: UUID | None = None
    line: Mapping[str, Any] | None = None


def a_visit(report: Mapping[str, Any], *photos: FieldPhoto, visit_id: UUID | None = None) -> Filed:
    return Filed(json.dumps(report).encode(), photos, visit_id or new_id(), {"revision": report["revision"]})


def a_draft(copy: Mapping[str, Any], *photos: FieldPhoto, visit_id: UUID | None = None) -> Filed:
    """From a copy as a phone would send it (tests/copies.py)."""
    about = {name: value for name, value in copy.items() if name not in ("body", "photos")}
    return Filed(copy["body"].encode(), photos, visit_id or new_id(), about)


def entries_of(
    person: User, visits: Iterable[Filed] = (), drafts: Iterable[Filed] = (), **head: Any
) -> dict[str, bytes]:
    """The entries of a file by their names; `head` replaces what the manifest says at its top."""
    entries: dict[str, bytes] = {}
    manifest: dict[str, Any] = {
        "format": "service-audit-unsent/1",
        "made_at": "2026-11-22T11:05:00Z",
        "app_version": "v",
        "device_id": "first",
        "person": {"id": str(person.id), "name": person.name},
        "visits": [_filed(entries, "visits", "report", each) for each in visits],
        "drafts": [_filed(entries, "drafts", "file", each) for each in drafts],
    }
    return entries | {"manifest.json": json.dumps(manifest | head).encode()}


def _filed(entries: dict[str, bytes], folder: str, name: str, filed: Filed) -> dict[str, Any]:
    path = f"{folder}/{filed.id}/{name}.json"
    entries[path] = filed.body
    photos = []
    for photo in filed.photos:
        entry = f"{folder}/{filed.id}/photos/{photo.id}"
        entries[entry] = photo.content
        own = {"id": str(photo.id), "sha256": photo.sha256, "size": len(photo.content)}
        photos.append(own | {"media_type": photo.media_type, "file": entry})
    own = {"id": str(filed.id), name: path, "sha256": hashlib.sha256(filed.body).hexdigest(), "photos": photos}
    return own | dict(filed.line or {})


def zipped(entries: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as written:
        for name, content in entries.items():
            written.writestr(name, content)
    return file.getvalue()


def upload(window: Window, audit: Audit, file: bytes, name: str = "unsent.zip") -> Window:
    """Upload a file; the window shows what it holds."""
    window.post(f"{audit.address}/phone-files/", {"file": (io.BytesIO(file), name)})  # type: ignore[dict-item]  # A file.
    return window


def take_in(window: Window, audit: Audit, file: bytes) -> Window:
    """Upload a file and take it in; the window shows what became of it."""
    upload(window, audit, file).submit("Take in")
    assert window.status == 200, window.text
    return window
