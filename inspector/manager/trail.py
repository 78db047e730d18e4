"""The audit trail, for those who run the organization: who did what, and who looked at personal data."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import select

from checklists.orm import alphabetical_key
from checklists.people import Membership, User
from checklists.trail import EntryKind, Wanted, entries_found, every_entry
from inspector.auth import MANAGERS, roles
from inspector.exports.csv_stream import Cell, csv_response
from inspector.manager.forms import Form, PageAnswer
from inspector.manager.tokens import reached_projects
from inspector.manager.trail_words import said
from inspector.trail import reads_personal
from inspector.transactions import reading

blueprint = Blueprint("trail", __name__, url_prefix="/o/<organization>/trail")

ENTRIES_ON_A_PAGE = 100
KINDS = {EntryKind.CHANGES: lazy_gettext("changes"), EntryKind.READS: lazy_gettext("looks at personal data")}


@blueprint.get("")
@roles(*MANAGERS)
@reads_personal("trail")
def index() -> PageAnswer:
    wanted = _wanted()
    with reading() as session:
        entries = entries_found(session, wanted, ENTRIES_ON_A_PAGE + 1, _id_asked("before"))
        people = _people()
    shown = entries[:ENTRIES_ON_A_PAGE]
    return render_template(
        "trail/index.html",
        entries=shown,
        older=_address(before=str(shown[-1].id)) if len(entries) > len(shown) else None,
        download=_address("trail.download"),
        form=Form(request.args),
        kinds=KINDS,
        people=people,
        said=said,
    )


@blueprint.get("/trail.csv")
@roles(*MANAGERS)
@reads_personal("trail")
def download() -> Response:
    head = [_("When (UTC)"), _("Who"), _("E-mail"), _("Token"), _("What"), _("Call"), _("About"), _("Network address")]
    return csv_response("trail", head, _rows(_wanted()))


def _rows(wanted: Wanted) -> Iterator[list[Cell]]:
    with reading() as session:
        for entry in every_entry(session, wanted):
            user, token = entry.user, entry.token
            who: list[Cell] = [user.name if user else "", user.email if user else "", token.name if token else ""]
            yield [entry.at, *who, said(entry), entry.action, entry.subject_id, entry.address]


def _wanted() -> Wanted:
    kind = request.args.get("kind")
    since, until = _day_asked("since"), _day_asked("until")
    return Wanted(
        projects=reached_projects(),
        user_id=_id_asked("person"),
        kind=EntryKind(kind) if kind in list(EntryKind) else None,
        since=since,
        until=until + timedelta(days=1) if until else None,
    )


def _day_asked(name: str) -> datetime | None:
    """The beginning of the day in UTC; what is no day, or the end of all days, is not asked for."""
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if 1900 < day.year < 9000 else None


def _id_asked(name: str) -> UUID | None:
    try:
        return UUID(request.args.get(name, ""))
    except ValueError:
        return None


def _people() -> list[tuple[UUID, str]]:
    """Who works in what the reader manages or did, in order of name."""
    reached = reached_projects()
    with reading() as session:
        here = select(Membership.user_id).where(Membership.organization_id == g.organization.id)
        if reached is not None:
            here = here.where(Membership.project_id.in_(reached) | Membership.project_id.is_(None))
        users = session.scalars(select(User).where(User.id.in_(here)))
        return sorted(((each.id, each.name) for each in users), key=lambda each: alphabetical_key(each[1]))


def _address(endpoint: str = "trail.index", **changes: str) -> str:
    """This list, or its table, with the filters that are on."""
    kept: Mapping[str, Any] = {name: value for name, value in request.args.items() if value and name != "before"}
    return url_for(endpoint, **{**kept, **changes})
