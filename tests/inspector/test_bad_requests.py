"""Requests as an attacker writes them: paths, methods, headers and lengths that no browser sends. Each gets an answer,
the server goes on, and its memory does not grow with what it is sent.
"""

import gzip
import json
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import func, select

from checklists.orm import ScopedSession, new_id
from checklists.visits import SealedReport, Visit
from checklists.waves import Assignment
from tests.databases import Sessions
from tests.factories import PASSWORD, Audit, make_audit
from tests.field import FieldPhoto
from tests.lines import log_in
from tests.phone_client import OWN_SITE, FieldClient, count, with_photos
from tests.servers import LiveServer

ID = "01a20120-8c8e-74e0-bf74-dee915a6dfaa"
PATHS = (
    f"{{{ID}}}",
    f"urn:uuid:{ID}",
    ID.replace("-", ""),
    f"{ID}/",
    f"{ID}/original",
    f"{ID}%00",
    f"{ID}%0d%0aX-Evil:%201",
    "..%2f..%2fsecret-key",
    "../../../../etc/passwd",
    "%2e%2e/%2e%2e/secret-key",
    "....//....//secret-key",
    "a" * 8_000,
    "%ff%fe",
    "null",
    "-1",
)
HEADERS = {
    "Accept-Language": ["x" * 8_000, "ru;q=NaN", ";;;,,,", "../../etc", "\xff\xfe", "ru\0"],
    "Accept": ["*" * 8_000, "text/html;q=2", ";"],
    "Cookie": ["audit=", "audit=x.y.z", "audit=" + "e" * 8_000, "audit=\xff", "; ; ="],
    "Range": ["bytes=0-0,0-0,0-0", "bytes=99999999999999999999-", "bytes=-", "x"],
    "If-None-Match": ['"' * 100, "W/", "*"],
    "If-Modified-Since": ["Sun, 99 Nov 99999 99:99:99 GMT", "0"],
    "Content-Type": ["", ";", "multipart/form-data", "application/json; charset=x", "\xff"],
    "Content-Encoding": ["gzip", "x" * 5_000],
    "X-Forwarded-Host": ["evil.example"],
    "X-HTTP-Method-Override": ["DELETE"],
    "Origin": ["null", "http://[", "http://[::1", "https://evil.example:x", "\xff"],
}


def test_a_path_that_names_nothing_leads_nowhere(phone: FieldClient) -> None:
    for place in ("visits", "photos"):
        for path in PATHS:
            for method in ("GET", "PUT"):
                answer = phone.client.open(f"/api/v1/{place}/{path}", method=method, headers=OWN_SITE, data=b"{}")
                assert answer.status_code in (404, 405), (method, path, answer.text)
                assert answer.content_type == "application/problem+json", (method, path)
                assert "X-Evil" not in answer.headers


def test_only_the_methods_that_are_meant_do_anything(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    report = audit.report(assignment)
    session.rollback()
    for path in (f"/api/v1/visits/{new_id()}", f"/api/v1/photos/{new_id()}"):
        for method in ("POST", "DELETE", "PATCH", "TRACE", "PROPFIND", "X" * 100):
            answer = phone.client.open(path, method=method, json=report, headers=OWN_SITE)
            assert answer.status_code in (404, 405), (method, answer.text)
            assert answer.content_type == "application/problem+json", method
    assert count(session, Visit) == 0


def test_no_header_makes_the_server_fail(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    photo = FieldPhoto(b"a photo")
    visit_id, report = new_id(), json.dumps(with_photos(audit, assignment, photo))
    session.rollback()
    assert phone.put_visit(visit_id, report.encode()).status_code == 201
    assert phone.put_photo(photo).status_code == 201
    calls = (
        ("PUT", f"visits/{visit_id}", report),
        ("PUT", f"photos/{photo.id}", photo.content),
        ("GET", f"photos/{photo.id}", b""),
    )
    for name, value in ((name, value) for name, values in HEADERS.items() for value in values):
        headers = ({} if name == "Origin" else OWN_SITE) | {name: value}
        for method, path, body in calls:
            answer = phone.client.open(f"/api/v1/{path}", method=method, data=body, headers=headers)
            assert answer.status_code in (200, 206, 304, 401, 403, 416), (name, value, method, answer.text)
            if answer.status_code >= 400:
                assert answer.content_type == "application/problem+json", (name, value, method)
    assert (count(session, Visit), count(session, SealedReport)) == (1, 1)


@pytest.fixture
def lines(sessions: Sessions, live_server: LiveServer) -> "Lines":
    with sessions() as session, session.begin():
        audit = make_audit(session)
        photo = FieldPhoto(b"x" * 1_000)
        report = json.dumps(with_photos(audit, audit.assign(session), photo)).encode()
        email = audit.inspectors[0].email
    return Lines(live_server, log_in(live_server.url, email, PASSWORD), report, photo)


@dataclass
class Lines:
    """Lines to the server on which requests are written by hand; a sound report, and the photo that it promises."""

    server: LiveServer
    cookie: str
    report: bytes
    photo: FieldPhoto

    def put(self, path: str, headers: str, *parts: bytes, patience: float = 30) -> str:
        """Write a PUT, as much of it as is taken, and read what the server says: "" where it hangs up without a word,
        or is silent for `patience` seconds.
        """
        place = urlsplit(self.server.url)
        head = f"PUT {path} HTTP/1.1\r\nHost: {place.netloc}\r\nCookie: {self.cookie}\r\n"
        heard = b""
        with socket.create_connection((str(place.hostname), int(place.port or 0)), timeout=30) as line:
            try:
                for part in (f"{head}Sec-Fetch-Site: same-origin\r\n{headers}\r\n\r\n".encode("latin-1"), *parts):
                    line.sendall(part)
            except ConnectionError:
                pass  # The server has heard enough; what it said may still be there.
            line.settimeout(patience)
            try:
                while part := line.recv(65_536):
                    heard += part
                    line.settimeout(0.2)
            except OSError:
                pass
        return heard.decode("latin-1")


def test_a_body_that_stops_or_has_another_length_is_not_taken_in(sessions: Sessions, lines: Lines) -> None:
    body, path = lines.report, f"/api/v1/visits/{new_id()}"
    whole = f"Content-Length: {len(body)}"
    for headers, part, answer in (
        (whole, body[:-1], ""),
        (whole, b"", ""),
        (f"Content-Length: {len(body) + 1}", body, ""),
        (f"Content-Length: {len(body) // 2}", body, "400"),
        ("Content-Length: -1", body, "400"),
        ("Content-Length: 0x10", body, "400"),
        ("Content-Length: " + "9" * 30, body, "413"),
        ("Content-Length: " + "9" * 5_000, body, ""),
        (f"{whole}\r\nContent-Length: 5", body, "400"),
        ("Transfer-Encoding: gzip", body, "501"),
        ("Transfer-Encoding: chunked", b"ffffffff\r\n" + body, ""),
        ("Transfer-Encoding: chunked", b"zz\r\n" + body, "400"),
        ("Transfer-Encoding: chunked", b"5\r\nhello", ""),
        (f"Content-Encoding: gzip\r\nContent-Length: {len(packed := gzip.compress(body))}", packed, "400"),
        ("X: " + "x" * 300_000, b"", "431"),
    ):
        said = lines.put(path, headers, part, patience=30 if answer else 1)
        assert said.partition(" ")[2][:3] == answer, (headers[:100], said)
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(SealedReport)) == 0
    assert " 201 " in lines.put(path, whole, body)[:20]
    chunks = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    assert " 200 " in lines.put(path, "Transfer-Encoding: chunked", chunks)[:20]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells another process's peak memory")
def test_a_hundred_megabytes_are_refused_without_being_read(sessions: Sessions, lines: Lines) -> None:
    megabyte = b"x" * 1_000_000
    visit, photo = f"/api/v1/visits/{new_id()}", f"/api/v1/photos/{lines.photo.id}"
    assert " 201 " in lines.put(visit, f"Content-Length: {len(lines.report)}", lines.report)[:20]
    Path(f"/proc/{lines.server.pid}/clear_refs").write_text("5")  # The peak is counted anew from here.
    before = _peak_mb(lines.server.pid)
    for path in (photo, visit):
        assert " 413 " in lines.put(path, "Content-Length: 100000000")[:20], "asked for nothing of it"
        lines.put(path, "Content-Length: 100000000", *[megabyte] * 100)
        chunk = b"f4240\r\n" + megabyte + b"\r\n"
        lines.put(path, "Transfer-Encoding: chunked", *[chunk] * 100)
        said = lines.put(path, "Content-Length: 30000000", *[megabyte] * 30)
        assert " 413 " in said[:20]
        assert "application/problem+json" in said
    grown = _peak_mb(lines.server.pid) - before
    print(f"The server's memory grew by {grown} MB from {before} MB")
    assert grown < 30
    stored = [file for file in (lines.server.data_dir / "photos").rglob("*") if file.is_file()]
    assert stored == []
    sent = lines.put(photo, f"Content-Length: {len(lines.photo.content)}", lines.photo.content)
    assert " 201 " in sent[:20]


def _peak_mb(pid: int) -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) // 1024


def test_a_body_nested_without_end_logs_nobody_in(app: Flask) -> None:
    answer = app.test_client().post(
        "/api/v1/session", data=b"[" * 100_000, content_type="application/json", headers={"Sec-Fetch-Site": "none"}
    )
    assert answer.status_code == 400
