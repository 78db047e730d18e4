"""Sealed reports lose what must be forgotten. Their SHA-256 stays that of what the phone sent, so that the same report,
sent again, is still known as the same.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from checklists.visits import SealedReport
from checklists.visits.tables import ERASED_BODY

Cut = Callable[[Mapping[str, Any]], dict[str, Any]]
"""What to put in the place of a report's members, from the report."""


def without_staff(report: Mapping[str, Any]) -> dict[str, Any]:
    """Of the staff met only their roles stay, and no repetition has a label: it may be an employee's name."""
    met, begun = report.get("staff_met"), report.get("repetitions")
    return {
        "staff_met": staff_without_names(met) if isinstance(met, list) else [],
        "repetitions": without_labels(begun) if isinstance(begun, list) else [],
    }


def staff_without_names(met: list[Any]) -> list[dict[str, Any]]:
    return [
        {"role": str(each.get("role") or ""), "description": "", "name": None} for each in met if isinstance(each, dict)
    ]


def without_labels(repetitions: list[Any]) -> list[dict[str, Any]]:
    return [each | {"label": ""} for each in repetitions if isinstance(each, dict)]


def without_device(_report: Mapping[str, Any]) -> dict[str, Any]:
    """Neither where the phone was, nor which phone it was."""
    return {"positions": [], "device_id": ""}


def cut_bodies(session: Session, visit_id: UUID, cut: Cut, now: datetime) -> None:
    """Rewrite all bodies that came under the visit's id; what is no report of the agreed form goes as a whole."""
    for sealed in session.scalars(select(SealedReport).where(SealedReport.visit_id == visit_id)):
        if sealed.body != ERASED_BODY:
            sealed.body, sealed.erased_at = _cut(sealed.body, cut), now


def empty_bodies(session: Session, visit_id: UUID, now: datetime) -> str | None:
    """Nothing of the bodies stays; answers the SHA-256 of the last one that was accepted."""
    last = None
    for sealed in session.scalars(
        select(SealedReport).where(SealedReport.visit_id == visit_id).order_by(SealedReport.received_at)
    ):
        if sealed.body != ERASED_BODY:
            sealed.body, sealed.erased_at = ERASED_BODY, now
        last = sealed.sha256 if sealed.accepted else last
    return last


def _cut(body: bytes, cut: Cut) -> bytes:
    try:
        report = json.loads(body)
    except (ValueError, RecursionError):
        return ERASED_BODY
    if not isinstance(report, dict):
        return ERASED_BODY
    return json.dumps(report | cut(report)).encode()
