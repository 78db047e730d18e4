"""Every error becomes an answer here: problem+json (RFC 9457) for the phone and integrations, a page for a person.

`STATUS` is the only place where a domain error meets an HTTP status; a test sees to it that none is left out.
"""

from typing import Any

from flask import Flask, Response, current_app, json, redirect, render_template, request, url_for
from flask_babel import format_decimal, gettext
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from checklists import errors
from checklists.errors import DomainError, InvalidInput, LoginRequired, NotFound, StillInFlight, TooLarge

STATUS: dict[type[DomainError], int] = {
    errors.NotFound: 404,
    errors.LoginRequired: 401,
    errors.LoginFailed: 401,
    errors.NotAllowed: 403,
    errors.CrossSiteRequest: 403,
    errors.InvalidInput: 422,
    errors.PublishedIsFrozen: 409,
    errors.DraftExists: 409,
    errors.ChecklistIncomplete: 422,
    errors.TouchpointCoveredTwice: 422,
    errors.WaveIncomplete: 422,
    errors.NobodyToSend: 422,
    errors.AssignmentBusy: 409,
    errors.ReviewNotPossible: 409,
    errors.ReasonRequired: 422,
    errors.NotesRequired: 422,
    errors.PhotosMissing: 409,
    errors.DerivedAnswer: 422,
    errors.NothingCorrected: 422,
    errors.NotToBePutRight: 422,
    errors.PlaceTaken: 409,
    errors.NotJson: 400,
    errors.TooLarge: 413,
    errors.OtherContent: 409,
    errors.VisitDeleted: 410,
    errors.StillInFlight: 423,
    errors.PhotoNotPromised: 404,
    errors.WrongSize: 422,
    errors.WrongHash: 422,
    errors.StorageUnavailable: 503,
}


def install(app: Flask) -> None:
    app.register_error_handler(DomainError, answer_domain_error)
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(OperationalError, answer_database_error)
    app.register_error_handler(Exception, answer_unexpected)


def answer_domain_error(error: DomainError) -> AnyResponse:
    if isinstance(error, LoginRequired) and not _for_a_program() and request.method == "GET":
        return redirect(url_for("entrance.log_in", next=request.full_path.rstrip("?")))
    return _answer(STATUS[type(error)], type(error).__name__, in_words(error), error)


def answer_http_error(error: HTTPException) -> AnyResponse:
    if isinstance(error, RequestEntityTooLarge):
        return answer_domain_error(TooLarge(limit=current_app.config["MAX_FORM_MEMORY_SIZE"]))
    if error.code == 404:
        return answer_domain_error(NotFound())
    if error.code is not None and error.code < 400:
        return error.get_response()
    return _answer(error.code or 500, error.name.replace(" ", ""), gettext("The server could not follow this request."))


def answer_database_error(error: OperationalError) -> AnyResponse:
    """A row or database that stays locked means that the same thing is being written elsewhere; anything else is a
    fault of ours.
    """
    words = str(error.orig).lower()
    if "lock" in words and ("timeout" in words or "locked" in words):
        return answer_domain_error(StillInFlight())
    return answer_unexpected(error)


def answer_unexpected(error: Exception) -> AnyResponse:
    current_app.logger.error("unexpected: %s %s", request.method, request.path, exc_info=error)
    return _answer(
        500, "Unexpected", gettext("Something went wrong here. Nothing of yours was lost; please try again.")
    )


def in_words(error: DomainError) -> str:
    """The error's message in the reader's language, with its details filled in."""
    details = {
        name: gettext(value) if isinstance(value, str) else format_decimal(value)
        for name, value in error.details.items()
    }
    message = str(gettext(error.message))
    return message % details if details else message


def _for_a_program() -> bool:
    return request.path.startswith(("/api/", "/healthz", "/readyz"))


def _answer(status: int, kind: str, words: str, error: DomainError | None = None) -> Response:
    if not _for_a_program():
        return Response(render_template("error.html", status=status, words=words), status)
    problem: dict[str, Any] = {
        "type": f"/problems/{kind}",
        "title": kind,
        "status": status,
        "detail": words,
        "instance": request.path,
    }
    if isinstance(error, InvalidInput):
        problem["errors"] = [{"pointer": f"/{name}", "detail": gettext(why)} for name, why in error.fields.items()]
    return Response(json.dumps(problem), status, content_type="application/problem+json")
