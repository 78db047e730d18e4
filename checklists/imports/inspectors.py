"""What each line of an uploaded table does to the project's inspectors: a new login, a known person who becomes an
inspector here, nothing, or it is wrong. A known person keeps name, language and password.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from checklists.errors import N_
from checklists.imports.csv_table import CsvTable, Line, refused
from checklists.imports.tables import Effect, ImportLine
from checklists.orm import fold
from checklists.people import (
    Member,
    Project,
    Role,
    User,
    add_member,
    create_person,
    looks_like_email,
    members_of,
    normal_email,
)

TITLES = {
    "name": ("name", "full name", "inspector", "имя", "фио", "имя и фамилия", "инспектор"),
    "email": ("e-mail", "email", "электронная почта", "эл. почта", "почта"),
    "language": ("language", "язык"),
}
"""The titles by which a column is recognized, in any order and case."""
LANGUAGES = {"ru": "ru", "russian": "ru", "русский": "ru", "en": "en", "english": "en", "английский": "en"}
MOST_NEW_LOGINS = 200
"""In one import: hashing a password takes a tenth of a second, on purpose."""
LONGEST_CELL = 300
LINES_AT_A_TIME = 500

_REQUIRED = {
    "name": N_("The column of the name is missing. Its title is “name” or “имя”."),
    "email": N_("The column of the e-mail is missing. Its title is “e-mail” or “эл. почта”."),
}
_COLUMNS = {title: column for column, titles in TITLES.items() for title in titles}


@dataclass(frozen=True, slots=True)
class InspectorLine(ImportLine):
    """With the person's address as logins know it, and the person where there is one already."""

    email: str = ""
    user: User | None = None

    @property
    def name(self) -> str:
        return self.cells["name"]


def inspector_table(body: bytes) -> CsvTable:
    """A table of inspectors. Raises InvalidInput by "file" for what is none."""
    return CsvTable(body, inspector_column, _REQUIRED)


def inspector_column(title: str) -> str | None:
    """The meaning of a column by its title, or None."""
    return _COLUMNS.get(fold(" ".join(title.replace("_", " ").split())))


def inspector_lines(session: Session, project: Project, table: CsvTable) -> Iterator[InspectorLine]:
    """What each line would do, in order. Raises InvalidInput by "file" where there are too many lines."""
    members = {member.user.id: member for member in members_of(session, project.id)}
    numbers: dict[str, int] = {}
    lines = iter(table)
    while some := list(islice(lines, LINES_AT_A_TIME)):
        emails = {normal_email(line.cells.get("email", "")) for line in some}
        known = {user.email: user for user in session.scalars(select(User).where(User.email.in_(_storable(emails))))}
        for line in some:
            yield _planned(line, known, members, numbers)


def import_inspectors(
    session: Session,
    project: Project,
    table: CsvTable,
    password_hashes: Mapping[str, str],
    default_language: str,
    now: datetime,
) -> dict[Effect, int]:
    """Do what the lines say, leaving wrong ones out, and count them by effect.

    `password_hashes` has one for the address of each new person. Raises InvalidInput by "file" where one is lacking,
    because somebody was removed since they were made, and as `inspector_lines`.
    """
    counts = dict.fromkeys(Effect, 0)
    for line in inspector_lines(session, project, table):
        counts[line.effect] += 1
        if line.effect not in (Effect.NEW, Effect.CHANGED):
            continue
        user = line.user
        if user is None:
            if line.email not in password_hashes:
                raise refused(N_("The people changed meanwhile. Look at the preview again."))
            language = _language(line.cells) or default_language
            user = create_person(session, line.email, line.name, password_hashes[line.email], language, now)
        add_member(session, user, [Role.INSPECTOR], organization_id=project.organization_id, project_id=project.id)
    return counts


def _storable(emails: set[str]) -> list[str]:
    """Without what a database refuses to look for."""
    return [email for email in emails if email and "\0" not in email]


def _planned(
    line: Line, known: Mapping[str, User], members: Mapping[UUID, Member], numbers: dict[str, int]
) -> InspectorLine:
    wrong = line.wrong or _fault(line.cells)
    email = normal_email(line.cells.get("email", ""))
    if wrong:
        return InspectorLine(line.number, Effect.WRONG, line.cells, wrong)
    first = numbers.setdefault(email, line.number)
    if first != line.number:
        message = N_("The same e-mail stands in line %(line)s already.")
        return InspectorLine(line.number, Effect.WRONG, line.cells, message, {"line": first})
    user = known.get(email)
    if user is None:
        return InspectorLine(line.number, Effect.NEW, line.cells, email=email)
    member = members.get(user.id)
    inspects = member is not None and Role.INSPECTOR in member.roles | member.roles_everywhere
    effect = Effect.SAME if inspects else Effect.CHANGED
    return InspectorLine(line.number, effect, line.cells, email=email, user=user)


def _fault(cells: Mapping[str, str]) -> str:
    """What is wrong with the line first, as a catalogue key; empty where nothing is."""
    if not cells["name"]:
        return N_("The name is missing.")
    if not looks_like_email(cells["email"]):
        return N_("This is not an e-mail address.")
    if max(map(len, cells.values())) > LONGEST_CELL:
        return N_("A cell is longer than 300 characters.")
    if cells.get("language") and not _language(cells):
        return N_("The language is “ru” or “en”.")
    return ""


def _language(cells: Mapping[str, str]) -> str:
    return LANGUAGES.get(fold(cells.get("language", "")), "")
