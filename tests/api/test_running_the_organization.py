"""What those do who run an organization, by the API: the audit trail, erasures, background jobs, names and settings."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from checklists.accounts import TokenScope, create_token
from checklists.erasure import Erasure
from checklists.jobs import Job, JobState
from checklists.orm import ScopedSession
from checklists.people import Membership, Project, Role, User
from checklists.visits import Photo, Visit, VisitState
from tests.api.world import ApiClient, World
from tests.factories import make_person, make_project


@pytest.fixture
def owner(app: Flask, world: World) -> ApiClient:
    return ApiClient.of(app, world.audit.owner)


def every_item(client: ApiClient, address: str, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = client.get(address, query_string={**query, "limit": 2} | ({"cursor": cursor} if cursor else {}))
        assert page.status_code == 200, page.text
        found += page.json["items"]
        if (cursor := page.json["next"]) is None:
            return found


def test_the_trail_says_who_did_what(owner: ApiClient, manager: ApiClient, program: ApiClient, world: World) -> None:
    audit, trail = world.audit, f"/organizations/{world.ids['organization']}/trail"
    before = datetime.now(UTC)
    brand = manager.ask("POST", f"/projects/{audit.project.id}/brands", json={"name": "Rival"}).json["id"]
    for name in ("Rival One", "Rival Two"):
        assert program.ask("PATCH", f"/brands/{brand}", json={"name": name}, tag="*").status_code == 200
    program.get(f"/projects/{audit.project.id}/people")
    changes = every_item(owner, trail, kind="changes")
    assert [each["said"] for each in changes] == ["changed brands: 1 (name)"] * 2 + ["added brands: 1"]
    assert [each["person"]["name"] for each in changes] == ["Olga Rybakova"] * 2 + ["Marina Orlova"]
    assert [each["token"] and each["token"]["name"] for each in changes] == ["tests", "tests", None]
    assert [each["subject_id"] for each in changes] == [brand, brand, str(audit.project.id)]
    assert changes[0]["details"] == {"brands": {"changed": 1, "fields": ["name"]}}
    assert changes[0]["action"] == "api_brands.change"
    reads = every_item(owner, trail, kind="reads")
    assert {"read people", "read trail"} <= {each["action"] for each in reads}
    (only,) = every_item(owner, trail, kind="changes", user_id=str(audit.manager.id))
    assert only == changes[2]
    assert every_item(owner, trail, until=before.isoformat()) == []
    assert every_item(owner, trail, kind="changes", since=before.isoformat()) == changes
    assert every_item(owner, trail, since=(datetime.now(UTC) + timedelta(hours=1)).isoformat()) == []


def test_the_trail_of_single_projects_is_for_those_who_manage_them(
    app: Flask, world: World, session: ScopedSession, owner: ApiClient
) -> None:
    audit, trail = world.audit, f"/organizations/{world.ids['organization']}/trail"
    other = make_project(session, audit.organization, "other")
    narrow = make_person(session, audit.organization, "Nina Narrow", Role.MANAGER, project=other)
    session.commit()
    for project in (audit.project, other):
        assert owner.ask("POST", f"/projects/{project.id}/brands", json={"name": "Rival"}).status_code == 201
    found = every_item(ApiClient.of(app, narrow), trail, kind="changes")
    assert {each["project_id"] for each in found} == {str(other.id)}


def test_photos_names_and_a_visit_are_erased_and_tombstones_stay(
    owner: ApiClient, world: World, session: ScopedSession
) -> None:
    visit, photo = world.ids["visit"], str(world.ids["photo"])
    session.get_one(Visit, visit).staff_met = [{"role": "barista", "description": "tall", "name": "Petya"}]
    session.commit()
    address, reason = f"/visits/{visit}", {"reason": "Asked for by the person shown."}
    there = owner.get(f"{address}/erasable").json
    assert photo in there["photo_ids"]
    assert (there["staff_met"], there["reports"], there["corrections"], there["counts"]) == (1, 1, 1, False)
    assert there["answers"] == len(owner.get(address).json["answers"])
    nothing = owner.ask("POST", f"{address}/erasures", json=reason | {"what": "photos"})
    assert nothing.json["errors"][0]["pointer"] == "/photo_ids"
    stones = []
    for what in ({"what": "photos", "photo_ids": [photo]}, {"what": "staff"}):
        made = owner.ask("POST", f"{address}/erasures", json=reason | what)
        assert made.status_code == 201, made.text
        stones += made.json["items"]
    assert [(each["kind"], each["subject_id"]) for each in stones] == [("photo", photo), ("staff", str(visit))]
    assert owner.ask("POST", f"{address}/erasures", json=reason | {"what": "photos", "photo_ids": [photo]}).json == {
        "items": []
    }, "it is erased once"
    left = owner.get(f"{address}/erasable").json
    assert (left["photo_ids"], left["staff_met"]) == ([each for each in there["photo_ids"] if each != photo], 0)
    told = next(each for each in owner.get(address).json["photos"] if each["id"] == photo)
    assert told["erased_at"] == stones[0]["at"]
    assert owner.get(f"/photos/{photo}").status_code == 410
    assert owner.ask("POST", f"{address}/erasures", json=reason | {"what": "visit"}).json["items"][0]["kind"] == "visit"
    assert owner.get(address).status_code == 404
    listed = every_item(owner, f"/projects/{world.ids['project']}/erasures")
    assert [each["kind"] for each in listed] == ["visit", "staff", "photo"]
    assert listed[1:] == stones[::-1]
    assert {each["by_name"] for each in listed} == {"Olga Rybakova"}
    session.expire_all()
    assert session.get_one(Photo, world.ids["photo"]).fingerprint is None


def test_a_person_is_erased_but_not_oneself_nor_somebody_higher(
    manager: ApiClient, world: World, session: ScopedSession
) -> None:
    audit, people = world.audit, f"/projects/{world.ids['project']}/people"
    somebody, reason = world.ids["user"], {"reason": "Asked for it."}
    there = manager.get(f"{people}/{somebody}/erasable").json
    assert (there["name"], there["memberships"], there["tokens"]) == ("Anna Petrova", 1, 0)
    assert there["visits"] == 4
    for higher in (audit.owner, audit.manager):
        refused = manager.ask("POST", f"{people}/{higher.id}/erasures", json=reason)
        assert (refused.status_code, refused.json["title"]) == (403, "NotErasable")
    made = manager.ask("POST", f"{people}/{somebody}/erasures", json=reason)
    assert (made.status_code, made.json["items"][0]["subject_id"]) == (201, str(somebody)), made.text
    assert manager.get(f"{people}/{somebody}/erasable").status_code == 404
    session.expire_all()
    assert session.scalars(select(Membership).where(Membership.user_id == somebody)).all() == []
    assert session.get_one(User, somebody).erased_at is not None
    (traces,) = session.scalars(select(Job).where(Job.kind == "erase_traces"))
    assert traces.arguments["user_id"] == str(somebody)


def test_a_token_erases_only_where_it_was_made_for_that(app: Flask, world: World, session: ScopedSession) -> None:
    erasing, ids = TokenScope.ERASURES_WRITE, world.ids
    everything_else, alone = (
        create_token(session, world.audit.owner, "sync", scopes, datetime.now(UTC), organization_id=ids["organization"])
        for scopes in ([each for each in TokenScope if each is not erasing], [erasing])
    )
    session.commit()
    wish = {"what": "visit", "reason": "Asked for it."}
    of_visit, of_person = (f"/visits/{ids['visit']}", f"/projects/{ids['project']}/people/{ids['inspector']}")
    narrow = ApiClient.with_token(app, everything_else.text)
    for address, body in ((of_visit, wish), (of_person, {"reason": "Asked for it."})):
        refused = narrow.ask("POST", f"{address}/erasures", json=body)
        assert (refused.status_code, refused.json["title"]) == (403, "ScopeMissing")
        assert "erasures:write" in refused.json["detail"]
        assert narrow.get(f"{address}/erasable").status_code == 200, "what there is to erase is read as before"
    assert session.scalars(select(Erasure)).all() == []
    assert session.get_one(Visit, ids["visit"]).state is VisitState.RECEIVED
    session.rollback()
    eraser = ApiClient.with_token(app, alone.text)
    for address, body in ((of_visit, wish), (of_person, {"reason": "Asked for it."})):
        made = eraser.ask("POST", f"{address}/erasures", json=body)
        assert made.status_code == 201, made.text
        assert eraser.get(f"{address}/erasable").status_code == 403


def test_failed_jobs_are_listed_and_one_begins_anew(owner: ApiClient, world: World, session: ScopedSession) -> None:
    address = f"/organizations/{world.ids['organization']}"
    before = owner.get(f"{address}/service").json
    assert (before["jobs_failed"], before["photos_waiting"], before["photos_waiting_since"]) == (1, 0, None)
    (failed,) = owner.get(f"{address}/jobs").json["items"]
    assert (failed["id"], failed["error"], failed["state"]) == (str(world.ids["job"]), "The disk is full.", "failed")
    assert failed["words"] == "Make the smaller sizes of a photo"
    tag = owner.get(f"{address}/jobs/{failed['id']}").headers["ETag"]
    again = owner.ask("PUT", f"{address}/jobs/{failed['id']}/resumption", tag=tag)
    assert (again.status_code, again.json["state"], again.json["attempts"]) == (200, "waiting", 0)
    assert owner.get(f"{address}/jobs").json["items"] == []
    assert owner.get(f"{address}/service").json["jobs_failed"] == 0
    late = owner.ask("PUT", f"{address}/jobs/{failed['id']}/resumption", tag=tag)
    assert late.status_code == 412
    assert session.get_one(Job, world.ids["job"], populate_existing=True).state is JobState.WAITING


def test_failed_jobs_come_in_pages(owner: ApiClient, world: World, session: ScopedSession) -> None:
    now = datetime.now(UTC)
    for minutes in range(5):
        at = now - timedelta(minutes=minutes)
        session.add(
            Job(
                organization_id=world.ids["organization"],
                kind="mail",
                arguments={},
                state=JobState.FAILED,
                run_after=at,
                created_at=at,
                finished_at=at,
            )
        )
    session.commit()
    found = every_item(owner, f"/organizations/{world.ids['organization']}/jobs")
    times = [each["finished_at"] for each in found]
    assert len({each["id"] for each in found}) == 6
    assert times == sorted(times, reverse=True)


def test_an_owner_renames_the_organization(owner: ApiClient, manager: ApiClient, world: World) -> None:
    address = f"/organizations/{world.ids['organization']}"
    tag = owner.get(address).headers["ETag"]
    assert manager.ask("PATCH", address, json={"name": "Mine"}, tag="*").status_code == 403
    assert owner.ask("PATCH", address, json={"name": " "}, tag=tag).status_code == 422
    renamed = owner.ask("PATCH", address, json={"name": "Sova & Sons"}, tag=tag)
    assert (renamed.status_code, owner.get(address).json["name"]) == (200, "Sova & Sons")


def test_owners_say_how_long_a_project_keeps_its_visits(
    owner: ApiClient, manager: ApiClient, world: World, session: ScopedSession
) -> None:
    address = f"/projects/{world.ids['project']}"
    refused = manager.ask("PATCH", address, json={"retention_months": 6}, tag="*")
    assert (refused.status_code, refused.json["title"]) == (403, "NotAllowed")
    read = manager.get(address).json
    assert manager.ask("PATCH", address, json=read | {"margin": 0.2}, tag="*").status_code == 200, "the same months"
    assert owner.ask("PATCH", address, json={"retention_months": 0}, tag="*").status_code == 422
    assert owner.ask("PATCH", address, json={"retention_months": 6}, tag="*").json["retention_months"] == 6
    assert session.get_one(Project, world.ids["project"], populate_existing=True).retention_months == 6


def test_a_projects_name_stays_readable_in_its_first_language(manager: ApiClient, world: World) -> None:
    address = f"/projects/{world.ids['project']}"
    begun = {"languages": ["en"], "name": {"en": "Coffee"}}
    assert manager.ask("PATCH", address, json=begun, tag="*").status_code == 200
    for languages in (["ru"], ["ru", "en"]):
        refused = manager.ask("PATCH", address, json={"languages": languages}, tag="*")
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/name/ru")
    assert manager.get(address).json["languages"] == ["en"]
    refused = manager.ask("PATCH", address, json={"name": {"ru": "Кофейни"}}, tag="*")
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/name/en")
    both = manager.ask("PATCH", address, json={"languages": ["ru"], "name": {"ru": "Кофейни"}}, tag="*")
    assert (both.status_code, both.json["name"]) == (200, {"ru": "Кофейни"})
    for languages in ([], ["ru", "ru"], ["de"]):
        assert manager.ask("PATCH", address, json={"languages": languages}, tag="*").status_code == 422


def test_colleagues_are_found_by_words_and_roles(owner: ApiClient, world: World) -> None:
    address = f"/organizations/{world.ids['organization']}/people"

    def names(**query: str) -> list[str]:
        return sorted(each["name"] for each in every_item(owner, address, **query))

    assert names(q="petrova") == ["Anna Petrova"]
    assert names(role="reviewer") == ["Boris Levin"]
    assert names(role="reviewer", q="petrova") == []
