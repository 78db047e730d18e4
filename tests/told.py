"""A visit with everything in it that may have to be erased, delivered and reviewed as in life."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from flask import Flask
from sqlalchemy import select, update

from checklists.jobs import Job
from checklists.orm import Base, new_id
from checklists.visits import Visit
from inspector.background import HANDLERS, Worker
from inspector.photo_images import draw_demo_photo
from tests.databases import Sessions
from tests.factories import make_audit
from tests.field import FieldPhoto
from tests.pages import Window
from tests.phone_client import FieldClient

SECRET_WORDS = (
    "Ольга Кассирова",
    "Оля с косой",
    "rude to me",
    "umbrellas at the door",
    "a phone of the tests",
    "55.7512",
)


class Told:
    """A visit as it came in through the phone's calls, with everything in it that might have to be erased."""

    def __init__(self, app: Flask, sessions: Sessions, *, state: str = "approved") -> None:
        self.app, self.sessions = app, sessions
        self.photos = [FieldPhoto(draw_demo_photo(number, "Utro", (640, 480))) for number in range(2)]
        with sessions() as session, session.begin():
            self.audit = make_audit(session)
            self.assignment = self.audit.assign(session)
        asked = self.audit.criterion("states")["id"]
        practice = {
            "touchpoint_id": str(self.audit.touchpoints[0].id), "kind": "beyond", "text": "umbrellas at the door",
            "photo_ids": [str(self.photos[1].id)],
        }  # fmt: skip
        self.report = self.audit.report(
            self.assignment,
            photos={asked: self.photos},
            answers={asked: {"comment": "She was rude to me"}},
            staff_met=[{"role": "cashier", "description": "tall", "name": "Ольга Кассирова"}],
            best_practices=[practice],
        )
        section = self.audit.document["sections"][0]["id"]
        self.report["repetitions"] = [{"section_id": section, "repetition": 0, "label": "Оля с косой"}]
        self.id = new_id()
        self.phone = FieldClient(app.test_client(), self.audit.inspectors[0])
        assert self.phone.put_visit(self.id, self.report).status_code == 201
        with sessions() as session, session.begin():
            # The checklist was published without names; this one came from a version that asked for them.
            session.get_one(Visit, self.id).staff_met = self.report["staff_met"]
        everything = {photo["id"]: photo["size"] for photo in self.report["photos"]}
        for photo in self.photos:
            assert self.phone.put_photo(photo).status_code == 201
        rest = FieldPhoto()
        for photo_id in everything.keys() - {str(photo.id) for photo in self.photos}:
            self.phone.put_photo(FieldPhoto(rest.content, id=UUID(photo_id)))
        self.window = Window(app, self.audit.manager.email)
        if state == "approved":
            self.window.open(self.address).submit("Approve")
        self.work()

    @property
    def address(self) -> str:
        return f"{self.audit.address}/visits/{self.id}"

    def erase(self, what: str, photos: list[str] | None = None, **more: str) -> Window:
        self.window.open(self.address).follow("Erase…")
        return self.window.submit(
            "Erase", {"photos": photos or []}, **{"what": what, "reason": "asked by letter 7", "sure": "on", **more}
        )

    def work(self, *, later: timedelta = timedelta(0)) -> None:
        """Run the jobs that are due, or will be."""
        if later:
            with self.sessions() as session, session.begin():
                session.execute(update(Job).values(run_after=datetime.now(UTC)))
        worker = Worker(self.app, {**HANDLERS, "mail": lambda *_, **__: None})
        while worker.run_one():
            pass

    def files(self) -> list[Path]:
        root = self.app.config["SETTINGS"].photo_dir
        return [each for each in root.rglob("*") if each.is_file()]

    def row(self) -> Visit:
        with self.sessions() as session:
            return session.get_one(Visit, self.id)


def everywhere(sessions: Sessions, words: str) -> list[str]:
    """The tables in which these words stand somewhere, the sealed bodies included."""
    found = []
    with sessions() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)):
                cells = [cell.decode(errors="replace") if isinstance(cell, bytes) else str(cell) for cell in row]
                # A sealed body has JSON's way of writing letters.
                if any(words in cell or json.dumps(words)[1:-1] in cell for cell in cells):
                    found.append(table.name)
    return sorted(set(found))
