"""Who works in a project, with which roles, and whether they still may; everybody's roles over an organization."""

from datetime import UTC, datetime
from uuid import UUID

from flask import Response, g
from flask_babel import gettext as _

from checklists.accounts import TokenScope, end_links
from checklists.errors import InvalidInput, LockedOut, NotFound
from checklists.organizations import Colleague, Place, colleagues_of, set_roles
from checklists.orm import holds
from checklists.people import (
    Member,
    Organization,
    Project,
    Role,
    User,
    add_member,
    change_roles,
    create_person,
    members_found,
    members_of,
    projects_of,
    take_back,
    user_by_email,
)
from inspector.api.etags import refuse_if_changed, tagged
from inspector.api.fields import TOLD, Body, Choice, Flag, Id, Part, Several, Text
from inspector.api.operations import Json, Operations, told
from inspector.api.paging import Asked, Paged, Search, behind, page_of, paged
from inspector.api.reach import refuse_narrow
from inspector.auth import MANAGERS, OWNERS, roles
from inspector.doorbell import ring
from inspector.languages import LANGUAGES
from inspector.manager.forms import Form
from inspector.manager.organization import EVERYWHERE, IN_ONE_PROJECT
from inspector.manager.people import (
    invite,
    locks_me_out,
    mail_is_sent,
    member_asked,
    refuse_foreign_login,
    refuse_to_show_link,
)
from inspector.manager.words import ROLES_GIVEN
from inspector.trail import reads_personal
from inspector.transactions import reading, writing

operations = Operations(
    "people",
    "People",
    "Who works in a project. Whoever has no role any more may deliver visits begun before for 30 days, and nothing"
    " else. Roles held in all projects are changed by the organization's owners.",
)


class MemberSchema(Body):
    id = Id("user", **TOLD)
    name = Text(example="Anna Petrova", **TOLD)
    email = Text(example="anna@example.org", **TOLD)
    language = Text(example="en", **TOLD)
    roles = Several(Choice(Role, example="inspector"), "Held in this project.", required=True, most=len(Role))
    roles_everywhere = Several(Choice(Role), "Held in all projects.", example=[], **TOLD)
    ended = Several(Choice(Role), "Held here once.", example=[], **TOLD)
    active = Flag("Whether there is any role now.", **TOLD)


class RolesSchema(Body):
    roles = Several(
        Choice(Role, example="inspector"), "Exactly these; none ends the access.", required=True, most=len(Role)
    )


class NewPersonSchema(Body):
    email = Text(required=True, example="vera@example.org")
    name = Text(required=True, example="Vera Kim")
    language = Text("Of mails and pages: “ru” or “en”.", load_default="en", longest=2, example="en")
    roles = Several(Choice(Role, example="inspector"), required=True, least=1, most=len(Role))


class InvitedSchema(Body):
    person = Part(MemberSchema, **TOLD)
    invitation = Text(
        "Where the person chooses a password, to be passed on; null where it was sent by mail, or is not needed.",
        allow_none=True,
        example="https://audit.example.org/links/…",
        **TOLD,
    )


class PeopleQuery(Paged):
    q = Search("Words in name or address.", load_default="")
    role = Choice(Role, load_default=None, example="inspector")
    active = Asked("Only those with a role now, or only the others.", load_default=None)


class ColleaguesQuery(Paged):
    q = Search("Words in name or address.", load_default="")
    role = Choice(Role, "Held in all projects, or in any.", load_default=None, example="inspector")


class PlaceRolesSchema(Body):
    project_id = Id("project", "Null is all projects.", allow_none=True, load_default=None)
    roles = Several(Choice(Role, example="manager"), required=True, most=len(Role))


class ColleagueSchema(Body):
    id = Id("user", **TOLD)
    name = Text(example="Marina Orlova", **TOLD)
    email = Text(example="marina@example.org", **TOLD)
    active = Flag(**TOLD)
    roles = Several(Part(PlaceRolesSchema), "By project, and for all of them.", required=True, most=500)


@operations.route("/projects/<uuid:project_id>/people", methods=["GET"])
@operations.query(PeopleQuery)
@operations.answers(200, page_of(MemberSchema), "Everybody who works in the project or did")
@roles(*MANAGERS, scope=TokenScope.PEOPLE_READ)
@reads_personal("people")
def list_people(asked: Json, project_id: UUID) -> Response:
    """Everybody who works in the project or did."""
    with reading() as session:
        found = members_found(session, project_id, words=asked["q"], role=asked["role"], active=asked["active"])
    found.sort(key=_place)
    return paged(MemberSchema, behind(found, asked["cursor"], asked["limit"], _place), asked["limit"], _place, _told)


def _place(member: Member) -> tuple[UUID]:
    return (member.user.id,)


def _told(member: Member) -> Json:
    own = {name: getattr(member.user, name) for name in ("id", "name", "email", "language")}
    held = {name: sorted(getattr(member, name)) for name in ("roles", "roles_everywhere", "ended")}
    return own | held | {"active": member.active}


@operations.route("/projects/<uuid:project_id>/people", methods=["POST"])
@operations.body(NewPersonSchema)
@operations.answers(201, InvitedSchema, "The person works here now")
@roles(*MANAGERS, scope=TokenScope.PEOPLE_WRITE)
def add(wish: Json, project_id: UUID) -> Response:
    """Let somebody work in the project; who has no login yet gets an invitation to choose a password."""
    _refuse_other_roles(wish["roles"])
    if wish["language"] not in LANGUAGES:
        raise InvalidInput({"language": _("Please choose one.")})
    now, invitation = datetime.now(UTC), ""
    with writing() as session:
        user = user_by_email(session, wish["email"])
        if user is not None:
            held = [each.roles for each in members_of(session, project_id) if each.user.id == user.id]
            _refuse_foreign(user, set(wish["roles"]).difference(*held))
        else:
            user = create_person(session, wish["email"], wish["name"], "", wish["language"], now)
            invitation = invite(session, user, now)
        add_member(session, user, wish["roles"], organization_id=g.organization.id, project_id=project_id)
        person = _told(member_asked(session, user.id))
    return _invited(person, invitation)


def _invited(person: Json, invitation: str) -> Response:
    if not invitation:
        ring()
    return told(InvitedSchema().dump({"person": person, "invitation": invitation or None}), 201)


@operations.route("/projects/<uuid:project_id>/people/<uuid:user_id>", methods=["GET"])
@operations.answers(200, MemberSchema, "The person")
@roles(*MANAGERS, scope=TokenScope.PEOPLE_READ)
@reads_personal("person")
def show(project_id: UUID, user_id: UUID) -> Response:
    """One person of the project."""
    with reading() as session:
        return tagged(MemberSchema, _told(member_asked(session, user_id)))


@operations.route("/projects/<uuid:project_id>/people/<uuid:user_id>", methods=["PATCH"])
@operations.body(RolesSchema, example={"roles": ["inspector", "reviewer"]})
@operations.answers(200, MemberSchema, "The person with these roles")
@operations.needs_tag
@roles(*MANAGERS, scope=TokenScope.PEOPLE_WRITE)
def change(wish: Json, project_id: UUID, user_id: UUID) -> Response:
    """Change the roles that a person holds in this project. None at all ends the access."""
    _refuse_other_roles(wish["roles"])
    with writing() as session:
        session.get_one(Project, project_id, with_for_update=True)
        member = member_asked(session, user_id)
        refuse_if_changed(MemberSchema, _told(member))
        if locks_me_out(member, wish["roles"]):
            raise LockedOut
        _refuse_foreign(member.user, set(wish["roles"]) - member.roles)
        change_roles(session, user_id, wish["roles"], g.project, datetime.now(UTC))
        session.flush()
        return tagged(MemberSchema, _told(member_asked(session, user_id)))


@operations.route("/projects/<uuid:project_id>/people/<uuid:user_id>/activation", methods=["PUT"])
@operations.answers(200, MemberSchema, "The person has access again")
@operations.needs_tag
@roles(*MANAGERS, scope=TokenScope.PEOPLE_WRITE)
def activate(project_id: UUID, user_id: UUID) -> Response:
    """Give a person the roles again that ended last."""
    with writing() as session:
        session.get_one(Project, project_id, with_for_update=True)
        member = member_asked(session, user_id)
        refuse_if_changed(MemberSchema, _told(member))
        take_back(session, user_id, g.project)
        session.flush()
        return tagged(MemberSchema, _told(member_asked(session, user_id)))


@operations.route("/projects/<uuid:project_id>/people/<uuid:user_id>/invitation", methods=["POST"])
@operations.answers(201, InvitedSchema, "Another link was made")
@roles(*MANAGERS, scope=TokenScope.PEOPLE_WRITE)
def invite_again(project_id: UUID, user_id: UUID) -> Response:
    """Another link for somebody who has not chosen a password yet; the one before works no longer."""
    now = datetime.now(UTC)
    with writing() as session:
        member = member_asked(session, user_id)
        if member.user.password_hash:
            raise InvalidInput({"user_id": _("This person has a password already.")})
        # Who made the login may see its link; where mail is sent nobody sees it.
        _refuse_foreign(member.user, set() if mail_is_sent() else {Role.MANAGER})
        refuse_to_show_link(session, member.user)
        end_links(session, user_id, now)
        invitation = invite(session, member.user, now)
        person = _told(member)
    return _invited(person, invitation)


def _refuse_other_roles(wanted: list[Role]) -> None:
    if not set(wanted) <= set(ROLES_GIVEN):
        raise InvalidInput({"roles": _("Please choose one.")})


def _refuse_foreign(user: User, given: set[Role]) -> None:
    form = Form.showing()
    refuse_foreign_login(form, "roles", user, given)
    form.check()


@operations.route("/organizations/<uuid:organization_id>/people", methods=["GET"])
@operations.query(ColleaguesQuery)
@operations.answers(200, page_of(ColleagueSchema), "Everybody with a role in the organization, now or once")
@roles(*OWNERS, scope=TokenScope.PEOPLE_READ)
@reads_personal("people")
def list_colleagues(asked: Json, organization_id: UUID) -> Response:
    """Everybody with a role in the organization, now or once, or those who fit."""
    refuse_narrow()
    with reading() as session:
        found = [
            each
            for each in sorted(colleagues_of(session, organization_id), key=_place_of)
            if holds(asked["q"], each.user.name, each.user.email)
            and (asked["role"] is None or any(asked["role"] in held for held in each.roles.values()))
        ]
    shown = behind(found, asked["cursor"], asked["limit"], _place_of)
    return paged(ColleagueSchema, shown, asked["limit"], _place_of, _colleague_told)


def _place_of(colleague: Colleague) -> tuple[UUID]:
    return (colleague.user.id,)


def _colleague_told(colleague: Colleague) -> Json:
    held = sorted(colleague.roles.items(), key=lambda each: str(each[0] or ""))
    return {name: getattr(colleague.user, name) for name in ("id", "name", "email")} | {
        "active": colleague.active,
        "roles": [{"project_id": place, "roles": sorted(own)} for place, own in held if own],
    }


@operations.route("/organizations/<uuid:organization_id>/people/<uuid:user_id>", methods=["GET"])
@operations.answers(200, ColleagueSchema, "The person")
@roles(*OWNERS, scope=TokenScope.PEOPLE_READ)
@reads_personal("person")
def show_colleague(organization_id: UUID, user_id: UUID) -> Response:
    """One person's roles over all projects."""
    refuse_narrow()
    with reading() as session:
        return tagged(ColleagueSchema, _colleague_told(_colleague(colleagues_of(session, organization_id), user_id)))


@operations.route("/organizations/<uuid:organization_id>/people/<uuid:user_id>", methods=["PATCH"])
@operations.body(ColleagueSchema, example={"roles": [{"project_id": None, "roles": ["inspector", "reviewer"]}]})
@operations.answers(200, ColleagueSchema, "The person with these roles")
@operations.needs_tag
@roles(*OWNERS, scope=TokenScope.PEOPLE_WRITE)
def change_colleague(wish: Json, organization_id: UUID, user_id: UUID) -> Response:
    """Let a person hold exactly these roles in the places that are named; other places stay as they are."""
    refuse_narrow()
    wanted: dict[Place, set[Role]] = {each["project_id"]: set(each["roles"]) for each in wish["roles"]}
    with writing() as session:
        session.get_one(Organization, organization_id, with_for_update=True)
        colleague = _colleague(colleagues_of(session, organization_id), user_id)
        refuse_if_changed(ColleagueSchema, _colleague_told(colleague))
        reached = {each.id for projects in projects_of(session, g.memberships).values() for each in projects}
        if not set(wanted) <= {None, *reached}:
            raise NotFound
        for place, chosen in wanted.items():
            if not chosen <= set(IN_ONE_PROJECT if place else EVERYWHERE):
                raise InvalidInput({"roles": _("Please choose one.")})
            _refuse_foreign(colleague.user, chosen - colleague.roles.get(place, set()))
        set_roles(session, organization_id, colleague.user, wanted, g.memberships, datetime.now(UTC))
        changed = _colleague(colleagues_of(session, organization_id), user_id)
        return tagged(ColleagueSchema, _colleague_told(changed))


def _colleague(colleagues: list[Colleague], user_id: UUID) -> Colleague:
    for colleague in colleagues:
        if colleague.user.id == user_id:
            return colleague
    raise NotFound
