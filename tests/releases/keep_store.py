"""Keeps what a release's phone app has in IndexedDB after some work: `python -m tests.releases.keep_store FILE`.

Done once for each release, in its checkout: the service and the app that run are that release's own. The phone has a
begun visit with photos and a tray, which is kept on the server too, and a finished one that could not be sent.
"""

import json
import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Locator, Page, expect, sync_playwright

from checklists.orm import ScopedSession, connect, unscoped
from inspector.photo_images import draw_demo_photo
from tests.acts import enter_phone, start_visit, take_photo
from tests.browsers import PATIENCE_MS, Phone
from tests.factories import make_audit
from tests.finished import fill_in
from tests.servers import LiveServer

GREETED = "The guest is greeted"
DUMP = """async () => {
  const settled = (request) => new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  const plain = (value) => {
    if (value instanceof ArrayBuffer) {
      return { base64: btoa(Array.from(new Uint8Array(value), (byte) => String.fromCharCode(byte)).join("")) };
    }
    if (Array.isArray(value)) return value.map(plain);
    if (value === null || typeof value !== "object") return value;
    if (Object.getPrototypeOf(value) !== Object.prototype) throw new Error(`cannot be kept as JSON: ${value}`);
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
  };
  const database = await settled(indexedDB.open("phone"));
  const stores = {};
  for (const name of database.objectStoreNames) {
    const store = database.transaction(name).objectStore(name);
    const indexes = Object.fromEntries([...store.indexNames].map((each) => [each, store.index(each).keyPath]));
    const [keys, values] = await Promise.all([settled(store.getAllKeys()), settled(store.getAll())]);
    stores[name] = { keyPath: store.keyPath, indexes, records: keys.map((key, at) => [key, plain(values[at])]) };
  }
  const { version } = database;
  database.close();
  return { version, stores };
}"""


def keep_store(file: Path) -> None:
    """Write {version, stores: {name: {keyPath, indexes, records: [[key, value]]}}}; bytes are {"base64": …}."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = LiveServer(f"sqlite:///{folder}/service.db", Path(folder) / "data")
        server.start()
        phone = Phone(playwright, Path(folder) / "phone", server.url, locale="en-GB")
        expect.set_options(timeout=PATIENCE_MS)
        try:
            email = _assignments_of_anna(server)
            screen = phone.open("/phone/")
            enter_phone(screen, email)
            _work(phone, screen, [_photo(Path(folder), number) for number in range(4)])
            kept = screen.evaluate(DUMP)
        finally:
            phone.close()
            server.stop()
    file.write_text(json.dumps(kept, ensure_ascii=False, separators=(",", ":")) + "\n")


def _assignments_of_anna(server: LiveServer) -> str:
    engine = connect(server.database_url)
    with ScopedSession(engine, unscoped("a release's phone gets some work")) as session, session.begin():
        audit = make_audit(session)
        for outlet in audit.outlets[:3]:
            audit.assign(session, outlet)
        email = audit.inspectors[0].email
    engine.dispose()
    return email


def _work(phone: Phone, screen: Page, photos: list[Path]) -> None:
    start_visit(screen, "Utro 1")
    _first(screen).get_by_label(GREETED).check()
    take_photo(screen, _first(screen), photos[0])
    screen.get_by_role("link", name="Visit mode").click()
    with screen.expect_file_chooser() as chooser:
        screen.locator("label", has_text="Photo").click()
    chooser.value.set_files(photos[1])
    screen.get_by_role("button", name="Count").click()
    screen.get_by_role("button", name="+1").click()
    screen.get_by_label("Note").press_sequentially("wet floor")
    expect(screen.get_by_role("link", name="Not sorted: 3")).to_be_visible()
    screen.goto("/phone/#/")
    expect(screen.get_by_text(re.compile(r"copy on the server \d\d:\d\d$"))).to_be_visible()
    expect(screen.get_by_text("only on this phone")).to_have_count(0)

    phone.context.set_offline(True)
    start_visit(screen, "Utro 2")
    for photo in photos[2:]:
        take_photo(screen, _first(screen), photo)
    fill_in(screen)
    expect(screen.get_by_role("heading", name="Outbox")).to_be_visible()
    expect(screen.get_by_text("Saved on this phone").first).to_be_visible()


def _first(screen: Page) -> Locator:
    return screen.get_by_role("group", name=re.compile(r"^1\. "))


def _photo(folder: Path, number: int) -> Path:
    file = folder / f"{number}.jpg"
    file.write_bytes(draw_demo_photo(number, "Utro", (160, 120)))
    return file


if __name__ == "__main__":
    keep_store(Path(sys.argv[1]))
