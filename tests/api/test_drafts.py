"""A draft read, changed and written back as one document."""

import copy
from typing import Any

from checklists.checklist import version_with_parts
from checklists.orm import ScopedSession, new_id
from tests.api.world import ApiClient, World


def read(program: ApiClient, world: World) -> tuple[dict[str, Any], str]:
    answer = program.get(f"/versions/{world.ids['draft']}")
    assert answer.status_code == 200, answer.text
    return answer.json, answer.headers["ETag"]


def write(program: ApiClient, world: World, document: dict[str, Any], tag: str = "*") -> Any:
    return program.ask("PUT", f"/versions/{world.ids['draft']}", json=document, tag=tag)


def without_ids(document: Any) -> Any:
    """The document with each id as the place where it stands first: two documents that say the same are equal then."""
    places: dict[str, str] = {}

    def walk(value: Any, place: str) -> Any:
        match value:
            case dict():
                return {name: walk(inner, f"{place}/{name}") for name, inner in value.items()}
            case list():
                return [walk(inner, f"{place}/{number}") for number, inner in enumerate(value)]
            case str() if len(value) == 36:
                return places.setdefault(value, place)
        return value

    return walk(document, "")


def test_what_was_read_is_written_back_and_nothing_changes(program: ApiClient, world: World) -> None:
    document, tag = read(program, world)
    assert document["sections"]
    answer = write(program, world, document, tag)
    assert answer.status_code == 200, answer.text
    assert answer.json == document
    assert answer.headers["ETag"] == tag


def test_a_whole_document_makes_the_same_draft_elsewhere(program: ApiClient, world: World) -> None:
    """Its ids are only names then, by which its conditions and durations know each other."""
    document, _tag = read(program, world)
    made = program.ask("POST", f"/projects/{world.ids['project']}/checklists", json={"name": {"en": "C", "ru": "К"}})
    version = made.json["versions"][0]["id"]
    answer = program.ask("PUT", f"/versions/{version}", json=document, tag="*")
    assert answer.status_code == 200, answer.text
    ids = {each["id"] for section in document["sections"] for each in section["criteria"]}
    assert ids.isdisjoint(each["id"] for section in answer.json["sections"] for each in section["criteria"])
    for name in ("sections", "grades", "purpose", "blind", "green_from", "missing"):
        assert without_ids(answer.json[name]) == without_ids(document[name]), name


def test_parts_move_come_and_go(program: ApiClient, world: World, session: ScopedSession) -> None:
    document, tag = read(program, world)
    before = version_with_parts(session, world.ids["draft"])
    assert before is not None
    lineages = {str(each.id): str(each.lineage_id) for section in before.sections for each in section.criteria}
    session.rollback()
    first, second = document["sections"][:2]
    moved, gone = first["criteria"].pop(0), first["criteria"].pop(0)
    second["criteria"].insert(0, moved)
    second["criteria"].append(copy.deepcopy(moved) | {"id": str(new_id()), "states": []} | {"kind": "text"})
    document["sections"].reverse()
    for each in all_criteria(document):
        each["shown_when"] = None
    answer = write(program, world, document, tag)
    assert answer.status_code == 200, answer.text
    after = answer.json["sections"]
    assert [each["id"] for each in after] == [each["id"] for each in document["sections"]]
    criteria = {each["id"]: each for section in after for each in section["criteria"]}
    assert gone["id"] not in criteria
    section = next(each for each in after if each["id"] == second["id"])
    assert section["criteria"][0]["id"] == moved["id"]
    assert section["criteria"][0]["lineage_id"] == lineages[moved["id"]]
    assert section["criteria"][-1]["kind"] == "text"
    assert section["criteria"][-1]["lineage_id"] not in lineages.values()


def all_criteria(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for section in document["sections"] for each in section["criteria"]]


def test_conditions_and_durations_name_parts_of_the_same_document(program: ApiClient, world: World) -> None:
    document, _tag = read(program, world)
    words = {"en": "W", "ru": "С"}
    ids = {name: str(new_id()) for name in ("queue", "yes", "no", "in", "out", "wait")}
    common = {"text": words}
    criteria = [
        common
        | {
            "id": ids["queue"],
            "kind": "choice",
            "options": [
                {"id": ids["yes"], "text": words, "zone": "red"},
                {"id": ids["no"], "text": words, "zone": "green"},
            ],
        },
        common | {"id": ids["in"], "kind": "time_stamp"},
        common | {"id": ids["out"], "kind": "time_stamp"},
        common
        | {
            "id": ids["wait"],
            "kind": "duration",
            "settings": {"from": ids["in"], "until": ids["out"]},
            "green_limit": 2,
            "red_limit": 5,
            "shown_when": {
                "match": "all",
                "conditions": [{"criterion": ids["queue"], "test": "is", "part": ids["yes"]}],
            },
        },
    ]
    touchpoint = str(world.ids["touchpoint"])
    document["sections"] = [{"touchpoint_id": touchpoint, "title": words, "criteria": criteria}]
    answer = write(program, world, document)
    assert answer.status_code == 200, answer.text
    assert answer.json["missing"] == []
    queue, begun, ended, wait = answer.json["sections"][0]["criteria"]
    assert wait["settings"] == {"from": begun["id"], "until": ended["id"]}
    assert wait["shown_when"]["conditions"] == [
        {"criterion": queue["id"], "test": "is", "part": queue["options"][0]["id"]}
    ]
    published = program.ask("PUT", f"/versions/{world.ids['draft']}/publication", tag=answer.headers["ETag"])
    assert published.status_code == 200, published.text
    assert published.json["published_at"]
    again = write(program, world, document)
    assert (again.status_code, again.json["title"]) == (409, "PublishedIsFrozen")


def test_a_fault_is_told_at_its_place(program: ApiClient, world: World) -> None:
    document, _tag = read(program, world)
    wrong = copy.deepcopy(document)
    wrong["sections"][0]["criteria"][0]["weight"] = 0
    wrong["sections"][0]["required_checks"] = -1
    answer = write(program, world, wrong)
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json["errors"]] == ["/sections/0/required_checks"]
    wrong["sections"][0]["required_checks"] = 1
    answer = write(program, world, wrong)
    assert [each["pointer"] for each in answer.json["errors"]] == ["/sections/0/criteria/0/weight"]
    twice = copy.deepcopy(document)
    twice["sections"][0]["criteria"].append(twice["sections"][0]["criteria"][0])
    answer = write(program, world, twice)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"].endswith("/id")
    other = copy.deepcopy(document)
    kinds = {each["kind"] for each in all_criteria(other)}
    other["sections"][0]["criteria"][0]["kind"] = next(kind for kind in ("text", "photo") if kind in kinds | {"text"})
    assert write(program, world, other).status_code == 422
    assert read(program, world)[0] == document


def test_a_criterion_that_asks_something_else_is_compared_no_more(program: ApiClient, world: World) -> None:
    document, _tag = read(program, world)
    document["sections"][0]["criteria"][0]["comparable"] = False
    answer = write(program, world, document)
    changed = answer.json["sections"][0]["criteria"][0]
    assert changed["comparable"] is False
    assert changed["lineage_id"] != document["sections"][0]["criteria"][0]["lineage_id"]
    found = program.get(f"/versions/{world.ids['draft']}/differences").json
    assert {each["change"] for each in found["items"]} == {"added", "removed"}
