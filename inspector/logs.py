"""What the service says about itself: one line for each request, and faults with their place in the code.

Nothing personal stands there: routes instead of addresses, ids instead of names, and of an exception its kind and its
place, because its words may hold what somebody entered. On a terminal, for developers, the words are shown too.
"""

import json
import logging
import os
import re
import secrets
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import structlog
from flask import Flask, Response, current_app, g, has_request_context, request
from sqlalchemy.exc import OperationalError
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from inspector.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
OUR_OWN = ("inspector", "checklists")
NOT_WORTH_A_LINE = ("static", "phone_app.", "health.", "metrics.")
"""What is asked for all the time and holds no work; a line only where it fails, or with LOG_LEVEL=DEBUG."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OUR_FOLDERS = tuple(f"{ROOT / name}/" for name in OUR_OWN)
REQUEST_FIELDS = ("request_id", "method", "route", "status", "ms", "organization", "user")
_GIVEN_ID = re.compile(r"[A-Za-z0-9-]{8,64}")

_requests = logging.getLogger("inspector.requests")


def configure(environment: Mapping[str, str] = os.environ, stream: TextIO = sys.stderr) -> None:
    """Send all logs of this process to `stream`: LOG_FORMAT "json" or "console" (the default on a terminal), LOG_LEVEL
    for our own parts. ValueError for another format or level.
    """
    chosen = environment.get("LOG_FORMAT") or ("console" if stream.isatty() else "json")
    if chosen not in ("json", "console"):
        raise ValueError(f"LOG_FORMAT takes json or console, not {chosen!r}")
    everything, lines = logging.StreamHandler(stream), logging.StreamHandler(stream)
    everything.setFormatter(_formatter(readable=chosen == "console", colours=stream.isatty()))
    lines.setFormatter(_RequestLine())
    logging.basicConfig(level=logging.WARNING, handlers=[everything], force=True)
    _requests.handlers[:] = [lines] if chosen == "json" else []
    _requests.propagate = chosen == "console"
    for name in OUR_OWN:
        logging.getLogger(name).setLevel((environment.get("LOG_LEVEL") or "INFO").upper())


def install(app: Flask) -> None:
    """Give each request a number, and each answer a line. Call it before everything else that looks at requests."""
    app.before_request(_begin)
    app.after_request(_end)


def route() -> str:
    """The pattern of this request's address, without anybody's ids or words; "" where there is none."""
    return request.url_rule.rule if request.url_rule else ""


def method() -> str:
    """The request's method, or "other" for one that somebody made up."""
    return request.method if request.method in METHODS else "other"


def _begin() -> None:
    settings: Settings = _settings()
    given = request.headers.get("X-Request-Id", "") if settings.trusted_proxies else ""
    g.request_id = given if _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    if "request_id" not in g:
        return response
    response.headers["X-Request-Id"] = g.request_id
    usual = (request.endpoint or "").startswith(NOT_WORTH_A_LINE) and response.status_code < 400
    level = logging.DEBUG if usual else logging.INFO
    if _requests.isEnabledFor(level):
        _requests.log(
            level,
            "request",
            extra={
                "request_id": g.request_id,
                "method": method(),
                "route": route(),
                "status": response.status_code,
                "ms": round(1000 * (time.perf_counter() - g.began), 1),
                "organization": _organization(),
                "user": _user(),
            },
        )
    return response


def _organization() -> str | None:
    scope = g.get("scope")
    if scope is None or scope.organizations is None or len(scope.organizations) != 1:
        return None
    return str(next(iter(scope.organizations)))


def _user() -> str | None:
    someone = g.get("person") or g.get("_login_user")
    user = getattr(someone, "user", None)
    return None if user is None else str(user.id)


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


class _RequestLine(logging.Formatter):
    """A request's line, by the shortest way: there may be hundreds a second."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
        line = {"event": record.msg, "level": record.levelname.lower(), "time": moment, "logger": record.name}
        return json.dumps(line | {name: getattr(record, name) for name in REQUEST_FIELDS}, ensure_ascii=False)


def _formatter(*, readable: bool, colours: bool) -> ProcessorFormatter:
    gathered: list[Processor] = [
        _number_the_request,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _name_the_logger,
        structlog.stdlib.ExtraAdder(REQUEST_FIELDS),
    ]
    if readable:
        shown = structlog.dev.ConsoleRenderer(
            colors=colours,
            pad_event_to=0,
            timestamp_key="time",
            exception_formatter=structlog.dev.plain_traceback,
        )
        last: list[Processor] = [shown]
    else:
        last = [_only_where_it_happened, structlog.processors.JSONRenderer(ensure_ascii=False)]
    return ProcessorFormatter(
        foreign_pre_chain=gathered,
        processors=[_without_others_words, ProcessorFormatter.remove_processors_meta, *last],
    )


def _number_the_request(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    if has_request_context() and "request_id" in g:
        event["request_id"] = g.request_id
    return event


def _name_the_logger(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    event["logger"] = event["_record"].name
    return event


def _without_others_words(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """What a library warns of may quote an address or a person: its sentence is kept, what it filled in is not."""
    record: logging.LogRecord = event["_record"]
    if record.levelno >= logging.WARNING and record.name.partition(".")[0] not in OUR_OWN:
        event["event"] = str(record.msg)
    return event


def _only_where_it_happened(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """The exception and those behind it, each by its kind and the lines of code that it passed through."""
    fault = event.pop("exc_info", (None, None, None))[1]
    if fault is not None:
        event["exception"] = [_place(each) for each in _chain(fault)]
    return event


def _chain(fault: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        yield fault
        fault = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)


def _place(fault: BaseException) -> dict[str, Any]:
    """Our own lines, and the last of the libraries'."""
    frames = traceback.extract_tb(fault.__traceback__)
    shown = [frame for frame in frames[:-1] if frame.filename.startswith(OUR_FOLDERS)] + frames[-1:]
    at = [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in shown]
    return {"kind": type(fault).__qualname__, "says": _harmless_words(fault), "at": at}


def _harmless_words(fault: BaseException) -> str | None:
    """The words of faults that come from the machine and not from what somebody entered: a full disk, a database that
    is away.
    """
    match fault:
        case OperationalError(orig=Exception() as cause):
            return str(cause).partition("\n")[0]
        case OSError(strerror=str(words)):
            return words
        case _:
            return None


def _short(filename: str) -> str:
    return filename.rpartition("/site-packages/")[2].removeprefix(f"{ROOT}/")
