"""A reviewer works the queue by keyboard and looks at photos in the light box; without a script both still work."""

import io
import re
from datetime import UTC, datetime
from uuid import UUID

from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from checklists.visits import Photo, Visit, VisitState, receive_photo
from inspector.photo_images import draw_demo_photo
from inspector.photo_storage import photo_key, storage_of
from inspector.settings import Settings
from tests.accessibility import violations
from tests.browsers import PHONE
from tests.databases import Sessions
from tests.factories import PASSWORD, Audit, make_audit
from tests.field import FieldPhoto, deliver
from tests.servers import LiveServer
from tests.walk import log_in, press_in_queue, speak

# The light box gave the focus back only after its event "close", so that a quick reviewer's next words were keys: an
# "a" approved the visit.
CLOSED_WHILE_TYPING = """() => new Promise((closed) => {
  const box = document.getElementById("lightbox");
  const note = document.activeElement;
  box.addEventListener("close", () => setTimeout(closed), { once: true });
  document.querySelector("a.photo[href]").click();
  box.close();
  note.focus();
})"""


def test_the_queue_is_worked_by_keyboard(page: Page, live_server: LiveServer, sessions: Sessions) -> None:
    audit, visits = three_visits(live_server, sessions)
    log_in(page, audit.reviewer.email, PASSWORD)
    speak(page, "en")
    page.goto(f"{audit.address}/visits/queue")
    press_in_queue(page, "1 of 3 waiting", "?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")

    page.keyboard.press("j")
    first = page.locator("article.answer").first
    expect(first).to_be_focused()
    look_at_photos(page)
    expect(first.locator("a.photo").first).to_be_focused()

    page.keyboard.press("r")
    note = first.get_by_role("textbox")
    expect(note).to_be_focused()
    page.evaluate(CLOSED_WHILE_TYPING)
    expect(note).to_be_focused()
    page.keyboard.type("a note with all the keys: j k p a r x n?")
    assert note.input_value().endswith("n?"), "the keys rest while one types"
    first.get_by_role("link", name="Correct").click()
    page.get_by_role("link", name="Cancel").click()
    expect(note).to_have_value(re.compile("n[?]$"))
    page.locator("#return button").click()
    expect(page.get_by_text("The visit was sent back.")).to_be_visible()
    expect(page.get_by_role("link", name="Back to the last one")).to_have_attribute("href", re.compile(str(visits[0])))
    press_in_queue(page, "1 of 2 waiting", "n")
    press_in_queue(page, "2 of 2 waiting", "x")
    expect(page.locator("#reject-box textarea")).to_be_focused()
    page.keyboard.type("Another shop.")
    page.get_by_role("button", name="Reject", exact=True).click()
    press_in_queue(page, "1 of 1 waiting", "a")
    expect(page.get_by_text("No other visit waits for a review here.")).to_be_visible()
    assert states(sessions, visits) == [VisitState.RETURNED, VisitState.APPROVED, VisitState.REJECTED]


def look_at_photos(page: Page) -> None:
    """The light box: opened by key, larger, turned, on to the next, closed; then as a finger does it on a phone."""
    page.keyboard.press("p")
    box = page.get_by_role("dialog", name="Photos")
    expect(box).to_be_visible()
    expect(box).to_contain_text("1 of 2")
    expect(box).to_contain_text("The greeting: The guest is greeted; The employee looks up")
    assert violations(page) == []
    picture = box.locator("img")
    picture.evaluate("picture => picture.decode()")
    page.keyboard.press("+")
    assert "scale(1.5)" in transform(page)
    page.keyboard.press("-")
    box.get_by_role("button", name="Turn right").click()
    assert "rotate(90deg)" in transform(page)
    picture.hover()
    page.mouse.wheel(0, -200)
    assert "scale(1.2)" in transform(page)
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    page.keyboard.press("p")
    page.keyboard.press("ArrowRight")
    expect(box).to_contain_text("2 of 2")
    assert "rotate(0deg)" in transform(page), "the next one is seen afresh"
    page.keyboard.press("ArrowRight")
    expect(box).to_contain_text("1 of 2")
    page.keyboard.press("Escape")


def test_without_a_script_everything_is_a_link_or_a_button(
    browser: Browser, live_server: LiveServer, sessions: Sessions
) -> None:
    audit, visits = three_visits(live_server, sessions)
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False, locale="en-GB", **PHONE)
    page = context.new_page()
    log_in(page, audit.reviewer.email, PASSWORD)
    page.goto(f"{audit.address}/visits/queue")
    assert page.locator("a.photo").first.get_attribute("target") == "_blank"
    expect(page.locator("#lightbox")).to_be_hidden()
    page.locator("details.note summary").first.click()
    page.locator("details.note textarea").first.fill("Which employee?")
    page.locator("#return-box summary").click()
    page.locator("#return button").click()
    page.wait_for_url(re.compile(str(visits[1])))
    context.close()
    assert states(sessions, visits)[0] is VisitState.RETURNED


def three_visits(server: LiveServer, sessions: Sessions) -> tuple[Audit, list[UUID]]:
    """Three visits that wait, the first one with two photos of its greeting."""
    storage = storage_of(Settings.from_environment(server.environment))
    photos = [FieldPhoto(draw_demo_photo(seed, "Utro", (640, 480))) for seed in (1, 2)]
    with sessions() as session, session.begin():
        audit = make_audit(session)
        first = audit.assign(session)
        report = audit.report(first, photos={audit.criterion("states")["id"]: photos})
        visits = [deliver(session, first, report).id]
        for photo in session.scalars(select(Photo)):
            content = next(each.content for each in photos if each.id == photo.id)
            storage.write(photo_key(photo), io.BytesIO(content), size=photo.size, sha256=photo.sha256)
            receive_photo(session, photo.id, datetime.now(UTC))
        visits += [audit.visit(session, outlet).id for outlet in audit.outlets[1:3]]
    return audit, visits


def states(sessions: Sessions, visits: list[UUID]) -> list[VisitState]:
    with sessions() as session:
        return [session.get_one(Visit, identity).state for identity in visits]


def transform(page: Page) -> str:
    return str(page.evaluate("document.querySelector('#lightbox img').style.transform"))
