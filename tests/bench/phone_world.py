"""What the phone app is measured with: an inspector for each number of criteria, large photos, the bare form."""

import html
import io
import itertools
import random
from typing import Any

from PIL import Image

from checklists.checklist import Evidence
from checklists.orm import ScopedSession, connect, unscoped
from checklists.people import Role
from checklists.scoring import Kind
from tests.factories import make_audit, make_person, make_wave
from tests.forms import make_criterion, make_section, make_version

SIZES = (40, 300)
OF_PHOTOS = 20
"""Criteria of the visit in which photos are picked: a visit of its own, of which the server knows nothing yet."""
QUESTIONS = (*[Kind.STATES] * 6, *[Kind.MEASURE] * 2, *[Kind.CHOICE] * 2)
TWELVE_MEGAPIXELS = (4000, 3000)
ROW = "display: block; padding: 12px"


def make_phone_world(url: str, people: int) -> tuple[dict[int, list[str]], dict[int, dict[str, Any]]]:
    """For each number of criteria the addresses of so many inspectors, each with one assignment, and the checklist."""
    engine = connect(url)
    emails: dict[int, list[str]] = {}
    documents = {}
    with ScopedSession(engine, unscoped("the bench of the phone makes its world")) as session, session.begin():
        sizes = (*SIZES, OF_PHOTOS)
        audit = make_audit(session, outlets_per_brand=len(sizes) * people, rivals=())
        outlets = iter(audit.outlets)
        for size in sizes:
            criteria = [
                make_criterion(kind, f"Question {number}", evidence=Evidence.OPTIONAL, may_be_not_applicable=True)
                for number, kind in enumerate(itertools.islice(itertools.cycle(QUESTIONS), size), start=1)
            ]
            section = make_section(audit.touchpoints[0], criteria)
            version = make_version(session, audit.project, [section], name=f"{size} criteria")
            wave = make_wave(session, audit.project, [version], audit.outlets, name=f"{size} criteria")
            emails[size] = [f"{size}.{number}@example.org" for number in range(people)]
            for email in emails[size]:
                inspector = make_person(session, audit.organization, email, Role.INSPECTOR, email=email)
                inspector.language = "ru"
                audit.assign(session, next(outlets), wave=wave, version=version, inspector=inspector)
            assert version.document is not None
            documents[size] = version.document
    engine.dispose()
    return emails, documents


def large_photo(seed: int) -> bytes:
    """A photo of twelve megapixels and some four megabytes, unlike any other."""
    chance = random.Random(seed)
    small = Image.frombytes("RGB", (500, 375), chance.randbytes(500 * 375 * 3))
    out = io.BytesIO()
    small.resize(TWELVE_MEGAPIXELS, Image.Resampling.BICUBIC).save(out, "JPEG", quality=90)
    return out.getvalue()


def bare_form(document: dict[str, Any]) -> str:
    """The same criteria as browsers draw them, with no style sheet and no script of their own."""
    rows = []
    for criterion in document["sections"][0]["criteria"]:
        parts = [each["text"]["en"] for each in (*criterion.get("states", []), *criterion.get("options", []))]
        kind = "radio" if criterion["kind"] == "choice" else "checkbox"
        boxes = [
            f'<label style="{ROW}"><input type="{kind}" name="{criterion["id"]}"> {html.escape(part)}</label>'
            for part in parts
        ]
        number = [] if parts else [f'<input type="number" name="{criterion["id"]}">']
        title = html.escape(criterion["text"]["en"])
        beside = "<button type=button>Not here</button><button type=button>Could not check</button><input type=file>"
        rows.append(f"<fieldset><legend>{title}</legend>{''.join(boxes + number)}{beside}</fieldset>")
    head = '<!doctype html><meta name="viewport" content="width=device-width, initial-scale=1"><title>Bare</title>'
    return f"{head}<main><form>{''.join(rows)}</form></main>"
