"""The demo that an empty installation starts with: two agencies, one of them five weeks into a wave.

Everything lies relative to now and is drawn by seeded randoms, so that each demo has the same figures. Visits and
photos come in by the same functions as from a phone. Texts and numbers stand in coffee_chain.py, coffee_checklists.py
and pharmacy.py.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Flask

from checklists.orm import new_id, scoped
from checklists.people import Role
from checklists.waves import hand_out, plan_assignments
from inspector.auth import hash_password
from inspector.demo import coffee_chain, pharmacy
from inspector.demo.building import build
from inspector.demo.fieldwork import extend_wave, run_wave, store_pictures
from inspector.transactions import writing

PASSWORD = "demo-demo"
HOME = ZoneInfo("Europe/Moscow")
FIELDWORK_DAYS = 35
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
    yesterday = today - timedelta(days=1)
    # Argon2 is slow on purpose, and the password is the same for all.
    password_hash = hash_password(PASSWORD)
    north, south = new_id(), new_id()
    # No transaction is open while the storage works.
    albums = store_pictures(app.extensions["photos"], north)
    with writing(scoped([north])) as session:
        first_day = today - timedelta(days=FIELDWORK_DAYS)
        prepared_at = now - timedelta(days=FIELDWORK_DAYS) - PREPARATION
        built = build(session, north, coffee_chain.ENGAGEMENT, (first_day, yesterday), password_hash, prepared_at)
        run_wave(session, built, albums, now)
        extend_wave(session, built, today, now)
    with writing(scoped([south])) as session:
        last_day = today + timedelta(days=FIELDWORK_DAYS)
        built = build(session, south, pharmacy.ENGAGEMENT, (today, last_day), password_hash, now)
        hand_out(plan_assignments(session, built.wave, built.people[Role.INSPECTOR], now), now)
    return [
        DemoLogin(person.role.value, person.name, person.email, PASSWORD)
        for engagement in (coffee_chain.ENGAGEMENT, pharmacy.ENGAGEMENT)
        for person in engagement.people
    ]
