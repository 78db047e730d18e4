"""/api/v1: what the phone and integrations talk to. Bodies are described by marshmallow schemas, and those by
/api/v1/openapi.json, which /api/v1/ shows as a page.
"""

from flask import Flask

from inspector.api import (
    assignments,
    brands,
    checklists,
    erasures,
    health,
    held,
    imports,
    journeys,
    people,
    phone,
    phone_contact,
    phone_drafts,
    phone_files,
    phone_notices,
    phones,
    photos,
    pictures,
    profile,
    projects,
    results,
    service,
    session,
    tokens,
    trail,
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
        *(phone_files, phones, waves, assignments, visit_reviews, held, results, erasures, trail, service, profile),
    ):
        api.register_blueprint(resource.operations)
    for resource in (session, phone, phone_drafts, phone_contact, phone_notices, visits, photos, pictures):
        api.register_blueprint(resource.blueprint)
    app.register_blueprint(health.blueprint)
    install_page(app, api)
