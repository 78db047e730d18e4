"""What every answer tells the browser: what it may load and run, who may frame it, and that pages are not kept."""

from flask import Flask, Response, request

# What a browser may load and run on our pages; the phone app has a policy of its own.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# What no browser shows as a page loads and runs nothing at all.
DATA_POLICY = "default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
# The phone app takes pictures by the system's own picker and asks for the position; nothing asks for the rest.
PERMISSIONS = (
    "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(self), gyroscope=(),"
    " magnetometer=(), microphone=(), midi=(), payment=(), usb=()"
)
HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
# These rule what a document may do. With "nosniff" a part of our pages is never one, and a slow line feels each byte.
DOCUMENT_HEADERS = (
    ("Content-Security-Policy", PAGE_POLICY),
    ("Referrer-Policy", "same-origin"),
    ("Permissions-Policy", PERMISSIONS),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)
# Data that runs nothing has nothing to be permitted, and no window to share.
DATA_HEADERS = (
    ("Content-Security-Policy", DATA_POLICY),
    ("Referrer-Policy", "same-origin"),
)
PARTS_OF_PAGES = ("text/javascript", "text/css", "image/png", "application/json", "application/manifest+json")
# No content, and the same content as before: a browser goes by what it was told with that.
EMPTY = (204, 304)
DATA = ("application/json", "application/problem+json")
OURS = ("/static/", "/phone/")


def install(app: Flask) -> None:
    app.after_request(_protect)


def _protect(response: Response) -> Response:
    for name, value in HEADERS + _of_its_kind(response):
        response.headers.setdefault(name, value)
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _of_its_kind(response: Response) -> tuple[tuple[str, str], ...]:
    is_ours = request.path.startswith(OURS) and response.status_code < 300
    if response.status_code in EMPTY or (is_ours and response.mimetype in PARTS_OF_PAGES):
        return ()
    return DATA_HEADERS if response.mimetype in DATA else DOCUMENT_HEADERS
