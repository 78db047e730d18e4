"""A browser without pictures for the manager pages: it reads a page's forms and sends them as they were rendered."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from flask import Flask
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from tests.factories import PASSWORD

OWN_SITE = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class PageForm:
    """One form as it came: where it goes, and what its fields hold."""

    address: str
    fields: MultiDict[str, str] = field(default_factory=MultiDict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)
    """Words on it, name and value."""


class _Reader(HTMLParser):
    """Collects links, forms and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.links: list[tuple[str, str]] = []
        self.text: list[str] = []
        self._catching: list[str] | None = None
        self._textarea = self._select = ""
        self._pending: tuple[str, str] = ("", "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self.forms.append(PageForm(given.get("action", "")))
        elif tag == "input" and name:
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self.forms[-1].fields.add(name, given.get("value", ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.forms[-1].fields):
            self.forms[-1].fields[self._select] = given.get("value", "")
        elif tag == "textarea":
            self._textarea, self._catching = name, []
        elif tag in ("a", "button"):
            self._pending = (given["href"], "") if tag == "a" else (name, given.get("value", ""))
            self._catching = []

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        if self._catching is None or tag not in ("textarea", "a", "button"):
            return
        words, self._catching = "".join(self._catching), None
        if tag == "textarea" and self._textarea:
            self.forms[-1].fields[self._textarea] = words.removeprefix("\n")
        elif tag == "a":
            self.links.append((" ".join(words.split()), self._pending[0]))
        elif tag == "button":
            self.forms[-1].buttons.append((" ".join(words.split()), *self._pending))

    def handle_data(self, data: str) -> None:
        if self._catching is not None:
            self._catching.append(data)
        self.text.append(data)


class Window:
    """A person's browser window. `answer` is the last page, after its redirects."""

    def __init__(self, app: Flask, email: str) -> None:
        self.client = app.test_client()
        self.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        self.open("/login").submit("Log in", email=email, password=PASSWORD)
        assert self.status == 200, self.text

    def open(self, address: str) -> "Window":
        self._take(self.client.get(address, follow_redirects=True))
        return self

    def follow(self, words: str) -> "Window":
        """Follow the first link with these words."""
        return self.open(next(address for label, address in self.page.links if label == words))

    def submit(self, button: str, changes: dict[str, str | list[str]] | None = None, **more: str) -> "Window":
        """Press the first button with these words, after filling in."""
        form, name, value = next(
            (form, name, value) for form in self.page.forms for words, name, value in form.buttons if words == button
        )
        fields = form.fields.copy()
        for key, change in {**(changes or {}), **more}.items():
            fields.setlist(key, change if isinstance(change, list) else [change])
        if name:
            fields[name] = value
        self.post(form.address or self.address, fields)
        return self

    def post(self, address: str, fields: MultiDict[str, str] | dict[str, str] | None = None) -> TestResponse:
        answer = self.client.post(address, data=fields or {}, headers=OWN_SITE, follow_redirects=True)
        self._take(answer)
        return answer

    def _take(self, answer: TestResponse) -> None:
        self.answer, self.status, self.address = answer, answer.status_code, answer.request.path
        self.page = _Reader()
        self.page.feed(answer.text)
        self.text = " ".join("".join(self.page.text).split())

    @property
    def fields(self) -> MultiDict[str, str]:
        """The fields of the page's own form, which stands last."""
        return self.page.forms[-1].fields
