"""The cookie of a browser: signed, out of scripts' reach, and bound to this very host where people come by https.

The release before called it `audit` everywhere. Phones in the field still bring that one: it is read once more, and
the answer takes it back.
"""

from datetime import UTC, datetime, timedelta

from flask import Flask, Request, Response, current_app, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature

from checklists.accounts import STAYS_LOGGED_IN

NAME = "audit"
BOUND_NAME = f"__Host-{NAME}"
"""Browsers take a cookie of this name only by https, from this host, for all of it."""

RENEWED_EVERY = timedelta(days=1)


def install(app: Flask) -> None:
    app.config.update(
        # So that who comes within the time that a login lasts always brings a cookie that is still good.
        PERMANENT_SESSION_LIFETIME=STAYS_LOGGED_IN + RENEWED_EVERY,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_NAME=BOUND_NAME if app.config["SETTINGS"].secure else NAME,
    )
    app.session_interface = _Cookies()


def as_sent() -> str:
    """The cookie that this request was read from."""
    return request.cookies.get(current_app.config["SESSION_COOKIE_NAME"]) or request.cookies.get(NAME, "")


class _Session(SecureCookieSession):
    signed_at: datetime | None = None
    """When the cookie was sent that this was read from; None for one that has to be sent."""


class _Cookies(SecureCookieSessionInterface):
    session_class = _Session

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        signer = self.get_signing_serializer(app)
        own, former = request.cookies.get(self.get_cookie_name(app)), request.cookies.get(NAME)
        sent = former if own is None else own
        if signer is None or not sent:
            return super().open_session(app, request)
        try:
            kept, signed_at = signer.loads(
                sent, max_age=int(app.permanent_session_lifetime.total_seconds()), return_timestamp=True
            )
        except BadSignature:
            return self.session_class()
        session = _Session(kept)
        session.signed_at = signed_at if own else None
        return session

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Where it was changed, and once a day: to sign and send it with every answer is not worth the time."""
        signed_at = session.signed_at if isinstance(session, _Session) else None
        is_new = signed_at is not None and datetime.now(UTC) - signed_at < RENEWED_EVERY
        return session.modified or (session.permanent and not is_new)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        super().save_session(app, session, response)
        if self.get_cookie_name(app) != NAME and NAME in request.cookies:
            response.delete_cookie(NAME)
