"""Walks the product as a person would: every kind of manager page, by its links, and every screen of the phone."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from playwright.sync_api import Page, expect

from checklists.visits import VisitState

NOT_PAGES = re.compile(r"^/(static|api|phone)(/|$)|/exports/.|/reports/|[.]csv$")
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def log_in(page: Page, email: str, password: str) -> None:
    """Log in on the pages, whatever their language."""
    page.goto("/login")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda address: "/login" not in address)


def speak(page: Page, language: str) -> None:
    """Switch the pages to this language with the switch that every page has."""
    page.goto("/")
    button = page.locator(f"form[action='/language'] button[value={language}]")
    if button.first.is_visible():
        button.first.click()
        page.wait_for_load_state()


def press_in_queue(page: Page, place: str, key: str) -> None:
    """Wait for the visit at this place of the queue ("1 of 3 waiting"), and for its keys; then press one."""
    expect(page.get_by_text(place)).to_be_visible()
    expect(page.get_by_role("button", name="Keys")).to_be_visible()
    page.wait_for_load_state("load")
    # Chromium drops what is pressed before it has painted the page.
    page.evaluate("() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)))")
    page.keyboard.press(key)


def every_page(page: Page, start: str = "/") -> Iterator[str]:
    """Go to one page of each kind that links lead to from `start`, breadth first, and to those that are seen otherwise
    only; give the path of each with ids replaced.

    The first project on the way gets an import, a person and whatever else it takes to see the pages that answer.
    """
    seen: set[str] = set()
    yield from _follow(page, [start], seen)
    project = next(kind.removesuffix("checklists/") for kind in seen if kind.endswith("/checklists/"))
    yield from _follow(page, [*_visits_in_each_state(page, project), _draft(page, project)], seen)
    for kind in ("outlets", "inspectors"):
        yield from _import(page, f"{project}imports/{kind}")
    yield from _answers(page, project)


def pages_by_links(page: Page) -> Iterator[str]:
    """Go to one page of each kind that links lead to, for people who have nothing to fill in: a client, a reviewer."""
    yield from _follow(page, ["/"], set())


def _follow(page: Page, starts: Iterable[str], seen: set[str]) -> Iterator[str]:
    """Go to the starts, and from there to each kind of page that was not seen before."""
    waiting = list(starts)
    seen |= set(map(kind_of, waiting))
    while waiting:
        address = waiting.pop(0)
        answer = page.goto(address)
        assert answer is not None
        assert answer.ok, f"{address}: {answer.status}"
        yield kind_of(address)
        for link in page.eval_on_selector_all("a[href]:not([download])", "links => links.map(link => link.href)"):
            place = urlsplit(link)
            target = place.path + (f"?{place.query}" if place.query else "")
            ours = place.netloc == urlsplit(page.url).netloc and not NOT_PAGES.search(place.path)
            if ours and kind_of(target) not in seen:
                seen.add(kind_of(target))
                waiting.append(target)


def kind_of(address: str) -> str:
    """The path without its ids and values: two visits are one kind of page."""
    return ID.sub("id", urlsplit(address).path)


def _visits_in_each_state(page: Page, project: str) -> Iterator[str]:
    for state in VisitState:
        page.goto(f"{project}visits/?state={state.value}")
        found = page.locator("main tbody th a")
        if found.count():
            yield found.first.get_attribute("href") or ""


def _draft(page: Page, project: str) -> str:
    """The first checklist version that can still be changed: its pages have forms of every kind."""
    page.goto(f"{project}checklists/")
    versions = page.eval_on_selector_all("main tbody th a", "links => links.map(link => link.href)")
    for address in versions:
        page.goto(address)
        if page.locator("form[action$='/publication']").count():
            return urlsplit(address).path
    raise AssertionError("no checklist is a draft")


def _import(page: Page, address: str) -> Iterator[str]:
    """The sample of an import with a wrong line more: what it would do, and what it did."""
    sample = page.request.get(f"{address}/sample.csv").body()
    page.goto(address)
    language = page.locator("html").get_attribute("lang")
    lines = sample.replace(b"@example.org", f"@{language}.example.org".encode()).rstrip() + b"\r\n?\r\n"
    page.set_input_files("#file", {"name": "table.csv", "mimeType": "text/csv", "buffer": lines})
    with page.expect_navigation():
        page.click("main form.fields button.main")
    yield f"{kind_of(address)}/preview"
    if page.locator("main form.fields").count():
        page.check("#rest")
        with page.expect_navigation():
            page.click("main form.fields button.main")
        yield f"{kind_of(address)}/done"


def _answers(page: Page, project: str) -> Iterator[str]:
    """What a new person gets, what a refused form says, and where there is nothing."""
    page.goto(f"{project}people/new")
    page.fill("#name", "Варвара Прохожая")
    page.fill("#email", f"{uuid4()}@example.org")
    with page.expect_navigation():
        page.click("main form.fields button.main")
    yield f"{project}people/password"
    page.goto(f"{project}checklists/new")
    page.eval_on_selector("main form.fields", "form => { form.noValidate = true; }")
    with page.expect_navigation():
        page.click("main form.fields button.main")
    assert page.locator("#summary").count() == 1
    yield f"{project}checklists/new/refused"
    page.goto(f"{project}nowhere")
    yield f"{project}nowhere"


def every_screen(screen: Page, email: str, password: str, photo: Path) -> Iterator[str]:
    """Go through the phone app's screens as its inspector does, and give the name of each.

    The inspector has a visit that was sent back, and one to make with a list of the staff met.
    """
    screen.goto("/phone/")
    screen.wait_for_selector("html[data-app-ready]")
    yield "login"
    screen.locator("input[type=email]").fill(email)
    screen.locator("input[type=password]").fill(password)
    screen.keyboard.press("Enter")
    screen.wait_for_selector("a[href^='#/assignments/']")
    yield "assignments"
    screen.click("a[href='#/outbox']")
    yield "outbox"
    screen.click("a[href='#/settings']")
    # After logging in it speaks as the person does; here it is to speak as the browser.
    screen.locator(f".choice:has([lang={screen.evaluate('navigator.language.slice(0, 2)')}]) input").check()
    yield "settings"
    screen.click("a[href='#/']")
    yield from _returned_visit(screen)
    screen.goto("/phone/#/")
    yield from _new_visit(screen, photo)


def _returned_visit(screen: Page) -> Iterator[str]:
    # Who was here before in another language has begun it on a phone of their own: then it goes on here.
    screen.goto(f"/phone/#/assignments/{_returned_assignment(screen)}")
    screen.wait_for_selector("button.main")
    yield "returned"
    screen.click("button.main")
    screen.wait_for_selector(".criterion .note")
    yield "returned-section"
    screen.click("a.progress")
    screen.wait_for_selector("button.main")
    yield "returned-finish"


def _returned_assignment(screen: Page) -> str:
    """The id of the first assignment of which the visit was sent back."""
    work = screen.request.get("/api/v1/phone/work").json()
    return next(str(each["id"]) for each in work["assignments"] if (each["visit"] or {}).get("state") == "returned")


def _new_visit(screen: Page, photo: Path) -> Iterator[str]:
    screen.click(f"a[href='#/assignments/{_assignment_with_staff(screen)}']")
    screen.wait_for_selector("button.main")
    yield "assignment"
    screen.click("button.main")
    screen.wait_for_selector("a.progress")
    yield "section"
    screen.locator("input[type=checkbox]").first.check()
    _take(screen, photo)
    yield "section-answered"
    screen.locator("a[href$='/brief']").first.click()
    yield "brief"
    screen.go_back()
    screen.locator("a[href*='/photos/']").first.click()
    yield "photo"
    screen.click("nav.bar button")
    screen.wait_for_selector(".tools")
    screen.locator(".tools + .tools button").first.click()
    yield "marking"
    screen.click("nav.bar button.main")
    screen.go_back()
    yield from _best_practices(screen, photo)
    yield from _tray(screen, photo)
    while not screen.url.endswith("/staff"):
        before = screen.url
        screen.click("main a.main")
        screen.wait_for_url(lambda address, before=before: address != before)
        yield "staff" if screen.url.endswith("/staff") else f"section-{screen.url.rsplit('/', 1)[-1]}"
    screen.click("p.more button")
    screen.wait_for_selector("input[name=role]")
    yield "staff-met"
    screen.click("main a.main")
    screen.wait_for_selector("button.main")
    yield "finish"
    screen.locator("li.card a.whole").first.click()
    screen.wait_for_selector(".criterion")
    yield "section-missing"


def _assignment_with_staff(screen: Page) -> str:
    """The id of the first visit to make with a checklist that asks for the staff met, and of which nothing repeats."""
    work = screen.request.get("/api/v1/phone/work").json()
    fitting = {
        version["id"]
        for version in work["checklist_versions"]
        if version["staff_met"] and not any(section["repeats"] for section in version["sections"])
    }
    return next(
        str(each["id"]) for each in work["assignments"] if not each["visit"] and each["checklist_version_id"] in fitting
    )


def _best_practices(screen: Page, photo: Path) -> Iterator[str]:
    screen.locator("a[href*='/best/']").first.click()
    screen.wait_for_selector("button.wide")
    yield "best-practices"
    screen.click("button.wide")
    screen.fill("textarea[name=practice-text]", "Зонты у входа")
    _take(screen, photo)
    yield "best-practice"
    screen.locator("a[href*='/photos/']").first.click()
    yield "best-practice-photo"
    screen.go_back()
    screen.click("main a.main")
    screen.wait_for_selector("button.wide")
    yield "best-practices-one"
    screen.click("nav.bar a")
    screen.wait_for_selector("a.progress")


def _tray(screen: Page, photo: Path) -> Iterator[str]:
    screen.click("a[href$='/tray']")
    screen.wait_for_selector(".tiles")
    yield "tray-empty"
    with screen.expect_file_chooser() as chooser:
        screen.locator(".tiles input[type=file]").click()
    chooser.value.set_files(photo)
    for tile in screen.locator(".tiles button").all():
        tile.click()
    screen.fill("input.big", "Мокрый пол у двери")
    screen.press("input.big", "Enter")
    yield "tray"
    screen.click("a[href$='/sorting']")
    screen.wait_for_selector(".card:nth-child(4) .target")
    yield "sorting"
    screen.locator("button[aria-expanded]").first.click()
    yield "sorting-elsewhere"
    while screen.locator(".target").count():
        rest = screen.locator(".cards > .card").count()
        screen.locator(".target").first.click()
        expect(screen.locator(".cards > .card")).to_have_count(rest - 1)
    yield "sorting-done"
    screen.click("nav.bar a:not(.main)")
    screen.locator("main.tray .row a").first.click()
    screen.wait_for_selector("a.progress")


def _take(screen: Page, photo: Path) -> None:
    with screen.expect_file_chooser() as chooser:
        screen.locator("input[type=file]").first.click()
    chooser.value.set_files(photo)
    screen.wait_for_selector("a[href*='/photos/']")


def press_send(screen: Page) -> None:
    """Press the button if it is still there: the outbox, which notices the network by itself, may have been quicker."""
    expect(screen.get_by_role("heading", name="Outbox")).to_be_visible()
    screen.evaluate("[...document.querySelectorAll('button')].find((each) => each.textContent === 'Send now')?.click()")
