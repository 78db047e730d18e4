"""Where the pages of checklists stand, and how they find what an address names."""

from typing import Any
from uuid import UUID

from flask import Blueprint, g, render_template, url_for
from sqlalchemy.orm import Session

from checklists.checklist import ChecklistVersion, Criterion, Section, compile_document, version_with_parts
from inspector.manager.forms import Form, PageAnswer, of_project

blueprint = Blueprint("checklists", __name__, url_prefix="/o/<organization>/<project>/checklists")


def find_version(session: Session, version: UUID) -> ChecklistVersion:
    """The version with all its parts. Raises NotFound for one of another project."""
    of_project(session, ChecklistVersion, version)
    found = version_with_parts(session, version)
    assert found is not None
    return found


def document_of(version: ChecklistVersion) -> dict[str, Any]:
    """The frozen document of a published version; what a draft would be if it were published now."""
    return version.document or compile_document(version, g.project.languages, staff_names=g.project.staff_names)


def page(name: str, form: Form, **values: object) -> PageAnswer:
    """A page with a form, with the status that the form has come to."""
    return render_template(f"checklists/{name}.html", form=form, **values), form.status


def place_of(part: Section | Criterion) -> str:
    """The place of a section or criterion in its version's page."""
    if isinstance(part, Section):
        return url_for("checklists.show", version=part.version_id, _anchor=f"section-{part.id}")
    return url_for("checklists.show", version=part.section.version_id, _anchor=f"criterion-{part.id}")
