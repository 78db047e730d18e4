"""Delivery over real sockets to the real server: parallel processes, lines that break, a server that is killed."""

import json
import multiprocessing
import socket
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import func, select

from checklists.orm import new_id
from checklists.visits import Answer, Check, Photo, SealedReport, Visit
from tests.databases import Sessions
from tests.factories import PASSWORD, Audit, make_audit
from tests.field import FieldPhoto
from tests.lines import log_in, send
from tests.servers import LiveServer

AT_ONCE = 20


def world(sessions: Sessions, *photos: FieldPhoto) -> tuple[Audit, UUID, dict[str, Any]]:
    with sessions() as session, session.begin():
        audit = make_audit(session)
        assignment = audit.assign(session)
        report = audit.report(assignment, photos={audit.criterion("states")["id"]: photos} if photos else None)
    return audit, new_id(), report


def counts(sessions: Sessions, *tables: type) -> list[int]:
    with sessions() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def test_the_same_report_from_twenty_processes_at_once_is_stored_once(
    sessions: Sessions, live_server: LiveServer
) -> None:
    photo = FieldPhoto(b"x" * 400_000)
    audit, visit_id, report = world(sessions, photo)
    cookie = log_in(live_server.url, audit.inspectors[0].email, PASSWORD)
    body = json.dumps(report).encode()
    with multiprocessing.get_context("spawn").Pool(AT_ONCE) as processes:
        answers = processes.map(send, [(live_server.url, f"/api/v1/visits/{visit_id}", body, cookie)] * AT_ONCE, 1)
        stored = processes.map(
            send, [(live_server.url, f"/api/v1/photos/{photo.id}", photo.content, cookie)] * AT_ONCE, 1
        )
    assert sorted(status for status, _ in answers) == [200] * (AT_ONCE - 1) + [201]
    assert len({text for _, text in answers}) == 1, "always the same answer"
    assert sorted(status for status, _ in stored) == [200] * (AT_ONCE - 1) + [201]
    assert counts(sessions, Visit, SealedReport, Photo) == [1, 1, 1]
    assert counts(sessions, Answer, Check) == [len(report["answers"]), len(audit.document["sections"])]


def test_two_reports_of_one_assignment_at_once_give_one_visit_and_one_held(
    sessions: Sessions, live_server: LiveServer
) -> None:
    audit, _, report = world(sessions)
    cookie = log_in(live_server.url, audit.inspectors[0].email, PASSWORD)
    body = json.dumps(report).encode()
    with multiprocessing.get_context("spawn").Pool(2) as processes:
        work = [(live_server.url, f"/api/v1/visits/{new_id()}", body, cookie) for _ in range(2)]
        answers = processes.map(send, work, 1)
    assert sorted(status for status, _ in answers) == [201, 202]
    assert counts(sessions, Visit, Check) == [2, len(audit.document["sections"])]


def test_a_photo_cut_off_half_way_is_not_stored_and_comes_whole_later(
    sessions: Sessions, live_server: LiveServer
) -> None:
    photo = FieldPhoto(b"y" * 300_000)
    audit, visit_id, report = world(sessions, photo)
    cookie = log_in(live_server.url, audit.inspectors[0].email, PASSWORD)
    path = f"/api/v1/photos/{photo.id}"
    assert send((live_server.url, f"/api/v1/visits/{visit_id}", json.dumps(report).encode(), cookie))[0] == 201
    place = urlsplit(live_server.url)
    head = f"PUT {path} HTTP/1.1\r\nHost: {place.netloc}\r\nCookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\n"
    for _ in range(3):
        with socket.create_connection((str(place.hostname), int(place.port or 0))) as line:
            line.sendall(f"{head}Content-Length: {len(photo.content)}\r\n\r\n".encode() + photo.content[:150_000])
    with sessions() as session:
        assert session.get_one(Photo, photo.id).stored_at is None
    kept = {file.parent.name for file in (live_server.data_dir / "photos").rglob("*") if file.is_file()}
    assert kept <= {"incoming"}
    assert send((live_server.url, path, photo.content, cookie))[0] == 201
    assert send((live_server.url, path, photo.content, cookie))[0] == 200


def test_a_server_killed_after_the_commit_gives_the_same_answer_when_it_is_back(
    sessions: Sessions, live_server: LiveServer
) -> None:
    photo = FieldPhoto(b"z" * 1000)
    audit, visit_id, report = world(sessions, photo)
    cookie = log_in(live_server.url, audit.inspectors[0].email, PASSWORD)
    path, body = f"/api/v1/visits/{visit_id}", json.dumps(report).encode()
    status, first = send((live_server.url, path, body, cookie))
    assert status == 201
    live_server.kill()
    live_server.start()
    assert send((live_server.url, path, body, cookie)) == (200, first)
    assert send((live_server.url, f"/api/v1/photos/{photo.id}", photo.content, cookie))[0] == 201
    assert counts(sessions, Visit, SealedReport) == [1, 1]
