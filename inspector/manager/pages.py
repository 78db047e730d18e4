"""All pages for audit managers and agencies, in the order of their work."""

from inspector.manager import (
    best_practices,
    brands,
    checklists,
    entrance,
    erasures,
    imports,
    journey,
    links,
    organization,
    people,
    phone_files,
    phones,
    profile,
    projects,
    results,
    tokens,
    trail,
    visits,
    waves,
)

BLUEPRINTS = tuple(
    module.blueprint
    for module in (
        entrance,
        links,
        profile,
        organization,
        tokens,
        trail,
        projects,
        journey,
        brands,
        people,
        phones,
        imports,
        phone_files,
        checklists,
        waves,
        visits,
        best_practices,
        results,
        erasures,
    )
)
