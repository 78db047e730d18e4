"""The inspectors' phones, as far as they told of themselves: for managers who want to know what is only out there."""

from datetime import UTC, datetime
from uuid import UUID

from flask import Response

from checklists.accounts import TokenScope
from checklists.phones import Device, Trouble, phones_of, trouble_of
from inspector.api.fields import TOLD, Body, Choice, Flag, Id, Moment, Text, Whole
from inspector.api.operations import Json, Operations
from inspector.api.paging import Paged, behind, page_of, paged
from inspector.auth import MANAGERS, roles
from inspector.trail import reads_personal
from inspector.transactions import reading

operations = Operations(
    "phones",
    "Phones",
    "What each inspector's phone last said of itself. Its drafts and waiting visits are counted over all projects of"
    " the organization.",
)


class PhoneSchema(Body):
    id = Id("phone", **TOLD)
    user_id = Id("user", **TOLD)
    name = Text("The inspector's.", example="Anna Petrova", **TOLD)
    system = Text(example="Pixel 7, Android 14, Chrome 142", **TOLD)
    app_version = Text(example="3f2a91c04d5e", **TOLD)
    installed = Flag("On the home screen.", **TOLD)
    keeps = Flag(
        "Whether the browser has promised to keep the storage; null where it cannot say.", allow_none=True, **TOLD
    )
    storage_left = Whole("Bytes, as the browser guesses.", allow_none=True, example=2_400_000_000, **TOLD)
    drafts = Whole("Visits that are begun.", example=1, **TOLD)
    waiting = Whole("Visits that are finished and have not arrived whole.", example=3, **TOLD)
    waiting_since = Moment("The oldest of them was finished then.", allow_none=True, **TOLD)
    parked = Whole("Of the waiting ones, those that need a person.", example=0, **TOLD)
    trouble = Choice(Trouble, "What somebody should look after, the worst first.", allow_none=True, **TOLD)
    first_seen_at = Moment(**TOLD)
    last_seen_at = Moment(**TOLD)


@operations.route("/projects/<uuid:project_id>/phones", methods=["GET"])
@operations.query(Paged)
@operations.answers(200, page_of(PhoneSchema), "The phones of all who work in the project or did")
@roles(*MANAGERS, scope=TokenScope.PEOPLE_READ)
@reads_personal("people")
def list_phones(asked: Json, project_id: UUID) -> Response:
    """The inspectors' phones: last contact, drafts begun, visits that are only there."""
    now = datetime.now(UTC)
    with reading() as session:
        found = sorted(phones_of(session, project_id), key=_place)
        found = behind(found, asked["cursor"], asked["limit"], _place)
        return paged(PhoneSchema, found, asked["limit"], _place, lambda device: _told(device, now))


def _place(device: Device) -> tuple[UUID]:
    return (device.id,)


def _told(device: Device, now: datetime) -> Json:
    same = (
        *("id", "user_id", "system", "app_version", "installed", "keeps", "storage_left", "drafts", "waiting"),
        *("waiting_since", "parked", "first_seen_at", "last_seen_at"),
    )
    more = {"name": device.user.name, "trouble": trouble_of(device, now)}
    return {name: getattr(device, name) for name in same} | more
