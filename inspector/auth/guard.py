"""Before each view: other sites refused, the person or token found, the roles asked, and the scope set in `g`.

Nothing outside `g.scope`, the organizations that the person may touch in one of the view's roles, is ever read or
written.
"""

from typing import Any
from urllib.parse import urlsplit

import flask_login
from flask import Flask, current_app, g, request
from sqlalchemy import select

from checklists.errors import CrossSiteRequest, LoginRequired, NotAllowed, NotFound
from checklists.orm import scoped
from checklists.people import Membership, Organization, Project, Role
from checklists.readers import scope_of
from checklists.visits import FieldAccess, Sender
from inspector.auth import tokens
from inspector.auth.access import access_of
from inspector.auth.logins import Person
from inspector.transactions import reading

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def install(app: Flask) -> None:
    app.url_value_preprocessor(_take_place_of_address)
    app.url_defaults(_put_place_into_address)
    app.before_request(_guard)


def _take_place_of_address(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Organization and project stand in the address of every page; views find them in `g` instead of their
    arguments.
    """
    g.address = {name: values.pop(name) for name in ("organization", "project") if values and name in values}


def _put_place_into_address(endpoint: str, values: dict[str, Any]) -> None:
    for name, value in g.get("address", {}).items():
        if current_app.url_map.is_endpoint_expecting(endpoint, name):
            values.setdefault(name, value)


def _guard() -> None:
    if request.endpoint is None:
        return
    bearer = tokens.sent()
    # No browser adds a token by itself, so another site cannot make it send one: only cookies need this guard.
    if request.method not in SAFE_METHODS and bearer is None:
        _refuse_cross_site()
    access = access_of(current_app, request.endpoint, request.method)
    if access is None:
        raise NotAllowed
    if access.public:
        return
    g.person = tokens.person_behind(bearer, access.scope) if bearer is not None else _logged_in()
    memberships = [each for each in g.person.memberships if access.lately or each.deactivated_at is None]
    if g.address:
        memberships = _at_address(memberships)
    g.memberships = [each for each in memberships if each.role in access.roles]
    if not g.memberships:
        raise NotAllowed
    g.scope = scope_of(g.memberships)


def _refuse_cross_site() -> None:
    """A browser says where a request comes from. What says nothing at all is refused too: no browser of today is
    silent on a write.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise CrossSiteRequest
        return
    origin = request.headers.get("Origin", "").partition("://")[2]
    own = {request.host, urlsplit(current_app.config["SETTINGS"].base_url).netloc}
    if not origin or origin not in own:
        raise CrossSiteRequest


def _logged_in() -> Person:
    if not flask_login.current_user.is_authenticated:
        raise LoginRequired
    someone: Person = flask_login.current_user._get_current_object()
    # Two people may share a phone: what it sends for one of them is never taken in under the other's login.
    if request.headers.get("Expect-Person") not in (None, str(someone.user.id)):
        raise LoginRequired
    g.login = someone.login
    return someone


def _at_address(memberships: list[Membership]) -> list[Membership]:
    """The memberships that reach the address's organization and project, which go into `g`. Others get the same 404
    as for nothing.
    """
    asked = g.address.get("project")
    with reading(scoped(each.organization_id for each in memberships)) as transaction:
        found = transaction.execute(
            select(Organization, Project)
            .outerjoin(Project, (Project.organization_id == Organization.id) & (Project.slug == asked))
            .where(
                Organization.slug == g.address["organization"],
                Organization.id.in_([each.organization_id for each in memberships]),
            )
        ).one_or_none()
    if found is None:
        raise NotFound
    organization: Organization = found[0]
    project: Project | None = found[1]
    reaching = [each for each in memberships if each.organization_id == organization.id]
    if asked is not None:
        reaching = [each for each in reaching if project and each.project_id in (None, project.id)]
        if project is None or not reaching:
            raise NotFound
        g.project = project
    g.organization = organization
    return reaching


def visitor() -> Person | None:
    """Who is logged in in this browser; for views that are public."""
    return flask_login.current_user._get_current_object() if flask_login.current_user.is_authenticated else None


def person() -> Person:
    """Who asks, by login or by token; only for views that are not public."""
    someone: Person = g.person
    return someone


def sees_unplaced() -> bool:
    """Whether this person is shown held visits whose project nobody could tell: whoever sees the whole organization."""
    return any(each.project_id is None for each in g.memberships)


def sender() -> Sender:
    """The inspector of this request, as the intake wants to know them."""
    accesses = (
        FieldAccess(each.organization_id, each.project_id, each.deactivated_at)
        for each in g.memberships
        if each.role is Role.INSPECTOR
    )
    return Sender(person().user.id, tuple(accesses))
