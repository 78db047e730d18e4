"""The border between organizations: the scope of a session, and row-level security behind it."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, func, insert, select, text, update
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import aliased

from checklists.accounts import Login, LoginCode, LoginFailures, OneTimeLink
from checklists.journey import Journey, Stage
from checklists.orm import Base, Owned, new_id, scoped, unscoped
from checklists.people import Organization, Project, User
from checklists.phones import NoticeAddress
from checklists.review import Review
from tests.databases import Sessions

NOW = datetime(2026, 11, 21, tzinfo=UTC)
# A person may work for several organizations; how a person comes in is the person's own, too.
OF_PEOPLE = (User, Login, OneTimeLink, LoginCode, LoginFailures, NoticeAddress)


@pytest.fixture
def two(sessions: Sessions) -> list[Organization]:
    """Two organizations with a project and a journey of one stage each."""
    with sessions() as session, session.begin():
        organizations = [Organization(slug=slug, name=slug, created_at=NOW) for slug in ("north", "south")]
        session.add_all(organizations)
        session.flush()
        for organization in organizations:
            own = {"organization_id": organization.id}
            project = Project(**own, slug="coffee", name={"ru": "Кофе"}, languages=["ru"], created_at=NOW)
            session.add(project)
            session.flush()
            journey = Journey(**own, project_id=project.id, name={"ru": "Гость"}, position=0)
            journey.stages.append(Stage(**own, name={"ru": "Визит"}, position=0))
            session.add(journey)
    return organizations


def test_only_the_tables_of_people_and_tenants_have_no_organization() -> None:
    owned = {mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, Owned)}
    everything = {mapper.class_ for mapper in Base.registry.mappers}
    assert Review in owned
    assert everything - owned == {Organization, *OF_PEOPLE}


def test_every_kind_of_query_stays_inside(sessions: Sessions, two: list[Organization]) -> None:
    north, south = two
    other = aliased(Journey)
    with sessions(scoped([north.id])) as session:
        journeys = session.scalars(select(Journey)).all()
        assert [journey.organization_id for journey in journeys] == [north.id]
        assert [stage.organization_id for stage in journeys[0].stages] == [north.id]
        assert session.scalar(select(func.count()).select_from(Journey)) == 1
        assert session.scalar(select(func.count()).select_from(select(Journey.id).subquery())) == 1
        assert session.scalar(select(func.count()).select_from(Journey).join(other, other.id != Journey.id)) == 0
        assert session.scalars(select(Stage).where(Stage.journey_id.in_(select(Journey.id)))).one()
        assert session.scalars(select(Organization)).all() == [session.get(Organization, north.id)]
        assert session.get(Organization, south.id) is None
    with sessions(scoped([north.id, south.id])) as session:
        assert len(session.scalars(select(Journey)).all()) == 2
    with sessions(scoped([])) as session:
        assert session.scalars(select(Journey)).all() == []


def test_the_scope_of_one_session_does_not_stick_to_the_next(sessions: Sessions, two: list[Organization]) -> None:
    # SQLAlchemy caches statements by their shape, and the organization must be a parameter of it.
    for organization in [*two, *reversed(two)]:
        with sessions(scoped([organization.id])) as session:
            assert [row.organization_id for row in session.scalars(select(Journey))] == [organization.id]


def test_changes_stay_inside(sessions: Sessions, two: list[Organization]) -> None:
    north, south = two
    with sessions(scoped([north.id])) as session, session.begin():
        session.execute(update(Journey).values(position=7))
    with sessions() as session:
        positions = dict(session.execute(select(Journey.organization_id, Journey.position)).all())
        project_id = session.scalar(select(Project.id).where(Project.organization_id == south.id))
    assert positions == {north.id: 7, south.id: 0}
    row = {"id": new_id(), "organization_id": south.id, "project_id": project_id, "name": {}, "position": 1}
    with sessions(scoped([north.id])) as session:
        with pytest.raises(PermissionError):
            session.execute(insert(Journey), [row])
        session.add(Journey(**row))
        with pytest.raises(PermissionError):
            session.flush()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_row_level_security_holds_where_the_scope_is_forgotten(engine: Engine, two: list[Organization]) -> None:
    north, south = two
    count = text("SELECT count(*) FROM journeys")
    with engine.begin() as connection:
        assert connection.scalar(count) == 0, "without an organization nothing is seen"
        connection.execute(text("SELECT set_config('audit.organizations', :id, true)"), {"id": str(north.id)})
        assert connection.scalar(count) == 1
        assert connection.execute(text("UPDATE journeys SET position = 9")).rowcount == 1
    with engine.begin() as connection:
        assert connection.scalar(count) == 0, "the setting ends with its transaction"
        connection.execute(text("SELECT set_config('audit.organizations', :id, true)"), {"id": str(north.id)})
        with pytest.raises(ProgrammingError, match="row-level security"):
            connection.execute(text("UPDATE journeys SET organization_id = :id"), {"id": south.id})


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_every_table_of_a_tenant_has_the_second_wall(engine: Engine) -> None:
    with engine.connect() as connection:
        walled = set(
            connection.scalars(text("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"))
        )
    tables = {mapper.local_table.name for mapper in Base.registry.mappers}
    assert tables - walled == {table.__tablename__ for table in OF_PEOPLE}


def test_a_reason_is_needed_to_see_everything() -> None:
    assert unscoped("a test").reason == "a test"
    with pytest.raises(TypeError):
        unscoped()  # type: ignore[call-arg]
