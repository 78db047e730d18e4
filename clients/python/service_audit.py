"""A small client of the service's API. One file, the standard library only: copy it to where you need it.

    audit = ServiceAudit("https://audit.example.org", token="audit_…")
    for visit in audit.each("/projects/…/visits", state="received"):
        print(visit["id"], visit["score"])

It is not for several threads at once: give each its own.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import random
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

Json = dict[str, Any]

PREFIX: Final = "/api/v1"
TRY_AGAIN: Final = frozenset({423, 429, 502, 503, 504})
"""The answers after which the same request may be sent again: nothing was done."""
LONGEST_WAIT_S: Final = 30.0
BYTES_AT_A_TIME: Final = 64 * 1024


class Refused(Exception):
    """The service said no. `type` is stable; `detail` is for people; `errors` say what is wrong where."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.type = str(problem.get("type", "about:blank"))
        self.title = str(problem.get("title", ""))
        self.detail = str(problem.get("detail", ""))
        self.errors: list[Json] = list(problem.get("errors", ()))
        places = "; ".join(f"{each['pointer']}: {each['detail']}" for each in self.errors)
        super().__init__(f"{status} {self.title}: {self.detail}" + (f" ({places})" if places else ""))


class ChangedMeanwhile(Refused):
    """Somebody else changed it since it was read."""


class Unreachable(Exception):
    """No answer came, or one that is none of this service's."""


@dataclass(frozen=True)
class Answer:
    """What came back; `content` is the JSON, or the bytes of anything else."""

    status: int
    headers: Mapping[str, str]
    content: Any

    @property
    def tag(self) -> str:
        """With which a change says what it means to change."""
        return self.headers.get("etag", "")


@dataclass(frozen=True)
class Photo:
    """One photo of a report: the id that the report promises, and where its bytes are."""

    id: str
    file: Path
    media_type: str = "image/jpeg"

    def promised(self, taken_at: str | None = None) -> Json:
        """How a report names it."""
        content = self.file.read_bytes()
        return {
            "id": self.id,
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            "media_type": self.media_type,
            "taken_at": taken_at,
        }


class ServiceAudit:
    """Asks one service, with a token or as a person who logs in.

    `timeout_s` bounds each wait for the line; `attempts` how often a harmless request is sent in all.
    """

    def __init__(self, url: str, token: str = "", *, timeout_s: float = 30.0, attempts: int = 4) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("the address begins with http:// or https://")
        self._scheme, self._netloc, self._base = parts.scheme, parts.netloc, parts.path.rstrip("/")
        self._token = token
        self._cookie = ""
        self._timeout_s = timeout_s
        self._attempts = attempts
        self._line: http.client.HTTPConnection | None = None

    def __enter__(self) -> ServiceAudit:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up. The next request calls again."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def log_in(self, email: str, password: str) -> Json:
        """Log in as a person, as a phone does; the answer says who it is. Raises Refused."""
        answer = self.ask("POST", "/session", {"email": email, "password": password})
        person: Json = answer.content["person"]
        return person

    def get(self, path: str, **query: object) -> Any:
        """What stands at the path. Raises Refused and Unreachable, as everything below."""
        return self.ask("GET", path, query=query).content

    def each(self, path: str, **query: object) -> Iterator[Json]:
        """All items of a list, page after page, as they are asked for."""
        cursor: str | None = None
        while True:
            page = self.get(path, **{"limit": 200, **query, **({"cursor": cursor} if cursor else {})})
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def add(self, path: str, body: object) -> Json:
        """POST: make something. It is sent once: whether it was done after a broken line, look."""
        made: Json = self.ask("POST", path, body).content
        return made

    def update(self, path: str, change: Callable[[Json], Json], *, method: str = "PUT", attempts: int = 5) -> Json:
        """Read a thing, let `change` make the body from it, and write that; again from the start where somebody else
        was quicker, `attempts` times in all. Raises ChangedMeanwhile after the last of them.
        """
        while True:
            read = self.ask("GET", path)
            try:
                changed: Json = self.ask(method, path, change(read.content), tag=read.tag).content
                return changed
            except ChangedMeanwhile:
                attempts -= 1
                if attempts < 1:
                    raise

    def decide(self, path: str, noun: str, body: object = None) -> Json:
        """PUT a decision on a thing as it stands now: `decide("/visits/…", "approval")`."""
        tag = self.ask("GET", path).tag
        decided: Json = self.ask("PUT", f"{path}/{noun}", body, tag=tag).content
        return decided

    def remove(self, path: str) -> None:
        """DELETE a thing as it stands now."""
        self.ask("DELETE", path, tag=self.ask("GET", path).tag)

    def download(self, path: str, target: Path, **query: object) -> int:
        """Write a file, such as an export, and return its size in bytes. What breaks off leaves no half file."""
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                self.ask("GET", path, query=query, into=file.write)
                size = file.tell()
            os.replace(name, target)
            return size
        except BaseException:
            os.unlink(name)
            raise

    def deliver(self, visit_id: str, report: object, photos: Sequence[Photo] = ()) -> Json:
        """Deliver a finished visit with its photos, as the phone of an inspector who is logged in. It may be called any
        number of times with the same report; the answer says how the visit stands.
        """
        receipt: Json = self.ask("PUT", f"/visits/{visit_id}", report, repeatable=True).content
        missing = set(receipt["missing_photos"])
        for photo in photos:
            if photo.id in missing:
                self.put_photo(photo)
                missing.discard(photo.id)
        return receipt | {"missing_photos": sorted(missing)}

    def put_photo(self, photo: Photo) -> Json:
        """Deliver the bytes of one promised photo; any number of times."""
        content = photo.file.read_bytes()
        stored: Json = self.ask(
            "PUT", f"/photos/{photo.id}", content, media_type=photo.media_type, repeatable=True
        ).content
        return stored

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, object] | None = None,
        tag: str = "",
        media_type: str = "application/json",
        repeatable: bool = False,
        into: Callable[[bytes], object] | None = None,
    ) -> Answer:
        """One request. Reading is repeated after broken lines, and what `repeatable` says bears it; the rest is not.

        `body` is sent as JSON unless it is bytes; `into` gets the bytes of a success piece by piece.
        """
        address = f"{self._base}{PREFIX}{quote(path, safe='/%')}"
        if query:
            given = {name: _in_address(value) for name, value in query.items() if value is not None}
            address += f"?{urlencode(given)}"
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = self._headers(method, tag, media_type if content is not None else "")
        attempts = self._attempts if repeatable or method in ("GET", "HEAD") else 1
        wait_s = 0.5
        while True:
            attempts -= 1
            begun = [False]
            try:
                answer = self._send(method, address, content, headers, into and _noting(into, begun))
            except (OSError, http.client.HTTPException) as broken:
                self.close()
                if attempts < 1 or begun[0]:
                    raise Unreachable(f"{method} {path}: {broken}") from broken
            else:
                if answer.status < 400:
                    return answer
                if attempts < 1 or answer.status not in TRY_AGAIN:
                    raise _refusal(answer)
                wait_s = max(wait_s, float(answer.headers.get("retry-after") or 0))
            time.sleep(min(wait_s, LONGEST_WAIT_S) * random.uniform(0.7, 1.3))
            wait_s *= 2

    def _headers(self, method: str, tag: str, media_type: str) -> dict[str, str]:
        headers = {"Accept": "application/json, */*"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        elif method not in ("GET", "HEAD"):
            # A cookie alone proves nothing of where a request comes from.
            headers["Origin"] = f"{self._scheme}://{self._netloc}"
        if self._cookie and not self._token:
            headers["Cookie"] = self._cookie
        if media_type:
            headers["Content-Type"] = media_type
        if tag:
            headers["If-Match"] = tag
        return headers

    def _send(
        self,
        method: str,
        address: str,
        content: bytes | None,
        headers: Mapping[str, str],
        into: Callable[[bytes], object] | None,
    ) -> Answer:
        if self._line is None:
            self._line = self._call()
        self._line.request(method, address, content, dict(headers))
        response = self._line.getresponse()
        told = {name.lower(): value for name, value in response.getheaders()}
        if response.status >= 200 and response.length is None and not response.chunked and "connection" not in told:
            raise http.client.HTTPException("the answer was cut off in its head")
        self._keep_cookie(response.headers.get_all("Set-Cookie") or [])
        if into is not None and response.status < 300:
            while piece := response.read(BYTES_AT_A_TIME):
                into(piece)
            if response.length:
                raise http.client.IncompleteRead(b"", response.length)
            return Answer(response.status, told, None)
        body = response.read()
        if response.status < 400 or "json" in told.get("content-type", ""):
            return Answer(response.status, told, _read(body, told.get("content-type", "")))
        return Answer(response.status, told, {"title": response.reason})

    def _call(self) -> http.client.HTTPConnection:
        if self._scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self._netloc, timeout=self._timeout_s, context=context)
        return http.client.HTTPConnection(self._netloc, timeout=self._timeout_s)

    def _keep_cookie(self, told: Sequence[str]) -> None:
        for each in told:
            for name, morsel in SimpleCookie(each).items():
                self._cookie = f"{name}={morsel.value}" if morsel.value else ""


def _in_address(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _noting(into: Callable[[bytes], object], begun: list[bool]) -> Callable[[bytes], object]:
    """Takes note that something was handed on: after that a broken line cannot be made good by asking again."""

    def write(piece: bytes) -> None:
        begun[0] = True
        into(piece)

    return write


def _read(body: bytes, media_type: str) -> Any:
    """JSON as what it says, anything else as bytes. Raises Unreachable for JSON that is none."""
    if "json" not in media_type:
        return body or None
    try:
        return json.loads(body)
    except ValueError:
        raise Unreachable("the answer is no JSON; is there a page of somebody else's in between?") from None


def _refusal(answer: Answer) -> Refused:
    problem = answer.content if isinstance(answer.content, dict) else {}
    return (ChangedMeanwhile if answer.status == 412 else Refused)(answer.status, problem)
