"""Statements past the ORM are held to the scope as all others are, and write what the ORM would write."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError

from checklists.journey import Journey, Stage
from checklists.orm import new_id, scoped
from checklists.people import Membership, Organization, Project, Role
from checklists.quick import Kept, insert_rows, table_of
from checklists.readers import scope_of
from tests.databases import Sessions
from tests.factories import make_journey, make_organization, make_project

NOW = datetime(2026, 11, 22, tzinfo=UTC)
JOURNEYS, STAGES = table_of(Journey), table_of(Stage)

names = Kept(
    lambda inside: (
        select(JOURNEYS.c.id, STAGES.c.name)
        .join(STAGES, STAGES.c.journey_id == JOURNEYS.c.id)
        .where(JOURNEYS.c.position == bindparam("position"), inside(JOURNEYS, STAGES))
    )
)
move = Kept(lambda inside: update(JOURNEYS).values(position=bindparam("new")).where(inside(JOURNEYS)))


@pytest.fixture
def two(sessions: Sessions) -> list[Project]:
    with sessions() as session, session.begin():
        projects = [make_project(session, make_organization(session, slug, slug)) for slug in ("north", "south")]
        for project in projects:
            make_journey(session, project)
    return projects


def test_a_kept_statement_sees_and_changes_what_the_session_may(sessions: Sessions, two: list[Project]) -> None:
    north, south = (project.organization_id for project in two)
    for scope, stages in (([north], 2), ([north, south], 4), ([], 0)):
        with sessions(scoped(scope)) as session:
            assert len(names.run(session, position=0).all()) == stages
    with sessions() as session:
        assert len(names.run(session, position=0).all()) == 4, "a session without borders"
    with sessions(scoped([north])) as session, session.begin():
        assert move.run(session, new=7).rowcount == 1
    with sessions() as session:
        positions = dict(session.execute(select(Journey.organization_id, Journey.position)).all())
    assert positions == {north: 7, south: 0}


def test_a_statement_that_forgets_a_table_is_refused() -> None:
    with pytest.raises(PermissionError, match="stages"):
        Kept(lambda inside: select(JOURNEYS.c.id, STAGES.c.id).where(inside(JOURNEYS)))
    with pytest.raises(PermissionError, match="stages"):
        Kept(
            lambda inside: select(JOURNEYS.c.id).where(
                select(STAGES.c.id).where(STAGES.c.journey_id == JOURNEYS.c.id).exists(), inside(JOURNEYS)
            )
        )


def test_somebody_who_may_not_see_everything_gets_nothing_this_way(sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        organization = make_organization(session)
    client = Membership(organization_id=organization.id, role=Role.CLIENT)
    with sessions(scope_of([client])) as session:
        with pytest.raises(PermissionError):
            names.run(session, position=0)
        with pytest.raises(PermissionError):
            insert_rows(session, {Journey: [{"id": new_id(), "organization_id": organization.id}]})


def test_rows_of_several_tables_are_written_as_they_are_given(sessions: Sessions, two: list[Project]) -> None:
    project = two[0]
    journey, stages = new_id(), [new_id(), new_id()]
    words = {"ru": "Гость «кофейни» — ё", "en": 'A guest\'s "way" \\ \N{GRINNING FACE}'}
    rows = {
        Journey: [{"id": journey, "project_id": project.id, "name": words, "position": 3}],
        Stage: [{"id": each, "name": words, "position": number} for number, each in enumerate(stages)],
    }
    shared = {"organization_id": project.organization_id, "journey_id": journey}
    with sessions(scoped([project.organization_id])) as session, session.begin():
        insert_rows(session, rows, **shared)
        insert_rows(session, {Stage: []}, **shared)
    with sessions() as session:
        written = session.get_one(Journey, journey)
        assert (written.name, written.position, written.project_id) == (words, 3, project.id)
        assert [(each.id, each.name) for each in written.stages] == [(each, words) for each in stages]


def test_a_moment_keeps_its_microseconds(sessions: Sessions) -> None:
    moment = datetime(2026, 11, 22, 10, 15, 0, 123456, tzinfo=UTC)
    row = {"id": new_id(), "slug": "east", "name": "east", "created_at": moment}
    with sessions() as session, session.begin():
        insert_rows(session, {Organization: [row]})
        assert session.get_one(Organization, row["id"]).created_at == moment


def test_rows_of_others_and_rows_without_parents_are_refused(sessions: Sessions, two: list[Project]) -> None:
    north, south = two
    stage = {"id": new_id(), "organization_id": north.organization_id, "name": {}, "position": 0}
    with sessions(scoped([south.organization_id])) as session:
        with pytest.raises(PermissionError):
            insert_rows(session, {Stage: [{**stage, "journey_id": new_id()}]})
        with pytest.raises(PermissionError):
            insert_rows(session, {Stage: [{"id": new_id()}]}, organization_id=north.organization_id)
    with sessions() as session, pytest.raises(IntegrityError):
        insert_rows(session, {Stage: [{**stage, "journey_id": new_id()}]})


def test_what_waits_in_the_session_goes_first(sessions: Sessions, two: list[Project]) -> None:
    with sessions() as session, session.begin():
        journey = Journey(organization_id=two[0].organization_id, project_id=two[0].id, name={}, position=9)
        session.add(journey)
        journey.id = new_id()
        stage = {"id": new_id(), "organization_id": two[0].organization_id, "journey_id": journey.id, "name": {}}
        insert_rows(session, {Stage: [{**stage, "position": 0}]})
        assert names.run(session, position=9).first() is not None
