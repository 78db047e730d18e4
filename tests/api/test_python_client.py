"""The client in Python against the live service: lists, updates that lose nothing, files, deliveries, bad lines."""

import importlib.util
import json
import socket
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from checklists.orm import ScopedSession, connect, new_id, unscoped
from tests.api.world import World, make_world
from tests.factories import PASSWORD
from tests.field import FieldPhoto
from tests.phone_client import with_photos
from tests.servers import ROOT, LiveServer


def load() -> ModuleType:
    """The client as a file on its own, as its users have it."""
    place = ROOT / "clients" / "python" / "service_audit.py"
    spec = importlib.util.spec_from_file_location("service_audit", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["service_audit"] = module
    spec.loader.exec_module(module)
    return module


client = load()


@pytest.fixture
def world(live_server: LiveServer) -> World:
    engine = connect(live_server.database_url)
    with ScopedSession(engine, unscoped("a test makes its world")) as session:
        made = make_world(session)
        made.audit.assign(session)
        session.commit()
        session.expunge_all()
    engine.dispose()
    return made


@pytest.fixture
def audit(live_server: LiveServer, world: World) -> Any:
    with client.ServiceAudit(live_server.url, world.token) as opened:
        yield opened


def test_lists_updates_decisions_and_files(audit: Any, world: World, tmp_path: Path) -> None:
    project = next(audit.each("/projects"))
    assert project["id"] == str(world.ids["project"])
    visits = list(audit.each(f"/projects/{project['id']}/visits", limit=2))
    assert len({each["id"] for each in visits}) == len(visits) == 4
    assert [each["state"] for each in audit.each(f"/projects/{project['id']}/visits", state="held")] == ["held"]
    brand = audit.add(f"/projects/{project['id']}/brands", {"name": "Kofemolka"})
    seen = []

    def change(read: dict[str, Any]) -> dict[str, Any]:
        seen.append(read["name"])
        if len(seen) == 1:  # Somebody else is quicker, once.
            with client.ServiceAudit(f"http://{audit._netloc}", world.token) as other:
                other.update(f"/brands/{brand['id']}", lambda _: {"own": True}, method="PATCH")
        return {"name": "Kofemolka & Co."}

    changed = audit.update(f"/brands/{brand['id']}", change, method="PATCH")
    assert (changed["name"], changed["own"], len(seen)) == ("Kofemolka & Co.", True, 2)
    audit.remove(f"/brands/{brand['id']}")
    with pytest.raises(client.Refused) as gone:
        audit.get(f"/brands/{brand['id']}")
    assert (gone.value.status, gone.value.type) == (404, "/problems/NotFound")
    with pytest.raises(client.Refused) as wrong:
        audit.add(f"/projects/{project['id']}/brands", {"name": ""})
    assert [each["pointer"] for each in wrong.value.errors] == ["/name"]
    assert audit.decide(f"/visits/{world.ids['visit']}", "approval")["state"] == "approved"
    job = f"/organizations/{world.ids['organization']}/jobs/{world.ids['job']}"
    assert audit.decide(job, "resumption")["state"] == "waiting"
    size = audit.download(f"/projects/{project['id']}/exports/visits", tmp_path / "visits.csv", codes=1)
    assert (tmp_path / "visits.csv").stat().st_size == size > 300
    assert [each.name for each in tmp_path.iterdir() if each.suffix == ".csv"] == ["visits.csv"]


def test_a_visit_is_delivered_with_its_photos(live_server: LiveServer, world: World, tmp_path: Path) -> None:
    engine = connect(live_server.database_url)
    photo = FieldPhoto(b"a photo of the desk")
    (tmp_path / "desk.jpg").write_bytes(photo.content)
    with ScopedSession(engine, unscoped("a test looks at everything")) as session:
        assignment = world.audit.assign(session)
        report = with_photos(world.audit, assignment, photo)
        session.commit()
    engine.dispose()
    extra = [FieldPhoto(id=each["id"]) for each in report["photos"] if each["id"] != str(photo.id)]
    files = [client.Photo(str(photo.id), tmp_path / "desk.jpg")]
    for each in extra:
        (tmp_path / f"{each.id}.jpg").write_bytes(each.content)
        files.append(client.Photo(str(each.id), tmp_path / f"{each.id}.jpg"))
    visit_id = str(new_id())
    with client.ServiceAudit(live_server.url) as phone:
        person = phone.log_in(world.audit.inspectors[0].email, PASSWORD)
        assert person["name"] == world.audit.inspectors[0].name
        for _ in range(2):
            receipt = phone.deliver(visit_id, report, files)
            assert (receipt["id"], receipt["state"], receipt["missing_photos"]) == (visit_id, "received", [])
        assert files[0].promised()["sha256"] == photo.sha256
    with client.ServiceAudit(live_server.url, world.token) as audit:
        assert {each["id"] for each in audit.get(f"/visits/{visit_id}")["photos"]} >= {str(photo.id)}
        assert audit.get(f"/visits/{visit_id}")["state"] == "received"


def a_line(answers: list[bytes]) -> tuple[str, list[bytes]]:
    """A server that gives these answers one after the other and hangs up after each; what it was asked."""
    listening = socket.create_server(("127.0.0.1", 0))
    asked: list[bytes] = []

    def serve() -> None:
        for answer in answers:
            line, _ = listening.accept()
            with line:
                asked.append(line.recv(65536))
                line.sendall(answer)
        listening.close()

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listening.getsockname()[1]}", asked


def said(status: str, content: object) -> bytes:
    body = json.dumps(content).encode()
    kind = "application/json" if status.startswith("2") else "application/problem+json"
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


def test_reading_bears_bad_lines_and_making_is_sent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client.time, "sleep", lambda _seconds: None)
    busy = said("503 Service Unavailable", {"title": "TooBusy"})
    url, asked = a_line([b"", busy, b"HTTP/1.1 200 OK\r\nContent-Le", said("200 OK", {"id": "x"})])
    assert client.ServiceAudit(url, "t").get("/brands/x") == {"id": "x"}
    assert len(asked) == 4
    url, asked = a_line([b"", said("201 Created", {})])
    with pytest.raises(client.Unreachable):
        client.ServiceAudit(url, "t").add("/projects/x/brands", {"name": "A"})
    assert len(asked) == 1


def test_a_page_of_somebody_elses_is_no_answer() -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 6\r\n\r\n<html>"
    url, _ = a_line([page])
    with pytest.raises(client.Unreachable):
        client.ServiceAudit(url, "t", attempts=1).get("/projects")


def test_a_download_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    broken = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 100\r\n\r\nhalf"
    url, asked = a_line([broken, said("200 OK", {})])
    with pytest.raises(client.Unreachable):
        client.ServiceAudit(url, "t").download("/projects/x/exports/visits", tmp_path / "visits.csv")
    assert list(tmp_path.iterdir()) == []
    assert len(asked) == 1
