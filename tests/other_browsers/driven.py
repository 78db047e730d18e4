"""A browser that is driven by what stands on its screen, over the standard commands of WebDriver."""

import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Any

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The name under which the standard hands over an element of the page."""
PATIENCE_SECONDS = 30
POLLING_SECONDS = 0.05
SIZE = (360, 740)
"""Of the page, in pixels: the narrow phone that the app is made for."""

# A body's promise is waited for, what it refuses with is told.
WAITING = """const tell = arguments[arguments.length - 1];
(async (...given) => { %s })(...arguments).then((value) => tell({ value }), (error) => tell({ error: `${error}` }));"""
# What is far from the screen is not drawn, and has a text but no "inner" one. What was found comes to the middle of the
# screen, and is there for the thumb once it has come to rest with nothing over it.
FIND = """const [words, question, kinds] = given;
const isAsked = (group) => group.querySelector("h2")?.textContent.includes(question);
const place = question ? [...document.querySelectorAll("[role=group]")].find(isAsked) : document;
const wordsOf = (each) => each.getAttribute("aria-label") ?? each.textContent.trim();
const all = [...(place?.querySelectorAll(kinds) ?? [])];
const found = all.find((each) => !each.disabled && wordsOf(each).startsWith(words));
if (!found) return null;
const middle = () => {
  const { left, top, width, height } = found.getBoundingClientRect();
  return [left + width / 2, top + height / 2];
};
found.scrollIntoView({ block: "center", behavior: "instant" });
const before = middle();
await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
if (`${middle()}` !== `${before}` || !found.contains(document.elementFromPoint(...before))) return null;
return kinds === "label" ? found.control : found;"""
SET = "given[0].value = given[1]; given[0].dispatchEvent(new Event('input', { bubbles: true }));"
LACKING = """return Object.entries({
  persist: navigator.storage?.persist, estimate: navigator.storage?.estimate, push: window.PushManager,
  "Background Sync": window.SyncManager, badges: navigator.setAppBadge,
}).filter(([, has]) => !has).map(([name]) => name);"""
SEE = "return document.body.innerText.includes(given[0])"


class Driven(ABC):
    """One person's browser; what it keeps outlives its death, unless its windows are private."""

    lacks: frozenset[str]
    """What the app would use and has to do without here, by the names in LACKING."""

    def __init__(self, folder: Path, *, is_private: bool = False) -> None:
        """All that it keeps lies in `folder`."""
        self._folder = folder
        self._is_private = is_private

    @abstractmethod
    def start(self) -> None:
        """Start it with what it has kept. RuntimeError where it does not start."""

    @abstractmethod
    def kill(self) -> None:
        """End it with all its processes at once, as a phone does whose battery dies."""

    @abstractmethod
    def _ask(self, command: str, **parameters: Any) -> Any:
        """What it answers to a command of WebDriver, by the command's name there. RuntimeError where it refuses."""

    def go(self, address: str) -> None:
        self._ask("Navigate", url=address)

    def reload(self) -> None:
        """Load the page again as a person does: WebDriver's own command goes past the service worker in Firefox."""
        self.read("window.isLeft = true; setTimeout(() => location.reload(), 0);")
        self.until("return !window.isLeft")

    def read(self, body: str, *given: Any) -> Any:
        """What the body of an asynchronous function returns in the page; RuntimeError with what it raises."""
        answer = self._ask("ExecuteAsyncScript", script=WAITING % body, args=given)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer.get("value")

    def tap(self, words: str, question: str = "") -> None:
        """Tap what begins with these words: a button, a link, a row of an answer; below a question if one is said."""
        self._ask("ElementClick", id=self._element(words, question, "a, button, label"))

    def type(self, text: str, words: str, question: str = "") -> None:
        """Type into the field that is called so, or into a question's only text."""
        kinds = "label" if words else "textarea"
        self._ask("ElementSendKeys", id=self._element(words, question, kinds), text=text)

    def pick(self, photo: Path, question: str) -> None:
        """Pick a photo from the gallery."""
        self._ask("ElementSendKeys", id=self._element("From gallery", question, "label"), text=str(photo))

    def choose_day(self, day: str, question: str) -> None:
        """Do what a telephone's calendar does, which these browsers do not have; the day as in "2026-11-20"."""
        self.read(SET, {ELEMENT: self._element("", question, "input[type=date]")}, day)

    def see(self, words: str) -> None:
        """Wait until these words stand on the screen."""
        self.until(SEE, words)

    def until(self, body: str, *given: Any) -> Any:
        """What `body` returns, as soon as that is something; AssertionError with what is on the screen."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up:
            # A page that is being left refuses to answer.
            with suppress(RuntimeError):
                if found := self.read(body, *given):
                    return found
            time.sleep(POLLING_SECONDS)
        raise AssertionError(f"{given} did not come:\n{self.read('return document.body.innerText')}")

    def _element(self, *looked_for: str) -> str:
        return str(self.until(FIND, *looked_for)[ELEMENT])
