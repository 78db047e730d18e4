"""Notices on phones: what is news, what a push service is sent, and what it must not be able to do to us."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from checklists import notices
from checklists.accounts import end_logins
from checklists.erasure import erase_login, erase_person
from checklists.erasure.act import Act
from checklists.jobs import Job, JobState
from checklists.notices import Notice
from checklists.orm import ScopedSession, new_id, scoped
from checklists.phones import NoticeAddress
from checklists.review import send_back
from checklists.waves import Assignment, give_to, hand_out, put_back, take_back
from inspector.background import Worker
from inspector.notices import push_service
from inspector.notices.encryption import encrypt
from inspector.notices.keys import browser_key, from_base64, read_key, to_base64
from inspector.notices.push_service import AddressGone, PushServiceAway, hand_over
from tests.databases import Sessions
from tests.factories import Audit, make_audit
from tests.phone_client import OWN_SITE, FieldClient, count
from tests.push_service import Browser, PushService, let_it_be_due, running_push_service

PLACE = "https://push.example.org/send/1"


@pytest.fixture
def service(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:
    """A push service of our own network."""
    with running_push_service() as running:
        settings = replace(
            app.config["SETTINGS"], push_services_inside=(running.place,), vapid_contact="mailto:audit@example.com"
        )
        monkeypatch.setitem(app.config, "SETTINGS", settings)
        yield running


@pytest.fixture
def work(app: Flask, sessions: Sessions) -> Callable[[], None]:
    """Runs all jobs that are due in a minute."""
    worker = Worker(app)

    def run() -> None:
        with sessions() as passing, passing.begin():
            let_it_be_due(passing)
        while worker.run_one():
            pass

    return run


def fetch(phone: FieldClient) -> None:
    assert phone.client.get("/api/v1/phone/work").status_code == 200


def states(session: ScopedSession) -> list[JobState]:
    session.rollback()
    return list(session.scalars(select(Job.state).where(Job.kind == notices.JOB)))


def test_the_encryption_is_that_of_the_rfc() -> None:
    """RFC 8291, appendix A."""
    browser = browser_key("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4")
    sealed = encrypt(
        b"When I grow up, I want to be a watermelon",
        browser,
        from_base64("BTBZMqHH6r4Tts7J_aSIgg"),
        once=read_key("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
        salt=from_base64("DGv6ra1nlYgDCS1FRnbzlw"),
        least_bytes=0,
    )
    assert to_base64(sealed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
        "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_short_messages_look_alike() -> None:
    browser = Browser()
    first, second = (
        encrypt(words, browser.key.public_key(), browser.secret) for words in (b"1 new", b"12 new, 3 changed")
    )
    assert len(first) == len(second)
    assert browser.read(first) == b"1 new"


def test_a_whole_plan_is_one_notice(
    app: Flask, session: ScopedSession, audit: Audit, phone: FieldClient, service: PushService, work: Callable[[], None]
) -> None:
    assert service.listen_to(phone) == 204
    for outlet in audit.outlets:
        audit.assign(session, outlet)
    session.commit()
    work()
    (pushed,) = service.pushed
    count_of_outlets = len(audit.outlets)
    assert service.told(audit.inspectors[0]) == [f"{count_of_outlets} new assignments"]
    assert pushed.message["count"] == count_of_outlets
    whole = json.dumps(pushed.message, ensure_ascii=False)
    for name in (audit.organization.name, *(outlet.name for outlet in audit.outlets)):
        assert name not in whole
    claims = pushed.claims(service.origin)
    assert claims["sub"] == "mailto:audit@example.com"
    assert pushed.path == "/send/first?k=1"
    assert 0 < int(pushed.headers["TTL"]) <= 12 * 3600
    assert len(pushed.headers["Topic"]) <= 32
    assert (pushed.headers["Urgency"], pushed.headers["Content-Encoding"]) == ("normal", "aes128gcm")


def test_the_last_state_counts(
    app: Flask, session: ScopedSession, audit: Audit, phone: FieldClient, service: PushService, work: Callable[[], None]
) -> None:
    kept, taken, given = (audit.assign(session, outlet) for outlet in audit.outlets[:3])
    returned = audit.visit(session)
    session.commit()
    service.listen_to(phone)
    kept.brief = {"ru": "Купите чай"}
    kept.due_until += timedelta(days=1)
    take_back([taken])
    give_to([given], audit.inspectors[1].id, datetime.now(UTC))
    send_back(session, returned.id, audit.reviewer.id, "Which till?", [], datetime.now(UTC))
    fresh = audit.assign(session, audit.outlets[0])
    session.commit()
    work()
    assert service.told(audit.inspectors[0]) == ["1 new assignment, 1 sent back, 1 changed, 2 taken back"]
    assert service.pushed[-1].message["count"] == 3

    # What was taken back and handed out again, was there all the time; what came and went was never seen.
    put_back([taken])
    hand_out([taken], datetime.now(UTC))
    take_back([fresh])
    session.commit()
    work()
    assert service.told(audit.inspectors[0])[-1] == "Assignments: 1 sent back, 2 changed, 1 taken back"


def test_what_the_phone_has_asked_for_is_no_news(
    app: Flask, session: ScopedSession, audit: Audit, phone: FieldClient, service: PushService, work: Callable[[], None]
) -> None:
    service.listen_to(phone)
    audit.assign(session)
    session.commit()
    assert count(session, Notice) == 1
    session.rollback()
    fetch(phone)
    work()
    assert (service.pushed, count(session, Notice), states(session)) == ([], 0, [JobState.DONE])


def test_a_notice_waits_for_more_of_its_kind(
    session: ScopedSession, audit: Audit, phone: FieldClient, service: PushService
) -> None:
    service.listen_to(phone)
    for outlet in audit.outlets[:2]:
        audit.assign(session, outlet)
        session.commit()
    (job,) = session.scalars(select(Job).where(Job.kind == notices.JOB))
    assert timedelta(seconds=50) < job.run_after - datetime.now(UTC) <= timedelta(minutes=1)


def test_what_is_not_theirs_or_nothing_new_is_no_news(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient, service: PushService
) -> None:
    """Nobody hears of what is still planned, of others' work, or of a form that was saved as it was."""
    service.listen_to(phone)
    planned = audit.assign(session, audit.outlets[1], state="planned")
    audit.assign(session, audit.outlets[2], inspector=audit.inspectors[1])
    session.flush()
    planned.brief = {"ru": "Купите чай"}
    assignment.brief = dict(assignment.brief)
    session.commit()
    assert (count(session, Notice), states(session)) == (0, [])


def test_an_address_that_is_gone_is_forgotten(
    session: ScopedSession, audit: Audit, phone: FieldClient, service: PushService, work: Callable[[], None]
) -> None:
    service.listen_to(phone)
    service.status = 410
    audit.assign(session)
    session.commit()
    work()
    assert (count(session, NoticeAddress), states(session)) == (0, [JobState.DONE])


def test_a_push_service_that_is_away_is_asked_again_while_the_notice_is_of_use(
    session: ScopedSession, audit: Audit, phone: FieldClient, service: PushService, work: Callable[[], None]
) -> None:
    service.listen_to(phone)
    service.status = 503
    audit.assign(session)
    session.commit()
    work()
    (job,) = session.scalars(select(Job).where(Job.kind == notices.JOB))
    session.refresh(job)
    assert job.state is JobState.WAITING
    assert "503" in (job.error or "")
    (notice,) = session.scalars(select(Notice))
    notice.at -= timedelta(hours=13)
    session.commit()
    service.status = 201
    work()
    assert (service.pushed, states(session)) == ([], [JobState.DONE])


@pytest.mark.parametrize("status", [302, 400, 403])
def test_what_a_push_service_refuses_stays_for_people_to_look_at(
    status: int,
    session: ScopedSession,
    audit: Audit,
    phone: FieldClient,
    service: PushService,
    work: Callable[[], None],
) -> None:
    """A redirection is refused as well: it may lead inside."""
    service.listen_to(phone)
    service.status, service.elsewhere = status, f"{service.origin}/inside"
    audit.assign(session)
    session.commit()
    work()
    assert states(session) == [JobState.FAILED]
    assert count(session, NoticeAddress) == 1


def test_who_is_logged_out_or_works_here_no_more_hears_nothing(
    session: ScopedSession, audit: Audit, phone: FieldClient, service: PushService, work: Callable[[], None]
) -> None:
    service.listen_to(phone)
    audit.assign(session)
    end_logins(session, audit.inspectors[0].id, datetime.now(UTC))
    session.commit()
    work()
    assert service.pushed == []


def test_an_address_is_that_of_the_last_person_only(
    app: Flask,
    session: ScopedSession,
    audit: Audit,
    phone: FieldClient,
    service: PushService,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert service.listen_to(phone) == 204
    assert service.listen_to(phone) == 204
    other = FieldClient(app.test_client(), audit.inspectors[1])
    assert service.listen_to(other) == 204
    (address,) = session.scalars(select(NoticeAddress))
    assert address.user_id == audit.inspectors[1].id
    session.rollback()
    monkeypatch.setattr(notices, "MOST_ADDRESSES", 2)
    assert [service.listen_to(other, each) for each in ("second", "third")] == [204] * 2
    session.rollback()
    assert set(session.scalars(select(NoticeAddress.device_id))) == {"second", "third"}
    session.rollback()
    gone = "/api/v1/phone/notices?device_id=third"
    assert phone.client.delete(gone, headers=OWN_SITE).status_code == 204
    assert count(session, NoticeAddress) == 2
    session.rollback()
    assert other.client.delete(gone, headers=OWN_SITE).status_code == 204
    assert count(session, NoticeAddress) == 1


def test_none_go_to_the_phone_on_which_somebody_logged_out(
    app: Flask, session: ScopedSession, audit: Audit, phone: FieldClient, service: PushService
) -> None:
    assert [service.listen_to(phone, each) for each in ("own", "other")] == [204] * 2
    leave = "/api/v1/session?device_id=own"
    not_meant = OWN_SITE | {"Expect-Person": str(audit.inspectors[1].id)}
    assert phone.client.delete(leave, headers=not_meant).status_code == 204
    assert count(session, NoticeAddress) == 2, "what was meant for somebody else's login changes nothing"
    session.rollback()
    assert phone.client.delete(leave, headers=OWN_SITE).status_code == 204
    assert set(session.scalars(select(NoticeAddress.device_id))) == {"other"}
    session.rollback()
    assert app.test_client().delete("/api/v1/session?device_id=other", headers=OWN_SITE).status_code == 204
    assert count(session, NoticeAddress) == 1, "nobody's login ends nobody's notices"


def test_notices_go_with_an_erased_person(
    session: ScopedSession, sessions: Sessions, audit: Audit, phone: FieldClient, service: PushService
) -> None:
    service.listen_to(phone)
    audit.assign(session)
    session.commit()
    assert count(session, Notice) == 1
    act = Act(audit.owner.id, "asked for", datetime.now(UTC))
    person, organization = audit.inspectors[0].id, audit.organization.id
    session.rollback()
    with sessions(scoped([organization])) as acting, acting.begin():
        erase_person(acting, person, organization, act)
        erase_login(acting, person, act, "Erased")
    assert (count(session, Notice), count(session, NoticeAddress)) == (0, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "http://push.example.org/1"},
        {"endpoint": "https://127.0.0.1/1"},
        {"endpoint": "https://10.0.0.7/1"},
        {"endpoint": "https://[::1]/1"},
        {"endpoint": "https://[::ffff:10.0.0.7]/1"},
        {"endpoint": "https://169.254.169.254/latest"},
        {"endpoint": "https://name:password@push.example.org/1"},
        {"endpoint": "https://push.example.org:22/1"},
        {"endpoint": "https://push.example.org/a\r\nHost: inside"},
        {"endpoint": "https://" + "a" * 3000},
        {"endpoint": "file:///etc/passwd"},
        {"endpoint": 7},
        {"device_id": "a\0"},
        {"keys": {"p256dh": "AAAA", "auth": "BTBZMqHH6r4Tts7J_aSIgg"}},
        {"keys": {}},
    ],
)
def test_what_is_no_address_of_a_browser_is_refused(
    change: dict[str, object], session: ScopedSession, phone: FieldClient
) -> None:
    wish = Browser().address(PLACE) | change
    assert phone.client.put("/api/v1/phone/notices", json=wish, headers=OWN_SITE).status_code == 422
    assert count(session, NoticeAddress) == 0


@pytest.mark.parametrize("found", ["127.0.0.1", "10.1.2.3", "::1", "fd00::1", "64:ff9b::a00:1", "2002:a00:1::"])
def test_a_name_that_leads_inside_is_not_asked(found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the name was when the address came: one address inside is enough."""
    places = [(0, 0, 0, "", ("198.35.26.96", 443)), (0, 0, 0, "", (found, 443))]
    monkeypatch.setattr(push_service.socket, "getaddrinfo", lambda *_arguments, **_options: places)
    with pytest.raises(AddressGone):
        hand_over(PLACE, b"", {})


def test_an_answer_in_drops_is_not_waited_for(service: PushService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_service, "WHOLE_PATIENCE_SECONDS", 0.3)
    with push_service.socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(PushServiceAway):
            hand_over(f"http://{place}/1", b"", {}, (place,))


def test_the_key_is_kept_and_told(phone: FieldClient) -> None:
    first, again = (phone.client.get("/api/v1/phone/notices").json for _ in range(2))
    assert first == again
    assert first is not None
    assert len(from_base64(first["public_key"])) == 65


def test_nobody_hears_of_another_organizations_work(
    session: ScopedSession, audit: Audit, phone: FieldClient, service: PushService, work: Callable[[], None]
) -> None:
    """A job that names an address finds nothing of the person outside its own organization."""
    service.listen_to(phone)
    stranger = make_audit(session, "other")
    stranger.assign(session)
    session.add(
        Job(
            id=new_id(),
            organization_id=stranger.organization.id,
            kind=notices.JOB,
            arguments={"address_id": str(session.scalars(select(NoticeAddress.id)).one())},
            run_after=datetime.now(UTC),
            created_at=datetime.now(UTC),
        )
    )
    session.commit()
    work()
    assert (service.pushed, states(session)) == ([], [JobState.DONE])
