"""What the screens of one phone in Chromium said, and whether it is so: in its IndexedDB, and on the server."""

import re
from collections import defaultdict
from typing import Any
from uuid import UUID

from playwright.sync_api import Page
from sqlalchemy import select

from checklists.visits import Photo, Visit
from tests.databases import Sessions

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

NOTHING: dict[str, Any] = {"drafts": {}, "visits": {}, "photos": [], "reports": {}}


class ChromiumPromises:
    """Notes what was shown; `look` compares. An AssertionError begins with the promise that was not kept."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self.begun: list[str] = []
        self.finished: set[str] = set()
        self.number: dict[str, int] = {}
        """By visit: the number last shown as saved."""
        self.photos: dict[str, set[str]] = defaultdict(set)
        """By visit: the hashes of the photos that were shown."""

    @property
    def open(self) -> list[str]:
        """The visits that were begun and not finished, oldest first."""
        return [visit for visit in self.begun if visit not in self.finished]

    def received(self, page: Page) -> set[str]:
        """The visits that the phone takes for received."""
        return {visit for visit, delivered in self._kept(page)["visits"].items() if delivered}

    def look(self, page: Page) -> None:
        kept = self._kept(page)
        for visit in self.begun:
            if kept["visits"].get(visit):
                self.is_there(visit)
            else:
                self._is_here(visit, kept)

    def is_there(self, visit: str) -> None:
        """What was received is on the server with all its photos."""
        with self._sessions() as session:
            assert session.get(Visit, UUID(visit)), f"received: {visit} is not on the server"
            rows = session.scalars(select(Photo).where(Photo.visit_id == UUID(visit))).all()
        stored = {photo.sha256 for photo in rows if photo.stored_at}
        assert self.photos[visit] == stored, f"received: photos of {visit} are missing on the server"

    def came_back(self, page: Page, visits: set[str], offered: set[str]) -> None:
        """What the screen had called kept on the server was offered again, and is on this phone as it was."""
        assert visits <= offered, f"kept: {visits - offered} are not offered again"
        kept = self._kept(page)
        for visit in visits:
            photos = {digest for visit_id, digest in kept["photos"] if visit_id == visit}
            assert _says(kept["drafts"].get(visit, ""), self.number.get(visit)), f"kept: {visit} is not as it was"
            assert photos == self.photos[visit], f"kept: photos of {visit} did not come back"

    def _is_here(self, visit: str, kept: dict[str, Any]) -> None:
        is_finished = visit in kept["visits"]
        words = kept["reports"].get(visit) if is_finished else kept["drafts"].get(visit)
        assert words or not is_finished, f"bytes: the report of {visit} is gone"
        assert words, f"saved: {visit} is neither a draft nor a finished visit"
        assert _says(words, self.number.get(visit)), f"saved: {visit} does not say {self.number[visit]}"
        photos = {digest for visit_id, digest in kept["photos"] if visit_id == visit}
        assert self.photos[visit] <= photos, f"bytes: photos of {visit} are gone or others"

    def _kept(self, page: Page) -> dict[str, Any]:
        found: dict[str, Any] | None = page.evaluate(PROBE)
        return found or NOTHING


def _says(words: str, number: int | None) -> bool:
    return bool(words) and (number is None or bool(re.search(rf"\b{number}\b", words)))
