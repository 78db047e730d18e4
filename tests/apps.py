"""An app for each test without the quarter of a second that creating one takes: five hundred routes are compiled."""

import copy
import functools
from dataclasses import replace
from pathlib import Path

from flask import Flask

from inspector import connect, create_app
from inspector.metrics import Metrics
from inspector.settings import Settings

NOWHERE = "sqlite://"


def app_for(settings: Settings) -> Flask:
    """What create_app() makes of these settings: a copy of an app that differs in nothing but its database and folder,
    connected to its own.
    """
    model = _model(replace(settings, database_url=NOWHERE, data_dir=Path("nowhere")))
    app = copy.copy(model)
    app.config = copy.copy(model.config)
    app.extensions = copy.copy(model.extensions)
    # A test may hang its own functions in.
    for name in ("before_request_funcs", "after_request_funcs", "teardown_request_funcs"):
        setattr(app, name, copy.deepcopy(getattr(model, name)))
    connect(app, settings)
    app.extensions["metrics"] = Metrics(app.extensions["writers"])
    return app


@functools.cache
def _model(settings: Settings) -> Flask:
    app = create_app(settings)
    app.testing = True
    return app
