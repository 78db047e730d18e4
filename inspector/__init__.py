"""The web: pages for audit managers, the API of the phone, and the phone app itself. `create_app` is the only place
that wires.
"""

from flask import Flask

from inspector import api, auth, doorbell, front, languages, logs, phone_app, problems, transactions
from inspector.exports import answers, visits
from inspector.manager import pages
from inspector.photo_storage import mover, storage_of
from inspector.settings import Settings


def create_app(settings: Settings) -> Flask:
    from inspector import metrics  # It decides at its import how processes share their numbers: see there.

    app = Flask(__name__)
    connect(app, settings)
    logs.install(app)
    front.install(app, settings)
    metrics.install(app)
    mover.install(app)
    languages.install(app)
    auth.install(app)
    api.install(app)
    problems.install(app)  # After the API's library, whose own handlers know neither our pages nor our words.
    for blueprint in (*pages.BLUEPRINTS, answers.blueprint, visits.blueprint, phone_app.blueprint):
        app.register_blueprint(blueprint)
    app.view_functions["static"] = auth.public("style sheets and scripts")(app.view_functions["static"])
    return app


def connect(app: Flask, settings: Settings) -> None:
    """Give the app its settings and what lies behind it: the database, the photos, the bell of the workers."""
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_SECURE=settings.secure,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        MAX_CONTENT_LENGTH=settings.largest_body_bytes,
    )
    transactions.install(app, settings.database_url)
    app.extensions["photos"] = storage_of(settings)
    doorbell.install(app, settings.jobs_url)
