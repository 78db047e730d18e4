"""A phone without a network: its work goes to a file, a manager takes it in, and the phone sends nothing twice."""

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from checklists.visits import DraftCopy, DraftPhoto, Photo, SealedReport, Visit
from tests.accessibility import violations
from tests.acts import deliver, draw_photo, enter_phone, take_photo
from tests.browsers import Phone
from tests.databases import Sessions
from tests.factories import PASSWORD, Audit, make_audit
from tests.servers import LiveServer
from tests.walk import log_in


@pytest.fixture
def audit(sessions: Sessions) -> Audit:
    with sessions() as session, session.begin():
        made = make_audit(session)
        for outlet in made.outlets[:2]:
            made.assign(session, outlet)
    return made


def finish_with_photos(screen: Page, outlet: str, photos: list[Path]) -> None:
    screen.get_by_role("link", name=outlet).first.click()
    screen.get_by_role("button", name="Start visit").click()
    for photo in photos:
        take_photo(screen, screen.get_by_role("group", name=re.compile(r"^1\. ")), photo)
    while True:
        title = screen.get_by_role("heading", level=1).inner_text()
        for group in screen.get_by_role("group", name=re.compile(r"^\d+\. ")).all():
            answers = group.locator("input[type=radio], input[type=checkbox]")
            if answers.count():
                answers.first.check()
            else:
                group.get_by_label("Number").fill("1")
        following = screen.get_by_role("link", name="Next", exact=True)
        if not following.count():
            break
        following.click()
        expect(screen.get_by_role("heading", level=1)).not_to_have_text(title)
    screen.get_by_role("link", name="Check answers").click()
    screen.get_by_role("button", name="Finish visit").click()
    expect(screen.get_by_role("heading", name="Outbox")).to_be_visible()


def begin(screen: Page, outlet: str, photo: Path) -> None:
    screen.get_by_role("link", name="Assignments").click()
    screen.get_by_role("link", name=outlet).first.click()
    screen.get_by_role("button", name="Start visit").click()
    take_photo(screen, screen.get_by_role("group", name=re.compile(r"^1\. ")), photo)
    screen.go_back()
    screen.goto("/phone/#/outbox")
    expect(screen.get_by_role("heading", name="Outbox")).to_be_visible()


def save_to_file(screen: Page, folder: Path) -> Path:
    screen.get_by_role("button", name="Save unsent work to a file").click()
    expect(
        screen.get_by_text(re.compile(r"Inside: 1 finished visit, 1 begun visit, 3 photos, [\d.]+ MB\."))
    ).to_be_visible()
    expect(screen.get_by_text("It is not encrypted")).to_be_visible()
    assert violations(screen) == []
    with screen.expect_download() as download:
        screen.get_by_role("link", name="Save the file").click()
    assert re.fullmatch(r"unsent-\d{4}-\d\d-\d\d-\d{4}\.zip", download.value.suggested_filename)
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def test_a_phone_without_a_network_hands_its_work_on_as_a_file(
    live_server: LiveServer, phones: Callable[..., Phone], page: Page, sessions: Sessions, audit: Audit, tmp_path: Path
) -> None:
    one, two = (outlet.name for outlet in audit.outlets[:2])
    photos = [draw_photo(tmp_path / f"{number}.jpg", number) for number in range(3)]
    phone = phones("anna", live_server.url, locale="en-GB")
    screen = phone.open("/phone/")
    enter_phone(screen, audit.inspectors[0].email)
    phone.context.set_offline(True)
    finish_with_photos(screen, one, photos[:2])
    begin(screen, two, photos[2])
    file = save_to_file(screen, tmp_path)
    expect(screen.get_by_text("Saved on this phone").first).to_be_visible()
    with zipfile.ZipFile(file) as opened:
        assert opened.testzip() is None
        (report,) = (opened.read(name) for name in opened.namelist() if name.endswith("/report.json"))

    log_in(page, audit.manager.email, PASSWORD)
    page.goto(f"{audit.address}/people/")
    page.get_by_role("link", name="Work from a phone's file").click()
    page.set_input_files("#file", file)
    page.get_by_role("button", name="Show what is inside").click()
    expect(page.get_by_role("row", name=re.compile(one))).to_contain_text("2 photos; 2 will come with the file")
    expect(page.get_by_role("row", name=re.compile(two))).to_contain_text("go on with it on another phone")
    assert violations(page) == []
    page.get_by_role("button", name="Take in").click()
    expect(page.get_by_role("row", name=re.compile(one))).to_contain_text("2 came with the file")
    with sessions() as session:
        assert session.scalars(select(SealedReport.body)).all() == [report], "byte for byte"
        assert [photo.stored_at is not None for photo in session.scalars(select(Photo))] == [True, True]
        assert len(session.scalars(select(DraftCopy)).all()) == len(session.scalars(select(DraftPhoto)).all()) == 1

    # Back in the network the phone hears that its visit is there, and nothing comes twice.
    deliver(screen)
    expect(screen.get_by_text(re.compile(r"Received \d\d:\d\d"))).to_be_visible()
    with sessions() as session:
        assert len(session.scalars(select(Visit)).all()) == len(session.scalars(select(SealedReport)).all()) == 1
    another = phones("another", live_server.url, locale="en-GB").open("/phone/")
    enter_phone(another, audit.inspectors[0].email)
    expect(another.get_by_role("button", name="Continue here")).to_be_visible()


def test_what_lies_in_a_storage_that_does_not_open_is_saved_all_the_same(
    live_server: LiveServer, phones: Callable[..., Phone], audit: Audit, tmp_path: Path
) -> None:
    phone = phones("anna", live_server.url, locale="en-GB")
    screen = phone.open("/phone/")
    enter_phone(screen, audit.inspectors[0].email)
    phone.context.set_offline(True)
    photos = [draw_photo(tmp_path / f"{number}.jpg", number) for number in range(3)]
    finish_with_photos(screen, audit.outlets[0].name, photos[:2])
    begin(screen, audit.outlets[1].name, photos[2])
    # As a newer version of the app leaves it, of which this one knows nothing.
    screen.evaluate(
        """() => new Promise((done, failed) => {
            const opening = indexedDB.open("phone", 99);
            opening.onsuccess = () => done(opening.result.close());
            opening.onerror = failed;
        })"""
    )
    screen.reload()
    expect(screen.get_by_role("heading", name="The app could not open its storage")).to_be_visible()
    file = save_to_file(screen, tmp_path)
    with zipfile.ZipFile(file) as opened:
        assert opened.testzip() is None
        assert sum("/photos/" in name for name in opened.namelist()) == 3


def test_a_visit_that_the_server_does_not_take_goes_from_the_phone_once_it_is_in_a_file(
    live_server: LiveServer, phones: Callable[..., Phone], audit: Audit, tmp_path: Path
) -> None:
    phone = phones("anna", live_server.url, locale="en-GB")
    screen = phone.open("/phone/")
    enter_phone(screen, audit.inspectors[0].email)

    def refuse(route: Route) -> None:
        instance = urlsplit(route.request.url).path
        problem = {"type": "/problems/TooLarge", "status": 413, "detail": "Make it smaller.", "instance": instance}
        route.fulfill(status=413, content_type="application/problem+json", body=json.dumps(problem))

    phone.context.route("**/api/v1/visits/*", refuse)
    name = audit.outlets[0].name
    finish_with_photos(screen, name, [draw_photo(tmp_path / "1.jpg", 1)])
    card = screen.get_by_role("listitem").filter(has_text=name)
    expect(card).to_contain_text("Needs attention: it is larger than the server takes. Tell your manager")
    expect(card).not_to_contain_text("Make it smaller")
    expect(card).to_contain_text("save the unsent work to a file first")
    remove = card.get_by_role("button", name="Remove from this phone")
    expect(remove).to_have_count(0)
    card.get_by_role("button", name="Try again").click()
    expect(card).to_be_focused()

    screen.get_by_role("button", name="Save unsent work to a file").click()
    expect(screen.get_by_text("Inside: 1 finished visit, 1 photo")).to_be_focused()
    with screen.expect_download():
        screen.get_by_role("link", name="Save the file").click()
    remove.click()
    expect(card).to_have_count(0)
    screen.get_by_role("button", name="Undo").click()
    expect(card).to_contain_text("Needs attention")
    assert violations(screen) == []
    remove.click()
    expect(screen.get_by_text("Removed from this phone")).to_be_visible()
    screen.reload()
    expect(screen.get_by_role("heading", name="Outbox")).to_be_visible()
    expect(screen.get_by_text(name)).to_have_count(0)
