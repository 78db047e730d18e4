"""What people do in the stories, on pages and on the phone's screens: one function each."""

import csv
import io
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from inspector.photo_images import draw_demo_photo
from tests.factories import PASSWORD
from tests.walk import press_send

# ---- On pages


def part(page: Page, name: str) -> None:
    """Go to a part of the project by the navigation on the left."""
    with page.expect_navigation():
        page.get_by_role("link", name=name, exact=True).first.click()


def name_it(page: Page, english: str, group: str = "Name") -> None:
    """Fill in a text in both languages."""
    texts = page.get_by_role("group", name=group, exact=True)
    texts.get_by_label("Russian").fill(f"{english} по-русски")
    texts.get_by_label("English").fill(english)


def save(page: Page, button: str = "Save") -> None:
    """Press the button of a form, which is not refused."""
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).click()
    refusal = page.locator("[role=alert], .refused")
    assert refusal.count() == 0, refusal.all_inner_texts()


def add_criterion(
    page: Page,
    kind: str,
    question: str,
    texts: dict[str, str],
    numbers: dict[str, str] | None = None,
    choices: dict[str, str] | None = None,
    ticks: tuple[str, ...] = (),
) -> None:
    """Add a criterion to a draft's first section; `texts`, `numbers`, `choices` and `ticks` are by their labels."""
    page.get_by_role("link", name=re.compile(rf"^{kind}")).first.click()
    name_it(page, question, "What is checked?")
    for label, text in texts.items():
        page.get_by_label(f"{label}, in Russian").fill(f"{text} по-русски")
        page.get_by_label(f"{label}, in English").fill(text)
    for label, number in (numbers or {}).items():
        page.get_by_label(label).fill(number)
    for label, choice in (choices or {}).items():
        page.get_by_label(label).select_option(choice)
    for label in ticks:
        page.get_by_label(label).check()
    save(page)


def coverage(page: Page, touchpoint: str) -> dict[str, str]:
    """What the matrix says of a touchpoint: brand -> "n of required"."""
    cells = {brand: re.search(r"\d+ of \d+", words) for brand, words in matrix_row(page, touchpoint).items()}
    return {brand: found.group() for brand, found in cells.items() if found}


def matrix_row(page: Page, touchpoint: str) -> dict[str, str]:
    """All that the matrix says of a touchpoint: brand -> the words of the cell."""
    part(page, "Results")
    brands = [name.replace(" (own)", "").strip() for name in page.locator("thead th:not(.group)").all_inner_texts()[1:]]
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=touchpoint))
    cells = [" ".join(words.split()) for words in row.get_by_role("cell").all_inner_texts()]
    return dict(zip(brands, cells, strict=True))


def csv_rows(page: Page, link: str) -> list[dict[str, str]]:
    """What the exports' page gives under this link."""
    part(page, "Exports")
    with page.expect_download() as download:
        page.get_by_role("link", name=link).first.click()
    return list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"))))


def answer_to(page: Page, question: str) -> Locator:
    """An answer on a visit's page, by its criterion."""
    return page.get_by_role("article", name=question)


def photo_was_seen(page: Page, opener: Locator) -> None:
    """A photo opens in the light box, and is a picture."""
    opener.click()
    box = page.get_by_role("dialog", name="Photos")
    expect(box).to_be_visible()
    # The page's policy forbids what `wait_for_function` would do to ask more than once.
    box.locator("img").evaluate("picture => picture.decode()")
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()


# ---- On the phone


def enter_phone(screen: Page, email: str, password: str = PASSWORD) -> None:
    """Log in, and wait until the phone needs no network any more."""
    screen.get_by_label("E-mail").fill(email)
    screen.get_by_label("Password").fill(password)
    screen.get_by_role("button", name="Log in").click()
    screen.get_by_role("link", name="Settings").click()
    expect(screen.get_by_text("Ready to work offline.")).to_be_visible()
    screen.get_by_role("link", name="Assignments").click()


def start_visit(screen: Page, outlet: str) -> None:
    screen.get_by_role("link", name=outlet).first.click()
    screen.get_by_role("button", name="Start visit").click()


def criterion(screen: Page, name: str) -> Locator:
    return screen.get_by_role("group", name=re.compile(rf"^\d+\. {name}"))


def take_photo(screen: Page, place: Locator, file: Path) -> None:
    """Take a photo at a criterion or a best practice; it is kept when this returns."""
    photos = place.get_by_role("link", name=re.compile(r"Photo \d"))
    before = photos.count()
    with screen.expect_file_chooser() as chooser:
        place.get_by_role("button", name="Take photo").click()
    chooser.value.set_files(file)
    expect(photos).to_have_count(before + 1)


def draw_photo(file: Path, seed: int) -> Path:
    file.write_bytes(draw_demo_photo(seed, "Utro", (800, 600)))
    return file


def progress(screen: Page) -> Locator:
    """How far the visit is, "2 of 3", which leads to its end."""
    return screen.locator("a.progress")


def finish(screen: Page) -> None:
    """Go to the end of a visit in which nothing is missing, and finish it."""
    progress(screen).click()
    expect(screen.get_by_text("Nothing is missing.")).to_be_visible()
    screen.get_by_role("button", name="Finish visit").click()
    expect(screen.get_by_role("heading", name="Outbox")).to_be_visible()


def deliver(screen: Page) -> None:
    """Back in the network, the outbox empties."""
    screen.context.set_offline(False)
    press_send(screen)
    expect(screen.get_by_text("Everything has arrived.")).to_be_visible(timeout=60_000)
