"""What a tap brings or takes away above the tapped row, below it, at the page's end: the row stays under the finger."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy.orm import Session

from checklists.checklist import Option, OptionZone
from checklists.orm import ScopedSession, new_id
from checklists.scoring import Kind
from tests.acts import criterion, enter_phone, start_visit
from tests.browsers import ANDROID, Phone
from tests.databases import Sessions
from tests.factories import Audit, make_audit, make_wave
from tests.forms import make_criterion, make_section, make_version, text
from tests.servers import LiveServer

Phones = Callable[..., Phone]
pytestmark = pytest.mark.parametrize("shared_server", ["embedded"], indirect=True)

SETTLED_MS = 500
ANSWERS = ("There is one", "There is none")
WHERE = ("start", "center", "end")


@pytest.fixture
def live_server(shared_server: LiveServer) -> LiveServer:
    return shared_server


@pytest.fixture
def database_url(shared_server: LiveServer) -> str:
    return shared_server.database_url


def audit_with_a_condition(session: Session, slug: str) -> Audit:
    """Six waits below the question whether there is a queue, each asked for only where there is one."""
    audit = make_audit(session, slug, outlets_per_brand=1)
    queue = make_criterion(Kind.CHOICE, "Is there a queue", lineage_id=new_id())
    queue.options = [
        Option(text=text(words), zone=OptionZone.GREEN, position=place, lineage_id=new_id())
        for place, words in enumerate(ANSWERS)
    ]
    there_is_one = {"criterion": str(queue.lineage_id), "test": "is", "part": str(queue.options[0].lineage_id)}
    waits = [
        make_criterion(Kind.MEASURE, f"Wait {number}", shown_when={"match": "all", "conditions": [there_is_one]})
        for number in range(6)
    ]
    section = make_section(audit.touchpoints[0], [make_criterion(), make_criterion(english="Thanks"), queue, *waits])
    audit.version = make_version(session, audit.project, [section], name="With a condition")
    audit.wave = make_wave(session, audit.project, [audit.version], audit.outlets, name="December")
    audit.assign(session)
    return audit


def top(row: Locator) -> float:
    return float(row.evaluate("row => row.getBoundingClientRect().top"))


def tap(screen: Page, row: Locator) -> None:
    found = row.bounding_box()
    assert found is not None
    screen.touchscreen.tap(found["x"] + found["width"] / 2, found["y"] + found["height"] / 2)


@pytest.mark.parametrize("where", WHERE)
def test_a_tapped_row_stays_under_the_finger(
    live_server: LiveServer, phones: Phones, sessions: Callable[..., ScopedSession], where: str
) -> None:
    with sessions() as session, session.begin():
        audit = audit_with_a_condition(session, where)
    screen = phones(where, live_server.url, locale="en-GB").open("/phone/")
    enter_phone(screen, audit.inspectors[0].email)
    start_visit(screen, "Utro 1")
    waits = screen.get_by_role("group", name="Wait")
    for words, count in ((ANSWERS[1], 0), (ANSWERS[0], 6), (ANSWERS[1], 0), (ANSWERS[0], 6)):
        row = criterion(screen, "Is there a queue").locator("label.choice", has_text=words)
        row.evaluate("(row, block) => row.scrollIntoView({ block })", where)
        screen.wait_for_timeout(SETTLED_MS)
        before = top(row)
        tap(screen, row)
        expect(row.locator("input")).to_be_checked()
        expect(waits).to_have_count(count)
        screen.wait_for_timeout(SETTLED_MS)
        assert top(row) == pytest.approx(before, abs=0.5), (words, where)


WATCHED = """
    globalThis.moved = [];
    new PerformanceObserver((seen) => moved.push(...seen.getEntries().flatMap(({ sources }) => (
        sources.map(({ node }) => node?.textContent))))).observe({ type: "layout-shift", buffered: true });
"""


def test_nothing_in_the_list_moves_once_it_is_drawn(
    live_server: LiveServer, phones: Phones, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        audit = make_audit(session, "moves", outlets_per_brand=2)
        audit.assign(session)
    phone = phones("moves", live_server.url, locale="en-GB", user_agent=ANDROID)
    screen = phone.open("/phone/")
    enter_phone(screen, audit.inspectors[0].email)
    expect(screen.get_by_text("Ready to work offline.")).to_be_visible()
    screen.context.add_init_script(WATCHED)
    # As slow as a mid-range phone, so that what comes one after the other is drawn one after the other.
    phone.context.new_cdp_session(screen).send("Emulation.setCPUThrottlingRate", {"rate": 4})
    for _start in range(3):
        screen.reload()
        expect(screen.locator(".card .whole")).to_be_visible()
        expect(screen.get_by_text("Ready to work offline.")).to_be_visible()
        assert screen.evaluate("moved") == []
