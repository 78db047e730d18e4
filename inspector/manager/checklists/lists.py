"""The project's checklists, and a new one."""

from datetime import UTC, datetime

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from checklists.checklist import checklists_of, counts_of_criteria, create_checklist
from checklists.errors import DomainError
from checklists.orm import alphabetical_key, holds
from inspector.auth import MANAGERS, roles
from inspector.languages import words
from inspector.manager.checklists.place import blueprint, page
from inspector.manager.checklists.settings import PURPOSE
from inspector.manager.forms import Form, PageAnswer
from inspector.manager.lists import Listing
from inspector.manager.words import PURPOSES
from inspector.transactions import reading, writing


@blueprint.get("/")
@roles(*MANAGERS)
def index() -> PageAnswer:
    listing = Listing.asked(["made", "name"], "made")
    with reading() as session:
        every = checklists_of(session, g.project.id)
        found = [each for each in every if holds(listing.words, *each.name.values())]
        if listing.order == "name":
            found.sort(key=lambda each: alphabetical_key(words(each.name)))
        if listing.descending:
            found.reverse()
        counts = counts_of_criteria(session, [version.id for each in found for version in each.versions])
    return render_template(
        "checklists/index.html", checklists=found, any=bool(every), listing=listing, counts=counts, purposes=PURPOSES
    )


@blueprint.route("/new", methods=["GET", "POST"])
@roles(*MANAGERS)
def add() -> PageAnswer:
    if request.method == "GET":
        return page("new", Form.showing(purpose=PURPOSE.start), purpose=PURPOSE)
    form = Form.sent()
    name = form.words("name", g.project.languages, required=True)
    purpose = PURPOSE.read(form)
    try:
        form.check()
        with writing() as session:
            checklist = create_checklist(session, g.project.id, name, datetime.now(UTC))
            checklist.purpose = purpose
    except DomainError as error:
        form.keep(error)
        return page("new", form, purpose=PURPOSE)
    flash(_("The checklist was made. Now add its first section."), "done")
    return redirect(url_for("checklists.show", version=checklist.versions[0].id))
