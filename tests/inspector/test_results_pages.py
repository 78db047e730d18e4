"""The matrix on the page: figures with their n, colour only with enough checks, a verdict only where certain."""

import re

import pytest
from flask import Flask

from checklists.orm import new_id
from checklists.people import Role
from inspector.languages import score_words
from tests.databases import Sessions
from tests.factories import Audit, make_audit, make_person, make_project, make_wave
from tests.pages import Window


@pytest.fixture
def audit(sessions: Sessions) -> Audit:
    with sessions() as session, session.begin():
        return make_audit(session, outlets_per_brand=7, rivals=("Zerno", "Bobok"), required=6)


def cells(window: Window, brand: str) -> list[str]:
    """The table's cells of one brand from the top down, as HTML."""
    return re.findall(rf'<td data-label="{brand}".*?</td>', window.answer.text, re.S)


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def fill(sessions: Sessions, audit: Audit, brand: int, checks: int, zone: str = "green") -> None:
    """Approved visits, each at another outlet, whose criteria at the first touchpoint are in this zone."""
    zones = {criterion["id"]: zone for criterion in audit.document["sections"][0]["criteria"]}
    with sessions() as session, session.begin():
        for outlet in audit.outlets_of(audit.brands[brand])[:checks]:
            audit.visit(session, outlet, state="approved", zones=zones)


def test_the_latest_wave_that_has_begun_is_shown_first_and_the_others_are_a_link_away(
    window: Window, audit: Audit, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        day = audit.wave.starts_on.replace(year=2020)
        make_wave(session, audit.project, [audit.version], audit.outlets, name="Long ago", starts_on=day, ends_on=day)
        later = audit.wave.starts_on.replace(year=2090)
        make_wave(
            session, audit.project, [audit.version], audit.outlets, name="Some day", starts_on=later, ends_on=later
        )
    fill(sessions, audit, 0, 1)
    window.open(f"{audit.address}/results/")
    assert words(cells(window, "Utro")[0]) == "1 of 6 100% 1 in the plan"
    window.follow("Long ago")
    assert words(cells(window, "Utro")[0]) == "0 of 6 0 in the plan"


def test_too_few_checks_are_hatched_and_show_their_score_without_zone_or_verdict(
    window: Window, audit: Audit, sessions: Sessions
) -> None:
    fill(sessions, audit, 0, 7)
    fill(sessions, audit, 1, 5, "red")
    window.open(f"{audit.address}/results/")
    enough, few = cells(window, "Utro")[0], cells(window, "Zerno")[0]
    assert 'class="zone green"' in enough
    assert 'class="interval"' in enough
    assert "too-few" not in enough
    assert 'class="too-few"' in few
    assert words(few) == "5 of 6 0% 5 in the plan"
    assert '<span class="muted">0%</span>' in few
    for sign in ("zone", "interval", "<svg", "advantage"):
        assert sign not in few


def test_a_cell_shows_its_figures_and_a_certain_verdict_in_words(
    window: Window, audit: Audit, sessions: Sessions
) -> None:
    fill(sessions, audit, 0, 7)
    fill(sessions, audit, 1, 7, "red")
    fill(sessions, audit, 2, 7)
    with sessions() as session, session.begin():
        audit.visit(session, audit.outlets[0])
    window.open(f"{audit.address}/results/")
    ours, worse, same = (words(cells(window, brand)[0]) for brand in ("Utro", "Zerno", "Bobok"))
    assert ours.startswith("green 100% 7 of 6 7/0/0 7 green, 0 yellow, 0 red")
    assert ours.endswith("forbidden states seen: 0% 1 received")
    assert "advantage" not in ours
    assert worse.startswith("red 0% 7 of 6 0/0/7")
    assert worse.endswith("forbidden states seen: 100% ▲ our advantage")
    assert "advantage" not in same
    for footnote in ("are not corrected", "Holm", "margin of 10 points"):
        assert footnote in window.text


def test_absent_invalid_and_mixed_checks_are_named(window: Window, audit: Audit, sessions: Sessions) -> None:
    criteria = [criterion["id"] for criterion in audit.document["sections"][0]["criteria"]]
    with sessions() as session, session.begin():
        nothing = {identity: {"status": "not_applicable"} for identity in criteria}
        little = {identity: {"status": "could_not_check", "reason": "Dark."} for identity in criteria}
        audit.visit(session, state="approved", answers=nothing)
        audit.visit(session, state="approved", answers=little)
    window.open(f"{audit.address}/results/")
    assert words(cells(window, "Utro")[0]) == "0 of 6 2 in the plan, 1 absent, 1 invalid"


def test_a_cell_leads_to_its_criteria_and_visits(window: Window, audit: Audit, sessions: Sessions) -> None:
    fill(sessions, audit, 0, 7, "yellow")
    fill(sessions, audit, 1, 3)
    reception, utro = audit.touchpoints[0], audit.brands[0]
    address = f"{audit.address}/results/waves/{audit.wave.id}/touchpoints/{reception.id}/brands/{utro.id}"
    assert address in window.open(f"{audit.address}/results/").answer.text
    window.open(address)
    assert "Reception at Utro" in window.text
    assert "7 of 6; from 7 outlets" in window.text
    assert "50%" in window.text
    rows = re.findall(r"<tr>\s*<th scope=\"row\">The (?:greeting|wait|table)\b.*?</tr>", window.answer.text, re.S)
    assert [words(row) for row in rows] == [
        "The greeting 7 0/7/0 0 green, 7 yellow, 0 red 50% 0 of 7 0 0",
        "The wait mean 120, from 120 to 120 seconds 7 0/7/0 0 green, 7 yellow, 0 red 50% – 0 0",
        "The table 7 0/7/0 0 green, 7 yellow, 0 red 50% – 0 0",
    ]
    visits = [label for label, link in window.page.links if "/visits/0" in link]
    assert visits == [f"Utro {number}" for number in range(7, 0, -1)]
    window.follow("In the list of visits")
    assert [label for label, link in window.page.links if "/visits/0" in link] == visits
    window.open(address).follow("Zerno")
    assert "3 of 6; from 3 outlets" in window.text
    assert "(too few checks for a zone)" in window.text
    assert "without a verdict" in window.text


def test_the_exports_of_every_wave_are_linked(window: Window, audit: Audit) -> None:
    window.open(f"{audit.address}/results/exports")
    links = [link for label, link in window.page.links if "(CSV)" in label]
    assert len(links) == 8
    for link in links:
        with window.client.get(link) as answer:
            assert answer.status_code == 200, link
            assert answer.mimetype == "text/csv"
            assert answer.data.count(b"\r\n") == 1, "a title for each column"


def test_without_a_wave_the_pages_say_what_to_do(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        make_project(session, audit.organization, "empty")
    assert "Results begin with a wave" in window.open(f"/o/{audit.organization.slug}/empty/results/").text
    assert "nothing to export" in window.open(f"/o/{audit.organization.slug}/empty/results/exports").text


def test_foreign_ids_are_found_nowhere(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        stranger = make_audit(session, "strangers")
        make_project(session, audit.organization, "sibling")
    here, there = audit.wave.id, stranger.wave.id
    reception, brand = audit.touchpoints[0].id, audit.brands[0].id
    for address in (
        f"{audit.address}/results/waves/{there}",
        f"{audit.address}/results/waves/{new_id()}",
        f"/o/{audit.organization.slug}/sibling/results/waves/{here}",
        f"/o/{stranger.organization.slug}/{stranger.project.slug}/results/",
        f"{audit.address}/results/waves/{there}/touchpoints/{reception}/brands/{brand}",
        f"{audit.address}/results/waves/{here}/touchpoints/{stranger.touchpoints[0].id}/brands/{brand}",
        f"{audit.address}/results/waves/{here}/touchpoints/{reception}/brands/{stranger.brands[0].id}",
    ):
        assert window.open(address).status == 404, address


def test_results_are_for_reviewers_and_clients_only(app: Flask, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        client = make_person(session, audit.organization, "Kira Belova", Role.CLIENT)
    for person, status in ((audit.reviewer, 200), (client, 200), (audit.inspectors[0], 403)):
        someone = Window(app, person.email)
        for page in ("/results/", "/results/exports", "/exports/answers.csv", "/exports/visits.csv"):
            assert someone.open(f"{audit.address}{page}").status == status, page


@pytest.mark.parametrize(
    ("share", "limits", "words"),
    [
        (0.896, (0.9, 0.7), "89.6%"),
        (0.8996, (0.9, 0.7), "89.96%"),
        (0.9, (0.9, 0.7), "90%"),
        (0.695, (0.9, 0.7), "69.5%"),
        (0.886, (0.9, 0.7), "89%"),
        (0.896, None, "90%"),
    ],
)
def test_a_score_never_reads_as_one_of_another_zone(
    app: Flask, share: float, limits: tuple[float, float] | None, words: str
) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert score_words(share, limits) == words
