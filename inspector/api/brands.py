"""Brands and their outlets: what is compared, and where it is visited."""

from dataclasses import fields as fields_of
from datetime import UTC, datetime
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from checklists.accounts import TokenScope
from checklists.brands import (
    Brand,
    Outlet,
    OutletDesign,
    add_brand,
    add_outlet,
    brands_of,
    change_outlet,
    outlets_behind,
    remove_brand,
    remove_outlet,
    restore_outlet,
)
from checklists.errors import N_, StillUsed
from inspector.api.etags import refuse_if_changed, tagged
from inspector.api.fields import TOLD, Body, Flag, Id, Moment, Number, Pairs, Text, Whole
from inspector.api.operations import Json, Operations, nothing_more
from inspector.api.paging import Asked, Paged, Search, behind, cursor_as, page_of, paged
from inspector.api.reach import find
from inspector.auth import MANAGERS, REVIEWERS, roles
from inspector.transactions import reading, writing

operations = Operations(
    "brands",
    "Brands and outlets",
    "A brand is the own company or a competitor; an outlet is its shop or branch, or the number or page that stands for"
    " it. An outlet that was removed is no longer planned; its visits stay.",
)


class BrandSchema(Body):
    id = Id("brand", **TOLD)
    project_id = Id("project", **TOLD)
    name = Text(required=True, example="Zerno")
    own = Flag("Whether it is the own company.", load_default=False, example=False)
    position = Whole("The order in which brands are shown, behind the own ones.", example=1, **TOLD)


class OutletSchema(Body):
    id = Id("outlet", **TOLD)
    project_id = Id("project", **TOLD)
    brand_id = Id("brand", **TOLD)
    name = Text(required=True, example="Zerno on Lenin street")
    city = Text(load_default="", example="Moscow")
    address = Text(load_default="", example="Lenin street, 1")
    phone = Text(load_default="", longest=50, example="+7 495 000-00-00")
    url = Text("Begins with https:// or http://.", load_default="", longest=2_000, example="https://example.org/")
    latitude = Number("In degrees.", least=-90, most=90, allow_none=True, load_default=None, example=55.7558)
    longitude = Number("In degrees.", least=-180, most=180, allow_none=True, load_default=None, example=37.6173)
    time_zone = Text("By its IANA name.", required=True, longest=50, example="Europe/Moscow")
    attributes = Pairs(
        "string",
        "What sets it apart: conditions of checklists ask for it.",
        load_default=dict,
        example={"drive-through": "yes"},
    )
    deleted_at = Moment("When it was taken out of new plans.", allow_none=True, **TOLD)


class OutletQuery(Paged):
    q = Search("Words in name, city or address.", load_default="")
    brand_id = Id("brand", "Only this brand's.", load_default=None)
    removed = Asked("Only those that were removed, or only the others.", load_default=None)


@operations.route("/projects/<uuid:project_id>/brands", methods=["GET"])
@operations.query(Paged)
@operations.answers(200, page_of(BrandSchema), "The project's brands, the own ones first")
@roles(*REVIEWERS, scope=TokenScope.SETUP_READ)
def list_brands(asked: Json, project_id: UUID) -> Response:
    """The project's brands, the own ones first."""
    with reading() as session:
        brands = brands_of(session, project_id, with_outlets=False)
        return paged(BrandSchema, behind(brands, asked["cursor"], asked["limit"], _place), asked["limit"], _place)


def _place(brand: Brand) -> tuple[bool, int, UUID]:
    return not brand.own, brand.position, brand.id


@operations.route("/projects/<uuid:project_id>/brands", methods=["POST"])
@operations.body(BrandSchema, example={"name": "Aroma", "own": False})
@operations.answers(201, BrandSchema, "The brand was added")
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def add(design: Json, project_id: UUID) -> Response:
    """Another brand, behind the project's others."""
    with writing() as session:
        brand = add_brand(session, project_id, design["name"], own=design["own"])
        return tagged(BrandSchema, brand, 201, location=f"/api/v1/brands/{brand.id}")


@operations.route("/brands/<uuid:brand_id>", methods=["GET"])
@operations.answers(200, BrandSchema, "The brand")
@roles(*REVIEWERS, scope=TokenScope.SETUP_READ)
def show(brand_id: UUID) -> Response:
    """One brand."""
    with reading() as session:
        return tagged(BrandSchema, find(session, Brand, brand_id))


@operations.route("/brands/<uuid:brand_id>", methods=["PATCH"])
@operations.body(BrandSchema, partial=True, example={"name": "Zerno & Co."})
@operations.answers(200, BrandSchema, "The brand as it is now")
@operations.needs_tag
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def change(changes: Json, brand_id: UUID) -> Response:
    """Change a brand's name, or whether it is the own one."""
    with writing() as session:
        brand = find(session, Brand, brand_id, lock=True)
        refuse_if_changed(BrandSchema, brand)
        for name, value in changes.items():
            setattr(brand, name, value)
        return tagged(BrandSchema, brand)


@operations.route("/brands/<uuid:brand_id>", methods=["DELETE"])
@operations.answers(204, None, "The brand was removed")
@operations.needs_tag
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def remove(brand_id: UUID) -> Response:
    """Remove a brand without outlets."""
    with writing() as session:
        brand = find(session, Brand, brand_id, lock=True)
        refuse_if_changed(BrandSchema, brand)
        if not remove_brand(session, brand):
            raise StillUsed(why=N_("it has outlets. Remove the outlets you no longer visit."))
    return nothing_more()


@operations.route("/projects/<uuid:project_id>/outlets", methods=["GET"])
@operations.query(OutletQuery)
@operations.answers(200, page_of(OutletSchema), "The project's outlets in the order in which they were made")
@roles(*REVIEWERS, scope=TokenScope.SETUP_READ)
def list_outlets(asked: Json, project_id: UUID) -> Response:
    """The project's outlets, removed ones among them."""
    cursor = cursor_as(asked["cursor"], UUID)
    with reading() as session:
        if asked["brand_id"]:
            find(session, Brand, asked["brand_id"])
        found = outlets_behind(
            session,
            project_id,
            words=asked["q"],
            brand_id=asked["brand_id"],
            removed=asked["removed"],
            after=cursor and cursor[0],
            limit=asked["limit"] + 1,
        )
        return paged(OutletSchema, found, asked["limit"], lambda outlet: (outlet.id,))


@operations.route("/brands/<uuid:brand_id>/outlets", methods=["POST"])
@operations.body(OutletSchema)
@operations.answers(201, OutletSchema, "The outlet was added")
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def add_one(design: Json, brand_id: UUID) -> Response:
    """Another outlet of the brand."""
    with writing() as session:
        outlet = add_outlet(session, find(session, Brand, brand_id), OutletDesign(**design))
        return tagged(OutletSchema, outlet, 201, location=f"/api/v1/outlets/{outlet.id}")


@operations.route("/outlets/<uuid:outlet_id>", methods=["GET"])
@operations.answers(200, OutletSchema, "The outlet")
@roles(*REVIEWERS, scope=TokenScope.SETUP_READ)
def show_one(outlet_id: UUID) -> Response:
    """One outlet."""
    with reading() as session:
        return tagged(OutletSchema, find(session, Outlet, outlet_id))


@operations.route("/outlets/<uuid:outlet_id>", methods=["PATCH"])
@operations.body(OutletSchema, partial=True, example={"phone": "+7 495 111-11-11", "attributes": {"parking": "no"}})
@operations.answers(200, OutletSchema, "The outlet as it is now")
@operations.needs_tag
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def change_one(changes: Json, outlet_id: UUID) -> Response:
    """Change what is said of an outlet; what is left out stays, `attributes` are replaced as a whole."""
    with writing() as session:
        outlet = _locked(session, outlet_id)
        design = {each.name: getattr(outlet, each.name) for each in fields_of(OutletDesign)}
        change_outlet(outlet, OutletDesign(**design | changes))
        return tagged(OutletSchema, outlet)


@operations.route("/outlets/<uuid:outlet_id>", methods=["DELETE"])
@operations.answers(204, None, "The outlet was removed")
@operations.needs_tag
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def remove_one(outlet_id: UUID) -> Response:
    """Take an outlet out of new plans. Its visits stay, and it can be brought back."""
    with writing() as session:
        remove_outlet(_locked(session, outlet_id), datetime.now(UTC))
    return nothing_more()


@operations.route("/outlets/<uuid:outlet_id>/restoration", methods=["PUT"])
@operations.answers(200, OutletSchema, "The outlet is back")
@operations.needs_tag
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def restore_one(outlet_id: UUID) -> Response:
    """Bring a removed outlet back."""
    with writing() as session:
        outlet = _locked(session, outlet_id)
        restore_outlet(outlet)
        return tagged(OutletSchema, outlet)


def _locked(session: Session, outlet_id: UUID) -> Outlet:
    """The outlet, to be changed. Raises NotFound, TagRequired and ChangedMeanwhile."""
    outlet = find(session, Outlet, outlet_id, lock=True)
    refuse_if_changed(OutletSchema, outlet)
    return outlet
