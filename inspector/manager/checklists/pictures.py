"""Reference pictures in the guidance of a criterion: taken in, made harmless, and kept beside the photos."""

import hashlib
import io
from datetime import UTC, datetime

from flask import current_app, g, request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from checklists.checklist import GuidancePicture
from checklists.errors import InvalidInput
from checklists.orm import new_id
from inspector.manager.forms import Form
from inspector.photo_images import SCREEN, UnreadablePhotoError, derive, inspect_photo
from inspector.photo_storage import PhotoStorage, picture_key
from inspector.transactions import writing

MOST_PICTURES = 6
LARGEST_PICTURE = 10 * 1024 * 1024
LARGEST_FORM = 4 * LARGEST_PICTURE
"""What is read of a request at all; what is larger than a picture may be, but not than this, is refused in words."""
MEDIA_TYPES = ("image/jpeg", "image/png", "image/webp")


def take_picture(form: Form) -> None:
    """Keep the picture that came with the form, if one did, and add its id to the form's `pictures`.

    Only what we draw ourselves is kept: a JPEG without metadata, turned upright. No transaction is open while the
    storage works. Raises InvalidInput for what is no picture, StorageUnavailable.
    """
    file = request.files.get("picture")
    if file is None or not file.filename:
        return
    if len(form.chosen("pictures")) >= MOST_PICTURES:
        raise InvalidInput({"picture": _("At most %(count)s pictures fit here.", count=MOST_PICTURES)})
    identity = str(keep_picture(file.stream.read(LARGEST_PICTURE + 1)).id)
    form.typed = MultiDict([*form.typed.items(multi=True), ("pictures", identity)])


def keep_picture(body: bytes) -> GuidancePicture:
    """Store the picture as we draw it. Raises InvalidInput for what is no picture, StorageUnavailable."""
    drawn = _drawn(body)
    facts = inspect_photo(io.BytesIO(drawn))
    picture = GuidancePicture(
        id=new_id(),
        organization_id=g.organization.id,
        project_id=g.project.id,
        sha256=hashlib.sha256(drawn).hexdigest(),
        size=len(drawn),
        media_type="image/jpeg",
        width=facts.width,
        height=facts.height,
        added_at=datetime.now(UTC),
    )
    storage: PhotoStorage = current_app.extensions["photos"]
    storage.write(picture_key(picture), io.BytesIO(drawn), size=picture.size, sha256=picture.sha256)
    with writing() as session:
        session.add(picture)
    return picture


def leave_out(form: Form, picture: str) -> None:
    """Take a picture from the form's list. Its bytes stay: an earlier version may show it."""
    kept = [(name, value) for name, value in form.typed.items(multi=True) if (name, value) != ("pictures", picture)]
    form.typed = MultiDict(kept)


def _drawn(body: bytes) -> bytes:
    """The picture as a JPEG of our own. Raises InvalidInput."""
    if len(body) > LARGEST_PICTURE:
        raise InvalidInput({"picture": _("A picture may have 10 MB at most.")})
    if inspect_photo(io.BytesIO(body)).media_type not in MEDIA_TYPES:
        raise InvalidInput({"picture": _("This is not a picture that can be shown. Take a JPEG, PNG or WebP.")})
    drawn = io.BytesIO()
    try:
        derive(io.BytesIO(body), SCREEN, drawn)
    except UnreadablePhotoError:
        raise InvalidInput({"picture": _("This picture is damaged and cannot be shown.")}) from None
    return drawn.getvalue()
