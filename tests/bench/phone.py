"""How quick the phone app is on a mid-range phone as emulated, beside a bare HTML form of the same criteria.

A Pixel 7 as Playwright has it, its processor four times slower, 1.6 Mbit/s and 150 ms while loading. The same visit
with forty criteria and with three hundred on one screen; without photos on the phone, then with two hundred.
"""

import base64
import io
import itertools
import math
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import BrowserContext, CDPSession, FloatRect, Page, Playwright, Route, sync_playwright

from tests.bench.figures import Figure
from tests.bench.lighthouse import lighthouse_scores
from tests.bench.line import CountingLine
from tests.bench.phone_world import OF_PHOTOS, SIZES, bare_form, large_photo, make_phone_world
from tests.bench.processes import kill_below, memory_below
from tests.bench.taps import fill_in
from tests.browsers import FLAGS, PATIENCE_MS, chromium_path
from tests.databases import Databases
from tests.factories import PASSWORD
from tests.servers import LiveServer

QUICK = os.environ.get("QUICK", "0") != "0"
RUNS = 2 if QUICK else 5
TURNS = 1 if QUICK else 5
TAPS = 8
STORED = 200
STORED_BYTES = 350_000
PICKED = 5
SLOWER = 4
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 200_000}
NO_LIMITS = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
SETTLED_SECONDS = 3
PAGE_SCRIPT = Path(__file__).parent / "phone_page.js"
BARE = "/bare.html"
ALL_DRAWN = "[...document.querySelectorAll('.criterion')].every((each) => each.children.length)"


def measure_phone(folder: Path) -> Iterator[Figure]:
    """All figures of the phone app. The service runs on SQLite in this `folder`, as `make run` would start it."""
    url = Databases(folder).fresh("sqlite")
    emails, documents = make_phone_world(url, RUNS + 1)
    server = LiveServer(url, folder / "data")
    server.start()
    line = CountingLine(server.url)
    try:
        with sync_playwright() as playwright:
            bench = PhoneBench(playwright, line, folder, emails)
            for size in SIZES:
                yield from bench.cold(size)
                yield from bench.visit(size, documents[size])
            yield from bench.photos(OF_PHOTOS)
            yield from bench.taps()
            cookies = bench.cookies(SIZES[0])
        yield from lighthouse_scores(f"{server.url}/phone/", cookies, 1 if QUICK else 5)
    finally:
        line.close()
        server.stop()


class PhoneBench:
    """The measurements, in the order in which they are made; one browser at a time."""

    def __init__(self, playwright: Playwright, line: CountingLine, folder: Path, emails: dict[int, list[str]]) -> None:
        self.playwright, self.line, self.folder, self.emails = playwright, line, folder, emails
        self.profiles = itertools.count()

    # ---- Loading

    def cold(self, size: int) -> Iterator[Figure]:
        """A phone that has never seen the app, of a person who is logged in: until taps count, until work is shown."""
        ready, seen, visible, first, everything, asked = [], [], [], [], [], []
        # Those who begin visits are others, whose lists no visit has been begun from.
        for other in self.emails[size][1:]:
            with self._phone() as context:
                log_in(context, self.line.url, self.emails[size][0])
                page = context.new_page()
                slow_down(page, network=True)
                self.line.received = 0
                began = time.perf_counter()
                page.goto(f"{self.line.url}/phone/", wait_until="commit")
                page.wait_for_function("measured.ready !== null", polling=10)
                first.append(self.line.received / 1000)
                page.locator("main li a").first.wait_for()
                visible.append(1000 * (time.perf_counter() - began))
                ready.append(page.evaluate("measured.ready"))
                seen.append(page.evaluate("measured.seen"))
                is_kept_offline(page)
                everything.append(self.line.received / 1000)
            asked.append(self._cold_to_a_question(other))
        name = f"phone, {size} criteria"
        yield Figure(f"{name}: over the wire until app-ready", statistics.median(first), "kB", None, 30)
        yield Figure(f"{name}: over the wire until it is ready offline", statistics.median(everything), "kB", 100, 297)
        yield Figure(f"{name}: cold: anything to be read", statistics.median(seen), "ms", None, 1000)
        yield Figure(f"{name}: cold: app-ready", statistics.median(ready), "ms", 2000, {40: 3100, 300: 3800}[size])
        yield Figure(f"{name}: cold: the person's work is shown", statistics.median(visible), "ms")
        yield Figure(f"{name}: cold: a visit begun, its first question answered", statistics.median(asked), "ms")

    def _cold_to_a_question(self, email: str) -> float:
        """How long until a row of the first question has taken a tap, when nobody hesitates on the way to it."""
        with self._phone() as context:
            log_in(context, self.line.url, email)
            page = context.new_page()
            slow_down(page, network=True)
            began = time.perf_counter()
            page.goto(f"{self.line.url}/phone/", wait_until="commit")
            page.locator("main li a").first.tap()
            page.locator("main button.main").tap()
            row = page.locator(".criterion .choice").first
            row.tap()
            row.locator("input:checked").wait_for()
            return 1000 * (time.perf_counter() - began)

    # ---- A visit

    def visit(self, size: int, document: dict[str, Any]) -> Iterator[Figure]:
        """Starting again in the middle of a visit, tapping, and the same with many photos on the phone."""
        name = f"phone, {size} criteria"
        slow = {40: 92, 300: 164}[size]
        with self._phone() as context:
            page, visit = self._begin(context, self.emails[size][0])
            address = page.url
            page.close()
            for line in ("network", "no network"):
                context.set_offline(line == "no network")
                ready, lost = self._start_again(context, address)
                known = {40: 3100, 300: 3800}[size]
                yield Figure(f"{name}: warm, {line}: app-ready", statistics.median(ready), "ms", 500, known)
                yield Figure("  taps lost of those at that moment", lost, "", 0)
            context.set_offline(False)
            page = context.new_page()
            page.goto(address)
            for photos in (0, STORED):
                if photos:
                    store_photos(page, visit)
                bare, taps = self._in_turns(document, page)
                drawn, saved = [each["drawn"] for each in taps], [each["saved"] for each in taps]
                what = f"{name}, {photos} photos stored: tap to"
                floor = statistics.median(bare)
                yield Figure(f"{what} drawn, median", statistics.median(drawn), "ms", 1.2 * floor, None, floor)
                yield Figure(f"{what} drawn, p95", late(drawn), "ms", 1.2 * late(bare), slow, late(bare))
                yield Figure(f"{what} saved, p95", late(saved), "ms", 100, None, late(bare))
            yield Figure(f"{name}: answers lost when the page is killed", self._lost_by_killing(context, page), "", 0)

    def _begin(self, context: BrowserContext, email: str) -> tuple[Page, str]:
        log_in(context, self.line.url, email)
        page = context.new_page()
        page.goto(f"{self.line.url}/phone/")
        is_kept_offline(page)
        page.locator("main li a").first.click()
        page.locator("main button.main").click()
        page.locator(".criterion").first.wait_for()
        return page, page.url.split("#/visits/")[1].split("/")[0]

    def _start_again(self, context: BrowserContext, address: str) -> tuple[list[float], int]:
        """Open the page anew, as after the phone has thrown it away, and tap the first answer at that very moment."""
        ready, lost = [], 0
        for _run in range(RUNS):
            page = context.new_page()
            slow_down(page, network=True)
            page.goto(address, wait_until="commit")
            page.wait_for_function("measured.ready !== null", polling="raf")
            box = page.locator(".criterion .choice input").first
            before = box.is_checked()
            tap(page, page.locator(".criterion .choice").first.bounding_box())
            page.wait_for_function("measured.taps.length && measured.taps.at(-1).drawn !== null")
            lost += box.is_checked() == before
            ready.append(page.evaluate("measured.ready"))
            page.wait_for_function("measured.taps.at(-1).saved !== null")
            page.close()
        return ready, lost

    def _in_turns(self, document: dict[str, Any], page: Page) -> tuple[list[float], list[dict[str, float]]]:
        """Tap to drawn of the bare form, and taps in the app: in turns, since a machine changes its speed."""
        bare, taps = [], []
        form = page.context.new_page()
        form.route(f"**{BARE}", partial(answer_with, bare_form(document)))
        form.goto(self.line.url + BARE)
        page.wait_for_function("measured.ready !== null")
        slow_down(form)
        slow_down(page)
        for _turn in range(TURNS):
            bare += [tapped["drawn"] for tapped in tap_answers(form, is_saved=False)]
            taps += tap_answers(page)
        form.close()
        return bare, taps

    def _lost_by_killing(self, context: BrowserContext, page: Page) -> int:
        """How many of ten answers that were tapped, each saved in time, are gone when the page dies right after."""
        tap_answers(page, 10)
        there = checked(page)
        return len(there - checked(opened_after_a_kill(context, page)))

    # ---- Photos

    def photos(self, size: int) -> Iterator[Figure]:
        """Five photos of twelve megapixels, then five more: what the browser's processes take, after a rest each."""
        picked = [self.folder / f"{number}.jpg" for number in range(2 * PICKED)]
        for number, file in enumerate(picked):
            file.write_bytes(large_photo(number))
        times, first, then, lost = [], [], [], 0
        for email in self.emails[size][1:]:
            with self._phone() as context:
                page, _visit = self._begin(context, email)
                used = [self._at_rest(page)]
                for part in (picked[:PICKED], picked[PICKED:]):
                    for file in part:
                        began = time.perf_counter()
                        pick(page, file)
                        times.append(1000 * (time.perf_counter() - began))
                    used.append(self._at_rest(page))
                first.append(used[1] - used[0])
                then.append(used[2] - used[1])
                again = opened_after_a_kill(context, page)
                lost += len(picked) - again.locator(".criterion .photos a").count()
        yield Figure("phone: a photo of 12 MP, picked to kept", statistics.median(times), "ms")
        yield Figure(f"  memory after {PICKED} of them, more than before", statistics.median(first), "MB", 40, 262)
        yield Figure(
            f"  memory after {PICKED} more, more than after the first {PICKED}", statistics.median(then), "MB", 5
        )
        yield Figure("  photos lost when the page is killed", lost, "", 0)

    # ---- A whole visit

    def taps(self) -> Iterator[Figure]:
        """The demo's visit on site, filled in by one thumb."""
        server = LiveServer(f"sqlite:///{self.folder}/demo.db", self.folder / "demo", DEMO="1")
        server.start()
        try:
            with self._phone() as context:
                yield from fill_in(context.new_page(), server.url, self.folder)
        finally:
            server.stop()

    def cookies(self, size: int) -> str:
        """What a browser in which this inspector is logged in sends."""
        with self._phone() as context:
            log_in(context, self.line.url, self.emails[size][0])
            return "; ".join(f"{each['name']}={each['value']}" for each in context.cookies())

    def _at_rest(self, page: Page) -> float:
        page.context.new_cdp_session(page).send("HeapProfiler.collectGarbage")
        time.sleep(SETTLED_SECONDS)
        return memory_below(os.getpid(), "chrom")

    def _phone(self) -> BrowserContext:
        """A phone with a storage of its own; a context ends with its browser."""
        options = {
            **self.playwright.devices["Pixel 7"],
            "locale": "ru-RU",
            "timezone_id": "Europe/Moscow",
            "bypass_csp": True,
        }
        options.pop("default_browser_type")
        # What Playwright asks pages needs what our policy forbids to scripts.
        profile = self.folder / f"profile{next(self.profiles)}"
        context = self.playwright.chromium.launch_persistent_context(
            profile, executable_path=chromium_path(), args=FLAGS, **options
        )
        context.set_default_timeout(2 * PATIENCE_MS)
        context.add_init_script(path=PAGE_SCRIPT)
        return context


def log_in(context: BrowserContext, url: str, email: str) -> None:
    answer = context.request.post(
        f"{url}/api/v1/session", data={"email": email, "password": PASSWORD}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert answer.ok, answer.text()


def slow_down(page: Page, *, network: bool = False) -> CDPSession:
    """A processor four times slower from now on, and where it is loading, a line as in Lighthouse."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    if network:
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", NETWORK)
    return session


def answer_with(text: str, route: Route) -> None:
    route.fulfill(body=text, content_type="text/html; charset=utf-8")


def is_kept_offline(page: Page) -> None:
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")


def tap(page: Page, box: FloatRect | None) -> None:
    assert box is not None
    page.touchscreen.tap(box["x"] + min(20, box["width"] / 2), box["y"] + box["height"] / 2)


def tap_answers(page: Page, number: int = TAPS, *, is_saved: bool = True) -> list[dict[str, float]]:
    """Tap so many answers, spread over the whole page, each when all is quiet; the first two are not counted."""
    page.bring_to_front()
    # The criteria that are not to be seen yet are drawn after the page is ready.
    page.wait_for_function(ALL_DRAWN)
    rows = page.locator(".criterion .choice" if is_saved else "fieldset label")
    count = rows.count()
    before = page.evaluate("measured.taps.length")
    for place in range(number + 2):
        row = rows.nth(place * count // (number + 2))
        row.evaluate("(element) => element.scrollIntoView({ block: 'center' })")
        page.wait_for_timeout(250)
        box = row.bounding_box()
        page.wait_for_timeout(50)
        tap(page, box)
        wanted = "saved" if is_saved else "drawn"
        page.wait_for_function(
            f"(count) => measured.taps.length === count && measured.taps.at(-1).drawn !== null"
            f" && measured.taps.at(-1).{wanted} !== null",
            arg=before + place + 1,
        )
    taps: list[dict[str, float]] = page.evaluate("measured.taps")
    return taps[before + 2 :]


def opened_after_a_kill(context: BrowserContext, page: Page) -> Page:
    """The same address in a new page, when the processes of all pages have been killed."""
    address = page.url
    kill_below(os.getpid(), "--type=renderer")
    # The browser keeps a process ready for the next page, and that one is dead too.
    time.sleep(1)
    again = context.new_page()
    again.goto(address)
    again.locator(".criterion").first.wait_for()
    # The criteria that are not to be seen yet are drawn after the page is ready.
    again.wait_for_function(ALL_DRAWN)
    return again


def checked(page: Page) -> set[int]:
    return set(
        page.evaluate(
            "[...document.querySelectorAll('.criterion .choice input')].flatMap((each, n) => each.checked ? [n] : [])"
        )
    )


def late(times: Sequence[float]) -> float:
    """The 95th percentile: at most one in twenty takes longer."""
    return sorted(times)[math.ceil(0.95 * len(times)) - 1]


def store_photos(page: Page, visit: str) -> None:
    small = io.BytesIO()
    Image.effect_noise((320, 240), 60).save(small, "JPEG", quality=70)
    address = page.url
    # No other page writes to the draft meanwhile.
    page.goto(page.url.split("#")[0] + "#/")
    page.locator("main li a").first.wait_for()
    preview = base64.b64encode(small.getvalue()).decode()
    page.evaluate(
        "([id, count, size, preview]) => storePhotos(id, count, size, preview)", [visit, STORED, STORED_BYTES, preview]
    )
    page.goto(address)
    page.reload()


def pick(page: Page, file: Path) -> None:
    links = page.locator(".criterion .photos a")
    before = links.count()
    page.locator(".criterion input[type=file][multiple]").nth(before).set_input_files(file)
    page.locator(".criterion .photos a img").nth(before).wait_for()
