"""The web: pages for audit managers, the API of the phone, and the phone app itself. `create_app` is the only place that wires."""

from flask import Flask, Response

from inspector import api, auth, languages, phone_app, problems, transactions
from inspector.exports import answers, visits
from inspector.manager import pages
from inspector.photo_storage import FolderStorage
from inspector.settings import Settings

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'; frame-src 'self'"
)


def create_app(settings: Settings) -> Flask:
    app = Flask(__name__)
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_SECURE=settings.secure,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
    )
    transactions.install(app, settings.database_url)
    app.extensions["photos"] = FolderStorage(settings.photo_dir)
    languages.install(app)
    auth.install(app)
    problems.install(app)
    api.install(app)
    for blueprint in (*pages.BLUEPRINTS, answers.blueprint, visits.blueprint, phone_app.blueprint):
        app.register_blueprint(blueprint)
    app.view_functions["static"] = auth.public("style sheets and scripts")(app.view_functions["static"])
    app.after_request(_protect)
    return app


def _protect(response: Response) -> Response:
    for name, value in (
        ("Content-Security-Policy", PAGE_POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
    ):
        response.headers.setdefault(name, value)
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "no-store")
    return response
