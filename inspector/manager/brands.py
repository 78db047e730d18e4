"""What is compared, and where it is visited: the own company, its competitors, and their outlets."""

from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from checklists.brands import (
    Brand,
    Outlet,
    OutletDesign,
    OutletOrder,
    add_brand,
    add_outlet,
    brands_of,
    change_outlet,
    outlet_counts,
    outlets_page,
    remove_brand,
    remove_outlet,
    restore_outlet,
)
from checklists.errors import DomainError
from checklists.orm import alphabetical_key
from inspector.auth import MANAGERS, roles
from inspector.manager.forms import LONGEST_LINE, LONGEST_TEXT, Form, PageAnswer, of_project
from inspector.manager.lists import Listing, row_asked
from inspector.transactions import reading, writing

blueprint = Blueprint("brands", __name__, url_prefix="/o/<organization>/<project>/brands")

OUTLETS_ON_A_PAGE = 100
USUAL_TIME_ZONE = "Europe/Moscow"


@blueprint.get("/")
@roles(*MANAGERS)
def index() -> PageAnswer:
    with reading() as session:
        brand = row_asked(session, Brand, "brand")
        listing = Listing.asked(OutletOrder, "brand", {"brand": brand.name if brand else ""})
        outlets, total = outlets_page(
            session,
            g.project.id,
            words=listing.words,
            brand_id=brand.id if brand else None,
            order=OutletOrder(listing.order),
            descending=listing.descending,
            offset=(listing.page - 1) * OUTLETS_ON_A_PAGE,
            limit=OUTLETS_ON_A_PAGE,
        )
        brands = brands_of(session, g.project.id, with_outlets=False)
        return render_template(
            "brands/index.html",
            brands=brands,
            brand_choices=[(each.id, each.name) for each in brands],
            counts=outlet_counts(session, g.project.id),
            listing=listing,
            outlets=outlets,
            total=total,
            size=OUTLETS_ON_A_PAGE,
        )


@blueprint.route("/new", methods=["GET", "POST"])
@roles(*MANAGERS)
def add() -> PageAnswer:
    if request.method == "GET":
        with reading() as session:
            first = not brands_of(session, g.project.id, with_outlets=False)
        return _brand_page(Form.showing(kind="own" if first else "competitor"))
    form = Form.sent()
    name = form.text("name", required=True)
    try:
        form.check()
        with writing() as session:
            brand = add_brand(session, g.project.id, name, own=form.value("kind") == "own")
    except DomainError as error:
        form.keep(error)
        return _brand_page(form)
    flash(_("“%(name)s” was added. Now add its outlets.", name=name), "done")
    return redirect(_address_of(brand.id))


@blueprint.route("/<uuid:brand>", methods=["GET", "POST"])
@roles(*MANAGERS)
def change(brand: UUID) -> PageAnswer:
    with reading() as session:
        stored = of_project(session, Brand, brand)
    if request.method == "GET":
        return _brand_page(Form.showing(name=stored.name, kind="own" if stored.own else "competitor"), stored)
    form = Form.sent()
    name = form.text("name", required=True)
    try:
        form.check()
        with writing() as session:
            changed = of_project(session, Brand, brand)
            changed.name, changed.own = name, form.value("kind") == "own"
    except DomainError as error:
        form.keep(error)
        return _brand_page(form, stored)
    flash(_("“%(name)s” was saved.", name=name), "done")
    return redirect(_address_of(brand))


@blueprint.post("/<uuid:brand>/removal")
@roles(*MANAGERS)
def remove(brand: UUID) -> Response:
    with writing() as session:
        stored = of_project(session, Brand, brand)
        empty = remove_brand(session, stored)
    if empty:
        flash(_("“%(name)s” was removed.", name=stored.name), "done")
    else:
        flash(
            _("“%(name)s” has outlets, so it stays. Remove the outlets you no longer visit.", name=stored.name),
            "refused",
        )
    return redirect(_address_of(brand))


@blueprint.route("/<uuid:brand>/outlets/new", methods=["GET", "POST"])
@roles(*MANAGERS)
def add_one(brand: UUID) -> PageAnswer:
    """Another outlet of the brand."""
    with reading() as session:
        stored = of_project(session, Brand, brand)
    if request.method == "GET":
        return _outlet_page(Form.showing(time_zone=USUAL_TIME_ZONE), stored)
    form = Form.sent()
    design = _design(form)
    try:
        form.check()
        with writing() as session:
            add_outlet(session, of_project(session, Brand, brand), design)
    except DomainError as error:
        form.keep(error)
        return _outlet_page(form, stored)
    flash(_("“%(name)s” was added.", name=design.name), "done")
    if form.ticked("another"):
        return redirect(url_for("brands.add_one", brand=brand))
    return redirect(_outlets_of(brand))


@blueprint.route("/outlets/<uuid:outlet>", methods=["GET", "POST"])
@roles(*MANAGERS)
def change_one(outlet: UUID) -> PageAnswer:
    with reading() as session:
        stored = of_project(session, Outlet, outlet)
        brand = stored.brand
    if request.method == "GET":
        return _outlet_page(Form.showing(**_typed(stored)), brand, stored)
    form = Form.sent()
    design = _design(form)
    try:
        form.check()
        with writing() as session:
            change_outlet(of_project(session, Outlet, outlet), design)
    except DomainError as error:
        form.keep(error)
        return _outlet_page(form, brand, stored)
    flash(_("“%(name)s” was saved.", name=design.name), "done")
    return redirect(_outlets_of(brand.id))


@blueprint.post("/outlets/<uuid:outlet>/removal")
@roles(*MANAGERS)
def remove_one(outlet: UUID) -> Response:
    with writing() as session:
        stored = of_project(session, Outlet, outlet)
        remove_outlet(stored, datetime.now(UTC))
    flash(_("“%(name)s” was removed and is no longer planned. Its visits stay.", name=stored.name), "done")
    return redirect(_outlets_of(stored.brand_id))


@blueprint.post("/outlets/<uuid:outlet>/return")
@roles(*MANAGERS)
def restore_one(outlet: UUID) -> Response:
    with writing() as session:
        stored = of_project(session, Outlet, outlet)
        restore_outlet(stored)
    flash(_("“%(name)s” is back.", name=stored.name), "done")
    return redirect(_outlets_of(stored.brand_id))


def _brand_page(form: Form, brand: Brand | None = None) -> PageAnswer:
    return render_template("brands/brand.html", form=form, brand=brand), form.status


def _outlet_page(form: Form, brand: Brand, outlet: Outlet | None = None) -> PageAnswer:
    answer = render_template("brands/outlet.html", form=form, brand=brand, outlet=outlet, time_zones=_time_zones())
    return answer, form.status


def _typed(outlet: Outlet) -> dict[str, Any]:
    """The outlet as one would type it into its form."""
    typed = {name: getattr(outlet, name) for name in OutletDesign.__dataclass_fields__}
    attributes = sorted(outlet.attributes.items(), key=lambda attribute: alphabetical_key(attribute[0]))
    return typed | {"attributes": "\n".join(f"{name}: {value}" for name, value in attributes)}


def _design(form: Form) -> OutletDesign:
    return OutletDesign(
        name=form.text("name", required=True),
        city=form.text("city"),
        address=form.text("address"),
        phone=form.text("phone", longest=50),
        url=form.text("url", longest=2000),
        latitude=form.number("latitude", least=-90, most=90),
        longitude=form.number("longitude", least=-180, most=180),
        time_zone=form.text("time_zone", required=True),
        attributes=_attributes(form),
    )


def _attributes(form: Form) -> dict[str, str]:
    """The attributes from lines of "name: value"; a line without a colon is noted as wrong."""
    attributes = {}
    for line in form.text("attributes", longest=LONGEST_TEXT).splitlines():
        name, colon, value = (part.strip() for part in line.partition(":"))
        if line.strip() and not (name and colon):
            form.refuse("attributes", _("Each line has a name, a colon and a value: “%(line)s” has not.", line=line))
        elif max(len(name), len(value)) > LONGEST_LINE:
            form.refuse("attributes", _("At most %(count)s characters fit here.", count=LONGEST_LINE))
        elif name:
            attributes[name] = value
    return attributes


@cache
def _time_zones() -> list[str]:
    """The zones that are named after a place."""
    return sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))


def _address_of(brand: UUID) -> str:
    return url_for("brands.index", _anchor=f"brand-{brand}")


def _outlets_of(brand: UUID) -> str:
    return url_for("brands.index", brand=brand, _anchor="outlets")
