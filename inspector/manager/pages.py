"""All pages for audit managers and agencies, in the order of their work."""

from inspector.manager import (
    best_practices,
    brands,
    checklists,
    entrance,
    imports,
    journey,
    people,
    projects,
    results,
    visits,
    waves,
)

BLUEPRINTS = tuple(
    module.blueprint
    for module in (
        entrance,
        projects,
        journey,
        brands,
        people,
        imports,
        checklists,
        waves,
        visits,
        best_practices,
        results,
    )
)
