"""What changes behind a front that speaks TLS: whose address a request has, and that browsers come by https only."""

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from inspector.settings import Settings

BY_HTTPS_ONLY = "max-age=31536000"
"""A year. Neither subdomains nor preload: both speak for more than this service."""


def install(app: Flask, settings: Settings) -> None:
    if settings.trusted_proxies:
        # Not the host: a front keeps that header as it came, and not every one writes X-Forwarded-Host over.
        proxies = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)  # type: ignore[method-assign]  # As Flask's documentation has it.
    if settings.secure:
        app.after_request(_insist_on_https)


def _insist_on_https(response: Response) -> Response:
    response.headers["Strict-Transport-Security"] = BY_HTTPS_ONLY
    return response
