"""One person's phone in real Chromium, to which anything may happen: what its screens said is compared with what lies
in its IndexedDB, byte for byte, and with what the server has (chromium_promises.py).
"""

import hashlib
import os
import random
import re
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import CDPSession, Locator, Page, expect
from playwright.sync_api import Error as BrowserError

from checklists.orm import new_id
from inspector.photo_images import draw_demo_photo
from tests.browsers import PATIENCE_MS, Phone
from tests.databases import Sessions
from tests.factories import PASSWORD, Audit, make_audit
from tests.faulty_line import FaultyLine
from tests.servers import LiveServer
from tests.stories.chromium_promises import ChromiumPromises
from tests.walk import press_send

ASSIGNMENTS = 12
PAGES_AT_MOST = 5
SAVED = re.compile("^saved on this phone", re.IGNORECASE)
NOT_SAVED = re.compile("no room left|could not be saved")
ON_THE_SERVER = re.compile(r"copy on the server \d\d:\d\d$")
MISFORTUNES = (
    "offline", "portal", "lost_answers", "slow", "full", "aborted", "no_worker", "page_killed", "browser_killed",
    "wrong_clock", "server_killed", "two_tabs",
)  # fmt: skip

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
    """`run(seed, misfortunes)` is one sequence with a phone of its own; AssertionError tells the seed and the steps."""

    def __init__(
        self, server: LiveServer, line: FaultyLine, sessions: Sessions, phones: Callable[..., Phone], folder: Path
    ) -> None:
        self.server, self.line, self.sessions = server, line, sessions
        self._phones, self._folder = phones, folder
        # Nothing else that is kept looks like these.
        self.numbers = 700_000

    def run(self, seed: str, misfortunes: int | Sequence[str], *, evicting: bool = False) -> list[str]:
        """The misfortunes that happened: these, or so many drawn ones; what the browser keeps may be thrown away after
        all of them.
        """
        self.chance = random.Random(seed)
        if isinstance(misfortunes, int):
            misfortunes = self.chance.choices(MISFORTUNES, k=misfortunes)
        self.told = ChromiumPromises(self.sessions)
        happened: list[str] = []
        try:
            self._start()
            for misfortune in misfortunes:
                if not self.told.open or self.chance.random() < 0.3:
                    self._begin()
                self.work()
                happened.append(misfortune)
                getattr(self, f"_{misfortune}")()
                self.told.look(self.page)
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
        self.told.begun.append(self._visit_shown())

    def _visit_shown(self) -> str:
        return self.page.url.split("#/visits/")[1].split("/")[0]

    def work(self) -> None:
        """Answer or photograph in a visit that was begun, or finish it."""
        visit = self.chance.choice(self.told.open)
        self._go(f"#/visits/{visit}/0")
        expect(self.page.get_by_label("Number").first).to_be_visible()
        act = self.chance.choice((self._answer, self._photograph, self._finish))
        act(visit)

    def _answer(self, visit: str) -> None:
        self.numbers += 1
        self.page.get_by_label("Number").first.fill(str(self.numbers))
        expect(self.page.get_by_text(SAVED).first).to_be_visible()
        self.told.number[visit] = self.numbers

    def _photograph(self, visit: str) -> None:
        self.numbers += 1
        file = self._folder / f"{self.numbers}.jpg"
        # Small enough to be kept as it is, and like no other.
        file.write_bytes(draw_demo_photo(self.numbers, "Utro", (320, 240)) + self.numbers.to_bytes(4, "big"))
        count = len(self.told.photos[visit]) + 1
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_label("From gallery").first.click()
        chooser.value.set_files(file)
        expect(self.page.get_by_role("link", name=f"Photo {count} of {count}")).to_be_visible()
        self.told.photos[visit].add(hashlib.sha256(file.read_bytes()).hexdigest())

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
        self.told.finished.add(visit)

    def _send(self, page: Page | None = None) -> None:
        page = page or self.page
        page.evaluate("location.hash = '#/outbox'")
        press_send(page)

    # ---- What happens to the phone

    def _offline(self) -> None:
        self.phone.context.set_offline(True)
        self.page.reload()
        self.work() if self.told.open else self._begin()
        self.phone.context.set_offline(False)

    def _portal(self) -> None:
        self.line.is_a_portal = True
        if self.told.open:
            self.work()
        self._send()
        self.page.wait_for_timeout(300)
        self.line.is_a_portal = False

    def _lost_answers(self) -> None:
        self.line.mishaps.extend(self.chance.choices(("lost", "cut", "portal", "damaged"), k=3))
        if self.told.open:
            self.work()
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
        if not self.told.open:
            self._begin()
        devtools, origin = self._devtools(), self.line.url
        devtools.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": 1})
        try:
            self.work()
        except (AssertionError, BrowserError):
            expect(self.page.get_by_text(NOT_SAVED).first).to_be_visible()
        devtools.send("Storage.overrideQuotaForOrigin", {"origin": origin})
        self._reload()

    def _aborted(self) -> None:
        """A transaction aborts after its request has succeeded: a screen that then says "saved" is held to it."""
        if not self.told.open:
            self._begin()
        visit = self.told.open[0]
        self._go(f"#/visits/{visit}/0")
        self.page.evaluate(NO_ROOM)
        self.page.get_by_label("Number").first.fill("999999")
        refused = self.page.get_by_text("Not saved: this phone has no space left").first
        expect(refused.or_(self.page.get_by_text(SAVED)).first).to_be_visible()
        if refused.is_hidden():
            self.told.number[visit] = 999_999
            self.told.look(self.page)
        expect(refused).to_be_visible()
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
        """The browser keeps a process in store for the next page, which was killed as well: that may never come."""
        browser = self.phone.context.browser
        assert browser is not None
        devtools = browser.new_browser_cdp_session()
        for _ in range(PAGES_AT_MOST):
            with suppress(BrowserError):
                with self.phone.context.expect_page(timeout=PATIENCE_MS) as coming:
                    devtools.send("Target.createTarget", {"url": "about:blank"})
                return coming.value
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
            if self.told.open:
                self.work()
            self._send()

    def _server_killed(self) -> None:
        self._send()
        time.sleep(self.chance.uniform(0.0, 0.1))
        self.server.kill()
        if self.told.open:
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
        """The browser throws away all that it keeps for the app: what was received is safe, what the screen called kept
        on the server of begun visits comes back as it was, and the app goes on.
        """
        self._begin()
        self._answer(self.told.begun[-1])
        self._photograph(self.told.begun[-1])
        received, kept = self.told.received(self.page), self._called_kept()
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
            self.told.is_there(visit)
        self.told.came_back(self.page, kept, self._gone_on_with(len(kept)))
        self.told.begun = [visit for visit in self.told.begun if visit in kept]
        self._begin()
        self._answer(self.told.begun[-1])
        self.told.look(self.page)

    def _called_kept(self) -> set[str]:
        """The begun visits, once the list says of each that the server has it with its photos as it is here."""
        self._go("#/")
        # Nobody waits for a pause when the network comes back.
        self.page.evaluate("dispatchEvent(new Event('online'))")
        kept, login = self.page.get_by_text(ON_THE_SERVER), self.page.get_by_text("Log in to send and receive.")
        expect(kept.nth(len(self.told.open) - 1).or_(login).first).to_be_visible()
        if login.is_visible():
            self.page.get_by_role("button", name="Log in").first.click()
            self._log_in()
        expect(kept).to_have_count(len(self.told.open))
        expect(self.page.get_by_text("only on this phone")).to_have_count(0)
        return set(self.told.open)

    def _gone_on_with(self, count: int) -> set[str]:
        """Go on with every begun visit that is offered; `count` are waited for."""
        self._go("#/")
        button = self.page.get_by_role("button", name="Continue here")
        self._wait_for(button.nth(count - 1))
        visits = set()
        for left in range(button.count(), 0, -1):
            button.first.click()
            self.page.wait_for_url("**/#/visits/*/**")
            visits.add(self._visit_shown())
            self._go("#/")
            expect(button).to_have_count(left - 1)
        return visits

    def _devtools(self) -> CDPSession:
        return self.phone.context.new_cdp_session(self.page)

    def _reload(self) -> None:
        self.page.reload()
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()

    def _open(self) -> None:
        self.page.goto("/phone/")
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()

    def _deliver_all(self) -> None:
        self._reload()
        self._send()
        arrived = self.page.get_by_text("Everything has arrived.")
        login_lost = self.page.get_by_text("Log in, then sending goes on.")
        settled = arrived.or_(self.page.get_by_text("Needs attention")).first
        if self.told.finished:
            self._wait_for(settled.or_(login_lost).first)
        if login_lost.is_visible():
            # Chromium writes cookies down every half minute: killed, it forgets a login, and nothing else.
            self.page.get_by_role("button", name="Log in").first.click()
            self._log_in()
            self._wait_for(settled)
        self.told.look(self.page)
        assert self.told.finished <= self.told.received(self.page), "drain: a finished visit has not arrived"

    def _wait_for(self, words: Locator) -> None:
        """What is not there in time is missed later, with the promise that it breaks."""
        with suppress(BrowserError):
            words.wait_for()
