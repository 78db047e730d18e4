"""The cookie of a browser: signed, out of scripts' reach, and bound to this very host where people come by https.

The release before called it `audit` everywhere. Phones in the field still bring that one: it is read once more, and
the answer takes it back.
"""

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature

from checklists.accounts import STAYS_LOGGED_IN

NAME = "audit"
BOUND_NAME = f"__Host-{NAME}"
"""Browsers take a cookie of this name only by https, from this host, for all of it."""


def install(app: Flask) -> None:
    app.config.update(
        PERMANENT_SESSION_LIFETIME=STAYS_LOGGED_IN,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_NAME=BOUND_NAME if app.config["SETTINGS"].secure else NAME,
    )
    app.session_interface = _Cookies()


class _Cookies(SecureCookieSessionInterface):
    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        signer = self.get_signing_serializer(app)
        former = request.cookies.get(NAME)
        if signer is None or former is None or self.get_cookie_name(app) in request.cookies:
            return super().open_session(app, request)
        try:
            return self.session_class(signer.loads(former, max_age=int(STAYS_LOGGED_IN.total_seconds())))
        except BadSignature:
            return self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        super().save_session(app, session, response)
        if self.get_cookie_name(app) != NAME and NAME in request.cookies:
            response.delete_cookie(NAME)
