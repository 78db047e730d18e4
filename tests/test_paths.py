"""The two paths that design.md wants short, as they are: which files of ours run while one request is answered.

A newcomer who wants to know how a visit comes in, or what a page shows, reads these files and no others.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from flask import Flask, template_rendered
from flask.testing import FlaskClient
from jinja2 import Template

from checklists.orm import new_id
from checklists.people import User
from tests.databases import Sessions
from tests.factories import PASSWORD, Audit, make_audit
from tests.servers import ROOT

OWN_SITE = {"Sec-Fetch-Site": "same-origin"}
OURS = ("checklists/", "inspector/")

# What counts, logs and answers faults around every request; nobody reads it to learn what one request does.
AROUND = {"inspector/logs.py", "inspector/metrics.py", "inspector/photo_storage/mover.py", "inspector/problems.py"}
# The login is found (accounts), and whether a client asks (readers); what it did to which tables is not noted (acts).
A_VISIT_COMES_IN = {
    "inspector/auth/",
    "checklists/accounts/",
    "checklists/readers.py",
    "inspector/acts.py",
    "inspector/api/visits.py",
    "inspector/api/report_body.py",
    "inspector/transactions.py",
    "checklists/visits/",
    "checklists/quick.py",
    "checklists/scoring/",
    "checklists/orm.py",
}
# Who asks, for which organization, in which languages, what the menu offers, and which waves there are.
EVERY_PAGE = {
    "inspector/auth/",
    "inspector/acts.py",
    "checklists/accounts/",
    "checklists/readers.py",
    "checklists/orm.py",
    "checklists/quick.py",
    "inspector/languages.py",
    "inspector/manager/entrance.py",
    "checklists/waves/",
}
THE_MATRIX_IS_SHOWN = {
    "inspector/manager/results.py",
    "inspector/transactions.py",
    "checklists/matrix/",
    "checklists/confidence.py",
}


@pytest.fixture
def audit(sessions: Sessions) -> Audit:
    with sessions() as session, session.begin():
        made = make_audit(session)
        for outlet in made.outlets:
            made.visit(session, outlet, state="approved")
    return made


def test_a_visit_comes_in_through_few_files(app: Flask, sessions: Sessions, audit: Audit) -> None:
    phone = logged_in(app, audit.inspectors[0])
    with sessions() as session, session.begin():
        reports = [json.dumps(audit.report(audit.assign(session))) for _ in range(2)]

    def deliver() -> int:
        return phone.put(f"/api/v1/visits/{new_id()}", data=reports.pop(), headers=OWN_SITE).status_code

    assert deliver() == 201, "the first visit only warms up: it makes the process read the published checklist"
    with files_that_run() as files:
        assert deliver() == 201
    assert files == A_VISIT_COMES_IN, "\n".join(sorted(files))


def test_the_matrix_is_shown_by_four_files_and_a_template(app: Flask, audit: Audit) -> None:
    manager = logged_in(app, audit.manager)
    pages = {"results.matrix": f"/results/waves/{audit.wave.id}", "waves.index": "/waves/"}
    ran, templates = {}, {}
    for name, address in pages.items():
        assert manager.get(f"{audit.address}{address}").status_code == 200
        with files_that_run() as ran[name], templates_that_render(app) as templates[name]:
            manager.get(f"{audit.address}{address}")
    assert ran["results.matrix"] - EVERY_PAGE == THE_MATRIX_IS_SHOWN, "\n".join(sorted(ran["results.matrix"]))
    assert ran["waves.index"] >= EVERY_PAGE, "the frame is what a page as small as the list of waves passes too"
    assert templates["results.matrix"] == ["results/matrix.html"]
    assert len(THE_MATRIX_IS_SHOWN) + len(templates["results.matrix"]) == 5


def logged_in(app: Flask, person: User) -> FlaskClient:
    client = app.test_client()
    body = {"email": person.email, "password": PASSWORD}
    assert client.post("/api/v1/session", json=body, headers=OWN_SITE).status_code == 200
    return client


@contextmanager
def files_that_run() -> Iterator[set[str]]:
    """Our Python files of which anything is called within the block, in this thread, by their paths in the project."""
    files: set[str] = set()

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            file = Path(frame.f_code.co_filename)
            if file.is_relative_to(ROOT):
                name = file.relative_to(ROOT).as_posix()
                if name.startswith(OURS) and name.endswith(".py") and name not in AROUND:
                    files.add(idea(name))

    sys.setprofile(note)
    try:
        yield files
    finally:
        sys.setprofile(None)


def idea(name: str) -> str:
    """A file, or the folder that took its place when it became too long for one; parts of the web are files each."""
    folder = f"{Path(name).parent}/"
    in_one = folder.startswith("checklists/") or folder == "inspector/auth/"
    return folder if folder.count("/") == 2 and in_one else name


@contextmanager
def templates_that_render(app: Flask) -> Iterator[list[str]]:
    """The templates that views render within the block; what those include or extend is a part of them."""
    names: list[str] = []

    def note(_sender: Flask, template: Template, **_: object) -> None:
        names.append(str(template.name))

    with template_rendered.connected_to(note, app):
        yield names
