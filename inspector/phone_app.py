"""Serves the phone app: its modules as one script, its style tightened, its languages from the catalogue.

The service worker gets a list of every file with its hash, so that any change of any file makes a new worker, which
takes all or none; the page gets the version, which names them all.
"""

import hashlib
import json
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from threading import RLock
from typing import TypeVar

from babel.messages.pofile import read_po
from flask import Blueprint, Response, abort, request
from flask.helpers import get_debug_flag
from flask_babel import gettext as _

from inspector.auth import public
from inspector.auth.headers import PERMISSIONS
from inspector.packing import packed_well, set_content
from inspector.phone_bundle import bundle
from inspector.phone_script import tightened, tightened_style

T = TypeVar("T")
PHONE = Path(__file__).parent / "phone"
TRANSLATIONS = Path(__file__).parent / "translations"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src blob:;"
    " connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
# What a machine's own table may not know, or knows differently.
MEDIA_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".json": "application/json",
    ".css": "text/css",
    ".html": "text/html",
    ".png": "image/png",
}
WORKER = "service-worker.js"
STYLE = "style.css"
VERSION_PLACE = b'data-version=""'
# Half of a SHA-256 tells one version of a file from all others as well.
TAG_LETTERS = 32

blueprint = Blueprint("phone_app", __name__, url_prefix="/phone")


@dataclass(frozen=True, slots=True)
class AppFile:
    """One file of the app as it is sent."""

    content: bytes
    media_type: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def made_once(make: Callable[..., T]) -> Callable[..., T]:
    """As functools.cache, and whoever asks while it is being made waits, instead of making it too: the app takes a
    processor for a second, and the phones that are open when a service starts all ask at once.
    """
    kept, lock = cache(make), RLock()

    @wraps(kept)
    def made(*arguments: Hashable) -> T:
        with lock:
            return kept(*arguments)

    return made


@blueprint.get("/")
@public("the app is the same for everybody and holds nobody's data")
def start() -> Response:
    return _answer(app_files()[""])


@blueprint.get("/<path:path>")
@public("the app is the same for everybody and holds nobody's data")
def file(path: str) -> Response:
    found = app_files().get(path)
    if found is None:
        abort(404)
    return _answer(found)


@blueprint.get(f"/{WORKER}")
@public("the app is the same for everybody and holds nobody's data")
def service_worker() -> Response:
    response = _answer(_worker())
    # Unlike other scripts a worker stands under its own policy, not under that of a page.
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Service-Worker-Allowed"] = "/phone/"
    return response


@blueprint.get("/manifest.webmanifest")
@public("what a phone needs to install the app, in the language of the browser")
def manifest() -> Response:
    name = _("Tasks")
    icons = [
        {"src": f"icons/{purpose}-{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": use}
        for purpose, use in (("icon", "any"), ("maskable", "maskable"))
        for size in (192, 512)
    ]
    described = {
        "id": "/phone/",
        "name": name,
        "short_name": name,
        "start_url": "/phone/",
        "scope": "/phone/",
        "display": "standalone",
        "background_color": "#101214",
        "theme_color": "#101214",
        "icons": icons,
    }
    response = _answer(AppFile(_json(described), "application/manifest+json"))
    response.headers.add("Vary", "Accept-Language, Cookie")
    return response


@made_once
def app_files() -> dict[str, AppFile]:
    """What the app consists of, by its path below /phone/; "" is the page itself. Made once for each process."""
    files, version = _versioned()
    page = files[""].content.replace(VERSION_PLACE, VERSION_PLACE.replace(b'""', f'"{version}"'.encode()))
    return {**files, "": AppFile(page, MEDIA_TYPES[".html"])}


@made_once
def _versioned() -> tuple[dict[str, AppFile], str]:
    """The files, the page without its version yet; and the version, another one with any change, the worker's too."""
    modules = modules_on_disk()
    files = {path: each for path, each in _files_on_disk() if path not in modules}
    files["app.js"] = AppFile(bundle(modules, "app.js", is_readable=get_debug_flag()).encode(), MEDIA_TYPES[".js"])
    style = tightened_style(files[STYLE].content.decode())
    files[STYLE] = AppFile(style.encode(), MEDIA_TYPES[".css"])
    for catalogue in sorted(TRANSLATIONS.glob("*/LC_MESSAGES/messages.po")):
        language = catalogue.parts[-3]
        files[f"translations/{language}.json"] = AppFile(_catalogue(language, catalogue, files), "application/json")
    hashes = {path: each.sha256 for path, each in sorted(files.items())}
    return files, hashlib.sha256(_json(hashes) + (PHONE / WORKER).read_bytes()).hexdigest()


def modules_on_disk() -> dict[str, str]:
    """What the app's script is made of: texts by path below phone/."""
    return {path: each.content.decode() for path, each in _files_on_disk() if path.endswith((".js", ".mjs"))}


def _files_on_disk() -> Iterator[tuple[str, AppFile]]:
    for path in sorted(PHONE.rglob("*")):
        name = path.relative_to(PHONE).as_posix()
        if path.suffix in MEDIA_TYPES and name not in (WORKER, "package.json", "vendor/vendor.json"):
            yield ("" if name == "index.html" else name), AppFile(path.read_bytes(), MEDIA_TYPES[path.suffix])


def _catalogue(language: str, path: Path, files: dict[str, AppFile]) -> bytes:
    """The messages that the app's own modules name, by key_of(): each one's translation or its plural forms.

    Raises ValueError when two of them have one key.
    """
    code = "".join(each.content.decode() for name, each in files.items() if name.endswith(".js"))
    with path.open("rb") as source:
        catalogue = read_po(source, locale=language)
    messages: dict[str, str | list[str]] = {}
    for message in catalogue:
        english = message.id if isinstance(message.id, str) else message.id[0]
        forms = [message.string] if isinstance(message.string, str) else list(message.string or ())
        # A text that is not translated yet, or not for certain, is shown in English.
        if english and all(forms) and not message.fuzzy and json.dumps(english, ensure_ascii=False) in code:
            key = key_of(english)
            if key in messages:
                raise ValueError(f"{english!r} has the key of another message: say it in other words")
            messages[key] = forms[0] if isinstance(message.id, str) else forms
    return _json({"language": language, "plural_forms": catalogue.plural_forms, "messages": messages})


def key_of(english: str) -> str:
    """As keyOf() in phone/translate.js: 24 bits of FNV-1a over the letters, to the base of 36."""
    total = 0x811C9DC5
    for letter in english:
        total = (total ^ ord(letter)) * 0x01000193 & 0xFFFFFFFF
    rest, digits = total >> 8, ""
    while rest:
        rest, digit = divmod(rest, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


@made_once
def _worker() -> AppFile:
    # Icons are for others to show: the phone's system keeps those that it needs.
    hashes = {path: each.sha256 for path, each in sorted(app_files().items()) if not path.startswith("icons/")}
    listed = {"version": _versioned()[1], "files": hashes}
    script = tightened((PHONE / WORKER).read_text())
    return AppFile(b"const APP = " + _json(listed) + b";\n" + script.encode(), MEDIA_TYPES[".js"])


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _answer(found: AppFile) -> Response:
    """The file, packed where that is worth it; the browser keeps it and asks each time whether it has changed."""
    response = Response(content_type=_content_type(found.media_type))
    if found.media_type == MEDIA_TYPES[".html"]:
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Permissions-Policy"] = PERMISSIONS.replace("microphone=()", "microphone=(self)")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-cache"
    if found.media_type.startswith("image/"):
        response.set_data(found.content)
        response.set_etag(found.sha256[:TAG_LETTERS])
    else:
        set_content(response, found.content, found.sha256[:TAG_LETTERS], request, _packed(found.content))
    response.make_conditional(request)
    return response


@made_once
def _packed(content: bytes) -> dict[str, bytes]:
    return packed_well(content)


def _content_type(media_type: str) -> str:
    return media_type if media_type.startswith("image/") else f"{media_type}; charset=utf-8"
