"""/api/v1: what the phone and integrations talk to. Bodies are described by marshmallow schemas, and those by
/api/v1/openapi.json.
"""

from typing import Any

from flask import Flask
from flask_smorest import Api

from inspector.api import health, phone, photos, pictures, session, visits
from inspector.auth import public


def install(app: Flask) -> None:
    app.config.update(API_TITLE="Service audit", API_VERSION="v1", OPENAPI_VERSION="3.1.0")
    api = Api(app)
    for blueprint in (session.blueprint, phone.blueprint, visits.blueprint, photos.blueprint, pictures.blueprint):
        api.register_blueprint(blueprint)
    app.register_blueprint(health.blueprint)

    @app.get("/api/v1/openapi.json")
    @public("the description of the API")
    def openapi() -> dict[str, Any]:
        description: dict[str, Any] = api.spec.to_dict()
        return description
