"""Notices on an inspector's phone: new, changed and taken assignments, visits that were sent back.

`checklists/notices.py` says what is news, and asks for one job for each address. A notice names no client and no
outlet: who sees the locked phone learns nothing.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import current_app, json
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from checklists.accounts import logins_of
from checklists.notices import News, forget_addresses, news_for
from checklists.orm import scoped
from checklists.people import Membership, Role, User
from checklists.phones import NoticeAddress
from inspector.notices.encryption import encrypt
from inspector.notices.keys import authorization, browser_key, contact_of, from_base64, own_key, to_base64
from inspector.notices.push_service import AddressGone, hand_over
from inspector.settings import Settings
from inspector.transactions import reading, writing

USEFUL = timedelta(hours=12)
"""A notice that does not arrive by then is nothing: the app shows it all when it is opened."""
TOPIC_BYTES = 12
"""A topic has 32 signs of base64url at most (RFC 8030)."""


def send_notice(_context: object, organization_id: UUID, *, address_id: str) -> None:
    """The job "notice": tell one browser how much is new, as it stands at this moment. Nothing goes to somebody whose
    phone knows it by now, who is logged out everywhere, or who works here no more.
    """
    now = datetime.now(UTC)
    with reading(scoped([organization_id])) as session:
        address = session.get(NoticeAddress, UUID(address_id))
        if address is None or not _may_hear(session, address.user_id, now):
            return
        news, latest = news_for(session, address.user_id)
        language = session.get_one(User, address.user_id).language
    if latest is None or now - latest >= USEFUL:
        return
    topic = to_base64(hashlib.sha256(f"{organization_id} {address.user_id}".encode()).digest()[:TOPIC_BYTES])
    with force_locale(language):
        message = {"for": str(address.user_id), "topic": topic, **words_of(news)}
    try:
        _deliver(current_app.config["SETTINGS"], address, message, topic, latest + USEFUL - now)
    except AddressGone:
        with writing(scoped([organization_id])) as session:
            forget_addresses(session, address.user_id, address.device_id)


def _may_hear(session: Session, user_id: UUID, now: datetime) -> bool:
    works_here = select(Membership.id).where(
        Membership.user_id == user_id, Membership.role == Role.INSPECTOR, Membership.deactivated_at.is_(None)
    )
    return session.scalar(works_here.limit(1)) is not None and bool(logins_of(session, user_id, now))


def words_of(news: Mapping[News, int]) -> dict[str, str | int]:
    """What is shown, in the language that is in force; `plain` where the phone is to look plain. `count` is how many
    there are to look at.
    """
    phrases = {
        News.NEW: ngettext("%(num)s new assignment", "%(num)s new assignments", news.get(News.NEW, 0)),
        News.RETURNED: ngettext("%(num)s sent back", "%(num)s sent back", news.get(News.RETURNED, 0)),
        News.CHANGED: ngettext("%(num)s changed", "%(num)s changed", news.get(News.CHANGED, 0)),
        News.GONE: ngettext("%(num)s taken back", "%(num)s taken back", news.get(News.GONE, 0)),
    }
    said = [phrase for kind, phrase in phrases.items() if news.get(kind)]
    if not news.get(News.NEW):
        said[0] = _("Assignments: %(news)s", news=said[0])
    count = sum(news.values())
    plain = _("Tasks: %(num)s", num=count)
    return {"words": ", ".join(said), "plain": plain, "count": count - news.get(News.GONE, 0)}


def _deliver(
    settings: Settings, address: NoticeAddress, message: dict[str, str | int], topic: str, useful: timedelta
) -> None:
    body = encrypt(json.dumps(message).encode(), browser_key(address.public_key), from_base64(address.secret))
    headers = {
        "Authorization": authorization(own_key(settings), address.endpoint, contact_of(settings)),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(int(useful.total_seconds())),
        "Topic": topic,
        "Urgency": "normal",
    }
    hand_over(address.endpoint, body, headers, settings.push_services_inside)
