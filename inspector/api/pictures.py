"""The reference pictures of a checklist's guidance."""

from typing import Any
from uuid import UUID

from flask import Response, current_app, g, send_file
from flask_smorest import Blueprint
from sqlalchemy import select

from checklists.accounts import TokenScope
from checklists.checklist.tables import GuidancePicture
from checklists.errors import NotFound, PhotoUnreachable, StorageUnavailable
from checklists.people import Role
from inspector.auth import REVIEWERS, roles
from inspector.photo_storage import PhotoStorage, picture_key
from inspector.transactions import reading

blueprint = Blueprint("pictures", __name__, url_prefix="/api/v1/pictures", description="Reference pictures of criteria")

YEAR_S = 365 * 24 * 3600


@blueprint.route("/<uuid:picture_id>", methods=["GET"])
@blueprint.response(200, description="The picture; its bytes never change")
@roles(*REVIEWERS, Role.INSPECTOR, scope=TokenScope.SETUP_READ)
def show(picture_id: UUID) -> Any:
    """One reference picture, for those who work in its project."""
    with reading() as session:
        picture = session.scalar(select(GuidancePicture).where(GuidancePicture.id == picture_id))
    if picture is None or not _may_see(picture):
        raise NotFound
    storage: PhotoStorage = current_app.extensions["photos"]
    try:
        answer: Response = send_file(storage.open(picture_key(picture)), picture.media_type, max_age=YEAR_S)
    except FileNotFoundError:
        raise NotFound from None
    except StorageUnavailable as fault:
        raise PhotoUnreachable from fault
    answer.cache_control.public, answer.cache_control.private = False, True
    answer.cache_control.immutable = True
    return answer


def _may_see(picture: GuidancePicture) -> bool:
    return any(
        each.organization_id == picture.organization_id and each.project_id in (None, picture.project_id)
        for each in g.memberships
    )
