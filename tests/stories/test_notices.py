"""A notice on its whole way, from the plan to a locked phone: our service encrypts it, hands it to a push service, and
Chromium's worker is given what arrived there.

Chromium's own push service is its maker's and not here. So `subscribe` is answered by a stand-in, with a browser's keys
that the test holds, and what was decrypted with them is delivered to the worker by the browser's own tool for that.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, Page, Worker, expect
from sqlalchemy import func, select

from checklists.phones import NoticeAddress
from tests.accessibility import violations
from tests.acts import enter_phone
from tests.browsers import PATIENCE_MS, Phone
from tests.databases import Databases, Sessions
from tests.factories import Audit, make_audit
from tests.push_service import PushService, let_it_be_due, running_push_service
from tests.servers import LiveServer

SWITCH = "Say when something is new"
STAND_IN = """
    let subscription = null;
    PushManager.prototype.getSubscription = async () => subscription;
    PushManager.prototype.subscribe = async () => (subscription = {
        toJSON: () => (%s), unsubscribe: async () => { subscription = null; return true; } });
"""
BADGE = """
    for (const place of [globalThis.navigator])
        place.setAppBadge = async (count) => { globalThis.badge = count; };
"""


@pytest.fixture
def service() -> Iterator[PushService]:
    with running_push_service() as running:
        yield running


@pytest.fixture
def live_server(databases: Databases, tmp_path: Path, service: PushService) -> Iterator[LiveServer]:
    server = LiveServer(databases.fresh("sqlite"), tmp_path / "data", PUSH_SERVICES_INSIDE=service.place)
    server.start()
    yield server
    server.kill()
    databases.drop(server.database_url)


@pytest.fixture
def database_url(live_server: LiveServer) -> str:
    return live_server.database_url


@pytest.fixture
def audit(sessions: Sessions) -> Audit:
    with sessions() as session, session.begin():
        made = make_audit(session)
        for person in made.inspectors:
            person.language = "en"
        made.assign(session)
    return made


@pytest.fixture
def phone(phones: Callable[..., Phone], live_server: LiveServer, audit: Audit, service: PushService) -> Phone:
    made = phones("anna", live_server.url, locale="en-GB", permissions=["notifications"])
    screen = made.open()
    address = service.browser.address(f"{service.origin}/send/anna")
    screen.context.add_init_script(STAND_IN % json.dumps(address) + BADGE)
    screen.goto("/phone/")
    enter_phone(screen, audit.inspectors[0].email)
    made.context.service_workers[0].evaluate(BADGE)
    return made


def turn_on(screen: Page) -> None:
    screen.get_by_role("link", name="Settings").click()
    screen.get_by_label(SWITCH).click()
    expect(screen.get_by_label(SWITCH)).to_be_checked()
    expect(screen.get_by_label(SWITCH)).to_be_enabled()


def hand_out(sessions: Sessions, audit: Audit, count: int) -> None:
    with sessions() as session, session.begin():
        for outlet in audit.outlets[1 : 1 + count]:
            audit.assign(session, outlet)
        session.flush()
        let_it_be_due(session)


def arrived(service: PushService, count: int) -> dict[str, object]:
    give_up = time.monotonic() + PATIENCE_MS / 1000
    while len(service.pushed) < count and time.monotonic() < give_up:
        time.sleep(0.05)
    assert len(service.pushed) == count
    return service.pushed[-1].message


def deliver(phone: Phone, message: dict[str, object]) -> Worker:
    """Give the worker what the push service has; it has shown it, or not, when this returns."""
    line: CDPSession = phone.context.new_cdp_session(phone.page)
    found: list[str] = []
    line.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(each["registrationId"] for each in told["registrations"]),
    )
    line.send("ServiceWorker.enable")
    worker = phone.context.service_workers[0]
    worker.evaluate("self.addEventListener('push', () => { self.delivered = (self.delivered ?? 0) + 1; })")
    before = worker.evaluate("self.delivered ?? 0")
    origin = phone.page.url.partition("/phone/")[0]
    line.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": origin, "registrationId": found[-1], "data": json.dumps(message)},
    )
    give_up = time.monotonic() + PATIENCE_MS / 1000
    while worker.evaluate("self.delivered ?? 0") == before and time.monotonic() < give_up:
        time.sleep(0.05)
    time.sleep(0.3)
    return worker


def shown(worker: Worker) -> list[str]:
    titles: list[str] = worker.evaluate("registration.getNotifications().then((all) => all.map(({title}) => title))")
    return titles


def test_a_notice_comes_to_a_locked_phone_and_says_no_names(
    phone: Phone, service: PushService, sessions: Sessions, audit: Audit
) -> None:
    screen = phone.page
    turn_on(screen)
    assert violations(screen) == []
    screen.get_by_role("link", name="Assignments").click()
    expect(screen.locator(".card")).to_have_count(1)
    expect(screen.locator(".card .said")).to_have_count(0)

    # Nobody looks at the phone: its page stands somewhere else, and asks for nothing.
    screen.get_by_role("link", name="Settings").click()
    screen.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    hand_out(sessions, audit, 2)
    message = arrived(service, 1)
    worker = deliver(phone, message)
    assert shown(worker) == ["2 new assignments"]
    assert worker.evaluate("self.badge") == 2

    # The page was told, has asked for the work, and counts by itself.
    screen.wait_for_function("globalThis.badge === 2")
    screen.evaluate("Object.defineProperty(document, 'hidden', { value: false, configurable: true })")
    worker.evaluate(
        """async () => {
            const [notification] = await registration.getNotifications();
            self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
        }"""
    )
    expect(screen.locator(".card .said", has_text="New")).to_have_count(2)
    screen.wait_for_function("globalThis.badge === 0")
    assert shown(worker) == []

    # A mark stays until its assignment is opened.
    screen.locator(".card", has_text="New").first.get_by_role("link").click()
    expect(screen.get_by_role("heading", name="Brief")).to_be_visible()
    screen.go_back()
    expect(screen.locator(".card .said", has_text="New")).to_have_count(1)


def test_the_plain_look_and_another_person(
    phone: Phone, service: PushService, sessions: Sessions, audit: Audit
) -> None:
    screen = phone.page
    turn_on(screen)
    screen.get_by_label("Plain look").check()
    hand_out(sessions, audit, 1)
    message = arrived(service, 1)
    worker = deliver(phone, message)
    assert shown(worker) == ["Tasks: 1"]

    screen.get_by_role("button", name="Log out").click()
    expect(screen.get_by_role("button", name="Log in")).to_be_visible()
    screen.wait_for_function("caches.has('notices').then((is) => !is)")
    screen.wait_for_function(
        "navigator.serviceWorker.ready.then((own) => own.pushManager.getSubscription()).then((one) => !one)"
    )
    give_up = time.monotonic() + PATIENCE_MS / 1000
    while _addresses(sessions) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert _addresses(sessions) == 0
    deliver(phone, message)
    assert shown(worker) == []

    # The next person's notices are that person's own to turn on, and a late one of the first is shown to nobody.
    enter_phone(screen, audit.inspectors[1].email)
    screen.get_by_role("link", name="Settings").click()
    expect(screen.get_by_label(SWITCH)).not_to_be_checked()
    turn_on(screen)
    deliver(phone, message)
    assert shown(worker) == []


def _addresses(sessions: Sessions) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(NoticeAddress)) or 0


def test_where_notices_cannot_be_had_the_screen_says_why_and_what_to_do(
    phones: Callable[..., Phone], live_server: LiveServer, audit: Audit
) -> None:
    refused = phones("refused", live_server.url, locale="en-GB")
    screen = refused.open("/phone/")
    enter_phone(screen, audit.inspectors[0].email)
    screen.get_by_role("link", name="Settings").click()
    expect(screen.get_by_label(SWITCH)).to_have_count(1)
    # Nobody was asked anything by then.
    assert screen.evaluate("Notification.permission") in ("default", "denied")
    screen.add_init_script("delete globalThis.PushManager;")
    screen.reload()
    expect(screen.get_by_text("This browser cannot show notices.")).to_be_visible()
    expect(screen.get_by_label(SWITCH)).to_have_count(0)
