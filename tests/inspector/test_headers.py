"""What every answer tells the browser, and that pages hold no scripts, styles or secrets of ours."""

import re

import pytest
from flask import Flask

from tests.factories import Audit
from tests.pages import Window
from tests.servers import ROOT

pytestmark = pytest.mark.own_app

PARTS_OF_PAGES = ("/phone/app.js", "/static/style.css")
TEMPLATES = sorted((ROOT / "inspector" / "templates").rglob("*.html"))


def addresses(audit: Audit) -> list[str]:
    return [
        "/login", "/forgot", "/link/none", "/phone/", "/phone/app.js", "/static/style.css", "/nothing", "/healthz", "/",
        "/api/v1/session", "/api/v1/openapi.json", "/api/v1/nothing", f"{audit.address}/people/",
        f"{audit.address}/exports/visits.csv", "/profile",
    ]  # fmt: skip


def test_every_answer_says_what_the_browser_may_do(app: Flask, audit: Audit) -> None:
    clients = [app.test_client(), Window(app, audit.manager.email).client]
    for address in addresses(audit):
        for client in clients:
            headers = client.get(address).headers
            assert headers["X-Content-Type-Options"] == "nosniff", address
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin", address
            assert "Access-Control-Allow-Origin" not in headers, address
            assert "Server" not in headers or "Python" not in headers["Server"], address
            if address in PARTS_OF_PAGES:
                assert headers["Content-Type"].split(";")[0] in ("text/javascript", "text/css"), address
                continue
            policy = dict(each.strip().split(" ", 1) for each in headers["Content-Security-Policy"].split(";"))
            assert policy["default-src"] == "'none'", address
            assert policy["base-uri"] == policy["frame-ancestors"] == "'none'", address
            assert "unsafe" not in headers["Content-Security-Policy"], address
            assert "http" not in headers["Content-Security-Policy"], "nothing comes from elsewhere"
            assert headers["Referrer-Policy"] in ("same-origin", "no-referrer"), address
            if headers["Content-Type"] in ("application/json", "application/problem+json"):
                assert headers["Content-Security-Policy"].startswith("default-src 'none'; form-action 'none'"), address
                continue
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin", address
            microphone = "(self)" if address == "/phone/" else "()"
            assert f"microphone={microphone}," in headers["Permissions-Policy"], address


def test_every_answer_says_what_it_is(window: Window, audit: Audit) -> None:
    for address in addresses(audit):
        answer = window.client.get(address)
        if answer.data and answer.mimetype.startswith("text/"):
            assert answer.content_type.endswith("charset=utf-8"), (address, answer.content_type)
        assert answer.content_type or not answer.data, address


def test_pages_are_kept_by_nobody(window: Window, audit: Audit) -> None:
    for address in ("/", "/profile", f"{audit.address}/people/", f"{audit.address}/exports/visits.csv"):
        assert window.client.get(address).headers["Cache-Control"] == "no-store", address


def test_no_page_holds_scripts_or_styles_of_its_own() -> None:
    assert TEMPLATES
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=\"|javascript:|\|\s*safe\b|autoescape")
    found = [f"{each.name}: {match[0]}" for each in TEMPLATES for match in inline.finditer(each.read_text())]
    assert found == []


def test_what_people_write_stays_text(window: Window, audit: Audit) -> None:
    window.open(f"{audit.address}/brands/new").submit("Save", name='<script>alert("x")</script>')
    page = window.open(f"{audit.address}/brands/").answer.text
    assert "&lt;script&gt;alert" in page
    assert "<script>alert" not in page


def test_a_fault_of_ours_tells_nothing(app: Flask, audit: Audit) -> None:
    from inspector.auth import public

    @app.get("/api/v1/test-fault")
    @public("a test breaks it")
    def break_down() -> str:
        raise RuntimeError("the secret of the house")

    app.testing, app.config["PROPAGATE_EXCEPTIONS"] = False, False
    answer = app.test_client().get("/api/v1/test-fault")
    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
    assert not any(word in answer.text for word in ("secret", "RuntimeError", "Traceback", ".py"))
