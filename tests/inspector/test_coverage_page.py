"""The coverage page says how far a wave is filled, and its buttons lead to what fills it."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from flask import Flask

from checklists.orm import new_id
from checklists.people import Role
from checklists.phones import Contact, WaitingVisit, note_contact
from checklists.review import send_back
from checklists.waves import AssignmentState, Wave, set_required_checks, wave_with_contents
from tests.databases import Sessions
from tests.factories import Audit, make_audit, make_person, make_project
from tests.pages import Window

NOW = datetime.now(UTC)
PAST = NOW - timedelta(days=1)
NOT_WORDS = re.compile(r"<svg.*?</svg>|<span class=\"hidden\">.*?</span>|<.*?>", re.S)


def page_of(audit: Audit) -> str:
    return f"{audit.address}/waves/{audit.wave.id}/coverage"


def cells(window: Window, brand: str) -> list[str]:
    """What stands in the cells of a brand, from the top down."""
    found = re.findall(rf'<td data-label="{brand}">(.*?)</td>', window.answer.text, re.S)
    return [" ".join(NOT_WORDS.sub(" ", cell).split()) for cell in found]


def test_cells_and_sums_say_how_far_everything_is(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        audit.visit(session, audit.outlets[0], state="approved")
        audit.visit(session, audit.outlets[1])
        audit.assign(session, audit.outlets[0], due_until=PAST)
        audit.visit(session, audit.outlets[3], state="approved")
    window.open(page_of(audit))
    assert "6 of 24 required checks are approved (25%)." in window.text
    assert cells(window, "Utro") == ["1 of 4 received 1, overdue 1, to plan 1"] * 3 + ["3 of 12"]
    assert cells(window, "Zerno") == ["1 of 4 to plan 3"] * 3 + ["3 of 12"]
    assert window.answer.text.count('<svg class="coverage"') == 6


def test_it_says_what_to_do_and_the_buttons_lead_there(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        audit.visit(session, audit.outlets[0])
        returned = audit.visit(session, audit.outlets[0])
        send_back(session, returned.id, audit.manager.id, "Which shop is it?", [], NOW)
        audit.visit(session, audit.outlets[0], started_at=datetime(1970, 1, 1, tzinfo=UTC))
        audit.assign(session, audit.outlets[1], due_until=PAST)
        audit.assign(session, audit.outlets[3], state=AssignmentState.PLANNED)
        audit.assign(session, audit.outlets[4], state=AssignmentState.PLANNED, due_until=PAST)
    for sentence, button, there in (
        ("1 visit waits for your review.", "To the visit", "/visits/?wave="),
        ("1 report is held: put it right or reject it.", "To the visit", "/visits/?wave="),
        ("1 visit was sent back and has not come again yet.", "To the visit", "/visits/?wave="),
        ("1 assignment is overdue: extend it or give it to somebody else.", "To the overdue ones", "only=overdue"),
        ("1 planned assignment is not handed out yet.", "To the planned ones", "only=planned"),
        ("1 planned assignment was not handed out in time", "To these assignments", "only=unsent"),
        ("Anna Petrova makes all the visits at Utro (3)", "To the assignments", f"brand={audit.brands[0].id}"),
    ):
        window.open(page_of(audit))
        assert sentence in window.text
        address = next(address for label, address in window.page.links if label == button and there in address)
        assert window.open(address).status == 200


def test_missing_visits_are_planned_from_it_one_brand_at_a_time(window: Window, audit: Audit) -> None:
    window.open(page_of(audit))
    sentence = "Nobody is planned yet for 4 visits at Zerno (The visit)."
    assert sentence in window.text
    window.submit(f"Plan 4 more visits {sentence}")
    assert window.address == page_of(audit)
    assert "4 visits were planned." in window.text
    assert "at Zerno (The visit)" not in window.text
    assert "4 planned assignments are not handed out yet." in window.text
    window.submit("Plan 4 more visits Nobody is planned yet for 4 visits at Utro (The visit).")
    window.follow("To the planned ones").submit("Hand out all 8 planned ones")
    assert "Nothing at the moment: the visits are on their way." in window.open(page_of(audit)).text


def test_a_wave_that_is_over_or_has_nobody_to_send_says_so(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        session.get_one(Wave, audit.wave.id).ends_on = NOW.date() - timedelta(days=2)
    window.open(page_of(audit))
    assert "The wave is over: give it a later last day first." in window.text
    assert window.follow("Edit the wave").status == 200


def test_outlets_stand_behind_a_cell(window: Window, audit: Audit, sessions: Sessions) -> None:
    utro, reception, outlet = audit.brands[0], audit.touchpoints[0], audit.outlets[1]
    with sessions() as session, session.begin():
        wave = wave_with_contents(session, audit.wave.id)
        assert wave is not None
        set_required_checks(session, wave, {(reception.id, utro.id, outlet.id): 3})
        audit.visit(session, outlet, state="approved")
    window.open(page_of(audit)).follow("1 of 4: Reception, Utro")
    assert "Reception at Utro" in window.text
    rows = dict(re.findall(r'<th scope="row">(Utro \d).*?</th>(.*?)</tr>', window.answer.text, re.S))
    numbers = {name: re.findall(r">([\d–]+)</td>", cells) for name, cells in rows.items()}
    assert numbers == {"Utro 1": ["–", "0", "0"], "Utro 2": ["3", "1", "2"], "Utro 3": ["–", "0", "0"]}
    assert "Nobody is planned yet for 3 more." in window.text


def test_the_spread_is_shown_in_numbers(window: Window, audit: Audit, sessions: Sessions) -> None:
    began = datetime.now(UTC).replace(hour=9, minute=30) - timedelta(days=2)
    with sessions() as session, session.begin():
        audit.visit(session, audit.outlets[0], started_at=began)
    window.open(page_of(audit))
    day = began.astimezone(audit.outlets[0].zone).strftime("%a")
    numbers = '</th><td class="number">1</td><td class="number nothing">0</td>'
    for label in (day, "12:00–18:00", "Anna Petrova"):
        assert f'<th scope="row">{label}{numbers}' in window.answer.text
    assert '<th scope="row">Utro 1</th><td class="number">1</td></tr>' in window.answer.text


def test_a_reviewer_reads_it_and_a_stranger_does_not(app: Flask, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        audit.visit(session, audit.outlets[0])
        stranger = make_audit(session, "strangers")
        sibling = make_project(session, audit.organization, "sibling")
        make_person(session, audit.organization, audit.manager.name, Role.MANAGER, project=sibling)
    window = Window(app, audit.reviewer.email).open(page_of(audit))
    assert "1 visit waits for your review." in window.text
    assert "Nobody is planned yet" not in window.text
    place = f"{audit.touchpoints[0].id}/{audit.brands[0].id}"
    assert window.open(f"{page_of(audit)}/{place}").status == 200
    for elsewhere in (f"{audit.touchpoints[0].id}/{stranger.brands[0].id}", f"{new_id()}/{audit.brands[0].id}"):
        assert window.open(f"{page_of(audit)}/{elsewhere}").status == 404
    assert window.open(f"{audit.address}/waves/{stranger.wave.id}/coverage").status == 404
    assert window.open(f"/o/{audit.organization.slug}/sibling/waves/{audit.wave.id}/coverage").status in (403, 404)
    assert Window(app, audit.inspectors[0].email).open(page_of(audit)).status == 403


def test_phones_with_something_on_them_stand_there_in_the_words_of_the_page_of_phones(
    app: Flask, window: Window, audit: Audit, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        elsewhere = make_person(session, audit.organization, "Olga Kim", Role.INSPECTOR)
        anna, boris = audit.inspectors[:2]
        for inspector in (anna, boris):
            audit.assign(session, inspector=inspector)
        waiting = WaitingVisit(audit.assign(session, inspector=anna).id, NOW - timedelta(days=2), parked=False)
        contact = Contact("first", "3f2a91", "Android 14", True, True, 2_400_000_000, (), (waiting,))
        organizations = [audit.organization.id]
        note_contact(session, anna.id, organizations, contact, NOW)
        note_contact(session, boris.id, organizations, replace(contact, waiting=()), NOW)
        note_contact(session, elsewhere.id, organizations, replace(contact, waiting=(), storage_left=1), NOW)
    line = "1 visit only on this phone, the oldest for 2 days"
    advice = "Call: the app should be opened where there is a network."
    window.open(page_of(audit))
    phones = window.text.split("All phones")[0].split("What each inspector's phone said")[1]
    assert f"{anna.name} {line} {advice}" in phones
    assert not any(each.name in phones for each in (boris, elsewhere)), "nothing waits, or in another wave"
    window.follow("All phones")
    assert line in window.text
    assert advice in window.text
    reviewer = Window(app, audit.reviewer.email).open(page_of(audit))
    assert reviewer.status == 200
    assert line not in reviewer.text
    assert "All phones" not in reviewer.text


def test_an_empty_wave_says_what_to_do_first(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        wave = wave_with_contents(session, audit.wave.id)
        assert wave is not None
        wave.required = []
    assert "This wave has no required checks yet" in window.open(page_of(audit)).text
