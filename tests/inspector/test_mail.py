"""Mail: invitations and new passwords by links that work once, sent over a real line to a real server."""

import logging
import re
import smtplib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from checklists.accounts import Login, OneTimeLink
from checklists.jobs import Job, JobState
from checklists.people import User
from inspector import create_app, mail
from inspector.settings import Settings
from tests.databases import Sessions
from tests.factories import PASSWORD, Audit, make_person
from tests.inspector.jobs import work_off
from tests.mail_server import MailBox, mail_server, make_certificate
from tests.pages import OWN_SITE, Window

CHOSEN = "seven quiet herons"


@pytest.fixture
def box() -> Iterator[MailBox]:
    with mail_server() as started:
        yield started


@pytest.fixture
def settings(settings: Settings, box: MailBox) -> Settings:
    return replace(settings, mail_url=f"smtp://127.0.0.1:{box.port}", base_url="http://localhost")


def link_in(box: MailBox) -> str:
    """The path of the link in the mail that came last."""
    found = re.search(r"http://localhost(/link/\S+)", box.mails[-1].message.get_content())
    assert found is not None
    return found[1]


def logs_in(app: Flask, email: str, password: str) -> bool:
    body = {"email": email, "password": password}
    return app.test_client().post("/api/v1/session", json=body, headers=OWN_SITE).status_code == 200


def test_an_invitation_lets_a_person_choose_name_and_password(
    app: Flask, audit: Audit, box: MailBox, sessions: Sessions
) -> None:
    window = Window(app, audit.manager.email).open(f"{audit.address}/people/new")
    person = {"name": "Вера Ким", "email": "vera@example.org", "language": "ru", "roles": ["inspector"]}
    window.submit("Add the person", person)
    assert "Вера Ким was sent an invitation to vera@example.org." in window.text
    assert "invited" in window.text
    assert not logs_in(app, "vera@example.org", "")
    work_off(app)
    (sent,) = box.mails
    assert sent.recipients == ["vera@example.org"]
    assert "Здравствуйте, Вера Ким" in sent.message.get_content() or "Hello Вера Ким" in sent.message.get_content()
    address = link_in(box)
    browser = app.test_client()
    for _ in range(2):
        page = browser.get(address)
        assert page.status_code == 200, "programs that look through mail follow links too"
        assert (page.headers["Referrer-Policy"], page.headers["Cache-Control"]) == ("no-referrer", "no-store")
        assert "http" not in re.sub(r"http://localhost|www\.w3\.org", "", page.text)
    chosen = {"name": "Вера Михайловна Ким", "new": CHOSEN, "again": CHOSEN}
    assert browser.post(address, data=chosen, headers=OWN_SITE).status_code == 302
    assert browser.get("/api/v1/session").status_code == 200
    assert logs_in(app, "vera@example.org", CHOSEN)
    with sessions() as session:
        assert session.scalars(select(User.name).where(User.email == "vera@example.org")).one() == chosen["name"]
    for method in ("GET", "POST"):
        again = app.test_client().open(address, method=method, data=chosen, headers=OWN_SITE)
        assert again.status_code == 410


def test_another_invitation_takes_the_place_of_the_first(app: Flask, audit: Audit, box: MailBox) -> None:
    window = Window(app, audit.manager.email).open(f"{audit.address}/people/new")
    window.submit("Add the person", {"name": "Vera", "email": "vera@example.org", "roles": ["inspector"]})
    work_off(app)
    first = link_in(box)
    window.open(f"{audit.address}/people/").submit("Invite again Vera")
    work_off(app)
    assert len(box.mails) == 2
    assert app.test_client().get(first).status_code == 410
    assert app.test_client().get(link_in(box)).status_code == 200


def test_imported_inspectors_are_invited(app: Flask, audit: Audit, box: MailBox) -> None:
    import io

    window = Window(app, audit.manager.email)
    table = b"name,email\nVera,vera@example.org\nOleg,oleg@example.org\n"
    answer = window.client.post(
        f"{audit.address}/imports/inspectors",
        data={"file": (io.BytesIO(table), "people.csv")},
        headers=OWN_SITE,
        follow_redirects=True,
    )
    window._take(answer)
    window.submit("Import 2 lines")
    assert "2 invitations are on their way." in window.text
    work_off(app)
    assert sorted(mail.recipients[0] for mail in box.mails) == ["oleg@example.org", "vera@example.org"]


def forgot(app: Flask, email: str) -> str:
    answer = app.test_client().post("/forgot", data={"email": email}, headers=OWN_SITE)
    assert answer.status_code in (200, 429)
    return answer.text if answer.status_code == 200 else "429"


def test_a_forgotten_password_is_chosen_anew_and_ends_all_logins(
    app: Flask, audit: Audit, box: MailBox, sessions: Sessions
) -> None:
    elsewhere = Window(app, audit.manager.email)
    said = forgot(app, audit.manager.email)
    work_off(app)
    address = link_in(box)
    assert CHOSEN not in said
    weak = app.test_client().post(address, data={"new": "password12", "again": "password12"}, headers=OWN_SITE)
    assert weak.status_code == 422, "a link that was refused can be used again"
    chosen = {"new": CHOSEN, "again": CHOSEN}
    assert app.test_client().post(address, data=chosen, headers=OWN_SITE).status_code == 302
    assert logs_in(app, audit.manager.email, CHOSEN)
    assert not logs_in(app, audit.manager.email, PASSWORD)
    assert "Log in" in elsewhere.open("/profile").text
    with sessions() as session:
        logins = session.scalars(select(Login).where(Login.user_id == audit.manager.id, Login.ended_at.is_(None))).all()
        assert len(logins) == 2, "the one of the link and the one just begun"


def test_the_answer_is_the_same_whoever_asks_for_whom(app: Flask, audit: Audit, box: MailBox) -> None:
    assert forgot(app, audit.manager.email) == forgot(app, "nobody@example.org")
    work_off(app)
    assert len(box.mails) == 1


def test_nobody_is_flooded_with_mail(app: Flask, audit: Audit, box: MailBox) -> None:
    said = [forgot(app, audit.manager.email) for _ in range(5)]
    assert [each == "429" for each in said] == [False, False, False, True, True]
    work_off(app)
    assert len(box.mails) == 3


def test_a_link_runs_out_after_an_hour(app: Flask, audit: Audit, box: MailBox, sessions: Sessions) -> None:
    forgot(app, audit.manager.email)
    work_off(app)
    with sessions() as session, session.begin():
        link = session.scalars(select(OneTimeLink)).one()
        assert link.expires_at - link.created_at == timedelta(hours=1)
        link.expires_at = datetime.now(UTC)
    assert app.test_client().get(link_in(box)).status_code == 410


def test_no_table_holds_a_secret(app: Flask, audit: Audit, box: MailBox, sessions: Sessions) -> None:
    forgot(app, audit.manager.email)
    work_off(app)
    secret = link_in(box).removeprefix("/link/")
    with sessions() as session:
        jobs = session.scalars(select(Job)).all()
        links = session.scalars(select(OneTimeLink)).all()
    assert jobs
    assert links
    assert not any(secret in str(vars(each)) for each in (*jobs, *links))
    assert not any(audit.manager.email in str(job.arguments) for job in jobs)


def mail_job(sessions: Sessions, *, asked: timedelta = timedelta(0), due: bool = False) -> Job:
    """The one mail that is to be sent, as if it had been asked for so long ago."""
    with sessions() as session, session.begin():
        job = session.scalars(select(Job).where(Job.kind == "mail")).one()
        job.created_at -= asked
        if due:
            job.run_after = datetime.now(UTC)
    return job


@pytest.mark.parametrize("away", ["451 try later", "nobody listens"])
def test_a_server_that_is_away_is_tried_again(
    app: Flask, audit: Audit, box: MailBox, sessions: Sessions, away: str
) -> None:
    forgot(app, audit.manager.email)
    with box.away() if away == "nobody listens" else box.refusing(away):
        for _ in range(10):  # More often than a job of any other kind may fail.
            work_off(app)
            job = mail_job(sessions, due=True)
            assert (job.state, job.attempts) == (JobState.WAITING, 0)
            assert audit.manager.email not in (job.error or "")
    work_off(app)
    assert len(box.mails) == 1
    assert app.test_client().get(link_in(box)).status_code == 200


def test_a_mail_is_not_tried_for_longer_than_three_days(
    app: Flask, audit: Audit, box: MailBox, sessions: Sessions
) -> None:
    Window(app, audit.manager.email).open(f"{audit.address}/people/new").submit(
        "Add the person", {"name": "Vera", "email": "vera@example.org", "roles": ["inspector"]}
    )
    with box.refusing("451 try later"):
        for asked, state in ((timedelta(hours=71), JobState.WAITING), (timedelta(hours=1), JobState.FAILED)):
            mail_job(sessions, asked=asked, due=True)
            work_off(app)
            assert mail_job(sessions).state is state
    owner = Window(app, audit.owner.email).open(f"/o/{audit.organization.slug}/")
    assert "the recipient was refused with 451" in owner.text
    owner.submit("Try again Send an e-mail")
    work_off(app)
    assert len(box.mails) == 1


def test_a_mail_that_is_refused_for_good_is_not_tried_again(
    app: Flask, audit: Audit, box: MailBox, sessions: Sessions
) -> None:
    forgot(app, audit.manager.email)
    with box.refusing("550 5.1.1 nobody of that name"):
        work_off(app)
    job = mail_job(sessions)
    assert (job.state, job.error) == (JobState.FAILED, "MailRefused: the recipient was refused with 550")


def test_while_the_server_is_away_not_every_mail_waits_for_it(
    app: Flask, audit: Audit, box: MailBox, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that answers nothing holds the worker for 20 seconds a mail, and the photos' jobs behind them."""
    tried = []
    deliver = mail.deliver
    monkeypatch.setattr(mail, "deliver", lambda *given: (tried.append(given[1]), deliver(*given)))
    for someone in (audit.manager, audit.reviewer, audit.owner):
        forgot(app, someone.email)
    with box.away():
        work_off(app)
    assert len(tried) == 1
    with sessions() as session, session.begin():
        for job in session.scalars(select(Job)):
            assert job.run_after - datetime.now(UTC) > timedelta(minutes=4)
            job.run_after = datetime.now(UTC)
    work_off(app)
    assert len(box.mails) == 3


def test_a_wrong_password_for_the_server_loses_no_mail(settings: Settings, box: MailBox) -> None:
    url = f"smtp://robot:wrong@127.0.0.1:{box.port}"
    with (
        box.refusing("", login="535 5.7.8 robot has another password"),
        pytest.raises(mail.MailServerAway, match="535"),
    ):
        mail.deliver(replace(settings, mail_url=url), "vera@example.org", "a", "b")


def test_what_people_write_adds_no_header(settings: Settings) -> None:
    message = mail.message_to(settings, "vera@example.org", "Sova\r\nBcc: all@example.org", "text")
    assert message["Subject"] == "Sova Bcc: all@example.org"
    assert "Bcc" not in message
    assert message["Auto-Submitted"] == "auto-generated"


def test_a_name_with_line_breaks_is_only_a_name(app: Flask, audit: Audit, box: MailBox, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        make_person(session, audit.organization, "Eve\r\nBcc: all@example.org", email="eve@example.org")
    forgot(app, "eve@example.org")
    with sessions() as session:
        assert session.scalars(select(Job)).all() == [], "who belongs nowhere gets no mail"
    forgot(app, audit.manager.email)
    work_off(app)
    assert box.mails[0].recipients == [audit.manager.email]


@pytest.mark.parametrize("at_once", [True, False])
def test_mail_goes_encrypted_wherever_the_server_can(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with mail_server(certificate, at_once=at_once) as box:
        scheme = "smtps" if at_once else "smtp"
        url = f"{scheme}://robot:a%20secret@127.0.0.1:{box.port}"
        mail.deliver(replace(settings, mail_url=url), "vera@example.org", "Привет", "Текст")
        (sent,) = box.mails
    assert sent.encrypted
    assert (sent.user, box.passwords) == ("robot", ["a secret"])
    assert sent.message["Subject"] == "Привет"
    assert sent.message.get_content().strip() == "Текст"


def test_a_certificate_that_nobody_trusts_gets_no_mail(settings: Settings, tmp_path: Path) -> None:
    with mail_server(make_certificate(tmp_path)) as box:
        url = f"smtp://robot:secret@127.0.0.1:{box.port}"
        with pytest.raises(mail.MailServerAway, match="certificate"):
            mail.deliver(replace(settings, mail_url=url), "vera@example.org", "a", "b")
        assert (box.mails, box.passwords) == ([], [])


def test_a_password_goes_over_no_open_line_to_another_machine(
    settings: Settings, box: MailBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail.MailServer, "is_this_machine", False)
    url = f"smtp://robot:secret@127.0.0.1:{box.port}"
    with pytest.raises(mail.MailServerAway, match="no encryption"):
        mail.deliver(replace(settings, mail_url=url), "vera@example.org", "a", "b")
    assert (box.mails, box.passwords) == ([], [])


def test_an_address_that_is_none_is_said_at_the_start() -> None:
    with pytest.raises(ValueError, match="MAIL_URL"):
        mail.MailServer.at("http://example.org")
    server = mail.MailServer.at("smtps://user%40example.org:p%3Aw@mail.example.org")
    assert (server.host, server.port, server.user, server.password) == (
        "mail.example.org", 465, "user@example.org", "p:w",
    )  # fmt: skip


def test_without_a_mail_server_the_link_is_shown_and_the_mail_logged(
    settings: Settings, audit: Audit, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(replace(settings, mail_url=""))
    app.testing = True
    window = Window(app, audit.manager.email).open(f"{audit.address}/people/new")
    window.submit("Add the person", {"name": "Vera", "email": "vera@example.org", "roles": ["inspector"]})
    assert "This service sends no mail" in window.text
    found = re.search(r"http://localhost(/link/[\w-]+)", window.answer.text)
    assert found is not None
    assert app.test_client().get(found[1]).status_code == 200
    with caplog.at_level(logging.WARNING):
        forgot(app, audit.manager.email)
        work_off(app)
    assert re.search(r"MAIL_URL is not set.*http://localhost/link/", caplog.text, re.DOTALL)


def test_a_foreign_host_header_gets_into_no_link(app: Flask, audit: Audit, box: MailBox) -> None:
    headers = {**OWN_SITE, "Host": "evil.example"}
    assert app.test_client().post("/forgot", data={"email": audit.manager.email}, headers=headers).status_code == 200
    work_off(app)
    assert "evil.example" not in box.mails[0].message.get_content()


def test_a_line_that_breaks_is_an_error_to_try_again(settings: Settings) -> None:
    with pytest.raises(mail.MailServerAway, match="ConnectionRefusedError"):
        mail.deliver(replace(settings, mail_url="smtp://127.0.0.1:1"), "vera@example.org", "a", "b")


def test_what_a_server_says_of_the_recipient_is_not_kept(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault's words stand in the job's row, and stay there when the person is erased."""

    def refuse(*_: object) -> None:
        raise smtplib.SMTPDataError(554, b"5.7.1 <vera@example.org> is not wanted here")

    monkeypatch.setattr(smtplib.SMTP, "send_message", refuse)
    with pytest.raises(mail.MailRefused, match="554") as refused:
        mail.deliver(settings, "vera@example.org", "a", "b")
    assert "vera" not in str(refused.value)


def test_a_farewell_that_fails_does_not_have_the_mail_sent_again(
    settings: Settings, box: MailBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(*_: object) -> None:
        raise smtplib.SMTPServerDisconnected

    monkeypatch.setattr(smtplib.SMTP, "quit", break_off)
    mail.deliver(settings, "vera@example.org", "a", "b")
    assert len(box.mails) == 1
