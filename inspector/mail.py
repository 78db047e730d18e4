"""What is sent to people by e-mail: the links with which they set a password.

A job names the link and nothing else; its secret is made at the moment of sending, so that it stands in the mail and
nowhere else. Without `MAIL_URL` the mail is written to the log instead.
"""

import logging
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit
from uuid import UUID

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from checklists.accounts import LinkPurpose, OneTimeLink, renew_secret
from checklists.jobs import Job, NotYet, RefusedForGood, enqueue
from checklists.orm import scoped
from checklists.people import Organization
from inspector.settings import Settings
from inspector.transactions import writing

PATIENCE_SECONDS = 20

log = logging.getLogger(__name__)


class MailServerAway(NotYet):
    """The mail server cannot be reached, or not be used as it is set."""

    for_all = True


class MailNotTakenYet(NotYet):
    """The server takes this mail later, it says (an answer 4xx)."""


class MailRefused(RefusedForGood):
    """The server does not take this mail and never will (an answer 5xx)."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over, read from `MAIL_URL`: smtp://user:password@host:port, or smtps:// for TLS at once."""

    host: str
    port: int
    user: str
    password: str
    tls_at_once: bool

    @classmethod
    def at(cls, url: str) -> "MailServer":
        """Raises ValueError for what is no such address."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("MAIL_URL must be smtp://user:password@host:port or smtps://…")
        at_once = parts.scheme == "smtps"
        port = parts.port or (465 if at_once else 587)
        return cls(parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), at_once)

    @property
    def is_this_machine(self) -> bool:
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def enqueue_link(session: Session, organization_id: UUID, link: OneTimeLink, now: datetime) -> Job:
    """Have the link sent to its person once the caller's transaction is committed."""
    return enqueue(session, organization_id, "mail", now, link_id=str(link.id))


def send_link(_context: object, organization_id: UUID, *, link_id: str) -> None:
    """The job "mail": send a link to its person, unless it was used or ran out meanwhile."""
    with writing(scoped([organization_id])) as session:
        link, organization = session.get(OneTimeLink, UUID(link_id)), session.get_one(Organization, organization_id)
        if link is None or link.used_at is not None or link.expires_at <= datetime.now(UTC):
            return
        secret = renew_secret(session, link.id)
    settings: Settings = current_app.config["SETTINGS"]
    with force_locale(link.user.language):
        subject, text = _words_of(link, organization.name, address_of(settings, secret))
    deliver(settings, link.user.email, subject, text)


def address_of(settings: Settings, secret: str) -> str:
    """The whole address of a link. It never comes from a request: its Host header is whatever the sender wants."""
    return f"{settings.base_url.rstrip('/') or f'http://127.0.0.1:{settings.port}'}/link/{secret}"


def _words_of(link: OneTimeLink, organization: str, address: str) -> tuple[str, str]:
    """Subject and text in the language that is in force."""
    organization = " ".join(organization.split())
    if link.purpose is LinkPurpose.INVITATION:
        subject = _("%(organization)s: your access to the service audits", organization=organization)
        text = _(
            "Hello %(name)s,\n\n"
            "%(organization)s has added you to its service audits. Choose a password here; the link works once,"
            " for 7 days:\n\n%(address)s\n\n"
            "If you do not know what this is about, do nothing.\n",
            name=link.user.name,
            organization=organization,
            address=address,
        )
    else:
        subject = _("Your new password for the service audits")
        text = _(
            "Hello %(name)s,\n\n"
            "somebody, probably you, asked for a new password. Choose one here; the link works once, for an hour:"
            "\n\n%(address)s\n\n"
            "If it was not you, do nothing: your password stays as it is.\n",
            name=link.user.name,
            address=address,
        )
    return subject, text


def deliver(settings: Settings, to: str, subject: str, text: str) -> None:
    """Hand one mail over now. Raises MailServerAway, MailNotTakenYet, MailRefused."""
    if not settings.mail_url:
        log.warning("MAIL_URL is not set, so this mail is only written here:\nTo: %s\n%s\n\n%s", to, subject, text)
        return
    message = message_to(settings, to, subject, text)
    server = MailServer.at(settings.mail_url)
    with _or_server_away():
        line = _connected(server)
    with closing(line):
        with _or_server_away():
            if server.user:
                line.login(server.user, server.password)
        _hand_over(line, message)
        # The server has taken the mail: a farewell that fails must not have it sent again.
        with suppress(OSError, smtplib.SMTPException):
            line.quit()


def message_to(settings: Settings, to: str, subject: str, text: str) -> EmailMessage:
    """A plain text mail. What people wrote cannot add a header: line breaks are spaces there."""
    sender = settings.mail_from or f"service-audit@{urlsplit(settings.base_url).hostname or 'localhost'}"
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = " ".join(sender.split()), " ".join(to.split())
    message["Subject"] = " ".join(subject.split())
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=sender.rpartition("@")[2].strip("<> "))
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


@contextmanager
def _or_server_away() -> Iterator[None]:
    """Raises MailServerAway for any fault; for a wrong password or certificate too: somebody sets both right, and until
    then no mail is lost.
    """
    try:
        yield
    except smtplib.SMTPResponseException as refused:
        raise MailServerAway(f"it refused us with {refused.smtp_code}") from None
    except OSError as fault:
        raise MailServerAway(f"{type(fault).__name__}: {fault}") from None


def _connected(server: MailServer) -> smtplib.SMTP:
    """A line that is encrypted wherever the server can do it. A password never goes over one that is not, except to
    this machine.
    """
    trusted = ssl.create_default_context()
    if server.tls_at_once:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=PATIENCE_SECONDS, context=trusted)
    line = smtplib.SMTP(server.host, server.port, timeout=PATIENCE_SECONDS)
    line.ehlo()
    if line.has_extn("starttls"):
        line.starttls(context=trusted)
        line.ehlo()
    elif server.user and not server.is_this_machine:
        line.close()
        raise MailServerAway(f"{server.host} offers no encryption, so the password of MAIL_URL is not sent to it")
    return line


def _hand_over(line: smtplib.SMTP, message: EmailMessage) -> None:
    """Whom a mail is for, and what the server says of it, goes into no fault: those stand in the job's row for good."""
    try:
        line.send_message(message)
    except smtplib.SMTPRecipientsRefused as refused:
        (code, _answer), *_others = refused.recipients.values()
        raise _refusal("the recipient", code) from None
    except smtplib.SMTPResponseException as refused:
        raise _refusal("the mail", refused.smtp_code) from None
    except smtplib.SMTPNotSupportedError:
        raise MailRefused("the server cannot write to such an address") from None
    except OSError as fault:
        raise MailServerAway(f"the line broke: {type(fault).__name__}") from None


def _refusal(what: str, code: int) -> MailNotTakenYet | MailRefused:
    words = f"{what} was refused with {code}"
    return MailRefused(words) if code // 100 == 5 else MailNotTakenYet(words)
