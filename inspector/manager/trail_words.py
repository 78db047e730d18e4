"""What an entry of the audit trail says, in the reader's language: made of what it did to which tables.

A call that is not named here is still said in words, because each table has its word.
"""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from checklists.trail import READ, AuditEntry

TABLES: Mapping[str, Any] = {
    "assignments": lazy_gettext("assignments"),
    "barriers": lazy_gettext("barriers"),
    "brands": lazy_gettext("brands"),
    "checklist_versions": lazy_gettext("checklist versions"),
    "checklists": lazy_gettext("checklists"),
    "corrections": lazy_gettext("corrections"),
    "criteria": lazy_gettext("criteria"),
    "erasures": lazy_gettext("erasures"),
    "guidance_pictures": lazy_gettext("reference pictures"),
    "imports": lazy_gettext("imports"),
    "jobs": lazy_gettext("background jobs"),
    "journeys": lazy_gettext("journeys"),
    "login_codes": lazy_gettext("codes to log in"),
    "logins": lazy_gettext("logins"),
    "memberships": lazy_gettext("roles"),
    "one_time_links": lazy_gettext("links to set a password"),
    "options": lazy_gettext("options"),
    "organizations": lazy_gettext("the organization"),
    "outlets": lazy_gettext("outlets"),
    "projects": lazy_gettext("projects"),
    "required_checks": lazy_gettext("required checks"),
    "reviews": lazy_gettext("reviews"),
    "sections": lazy_gettext("sections"),
    "stages": lazy_gettext("stages"),
    "states": lazy_gettext("states"),
    "tokens": lazy_gettext("tokens"),
    "touchpoints": lazy_gettext("touchpoints"),
    "users": lazy_gettext("people"),
    "visits": lazy_gettext("visits"),
    "wave_checklists": lazy_gettext("checklists of a wave"),
    "wave_outlets": lazy_gettext("outlets of a wave"),
    "waves": lazy_gettext("waves"),
}
READINGS: Mapping[str, Any] = {
    "people": lazy_gettext("looked at the list of people"),
    "person": lazy_gettext("looked at a person"),
    "trail": lazy_gettext("looked at the audit trail"),
    "visit_list": lazy_gettext("looked at a list of visits"),
    "visit": lazy_gettext("looked at a visit"),
    "report": lazy_gettext("took a report as the phone had sent it"),
    "import": lazy_gettext("looked at a table to be imported"),
    "phone_file": lazy_gettext("looked at what a phone's file holds"),
    "visits": lazy_gettext("took a table of visits with inspectors' names"),
    "answers": lazy_gettext("took a table of answers with inspectors' names"),
}
# Acts that are better known by a name than by their tables, on a page or by the API.
ACTS: Mapping[str, Any] = {
    "visits.approve_visit": lazy_gettext("approved a visit"),
    "visits.return_visit": lazy_gettext("sent a visit back"),
    "visits.reject_visit": lazy_gettext("rejected a visit"),
    "visits.reopen_visit": lazy_gettext("reopened a visit"),
    "visits.correct_answer": lazy_gettext("corrected an answer"),
    "visits.add_correction": lazy_gettext("corrected an answer"),
    "visits.put_visit_right": lazy_gettext("put a held visit right"),
    "visits.place_visit": lazy_gettext("put a held visit right"),
    "phone_files.take": lazy_gettext("took in what a phone's file holds"),
    "checklists.publish_version": lazy_gettext("published a checklist version"),
    "profile.change_password": lazy_gettext("changed the own password"),
    "profile.end_one": lazy_gettext("logged out another device"),
    "profile.end_others": lazy_gettext("logged out all other devices"),
    "people.deactivate": lazy_gettext("ended a person's access"),
    "people.activate": lazy_gettext("gave a person access again"),
    "people.invite_again": lazy_gettext("invited a person again"),
    "session.make_code": lazy_gettext("made a code to log in on another device"),
    "tokens.revoke": lazy_gettext("revoked a token"),
}


def said(entry: AuditEntry) -> str:
    """What was done, without who did it: “approved a visit”, “added 2 outlets; changed brands (name)”."""
    if entry.action.startswith(READ):
        what = entry.action.removeprefix(READ)
        return str(READINGS.get(what, _("looked at personal data: %(what)s", what=what)))
    named = ACTS.get(entry.action.removeprefix("api_"))
    return str(named) if named else "; ".join(_parts(entry.details))


def _parts(details: Mapping[str, Any]) -> list[str]:
    parts = []
    for table, done in details.items():
        word = str(TABLES.get(table, table))
        if added := done.get("added"):
            parts.append(_("added %(what)s: %(count)s", what=word, count=added))
        if changed := done.get("changed"):
            fields = ", ".join(done.get("fields", ()))
            words = _("changed %(what)s: %(count)s", what=word, count=changed)
            parts.append(f"{words} ({fields})" if fields else words)
        if removed := done.get("removed"):
            parts.append(_("removed %(what)s: %(count)s", what=word, count=removed))
    return parts
