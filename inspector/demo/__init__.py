"""The demo that an empty installation starts with: two agencies, one of them in its second wave.

Everything lies relative to today and is drawn by seeded randoms, so that each demo has the same figures. Visits, photos
and reviews come in by the same functions as from phones and pages. Texts and numbers stand in coffee_chain.py,
pharmacy.py, stories.py and checklists/; answers.py draws what inspectors answer, scenes.py what their photos show.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy.orm import Session

from checklists.orm import new_id, scoped
from checklists.people import Role
from checklists.waves import Assignment
from inspector.auth import hash_password
from inspector.demo import coffee_chain, pharmacy
from inspector.demo.albums import Albums, store_guidance, store_photos
from inspector.demo.building import Engagement, build, revise, start_wave
from inspector.demo.checklists import CALL_REVISED
from inspector.demo.fieldwork import VISITS, deliver, disturb, finished_wave, plan, reuse_a_photo, running_wave
from inspector.demo.parts import DemoWave
from inspector.demo.reviewing import open_desk, receive_photos, review_finished, review_running
from inspector.transactions import writing

PASSWORD = "demo-demo"
HOME = ZoneInfo("Europe/Moscow")
PREPARATION = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class DemoLogin:
    role: str
    name: str
    email: str
    password: str


def make_demo(app: Flask, now: datetime | None = None) -> list[DemoLogin]:
    """Fill an empty installation and return who can log in. Call it within an app context.

    Raises InvalidInput or sqlalchemy.exc.IntegrityError where there is a demo already, and leaves that as it was.
    """
    now = now or datetime.now(UTC)
    today = now.astimezone(HOME).date()
    # Argon2 is slow on purpose, and the password is the same for all.
    password_hash = hash_password(PASSWORD)
    _make_coffee_chain(app, new_id(), password_hash, today, now)
    _make_pharmacy(new_id(), password_hash, today, now)
    return [
        DemoLogin(person.role.value, person.name, person.email, PASSWORD)
        for engagement in (coffee_chain.ENGAGEMENT, pharmacy.ENGAGEMENT)
        for person in engagement.people
    ]


def _make_coffee_chain(app: Flask, north: UUID, password_hash: str, today: date, now: datetime) -> None:
    """As it happens in the field: reports come first, then their photos, then reviews.

    No transaction is open while the storage works.
    """
    storage, prepared_at = app.extensions["photos"], now - coffee_chain.FIRST_WAVE.begins - PREPARATION
    pictures = store_guidance(storage, north, coffee_chain.ENGAGEMENT, prepared_at)
    with writing(scoped([north])) as session:
        built = build(session, north, coffee_chain.ENGAGEMENT, pictures, password_hash, prepared_at)
        albums = Albums()
        finished = finished_wave(built, *_hand_out(session, built, coffee_chain.FIRST_WAVE, today, now), albums)
        revise(session, built, CALL_REVISED, now - coffee_chain.SECOND_WAVE.begins - PREPARATION)
        planned = _hand_out(session, built, coffee_chain.SECOND_WAVE, today, now)
        running = running_wave(built, *planned, albums, today, VISITS - len(finished))
        held = disturb(session, running, built.people[Role.INSPECTOR])
        reuse_a_photo(finished, [each for each in running if each not in held])
        for delivery in (*finished, *running):
            deliver(session, delivery)
    store_photos(storage, north, [photo for delivery in (*finished, *running) for photo in delivery.photos])
    with writing(scoped([north])) as session:
        receive_photos(session, [*finished, *running])
        desk = open_desk(session, built, now)
        review_finished(desk, finished)
        review_running(desk, running, held)


def _make_pharmacy(south: UUID, password_hash: str, today: date, now: datetime) -> None:
    with writing(scoped([south])) as session:
        built = build(session, south, pharmacy.ENGAGEMENT, {}, password_hash, now)
        _hand_out(session, built, pharmacy.WAVE, today, now)


def _hand_out(
    session: Session, built: Engagement, demo: DemoWave, today: date, now: datetime
) -> tuple[int, list[Assignment]]:
    """Start a wave and hand all of its assignments out; returns its number, from 0, and these by due date."""
    wave = start_wave(session, built, demo, today - demo.begins, now - demo.begins - timedelta(days=1))
    return demo.number, plan(session, built, wave)
