"""All pages for audit managers and agencies, in the order of their work."""

from inspector.manager import brands, checklists, criteria, entrance, journey, people, projects, results, visits, waves

BLUEPRINTS = tuple(
    module.blueprint
    for module in (entrance, projects, journey, brands, people, checklists, criteria, waves, visits, results)
)
