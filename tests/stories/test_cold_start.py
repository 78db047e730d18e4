"""A phone that was switched off starts again where there is no network: its icon opens the app, with all in it."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Error, Locator, Page, expect

from tests.acts import draw_photo, enter_phone, take_photo
from tests.browsers import Phone
from tests.databases import Sessions
from tests.factories import make_audit
from tests.servers import LiveServer, free_port

GREETED = "The guest is greeted"
SAVED = re.compile("^saved on this phone", re.IGNORECASE)


@pytest.mark.parametrize("live_server", ["embedded"], indirect=True)
def test_the_icon_opens_the_app_on_a_phone_that_starts_without_any_network(
    live_server: LiveServer, phones: Callable[..., Phone], sessions: Sessions, tmp_path: Path
) -> None:
    with sessions() as session, session.begin():
        audit = make_audit(session)
        audit.assign(session)
    phone = phones("cold", live_server.url, locale="en-GB")
    screen = phone.open("/phone/")
    enter_phone(screen, audit.inspectors[0].email)
    start_url = what_the_icon_opens(screen)
    screen.locator("a[href^='#/assignments/']").first.click()
    screen.get_by_role("button", name="Start visit").click()
    first = first_criterion(screen)
    first.get_by_label(GREETED).check()
    take_photo(screen, first, draw_photo(tmp_path / "photo.jpg", 1))
    expect(screen.get_by_text(SAVED).first).to_be_visible()
    phone.kill()

    # From its first moment this browser gets at nothing, whatever it is that asks: page, worker or the browser itself.
    no_network = [f"--proxy-server=127.0.0.1:{free_port()}", "--proxy-bypass-list=<-loopback>"]
    phone = phones("cold", live_server.url, locale="en-GB", flags=no_network)
    screen = phone.open(start_url)
    expect(screen.get_by_role("heading", name="Assignments")).to_be_visible()
    assert screen.evaluate("fetch('/healthz').then(() => 'there', () => 'no network')") == "no network"
    with pytest.raises(Error, match="ERR_PROXY_CONNECTION_FAILED"):
        phone.context.new_page().goto("/")

    expect(screen.get_by_role("heading", name="Begun", exact=True)).to_be_visible()
    screen.get_by_role("link", name=audit.outlets[0].name).click()
    first = first_criterion(screen)
    expect(first.get_by_label(GREETED)).to_be_checked()
    expect(first.get_by_role("link", name="Photo 1 of 1").locator("img")).to_be_visible()
    first.get_by_label("The employee looks up").check()
    expect(screen.get_by_text(SAVED).first).to_be_visible()


def first_criterion(screen: Page) -> Locator:
    return screen.get_by_role("group", name=re.compile(r"^1\. "))


def what_the_icon_opens(screen: Page) -> str:
    """The address behind the icon: the browser would install the app, and the worker's scope covers it."""
    devtools = screen.context.new_cdp_session(screen)
    described = devtools.send("Page.getAppManifest")
    assert (described["errors"], devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]) == ([], [])
    manifest = screen.evaluate("address => fetch(address).then((answer) => answer.json())", described["url"])
    scope = screen.evaluate("navigator.serviceWorker.ready.then(({ scope }) => scope)")
    assert (urljoin(described["url"], manifest["scope"]), manifest["display"]) == (scope, "standalone")
    start_url = urljoin(described["url"], manifest["start_url"])
    assert start_url.startswith(scope)
    return start_url
