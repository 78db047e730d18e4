"""One person's phone in real Chromium, to which anything may happen: what its screens said is compared with what lies
in its IndexedDB, byte for byte, and with what the server has.
"""

import hashlib
import os
import random
import re
import signal
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.sync_api import CDPSession, Page, expect
from playwright.sync_api import Error as BrowserError
from sqlalchemy import select

from checklists.orm import new_id
from checklists.visits import DraftPhoto, Photo, Visit
from inspector.photo_images import draw_demo_photo
from tests.browsers import Phone
from tests.databases import Sessions
from tests.factories import PASSWORD, Audit, make_audit
from tests.faulty_line import FaultyLine
from tests.servers import LiveServer
from tests.walk import press_send

ASSIGNMENTS = 12
PAGES_AT_MOST = 5
SAVED = re.compile("^saved on this phone", re.IGNORECASE)
MISFORTUNES = (
    "offline", "portal", "lost_answers", "slow", "full", "aborted", "no_worker", "page_killed", "browser_killed",
    "wrong_clock", "server_killed", "two_tabs",
)  # fmt: skip

# All that lies on the phone. A database that is not there must not be made by looking.
PROBE = """async () => {
  if (!(await indexedDB.databases()).some(({ name }) => name === "phone")) return null;
  const settled = (request) => new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  const database = await settled(indexedDB.open("phone"));
  const read = (name) => settled(database.transaction(name).objectStore(name).getAll());
  const [drafts, visits, photos, reports] = await Promise.all(["drafts", "visits", "photos", "reports"].map(read));
  database.close();
  const hash = async (bytes) => Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)),
    (byte) => byte.toString(16).padStart(2, "0")).join("");
  const text = (bytes) => new TextDecoder().decode(bytes);
  return {
    drafts: Object.fromEntries(drafts.map((draft) => [draft.id, JSON.stringify(draft.answers)])),
    visits: Object.fromEntries(visits.map((visit) => [visit.id, visit.delivered])),
    reports: Object.fromEntries(reports.map(({ id, bytes }) => [id, text(bytes)])),
    photos: await Promise.all(photos.map(async ({ visit_id, bytes }) => [visit_id, await hash(bytes)])),
  };
}"""
# A request that succeeds in a transaction that finds no room in the end, as browsers have it.
NO_ROOM = """() => {
  const { put } = IDBObjectStore.prototype;
  window.roomAgain = () => { IDBObjectStore.prototype.put = put; };
  IDBObjectStore.prototype.put = function (...parts) {
    const request = put.apply(this, parts);
    const { transaction } = this;
    request.addEventListener("success", () => {
      Object.defineProperty(transaction, "error", { value: new DOMException("no room", "QuotaExceededError") });
      transaction.abort();
    });
    return request;
  };
}"""


class ChromiumMachine:
    """`run(seed, steps)` is one sequence with a phone of its own; AssertionError tells the seed and the steps."""

    def __init__(
        self, server: LiveServer, line: FaultyLine, sessions: Sessions, phones: Callable[..., Phone], folder: Path
    ) -> None:
        self.server, self.line, self.sessions = server, line, sessions
        self._phones, self._folder = phones, folder
        self.numbers = 0

    def run(self, seed: str, steps: int, *, evicting: bool = False) -> list[str]:
        """The misfortunes that happened; what the browser keeps may be thrown away after all of them."""
        self.chance = random.Random(seed)
        self.begun: list[str] = []
        self.finished: set[str] = set()
        self.number: dict[str, int] = {}
        self.photos: dict[str, set[str]] = defaultdict(set)
        happened: list[str] = []
        try:
            self._start()
            for _ in range(steps):
                if len(self.begun) - len(self.finished) == 0 or self.chance.random() < 0.3:
                    self._begin()
                self.work()
                happened.append(self.chance.choice(MISFORTUNES))
                getattr(self, f"_{happened[-1]}")()
                self._look()
            self._deliver_all()
            if evicting:
                happened.append("evicted")
                self._evicted()
        except (AssertionError, BrowserError) as broken:
            raise AssertionError(f"{broken}\nSEED={seed} after {happened}") from broken
        self.phone.close()
        return happened

    # ---- What the person does

    def _start(self) -> None:
        with self.sessions() as session, session.begin():
            audit: Audit = make_audit(session, f"phone-{new_id()}"[-20:])
            for number in range(ASSIGNMENTS):
                audit.assign(session, audit.outlets[number % len(audit.outlets)])
            self.email = audit.inspectors[0].email
        self.phone = self._phones(f"machine-{new_id()}", self.line.url, locale="en-GB")
        self.page = self.phone.open("/phone/")
        self._log_in()
        self._go("#/settings")
        expect(self.page.get_by_text("Ready to work offline.")).to_be_visible()

    def _log_in(self) -> None:
        self.page.get_by_label("E-mail").fill(self.email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_label("Password").press("Enter")
        expect(self.page.get_by_role("link", name="Settings")).to_be_visible()

    def _go(self, place: str) -> None:
        self.page.evaluate("place => { location.hash = place; }", place)

    def _begin(self) -> None:
        self._go("#/")
        expect(self.page.get_by_role("heading", name="Assignments")).to_be_visible()
        self.page.locator("a[href^='#/assignments/']").first.click()
        # The address changes before the screen does, and the list has such buttons too.
        expect(self.page.get_by_role("heading", name="Assignments")).to_have_count(0)
        # What the browser threw away of a begun visit, the server has still.
        self.page.get_by_role("button", name=re.compile("^(Start visit|Continue here)$")).click()
        self.page.wait_for_url("**/#/visits/*/**")
        self.begun.append(self.page.url.split("#/visits/")[1].split("/")[0])

    def work(self) -> None:
        """Answer or photograph in a visit that was begun, or finish it."""
        visit = self.chance.choice([each for each in self.begun if each not in self.finished])
        self._go(f"#/visits/{visit}/0")
        expect(self.page.get_by_label("Number").first).to_be_visible()
        act = self.chance.choice((self._answer, self._photograph, self._finish))
        act(visit)

    def _answer(self, visit: str) -> None:
        self.numbers += 1
        self.page.get_by_label("Number").first.fill(str(self.numbers))
        expect(self.page.get_by_text(SAVED).first).to_be_visible()
        self.number[visit] = self.numbers

    def _photograph(self, visit: str) -> None:
        self.numbers += 1
        file = self._folder / f"{self.numbers}.jpg"
        # Small enough to be kept as it is, and like no other.
        file.write_bytes(draw_demo_photo(self.numbers, "Utro", (320, 240)) + self.numbers.to_bytes(4, "big"))
        count = len(self.photos[visit]) + 1
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_label("From gallery").first.click()
        chooser.value.set_files(file)
        expect(self.page.get_by_role("link", name=f"Photo {count} of {count}")).to_be_visible()
        self.photos[visit].add(hashlib.sha256(file.read_bytes()).hexdigest())

    def _finish(self, visit: str) -> None:
        while True:
            title = self.page.get_by_role("heading", level=1).inner_text()
            for group in self.page.get_by_role("group", name=re.compile(r"^\d+\. ")).all():
                answers = group.locator("input[type=radio], input[type=checkbox]")
                number = group.get_by_label("Number")
                if answers.count():
                    answers.first.check()
                elif not number.input_value():
                    number.fill("0")
            following = self.page.get_by_role("link", name="Next", exact=True)
            if not following.count():
                break
            following.click()
            expect(self.page.get_by_role("heading", level=1)).not_to_have_text(title)
        self._go(f"#/visits/{visit}/finish")
        self.page.get_by_role("button", name="Finish visit").click()
        expect(self.page.get_by_role("heading", name="Outbox")).to_be_visible()
        self.finished.add(visit)

    def _send(self, page: Page | None = None) -> None:
        page = page or self.page
        page.evaluate("location.hash = '#/outbox'")
        press_send(page)

    # ---- What happens to the phone

    def _offline(self) -> None:
        self.phone.context.set_offline(True)
        self.page.reload()
        self.work() if self._has_open() else self._begin()
        self.phone.context.set_offline(False)

    def _portal(self) -> None:
        self.line.is_a_portal = True
        self._send()
        self.page.wait_for_timeout(300)
        self.line.is_a_portal = False

    def _lost_answers(self) -> None:
        self.line.mishaps.extend(self.chance.choices(("lost", "cut", "portal", "damaged"), k=3))
        self._send()
        self.page.wait_for_timeout(500)
        self.line.mishaps.clear()

    def _slow(self) -> None:
        devtools = self._devtools()
        slow = {"offline": False, "latency": 300, "downloadThroughput": 20_000, "uploadThroughput": 20_000}
        devtools.send("Network.emulateNetworkConditions", slow)
        self._send()
        self.page.wait_for_timeout(700)
        devtools.send("Network.emulateNetworkConditions", slow | {"latency": 0} | dict.fromkeys(list(slow)[2:], -1))

    def _full(self) -> None:
        """The browser says that there is no room: what was refused is no promise, what was shown is one."""
        devtools, origin = self._devtools(), self.line.url
        devtools.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": 1})
        try:
            if self._has_open():
                self.work()
        except (AssertionError, BrowserError):
            expect(self.page.get_by_text(re.compile("no room left|could not be saved")).first).to_be_visible()
        devtools.send("Storage.overrideQuotaForOrigin", {"origin": origin})
        self._reload()

    def _aborted(self) -> None:
        """A transaction aborts after its request has succeeded: the screen must not say "saved"."""
        if not self._has_open():
            self._begin()
        visit = next(each for each in self.begun if each not in self.finished)
        self._go(f"#/visits/{visit}/0")
        self.page.evaluate(NO_ROOM)
        self.page.get_by_label("Number").first.fill("999999")
        expect(self.page.get_by_text("Not saved: this phone has no space left").first).to_be_visible()
        self.page.evaluate("roomAgain()")
        self._answer(visit)

    def _no_worker(self) -> None:
        devtools = self._devtools()
        devtools.send("ServiceWorker.enable")
        devtools.send("ServiceWorker.stopAllWorkers")
        self._reload()

    def _page_killed(self) -> None:
        """The renderer is killed while something is being sent or saved."""
        self._send()
        browser = self.phone.context.browser
        assert browser is not None
        processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
        crashed = self.page
        with crashed.expect_event("crash"):
            for process in processes:
                if process["type"] == "renderer":
                    with suppress(ProcessLookupError):
                        os.kill(process["id"], signal.SIGKILL)
        self.page = self._another_page()
        crashed.close()
        self._open()

    def _another_page(self) -> Page:
        """The browser keeps a process in store for the next page, which was killed as well."""
        for _ in range(PAGES_AT_MOST):
            with suppress(BrowserError):
                return self.phone.context.new_page()
        raise AssertionError("the browser opens no page any more")

    def _browser_killed(self) -> None:
        self._send()
        time.sleep(self.chance.uniform(0.0, 0.2))
        self.phone.kill()
        self.page = self.phone.open()
        self._open()

    def _wrong_clock(self) -> None:
        for time_told in (datetime.now(UTC) + timedelta(days=self.chance.choice((-3000, 3000))), datetime.now(UTC)):
            self.page.clock.set_system_time(time_told)
            if self._has_open():
                self.work()
            self._send()

    def _server_killed(self) -> None:
        self._send()
        time.sleep(self.chance.uniform(0.0, 0.1))
        self.server.kill()
        if self._has_open():
            self.work()
        self.server.start()

    def _two_tabs(self) -> None:
        second = self.phone.context.new_page()
        second.goto("/phone/#/outbox")
        expect(second.get_by_role("heading", name="Outbox")).to_be_visible()
        self._send()
        self._send(second)
        second.close()

    def _evicted(self) -> None:
        """The browser throws away all that it keeps for the app: what was received is safe, and the app goes on."""
        self._begin()
        self._answer(self.begun[-1])
        received = self._received()
        self._devtools().send(
            "Storage.clearDataForOrigin", {"origin": self.line.url, "storageTypes": "indexeddb,cache_storage"}
        )
        self._open()
        # A browser that was killed may have lost the login's cookie, and nothing on the phone knows the person now.
        try:
            self.page.get_by_role("link", name="Settings").wait_for(timeout=5_000)
        except BrowserError:
            self._log_in()
        for visit in received:
            self._is_there(visit)
        self.begun, self.finished = [], set()
        self._begin()
        # Of a visit that was begun before, what the server had is here again; of a new one there is nothing.
        self.photos[self.begun[-1]] = self._kept_of(self.begun[-1])
        self._answer(self.begun[-1])
        self._look()

    def _has_open(self) -> bool:
        return set(self.begun) > self.finished

    def _devtools(self) -> CDPSession:
        return self.phone.context.new_cdp_session(self.page)

    def _reload(self) -> None:
        self.page.reload()
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()

    def _open(self) -> None:
        self.page.goto("/phone/")
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()

    # ---- What was promised

    def _look(self) -> None:
        kept: dict[str, Any] = self.page.evaluate(PROBE) or {"drafts": {}, "visits": {}, "photos": [], "reports": {}}
        photos: dict[str, set[str]] = defaultdict(set)
        for visit_id, digest in kept["photos"]:
            photos[visit_id].add(digest)
        for visit in self.begun:
            if kept["visits"].get(visit):
                self._is_there(visit)
                continue
            words = kept["drafts"].get(visit) or kept["reports"].get(visit)
            assert words, f"saved: {visit} is neither a draft nor a finished visit"
            if visit in self.number:
                assert str(self.number[visit]) in words, f"saved: {visit} does not say {self.number[visit]}"
            assert self.photos[visit] <= photos[visit], f"bytes: photos of {visit} are gone or others"

    def _is_there(self, visit: str) -> None:
        with self.sessions() as session:
            assert session.get(Visit, UUID(visit)), f"received: {visit} is not on the server"
            rows = session.scalars(select(Photo).where(Photo.visit_id == UUID(visit))).all()
        stored = {photo.sha256 for photo in rows if photo.stored_at}
        assert self.photos[visit] == stored, f"received: photos of {visit} are missing on the server"

    def _kept_of(self, visit: str) -> set[str]:
        """The photos that have come with a begun visit's copy."""
        with self.sessions() as session:
            return set(session.scalars(select(DraftPhoto.sha256).where(DraftPhoto.visit_id == UUID(visit))))

    def _received(self) -> set[str]:
        kept = self.page.evaluate(PROBE)
        return {visit for visit, delivered in kept["visits"].items() if delivered}

    def _deliver_all(self) -> None:
        self._reload()
        self._send()
        arrived = self.page.get_by_text("Everything has arrived.")
        login_lost = self.page.get_by_text("Log in, then sending goes on.")
        if self.finished:
            expect(arrived.or_(login_lost)).to_be_visible()
        if login_lost.is_visible():
            # Chromium writes cookies down every half minute: killed, it forgets a login, and nothing else.
            self.page.get_by_role("button", name="Log in").first.click()
            self._log_in()
            expect(arrived).to_be_visible()
        self._look()
        assert self.finished <= self._received(), "drain: a finished visit has not arrived"
