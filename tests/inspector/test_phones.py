"""What phones tell of themselves, and what a manager reads of it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from checklists import phones
from checklists.erasure import erase_person
from checklists.erasure.act import Act
from checklists.orm import ScopedSession, new_id, scoped
from checklists.phones import Contact, Device, Trouble, WaitingVisit, note_contact, trouble_of
from checklists.waves import Assignment
from inspector.manager.devices import browser_of, system_of
from tests.databases import Sessions
from tests.factories import Audit, make_audit
from tests.phone_client import OWN_SITE, FieldClient

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1"
    " Mobile/15E148 Safari/604.1"
)


def contact(device: str = "first", **more: Any) -> dict[str, Any]:
    said = {"device_id": device, "app_version": "3f2a91", "system": "Pixel 7, Android 14", "installed": True}
    return said | {"keeps": True, "storage_left": 2_400_000_000, "drafts": [], "waiting": []} | more


def tell(phone: FieldClient, said: dict[str, Any]) -> int:
    agent = {"User-Agent": ANDROID}
    return phone.client.put("/api/v1/phone/device", json=said, headers=OWN_SITE | agent).status_code


def waiting(assignment_id: UUID, since: datetime, *, parked: bool = False) -> dict[str, Any]:
    return {"assignment_id": str(assignment_id), "since": since.isoformat(), "parked": parked}


def test_a_phone_is_one_row_however_often_it_tells_of_itself(
    session: ScopedSession, assignment: Assignment, phone: FieldClient
) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=2)
    assert tell(phone, contact(drafts=[str(assignment.id)])) == 204
    assert tell(phone, contact(waiting=[waiting(assignment.id, long_ago, parked=True)])) == 204
    (device,) = session.scalars(select(Device))
    assert (device.system, device.drafts, device.waiting, device.parked) == ("Pixel 7, Android 14, Chrome 142", 0, 1, 1)
    assert device.waiting_since == long_ago


def test_of_one_person_the_latest_phones_are_known_and_no_more(
    session: ScopedSession, phone: FieldClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phones, "MOST_PHONES", 2)
    assert [tell(phone, contact(each)) for each in ("first", "second", "first", "third")] == [204] * 4
    assert set(session.scalars(select(Device.device_id))) == {"first", "third"}


def test_each_organization_is_told_of_its_own_assignments_only(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment
) -> None:
    stranger = make_audit(session, "other")
    foreign = stranger.assign(session)
    session.commit()
    phone = FieldClient(app.test_client(), audit.inspectors[0])
    named = [str(assignment.id), str(foreign.id), str(new_id())]
    assert tell(phone, contact(drafts=named, waiting=[waiting(foreign.id, NOW)])) == 204
    (device,) = session.scalars(select(Device))
    assert (device.organization_id, device.drafts, device.waiting) == (audit.organization.id, 1, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"device_id": ""},
        {"device_id": "a\0"},
        {"system": "a\0"},
        {"storage_left": -1},
        {"drafts": "all"},
        {"waiting": [1]},
    ],
)
def test_what_is_no_contact_is_refused(phone: FieldClient, change: dict[str, Any]) -> None:
    assert tell(phone, contact(**change)) == 422


@pytest.mark.parametrize(
    ("change", "trouble"),
    [
        ({}, None),
        ({"drafts": 1, "keeps": True}, None),
        ({"drafts": 1, "keeps": None}, None),
        ({"drafts": 1, "keeps": False}, Trouble.FLEETING),
        ({"keeps": False}, None),
        ({"storage_left": 100_000_000}, Trouble.FULL),
        ({"drafts": 1, "last_seen_at": NOW - timedelta(days=4)}, Trouble.SILENT),
        ({"last_seen_at": NOW - timedelta(days=40)}, None),
        ({"waiting": 1, "waiting_since": NOW - timedelta(hours=3)}, None),
        ({"waiting": 1, "waiting_since": NOW - timedelta(hours=30), "storage_left": 0}, Trouble.WAITS),
        ({"waiting": 2, "waiting_since": NOW - timedelta(hours=30), "parked": 1}, Trouble.PARKED),
    ],
)
def test_what_somebody_should_look_after(change: dict[str, Any], trouble: Trouble | None) -> None:
    quiet = {"drafts": 0, "waiting": 0, "waiting_since": None, "parked": 0, "keeps": True, "storage_left": 10**10}
    device = Device(**quiet | {"last_seen_at": NOW - timedelta(hours=1)} | change)
    assert trouble_of(device, NOW) is trouble


def test_the_page_has_trouble_first_and_says_what_to_do(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment
) -> None:
    theirs = audit.assign(session, audit.outlets[1], inspector=audit.inspectors[1])
    own = [audit.organization.id]
    now = datetime.now(UTC)
    fine = Contact("fine", "1", "Pixel 7, Chrome 142", True, True, 10**10, (assignment.id,), ())
    stuck = WaitingVisit(theirs.id, now - timedelta(days=2), False)
    bad = Contact("bad", "1", "iPhone, Safari 17", False, None, None, (), (stuck,))
    note_contact(session, audit.inspectors[0].id, own, fine, now)
    note_contact(session, audit.inspectors[1].id, own, bad, now - timedelta(hours=1))
    session.commit()
    manager = FieldClient(app.test_client(), audit.manager).client
    page = manager.get(f"{audit.address}/people/phones/").text
    assert page.index("Timur Saidov") < page.index("Anna Petrova")
    assert "1 visit only on this phone, the oldest for 2 days" in page
    assert "Call: the app should be opened where there is a network." in page
    assert "1 visit begun" in page
    assert "/people/phones/" in manager.get(f"{audit.address}/people/").text

    listed = manager.get(f"/api/v1/projects/{audit.project.id}/phones").json
    assert listed is not None
    told = {each["name"]: each for each in listed["items"]}
    assert (told["Timur Saidov"]["trouble"], told["Timur Saidov"]["waiting"]) == ("waits", 1)
    assert (told["Anna Petrova"]["trouble"], told["Anna Petrova"]["drafts"]) == (None, 1)


def test_phones_of_strangers_and_of_erased_people_are_not_there(
    app: Flask, session: ScopedSession, sessions: Sessions, audit: Audit, phone: FieldClient
) -> None:
    stranger = make_audit(session, "other")
    session.commit()
    tell(phone, contact())
    address = f"/api/v1/projects/{stranger.project.id}/phones"
    client = FieldClient(app.test_client(), stranger.manager).client
    listed = client.get(address).json
    assert listed is not None
    assert listed["items"] == []
    act = Act(audit.manager.id, "asked for", NOW)
    with sessions(scoped([audit.organization.id])) as acting:
        erase_person(acting, audit.inspectors[0].id, audit.organization.id, act)
        acting.commit()
    assert session.scalars(select(Device)).all() == []


def test_browsers_are_told_apart() -> None:
    assert [system_of(ANDROID), browser_of(ANDROID)] == ["Android", "Chrome 142"]
    assert [system_of(IPHONE), browser_of(IPHONE)] == ["iPhone", "Safari 17"]
    assert [system_of("curl/8"), browser_of("curl/8")] == ["", ""]
