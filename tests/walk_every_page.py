"""Walks the service as one person: follows every link of every page, and says what it met that nobody should meet.

    python tests/walk_every_page.py URL EMAIL PASSWORD

Needs nothing but Python. Reports each link that led to a status of 400 or more (with the page where it stands), each
page that took more than two seconds twice, each fragment (#place) that the page it leads to does not have, and each
link that leads to another site. Ends with 1 if it met any of the first three. Nothing is changed: only links are
followed, no form is sent but the login.
"""

import argparse
import re
import sys
import time
import urllib.error
import urllib.request
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.parse import parse_qsl, unquote, urldefrag, urlencode, urljoin, urlsplit

SLOW_SECONDS = 2.0
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PAGING = {"page", "after", "start"}
REFERENCES = {"a": "href", "img": "src", "script": "src", "link": "href"}


@dataclass
class Answer:
    """What came back: `address` is where redirects led; `page` whether it is one of ours, with links to follow."""

    address: str
    status: int
    seconds: float
    body: bytes
    page: bool


@dataclass
class Report:
    """All that was met. `kinds` counts the addresses by their path without ids."""

    refused: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    nowhere: list[str] = field(default_factory=list)
    out: set[str] = field(default_factory=set)
    kinds: Counter[str] = field(default_factory=Counter)

    @property
    def faults(self) -> list[str]:
        return [*self.refused, *self.slow, *self.nowhere]


class Page(HTMLParser):
    """Collects where a page leads, and the places on it that a fragment can name."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = {"", "top"}
        self.feed(body.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.places.add(given.get("id") or "")
        link = given.get(REFERENCES.get(tag, ""))
        if link:
            self.links.append(link)


class Walker:
    """One person's browser, without its pictures and scripts."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def log_in(self, email: str, password: str) -> None:
        """Raises SystemExit where the service does not know the person."""
        answer = self.fetch(f"{self.url}/login", {"email": email, "password": password})
        if answer.status >= 400 or urlsplit(answer.address).path == "/login":
            raise SystemExit(f"{email} cannot log in at {self.url}: {answer.status}")

    def walk(self, most_of_a_kind: int = sys.maxsize, look: Callable[[Answer], None] | None = None) -> Report:
        """Follow every link from the start page on, breadth first; of each kind of page `most_of_a_kind` at most.

        `look` gets to see each answer.

        A page that was asked for with a query leads on to other paths only, and to the next page of its list: every
        filter is tried on its own, not each with each.
        """
        report = Report()
        places: dict[str, set[str]] = {}
        fragments: list[tuple[str, str, str]] = []
        waiting = deque([(f"{self.url}/", "the start")])
        seen = {f"{self.url}/"}
        report.kinds["/"] += 1
        while waiting:
            address, source = waiting.popleft()
            answer = self.fetch(address)
            if look is not None:
                look(answer)
            self._judge(report, answer, address, source)
            if not answer.page or answer.status >= 400:
                continue
            page = Page(answer.body)
            places[address] = page.places
            for link in page.links:
                target, fragment = urldefrag(urljoin(answer.address, link))
                if not self._ours(target):
                    report.out |= {target} if urlsplit(target).scheme in ("http", "https") else set()
                    continue
                if fragment:
                    fragments.append((target, unquote(fragment), address))
                if target in seen or not _leads_on(address, target):
                    continue
                seen.add(target)
                if report.kinds[kind_of(target)] < most_of_a_kind:
                    report.kinds[kind_of(target)] += 1
                    waiting.append((target, address))
        report.nowhere += [
            f"#{fragment} is not on {target} (link on {source})"
            for target, fragment, source in fragments
            if target in places and fragment not in places[target]
        ]
        return report

    def fetch(self, address: str, form: dict[str, str] | None = None) -> Answer:
        data = urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(address, data, {"Sec-Fetch-Site": "same-origin", "Accept": "text/html, */*"})
        began = time.monotonic()
        try:
            with self._opener.open(request, timeout=60) as answer:
                final, status, kind, body = answer.url, answer.status, answer.headers.get_content_type(), answer.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                final, status, kind, body = address, refusal.code, "", refusal.read()
        seconds = time.monotonic() - began
        return Answer(final, status, seconds, body, kind == "text/html" and self._ours(final))

    def _judge(self, report: Report, answer: Answer, address: str, source: str) -> None:
        if answer.status >= 400:
            report.refused.append(f"{answer.status} {address} (link on {source})")
        elif answer.page and address != f"{self.url}/login" and urlsplit(answer.address).path == "/login":
            report.refused.append(f"asked to log in: {address} (link on {source})")
        if answer.page and answer.seconds > SLOW_SECONDS:
            # Whatever else the machine was doing at that moment, it is not doing it twice.
            again = self.fetch(address).seconds
            if again > SLOW_SECONDS:
                report.slow.append(f"{min(answer.seconds, again):.1f} s {address}")

    def _ours(self, address: str) -> bool:
        return address.startswith(f"{self.url}/")


def kind_of(address: str) -> str:
    """The path without its ids, and the names of what it asks for: two visits are one kind of page."""
    asked = ",".join(sorted(_asked(address)))
    return ID.sub("id", urlsplit(address).path) + (f"?{asked}" if asked else "")


def _leads_on(address: str, target: str) -> bool:
    same = urlsplit(address).path == urlsplit(target).path
    return not (same and _asked(address)) or not PAGING.isdisjoint(_asked(target))


def _asked(address: str) -> set[str]:
    return {name for name, _value in parse_qsl(urlsplit(address).query)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("email")
    parser.add_argument("password")
    parser.add_argument("--most", type=int, default=sys.maxsize, help="pages of one kind at most (all of them)")
    asked = parser.parse_args()
    walker = Walker(asked.url)
    walker.log_in(asked.email, asked.password)
    report = walker.walk(asked.most)
    for kind, count in sorted(report.kinds.items()):
        print(f"{count:6} {kind}")
    for link in sorted(report.out):
        print(f"leads out: {link}")
    for fault in report.faults:
        print(f"FAULT: {fault}")
    print(f"{sum(report.kinds.values())} addresses of {len(report.kinds)} kinds, {len(report.faults)} faults")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
