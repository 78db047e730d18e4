"""The inspectors' phones: what is only out there, since when, and what to do about it. Trouble stands first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Blueprint, g, render_template
from flask_babel import format_decimal, format_timedelta, lazy_gettext, ngettext
from flask_babel import gettext as _

from checklists.phones import Device, Trouble, phones_of, trouble_of
from inspector.auth import MANAGERS, roles
from inspector.manager.forms import PageAnswer
from inspector.trail import reads_personal
from inspector.transactions import reading

blueprint = Blueprint("phones", __name__, url_prefix="/o/<organization>/<project>/people/phones")

ADVICE = {
    Trouble.PARKED: lazy_gettext("It does not go on by itself: call, and look at the Outbox together."),
    Trouble.WAITS: lazy_gettext("Call: the app should be opened where there is a network."),
    Trouble.SILENT: lazy_gettext("Call: the app should be opened where there is a network, or the phone may be lost."),
    Trouble.FULL: lazy_gettext("Ask to make room before the next visit."),
    Trouble.FLEETING: lazy_gettext("The browser may delete it: ask to install the app on the home screen."),
}
_WORST_FIRST = {each: place for place, each in enumerate(Trouble)}


@blueprint.get("/")
@roles(*MANAGERS)
@reads_personal("people")
def index() -> PageAnswer:
    now = datetime.now(UTC)
    with reading() as session:
        devices = phones_of(session, g.project.id)
    return render_template(
        "people/phones.html",
        phones=worst_first(devices, now),
        size=_size,
        ago=lambda moment: format_timedelta(moment - now, add_direction=True),
    )


@dataclass(frozen=True, slots=True)
class Phone:
    """What is said of a phone in short; `advice` where somebody should do something."""

    device: Device
    trouble: Trouble | None
    waiting: str
    advice: str


def worst_first(devices: Iterable[Device], now: datetime) -> list[Phone]:
    found = [(device, trouble_of(device, now)) for device in devices]
    found.sort(key=lambda each: _WORST_FIRST[each[1]] if each[1] else len(_WORST_FIRST))
    return [
        Phone(device, trouble, _what_is_there(device, now), str(ADVICE[trouble]) if trouble else "")
        for device, trouble in found
    ]


def _what_is_there(device: Device, now: datetime) -> str:
    """In words, such as “3 visits only on this phone, the oldest for 2 days”."""
    if not device.waiting:
        return ""
    words: str = ngettext("%(num)s visit only on this phone", "%(num)s visits only on this phone", device.waiting)
    since = now - device.waiting_since if device.waiting_since else timedelta()
    return str(_("%(visits)s, the oldest for %(time)s", visits=words, time=format_timedelta(since)))


def _size(number: int) -> str:
    if number >= 1_000_000_000:
        return str(_("%(number)s GB", number=format_decimal(round(number / 1e9, 1))))
    return str(_("%(number)s MB", number=format_decimal(number // 1_000_000)))
