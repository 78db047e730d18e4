"""/api/v1: what the phone and integrations talk to. Bodies are described by marshmallow schemas, and those by
/api/v1/openapi.json, which /api/v1/ shows as a page.
"""

from flask import Flask

from inspector.api import (
    assignments,
    brands,
    checklists,
    health,
    imports,
    journeys,
    people,
    phone,
    photos,
    pictures,
    projects,
    results,
    session,
    tokens,
    visit_reviews,
    visits,
    waves,
)
from inspector.api.description import make_api
from inspector.api.page import install_page


def install(app: Flask) -> None:
    api = make_api(app)
    for resource in (
        *(projects, people, tokens, journeys, brands, imports, checklists),
        *(waves, assignments, visit_reviews, results),
    ):
        api.register_blueprint(resource.operations)
    for blueprint in (session.blueprint, phone.blueprint, visits.blueprint, photos.blueprint, pictures.blueprint):
        api.register_blueprint(blueprint)
    app.register_blueprint(health.blueprint)
    install_page(app, api)
