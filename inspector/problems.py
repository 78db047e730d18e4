"""Every error becomes an answer here: problem+json (RFC 9457) for the phone and integrations, a page for a person.

`STATUS` is the only place where a domain error meets an HTTP status; a test sees to it that none is left out.
"""

import logging
from contextlib import suppress
from typing import Any

from flask import Flask, Response, current_app, g, json, redirect, render_template, request, url_for
from flask_babel import format_decimal, gettext
from flask_login import AnonymousUserMixin
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from checklists import errors
from checklists.errors import DomainError, InvalidInput, LoginRequired, NotFound, StillInFlight, TooLarge
from inspector import logs

log = logging.getLogger(__name__)

STATUS: dict[type[DomainError], int] = {
    errors.NotFound: 404,
    errors.LoginRequired: 401,
    errors.LoginFailed: 401,
    errors.CodeRefused: 401,
    errors.TooManyAttempts: 429,
    errors.TooBusy: 503,
    errors.LinkUsed: 410,
    errors.TokenRefused: 401,
    errors.ScopeMissing: 403,
    errors.NoTokensHere: 403,
    errors.NotAllowed: 403,
    errors.CrossSiteRequest: 403,
    errors.InvalidInput: 422,
    errors.UnreadableBody: 400,
    errors.TagRequired: 428,
    errors.ChangedMeanwhile: 412,
    errors.StillUsed: 409,
    errors.LockedOut: 409,
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
    errors.OtherContentNotKept: 409,
    errors.DraftNotWanted: 409,
    errors.TooManyDrafts: 409,
    errors.VisitDeleted: 410,
    errors.PhotoErased: 410,
    errors.NotErasable: 403,
    errors.StillInFlight: 423,
    errors.PhotoNotPromised: 404,
    errors.WrongSize: 422,
    errors.WrongHash: 422,
    errors.OtherOffset: 409,
    errors.PhotoInFlight: 423,
    errors.PhotoBeingDeleted: 423,
    errors.StorageUnavailable: 503,
    errors.StorageFull: 507,
    errors.ObjectStoreAway: 503,
    errors.PhotoWaits: 503,
    errors.PhotoUnreachable: 503,
    errors.DatabaseFull: 507,
    errors.DatabaseUnavailable: 503,
}

READ_AT_ONCE = 1 << 16
# How libpq and PostgreSQL say that there is no connection, or none any more.
NO_DATABASE = (
    "connection failed",
    "connection refused",
    "connection is bad",
    "server closed the connection",
    "the database system is",
    "terminating connection",
    "could not receive data",
    "timeout expired",
)


def install(app: Flask) -> None:
    app.register_error_handler(DomainError, answer_domain_error)
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(OperationalError, answer_database_error)
    app.register_error_handler(Exception, answer_unexpected)
    app.after_request(_read_to_the_end)


def _read_to_the_end(answer: Response) -> Response:
    """A server that closes a line before it has read the whole request loses its own answer on the way: the phone would
    see a broken line in place of the reason.
    """
    if answer.status_code >= 400 and 0 < (request.content_length or 0) <= current_app.config["MAX_CONTENT_LENGTH"]:
        with suppress(OSError, HTTPException):
            while request.stream.read(READ_AT_ONCE):
                pass
    return answer


def answer_domain_error(error: DomainError) -> AnyResponse:
    if isinstance(error, LoginRequired) and not _for_a_program() and request.method == "GET":
        return redirect(url_for("entrance.log_in", next=request.full_path.rstrip("?")))
    answer = _answer(STATUS[type(error)], type(error).__name__, in_words(error), error)
    answer.headers.extend(headers_of(error))
    return answer


def headers_of(error: DomainError) -> dict[str, str]:
    """What HTTP asks for beside some statuses: when to come back, where to go on, how a program may say who
    it is.
    """
    match error:
        case errors.TooManyAttempts(details={"seconds": seconds}):
            return {"Retry-After": str(seconds)}
        case errors.TooBusy():
            return {"Retry-After": "5"}
        case errors.OtherOffset(details={"offset": offset}):
            return {"Upload-Offset": str(offset)}
        case errors.TokenRefused():
            return {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        case errors.ScopeMissing():
            return {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}
        case _:
            return {"WWW-Authenticate": "Bearer"} if STATUS[type(error)] == 401 else {}


def answer_http_error(error: HTTPException) -> AnyResponse:
    if isinstance(error, RequestEntityTooLarge):
        largest: int = current_app.config["MAX_CONTENT_LENGTH"]
        whole = (request.content_length or 0) > largest
        return answer_domain_error(TooLarge.over(largest if whole else current_app.config["MAX_FORM_MEMORY_SIZE"]))
    if error.code == 404:
        return answer_domain_error(NotFound())
    if error.code is not None and error.code < 400:
        return error.get_response()
    answer = _answer(
        error.code or 500, error.name.replace(" ", ""), gettext("The server could not follow this request.")
    )
    # Which methods an address takes, when to come back: HTTP asks for these beside some statuses.
    answer.headers.extend((name, value) for name, value in error.get_headers() if name != "Content-Type")
    return answer


def answer_database_error(error: OperationalError) -> AnyResponse:
    """A row or database that stays locked means that the same thing is being written elsewhere; anything else is a
    fault of ours.
    """
    words = str(error.orig).lower()
    if "lock" in words and ("timeout" in words or "locked" in words):
        return answer_domain_error(StillInFlight())
    if "disk is full" in words or "no space left" in words or "disk i/o error" in words:
        return answer_domain_error(errors.DatabaseFull())
    if error.connection_invalidated or any(sign in words for sign in NO_DATABASE):
        log.error("the database cannot be reached: %s", type(error.orig).__name__)
        # Flask-Login's own place for the person: to look for one again, for the page, would only fail again.
        g.setdefault("_login_user", AnonymousUserMixin())
        return answer_domain_error(errors.DatabaseUnavailable())
    return answer_unexpected(error)


def answer_unexpected(error: Exception) -> AnyResponse:
    log.error("unexpected: %s %s", logs.method(), logs.route(), exc_info=error)
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
    return request.path.startswith(("/api/", "/healthz", "/readyz", "/metrics"))


def _answer(status: int, kind: str, words: str, error: DomainError | None = None) -> Response:
    if not _for_a_program():
        return Response(render_template("error.html", status=status, words=words, number=g.get("request_id")), status)
    problem: dict[str, Any] = {
        "type": f"/problems/{kind}",
        "title": kind,
        "status": status,
        "detail": words,
        "instance": request.path,
        "request_id": g.get("request_id"),
    }
    if isinstance(error, errors.OtherContent):
        problem["missing_photos"] = [str(photo_id) for photo_id in error.missing_photos]
    if isinstance(error, InvalidInput):
        problem["errors"] = [{"pointer": f"/{name}", "detail": gettext(why)} for name, why in error.fields.items()]
    return Response(json.dumps(problem), status, content_type="application/problem+json")
