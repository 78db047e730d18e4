"""The numbers of required checks: for each touchpoint and brand, and where wished for single outlets."""

from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from checklists.brands import Brand, brands_of
from checklists.errors import DomainError, NotFound
from checklists.waves import Place, Wave, required_checks, set_required_checks, wave_touchpoints
from inspector.auth import MANAGERS, roles
from inspector.manager.forms import Form, PageAnswer, of_project
from inspector.manager.waves.place import blueprint, find_wave
from inspector.transactions import reading, writing

MOST_REQUIRED = 10_000


@blueprint.route("/<uuid:wave_id>/required", methods=["GET", "POST"])
@roles(*MANAGERS)
def required(wave_id: UUID) -> PageAnswer:
    """The numbers for each touchpoint and brand."""
    with reading() as session:
        wave = find_wave(session, wave_id)
        touchpoints = wave_touchpoints(session, wave)
        named = {row.brand_id for row in wave.required}
        brands = [brand for brand in brands_of(session, g.project.id) if brand.id in named]
        numbers = required_checks(wave)
        at_outlets = Counter(row.brand_id for row in wave.required if row.outlet_id)
    fields: dict[str, Place] = {
        _field(touchpoint.id, brand.id): (touchpoint.id, brand.id, None)
        for touchpoint in touchpoints
        for brand in brands
        if (touchpoint.id, brand.id, None) in numbers
    }
    return _form_for(
        wave,
        fields,
        numbers,
        url_for("waves.show", wave_id=wave_id),
        touchpoints=touchpoints,
        columns=[(brand.id, brand.name) for brand in brands],
        at_outlets=at_outlets,
        brand=None,
    )


@blueprint.route("/<uuid:wave_id>/required/<uuid:brand_id>", methods=["GET", "POST"])
@roles(*MANAGERS)
def required_at_outlets(wave_id: UUID, brand_id: UUID) -> PageAnswer:
    """Numbers for single outlets of one brand, where wished."""
    with reading() as session:
        wave = find_wave(session, wave_id)
        brand = of_project(session, Brand, brand_id)
        touchpoints = wave_touchpoints(session, wave)
        outlets = [pin.outlet for pin in wave.outlets if pin.outlet.brand_id == brand.id]
        numbers = required_checks(wave)
    fields: dict[str, Place] = {
        _field(touchpoint.id, outlet.id): (touchpoint.id, brand.id, outlet.id)
        for touchpoint in touchpoints
        for outlet in outlets
        if (touchpoint.id, brand.id, None) in numbers
    }
    return _form_for(
        wave,
        fields,
        numbers,
        url_for("waves.required", wave_id=wave_id),
        touchpoints=touchpoints,
        columns=[(outlet.id, outlet.name) for outlet in sorted(outlets, key=lambda each: each.name)],
        at_outlets={},
        brand=brand,
    )


def _field(touchpoint_id: UUID, column: UUID) -> str:
    return f"required.{touchpoint_id}.{column}"


def _form_for(
    wave: Wave,
    fields: Mapping[str, Place],
    numbers: Mapping[Place, int],
    done: str,
    *,
    brand: Brand | None,
    **shown: Any,
) -> PageAnswer:
    """The page with a field for each place, or on to `done` once they are saved. Those of a brand's outlets may stay
    empty.
    """
    form = Form.showing(**_nested(fields, numbers)) if request.method == "GET" else Form.sent()
    if request.method == "POST" and _saved(form, wave.id, fields, optional=brand is not None):
        flash(_("The required checks were saved."), "done")
        return redirect(done)
    return render_template(
        "waves/required.html", form=form, wave=wave, fields=fields, brand=brand, **shown
    ), form.status


def _nested(fields: Mapping[str, Place], numbers: Mapping[Place, int]) -> dict[str, Any]:
    return {name: numbers.get(place) for name, place in fields.items()}


def _saved(form: Form, wave_id: UUID, fields: Mapping[str, Place], *, optional: bool) -> bool:
    """Read the table's fields and save them; False, with what is wrong noted in the form, where that cannot be."""
    numbers: dict[Place, int | None] = {}
    for name, place in fields.items():
        empty = not form.value(name).strip()
        numbers[place] = None if optional and empty else form.whole(name, least=0, most=MOST_REQUIRED)
    try:
        form.check()
        with writing() as session:
            set_required_checks(session, find_wave(session, wave_id), numbers)
    except NotFound:
        raise
    except DomainError as error:
        form.keep(error)
        return False
    return True
