"""Recordings of calls come in as photos do where the project allows them and the consent is confirmed; a manager hears
them and a client does not.
"""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from checklists.checklist import Evidence
from checklists.erasure import erase_photos
from checklists.erasure.act import Act
from checklists.errors import HoldReason
from checklists.orm import ScopedSession, new_id
from checklists.people import Project, Role
from checklists.review import approve, send_back
from checklists.scoring import Kind
from checklists.visits import AUDIO, Photo, Visit, VisitState
from checklists.waves import Assignment
from inspector.moving.pieces import pieces_of
from inspector.moving.tables import tables_of
from inspector.recordings import why_not_heard
from tests.copies import told
from tests.factories import Audit, make_person, make_wave
from tests.field import FieldPhoto
from tests.forms import make_criterion, make_section, make_version
from tests.inspector.jobs import work_off
from tests.pages import Window
from tests.phone_client import OWN_SITE, FieldClient, with_photos

WORDS = "The company called agrees to being recorded."
WEBM = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\x82\x84webm" + bytes(range(256)) * 8
OGG = b"OggS\0\x02" + bytes(200)
MP4 = b"\0\0\0\x1cftypiso5" + bytes(200)
CONSENT = {"what": AUDIO, "words": WORDS, "at": "2026-11-21T14:02:05+03:00"}


@pytest.fixture
def allowed(session: ScopedSession, audit: Audit) -> None:
    project = session.get_one(Project, audit.project.id)
    project.audio, project.audio_consent = True, {"en": WORDS}
    session.commit()


def recording(content: bytes = WEBM, media_type: str = "audio/webm") -> FieldPhoto:
    return FieldPhoto(content, media_type)


def report_with(audit: Audit, assignment: Assignment, *photos: FieldPhoto, **values: Any) -> dict[str, Any]:
    return with_photos(audit, assignment, *photos) | {"consents": [CONSENT]} | values


def said_of(report: dict[str, Any], photo: FieldPhoto, **more: Any) -> dict[str, Any]:
    lines = [line | more if line["id"] == str(photo.id) else line for line in report["photos"]]
    return report | {"photos": lines}


def decided_by(session: ScopedSession, audit: Audit) -> UUID:
    session.rollback()
    return make_person(session, audit.organization, "Petr Reviewer", Role.REVIEWER, project=audit.project).id


# ---- The project's settings, and what the phone is told of them


def test_a_manager_allows_recordings_with_the_words_of_the_consent(
    window: Window, session: ScopedSession, audit: Audit, phone: FieldClient, assignment: Assignment
) -> None:
    settings = f"{audit.address}/settings"
    page = window.open(settings).submit("Save", audio="1")
    assert "Please fill this in." in page.text
    assert session.get_one(Project, audit.project.id).audio is False
    session.rollback()
    words = {f"audio_consent.{language}": f"{WORDS} ({language})" for language in audit.project.languages}
    window.open(settings).submit("Save", audio="1", **words)
    [project] = told(phone.client.get("/api/v1/phone/work"))["projects"]
    assert project["audio"] is True
    assert project["audio_consent"]["en"] == f"{WORDS} (en)"
    assert WORDS in window.open(settings).text
    assert "audio" in window.open(f"/o/{audit.organization.slug}/trail").text


def test_the_api_allows_recordings_and_asks_for_the_words(window: Window, audit: Audit) -> None:
    address = f"/api/v1/projects/{audit.project.id}"

    def change(**values: Any) -> Any:
        tag = window.client.get(address).headers["ETag"]
        return window.client.patch(address, json=values, headers=OWN_SITE | {"If-Match": tag})

    refused = change(audio=True)
    assert refused.status_code == 422
    assert refused.json["errors"][0]["pointer"].startswith("/audio_consent/")
    words = dict.fromkeys(audit.project.languages, WORDS)
    answer = change(audio=True, audio_consent=words)
    assert (answer.status_code, answer.json["audio"], answer.json["audio_consent"]) == (200, True, words)
    # Words that stand may stay when it is switched off.
    assert change(audio=False).json["audio_consent"] == words


def test_a_phone_is_told_nothing_to_confirm_where_nothing_is_recorded(
    phone: FieldClient, session: ScopedSession, audit: Audit, assignment: Assignment
) -> None:
    session.get_one(Project, audit.project.id).audio_consent = {"en": WORDS}
    session.commit()
    [project] = told(phone.client.get("/api/v1/phone/work"))["projects"]
    assert (project["audio"], project["audio_consent"]) == (False, {})


# ---- From the phone to whoever listens


@pytest.mark.usefixtures("allowed")
def test_a_recording_is_heard_by_reviewers_part_by_part(
    app: Flask, audit: Audit, assignment: Assignment, phone: FieldClient, window: Window
) -> None:
    visit_id, heard = new_id(), recording()
    report = said_of(report_with(audit, assignment, heard), heard, duration_ms=65_400)
    assert phone.put_visit(visit_id, report).status_code == 201
    assert phone.put_photo(heard).status_code == 201
    work_off(app)
    address = f"/api/v1/photos/{heard.id}"
    for size in ("", "?size=thumbnail", "?size=screen"):
        whole = window.client.get(address + size)
        assert (whole.status_code, whole.data) == (200, WEBM)
    assert whole.headers["Content-Type"] == "audio/webm"
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert not whole.headers["Content-Disposition"].startswith("attachment")
    part = window.client.get(address, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.data) == (206, WEBM[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(WEBM)}"
    assert window.client.get(address, headers={"Range": "bytes=2000-"}).data == WEBM[2000:]
    assert window.client.get(address, headers={"Range": f"bytes={len(WEBM)}-"}).status_code == 416

    page = window.open(f"{audit.address}/visits/{visit_id}")
    assert f'<audio controls preload="none" src="{address}"' in page.answer.text
    assert "Recording, 1:05, 0 MB" in " ".join(page.text.split())
    assert WORDS in page.text
    assert "media-src 'self'" in page.answer.headers["Content-Security-Policy"]
    [line] = told(window.client.get(f"/api/v1/visits/{visit_id}"))["photos"]
    assert (line["readable"], line["width"], line["duration_ms"]) == (True, None, 65_400)
    assert told(window.client.get(f"/api/v1/visits/{visit_id}"))["consents"][0]["words"] == WORDS
    assert 'type="checkbox" name="photos"' in window.open(f"{audit.address}/erasures/visits/{visit_id}").answer.text
    assert "Recording 1" in window.text


@pytest.mark.usefixtures("allowed")
def test_a_client_gets_no_recording_and_is_not_told_of_one(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    make_person(session, audit.organization, "Vera Client", Role.CLIENT, project=audit.project)
    session.commit()
    visit_id, heard = new_id(), recording()
    phone.put_visit(visit_id, report_with(audit, assignment, heard))
    phone.put_photo(heard)
    work_off(app)
    approve(session, visit_id, decided_by(session, audit), datetime.now(UTC))
    session.commit()
    client = Window(app, "vera@example.org")
    for size in ("", "?size=thumbnail", "?size=original"):
        assert client.client.get(f"/api/v1/photos/{heard.id}{size}").status_code == 404
    page = client.open(f"{audit.address}/visits/{visit_id}").answer.text
    table = client.client.get(f"{audit.address}/exports/answers.csv?state=all").text
    visit = told(client.client.get(f"/api/v1/visits/{visit_id}"))
    assert str(visit_id) in table
    assert visit["photos"] == visit["consents"] == []
    for shown in (page, table, str(visit)):
        assert str(heard.id) not in shown
        assert WORDS not in shown


@pytest.mark.parametrize(
    ("content", "media_type", "reason"),
    [
        (b"", "audio/webm", "empty"),
        (b"\xff\xd8\xff\xe0 a picture", "audio/webm", "not_a_recording"),
        (b"<script>alert(1)</script>", "audio/mp4", "not_a_recording"),
        (WEBM, "audio/ogg", "not_a_recording"),
        (b"\x1a\x45\xdf\xa3matroska" + bytes(100), "audio/webm", "not_a_recording"),
        (b"RIFF1234WAVE", "audio/wav", "unsupported_format"),
        (b"\x1a", "audio/webm", "not_a_recording"),
    ],
)
@pytest.mark.usefixtures("allowed")
def test_what_is_no_recording_is_kept_and_never_played(
    app: Flask,
    audit: Audit,
    assignment: Assignment,
    phone: FieldClient,
    window: Window,
    content: bytes,
    media_type: str,
    reason: str,
) -> None:
    visit_id, heard = new_id(), recording(content, media_type)
    assert phone.put_visit(visit_id, report_with(audit, assignment, heard)).status_code == 201
    assert phone.put_photo(heard).status_code == 201
    work_off(app)
    assert told(phone.put_photo(heard)) | {} == {
        "id": str(heard.id),
        "sha256": heard.sha256,
        "size": len(content),
        "readable": False,
        "reason": reason,
    }
    answer = window.client.get(f"/api/v1/photos/{heard.id}")
    assert (answer.data, answer.headers["Content-Type"]) == (content, "application/octet-stream")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "<audio" not in window.open(f"{audit.address}/visits/{visit_id}").answer.text


def test_each_type_is_known_by_its_first_bytes() -> None:
    for content, media_type in ((WEBM, "audio/webm"), (OGG, "audio/ogg"), (MP4, "audio/mp4")):
        assert why_not_heard(io.BytesIO(content), media_type) is None


@pytest.mark.parametrize("kind", [io.BytesIO, lambda content: io.BufferedReader(io.BytesIO(content))])
@pytest.mark.usefixtures("allowed")
def test_a_part_is_that_part_whatever_stream_the_storage_gives(
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    audit: Audit,
    assignment: Assignment,
    phone: FieldClient,
    window: Window,
    kind: Callable[[bytes], Any],
) -> None:
    heard = recording()
    phone.put_visit(new_id(), report_with(audit, assignment, heard))
    phone.put_photo(heard)
    monkeypatch.setattr(app.extensions["photos"], "open", lambda key: kind(WEBM))
    for asked in ("bytes=0-", "bytes=100-199", "bytes=-50"):
        answer = window.client.get(f"/api/v1/photos/{heard.id}", headers={"Range": asked})
        first, last = answer.headers["Content-Range"].removeprefix("bytes ").split("/")[0].split("-")
        assert answer.status_code == 206
        assert answer.data == WEBM[int(first) : int(last) + 1]
        assert answer.content_length == len(answer.data) > 0


# ---- Whether it may be


def state_of(session: ScopedSession, visit_id: UUID) -> tuple[VisitState, HoldReason | None]:
    session.rollback()
    visit = session.get_one(Visit, visit_id)
    told_of = visit.state, visit.hold_reason
    session.rollback()
    return told_of


@pytest.mark.parametrize("consents", [None, [], [CONSENT | {"what": "photos"}]])
@pytest.mark.usefixtures("allowed")
def test_a_recording_without_the_consent_holds_the_visit_and_nothing_is_lost(
    app: Flask,
    session: ScopedSession,
    audit: Audit,
    assignment: Assignment,
    phone: FieldClient,
    window: Window,
    consents: list[dict[str, str]] | None,
) -> None:
    visit_id, heard = new_id(), recording()
    page = f"{audit.address}/visits/{visit_id}"
    report = report_with(audit, assignment, heard, consents=consents)
    if consents is None:
        del report["consents"]
    answer = phone.put_visit(visit_id, report)
    assert answer.status_code == 202
    assert "nobody has confirmed the consent" in told(answer)["reason"]
    assert state_of(session, visit_id) == (VisitState.HELD, HoldReason.UNWANTED_RECORDING)
    assert phone.put_photo(heard).status_code == 201
    work_off(app)
    assert "has not confirmed the consent to it" in window.open(page).text
    window.submit("Put right", placing_reason="The company has said so.")
    assert state_of(session, visit_id)[0] is VisitState.RECEIVED
    assert "has not confirmed the consent to it" in window.open(page).text


def test_a_project_that_allows_none_holds_it_with_the_consent_too(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id = new_id()
    assert phone.put_visit(visit_id, report_with(audit, assignment, recording())).status_code == 202
    assert state_of(session, visit_id) == (VisitState.HELD, HoldReason.UNWANTED_RECORDING)


@pytest.mark.parametrize("consents", ["yes", [{"what": AUDIO}], [CONSENT | {"at": "today"}], [CONSENT] * 21])
def test_consents_that_nobody_understands_hold_the_visit(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient, consents: Any
) -> None:
    visit_id = new_id()
    assert phone.put_visit(visit_id, report_with(audit, assignment, consents=consents)).status_code == 202
    assert state_of(session, visit_id)[1] is HoldReason.NOT_UNDERSTOOD


@pytest.mark.usefixtures("allowed")
def test_a_revision_that_does_not_speak_of_consents_leaves_them(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    visit_id, heard = new_id(), recording()
    phone.put_visit(visit_id, report_with(audit, assignment, heard))
    phone.put_photo(heard)
    send_back(session, visit_id, decided_by(session, audit), "Once more.", [], datetime.now(UTC))
    session.commit()
    second = with_photos(audit, assignment, heard) | {"revision": 2}
    assert told(phone.put_visit(visit_id, second))["state"] == "received"
    session.rollback()
    assert [each["words"] for each in session.get_one(Visit, visit_id).consents] == [WORDS]


@pytest.mark.usefixtures("allowed")
def test_a_recording_counts_as_no_photo(
    session: ScopedSession, audit: Audit, phone: FieldClient, window: Window
) -> None:
    criterion = make_criterion(Kind.STATES, evidence=Evidence.REQUIRED)
    section = make_section(audit.touchpoints[0], [criterion])
    audit.version = make_version(session, audit.project, [section], name="With evidence")
    audit.wave = make_wave(session, audit.project, [audit.version], audit.outlets, name="December")
    first, second = audit.assign(session), audit.assign(session, audit.outlets[1])
    session.commit()
    heard, seen = new_id(), new_id()
    page = f"{audit.address}/visits/{heard}"
    reports = report_with(audit, first, recording()), report_with(audit, second, recording(), FieldPhoto())
    assert phone.put_visit(heard, reports[0]).status_code == 202
    assert state_of(session, heard)[1] is HoldReason.EVIDENCE_MISSING
    assert "1 photo is required" in window.open(page).text
    assert phone.put_visit(seen, reports[1]).status_code == 201


# ---- Erased, and looked at as what it is


@pytest.mark.usefixtures("allowed")
def test_an_erased_recording_is_gone_and_leaves_its_hash(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient, window: Window
) -> None:
    visit_id, heard = new_id(), recording()
    page = f"{audit.address}/visits/{visit_id}"
    report = said_of(report_with(audit, assignment, heard), heard, duration_ms=1000)
    phone.put_visit(visit_id, report)
    phone.put_photo(heard)
    work_off(app)
    by = decided_by(session, audit)
    visit = session.get_one(Visit, visit_id)
    erase_photos(session, visit, [heard.id], Act(by, "Asked for.", datetime.now(UTC)))
    session.commit()
    work_off(app)
    session.rollback()
    photo = session.get_one(Photo, heard.id)
    assert (photo.sha256, photo.duration_ms, photo.erased_at is None) == (heard.sha256, None, False)
    session.rollback()
    assert window.client.get(f"/api/v1/photos/{heard.id}").status_code == 410
    assert "<audio" not in window.open(page).answer.text


@pytest.mark.usefixtures("allowed")
def test_an_installation_moves_a_recording_and_misses_no_smaller_size_of_it(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    heard = recording()
    phone.put_visit(new_id(), report_with(audit, assignment, heard))
    phone.put_photo(heard)
    work_off(app)
    session.rollback()
    pieces = [each for each in pieces_of(session, tables_of(session.connection())) if str(heard.id) in each.key]
    assert [each.sha256 for each in pieces] == [heard.sha256]


@pytest.mark.usefixtures("allowed")
def test_the_same_recording_twice_looks_like_nothing(
    app: Flask, session: ScopedSession, audit: Audit, phone: FieldClient, window: Window
) -> None:
    assignments = [audit.assign(session, outlet) for outlet in audit.outlets[:2]]
    session.commit()
    for assignment in assignments:
        heard = recording()
        phone.put_visit(new_id(), report_with(audit, assignment, heard))
        phone.put_photo(heard)
    work_off(app)
    assert "used twice" not in window.open(f"{audit.address}/visits?photos=used_twice").text.split("Wave")[-1]
    session.rollback()
    assert all(photo.fingerprint is None and photo.readable for photo in session.scalars(select(Photo)))
