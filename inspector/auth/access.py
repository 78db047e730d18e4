"""Who may use a view. Every view says it, with `roles(...)` or `public(...)`; one that says nothing is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask

from checklists.accounts import TokenScope
from checklists.people import Role

OWNERS = (Role.OWNER,)
MANAGERS = (Role.OWNER, Role.MANAGER)
REVIEWERS = (Role.OWNER, Role.MANAGER, Role.REVIEWER)
READERS = (*REVIEWERS, Role.CLIENT)
"""Who reads results; of what a client must not see, the page leaves out more."""

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a view: nobody in particular (`public`, with the reason) or holders of one of the roles."""

    roles: frozenset[Role]
    public: str = ""
    lately: bool = False
    """Whether a membership that ended less than 30 days ago still counts."""
    scope: TokenScope | None = None
    """What a token must be made for to be let in; without one no token is."""


def public(reason: str) -> Callable[[View], View]:
    """A view for everybody, with the reason why it may be."""
    return _marker(Access(frozenset(), public=reason))


def roles(*allowed: Role, lately: bool = False, scope: TokenScope | None = None) -> Callable[[View], View]:
    """A view for holders of one of these roles, and for their tokens that were made for `scope`."""
    return _marker(Access(frozenset(allowed), lately=lately, scope=scope))


def _marker(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]  # A function takes any attribute.
        return view

    return mark


def access_of(app: Flask, endpoint: str, method: str) -> Access | None:
    """What the view behind an endpoint says; one that is a class may say it at each method."""
    view: Any = app.view_functions[endpoint]
    if not hasattr(view, "access") and hasattr(view, "view_class"):
        view = getattr(view.view_class, "get" if method == "HEAD" else method.lower(), None)
    access: Access | None = getattr(view, "access", None)
    return access
