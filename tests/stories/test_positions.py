"""Where the phone is goes along with a visit, is said where it is odd, and holds up nobody."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from checklists.brands import Outlet
from checklists.orm import ScopedSession
from checklists.visits import Visit
from tests.acts import criterion, enter_phone, progress, start_visit
from tests.browsers import Phone
from tests.factories import make_audit, make_wave
from tests.forms import make_criterion, make_section, make_version, text
from tests.servers import LiveServer

# What is asked for exactly never comes, as in a cellar: nobody waits for it.
NEVER_EXACTLY = """(() => {
  const { geolocation } = navigator;
  const find = geolocation.getCurrentPosition.bind(geolocation);
  geolocation.getCurrentPosition = (...asked) => asked[2].enableHighAccuracy || find(...asked);
})()"""

pytestmark = pytest.mark.parametrize("shared_server", ["embedded"], indirect=True)


@pytest.fixture
def live_server(shared_server: LiveServer) -> LiveServer:
    return shared_server


@pytest.fixture
def database_url(shared_server: LiveServer) -> str:
    return shared_server.database_url


def test_a_visit_far_from_its_outlet_is_finished_at_once_with_all_positions(
    live_server: LiveServer, phones: Callable[..., Phone], sessions: Callable[..., ScopedSession]
) -> None:
    with sessions() as session, session.begin():
        audit = make_audit(session, "far", outlets_per_brand=1)
        section = make_section(audit.touchpoints[0], [make_criterion()], title=text("Inside"))
        audit.version = make_version(session, audit.project, [section], name="Greeting")
        audit.wave = make_wave(session, audit.project, [audit.version], audit.outlets, name="December")
        audit.assign(session)
        outlet = session.get_one(Outlet, audit.outlets[0].id)
        outlet.latitude, outlet.longitude = 55.7512, 37.6184
    here = {"latitude": 55.7602, "longitude": 37.6184, "accuracy": 20}
    phone = phones("far", live_server.url, locale="en-GB", permissions=["geolocation"], geolocation=here)
    screen = phone.open()
    screen.add_init_script(NEVER_EXACTLY)
    screen.goto("/phone/")
    enter_phone(screen, audit.inspectors[0].email)
    start_visit(screen, "Utro 1")
    far = screen.get_by_text("1 km from the outlet. You can finish all the same.")
    expect(far).to_be_visible()
    criterion(screen, "The greeting").get_by_label("The guest is greeted").check()
    progress(screen).click()
    expect(far).to_be_visible()
    screen.reload()
    expect(far).to_be_visible()
    screen.get_by_role("button", name="Finish visit").click()
    expect(screen.get_by_text("Everything has arrived.")).to_be_visible()
    with sessions() as session:
        positions = session.scalars(select(Visit.positions).where(Visit.outlet_id == audit.outlets[0].id)).one()
    assert [(each["lat"], each["accuracy_m"]) for each in positions] == [(55.7602, 20)] * 3
