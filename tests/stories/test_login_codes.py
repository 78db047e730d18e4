"""The app on an iPhone's Home Screen has nothing of the browser's login: a code leads from one into the other."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.accessibility import violations
from tests.acts import criterion, enter_phone, start_visit
from tests.browsers import IPHONE, Phone
from tests.databases import Sessions
from tests.factories import PASSWORD, Audit, make_audit
from tests.servers import LiveServer

Phones = Callable[..., Phone]


@pytest.fixture
def live_server(shared_server: LiveServer) -> LiveServer:
    return shared_server


@pytest.fixture
def database_url(shared_server: LiveServer) -> str:
    return shared_server.database_url


def made(sessions: Sessions, slug: str, language: str = "en") -> Audit:
    with sessions() as session, session.begin():
        audit = make_audit(session, slug, outlets_per_brand=1)
        audit.inspectors[0].language = language
        audit.assign(session)
        return audit


def code_on(browser: Page) -> str:
    browser.locator("button.wide", has_text="Log in on the installed app").click()
    code = browser.locator("p.code")
    expect(code).to_be_visible()
    return code.inner_text()


def type_in(installed: Page, code: str) -> None:
    installed.get_by_label("Code").fill(code)
    installed.get_by_role("button", name="Log in").click()


def test_a_code_from_the_browser_logs_in_on_the_installed_app(
    live_server: LiveServer, phones: Phones, sessions: Sessions
) -> None:
    audit = made(sessions, "installed")
    browser = phones("browser", live_server.url, locale="en-GB", user_agent=IPHONE).open("/phone/")
    enter_phone(browser, audit.inspectors[0].email)
    browser.get_by_role("link", name="Get a code to log in there").click()
    code = code_on(browser)
    assert len(code.replace(" ", "")) == 8

    phone = phones("installed", live_server.url, locale="en-GB")
    installed = phone.open("/phone/")
    installed.get_by_role("button", name="I have a code").click()
    expect(installed.get_by_label("Code")).to_be_focused()
    type_in(installed, "2222 2222")
    expect(installed.get_by_text("This code is wrong, was used already or is too old.")).to_be_visible()
    installed.get_by_label("Code").press("Control+a")
    installed.keyboard.type(code.lower())
    assert installed.get_by_label("Code").evaluate("field => getComputedStyle(field).textTransform") == "uppercase"
    installed.keyboard.press("Enter")
    installed.get_by_role("link", name="Settings").click()
    expect(installed.get_by_text("Ready to work offline.")).to_be_visible()
    expect(installed.get_by_role("heading", name=audit.inspectors[0].name)).to_be_visible()

    phone.context.set_offline(True)
    installed.goto("/phone/")
    start_visit(installed, "Utro 1")
    expect(criterion(installed, "The greeting")).to_be_visible()
    phone.context.set_offline(False)

    late = phones("late", live_server.url, locale="en-GB").open("/phone/")
    late.get_by_role("button", name="I have a code").click()
    type_in(late, code)
    expect(late.get_by_text("Make a new one where you are logged in.")).to_be_visible()
    late.get_by_role("button", name="I have a password").click()
    expect(late.get_by_text("Make a new one where you are logged in.")).to_have_count(0)
    enter_phone(late, audit.inspectors[0].email)


def test_who_has_no_network_or_no_login_any_more_is_told_so_instead_of_a_code(
    live_server: LiveServer, phones: Phones, sessions: Sessions
) -> None:
    audit = made(sessions, "nowhere")
    phone = phones("nowhere", live_server.url, locale="en-GB")
    screen = phone.open("/phone/")
    enter_phone(screen, audit.inspectors[0].email)
    screen.get_by_role("link", name="Settings").click()
    phone.context.set_offline(True)
    screen.get_by_role("button", name="Log in on the installed app").click()
    expect(screen.get_by_text("The server did not answer.")).to_be_visible()
    phone.context.set_offline(False)
    phone.context.clear_cookies()
    screen.get_by_role("button", name="Log in on the installed app").click()
    expect(screen.get_by_text("Please log in.")).to_be_visible()
    expect(screen.get_by_text("Log in to send and receive.")).to_be_visible()


@pytest.mark.parametrize(("language", "scheme"), [("ru", "light"), ("en", "dark")])
def test_both_screens_are_accessible(
    live_server: LiveServer, phones: Phones, sessions: Sessions, language: str, scheme: str
) -> None:
    audit = made(sessions, f"eyes-{language}", language)
    screen = phones(f"eyes-{language}", live_server.url, locale=language, color_scheme=scheme, user_agent=IPHONE).open(
        "/phone/"
    )
    screen.locator("form.login button.quiet").click()
    screen.locator("input.code").fill("2222 2222")
    screen.locator("form.login button.main").click()
    expect(screen.locator("form.login .urgent")).not_to_be_empty()
    faults = {"login": violations(screen) + too_wide(screen)}
    screen.locator("form.login button.quiet").click()
    screen.locator("input[type=email]").fill(audit.inspectors[0].email)
    screen.locator("input[type=password]").fill(PASSWORD)
    screen.keyboard.press("Enter")
    screen.locator(".install a[href='#/settings']").click()
    screen.locator(".install ~ button.wide").first.click()
    expect(screen.locator("p.code")).to_be_visible()
    faults["settings"] = violations(screen) + too_wide(screen)
    assert faults == {"login": [], "settings": []}


def too_wide(screen: Page) -> list[str]:
    return ["too wide"] if screen.evaluate("document.documentElement.scrollWidth > innerWidth") else []
