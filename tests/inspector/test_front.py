"""Behind a front that speaks TLS: whose address and scheme are believed, and what browsers are told about https."""

from pathlib import Path

import pytest
from flask import Flask, request

from inspector import create_app
from inspector.auth import public
from inspector.settings import Settings
from tests.servers import server_environment

THROUGH_TWO = {"X-Forwarded-For": "198.51.100.9, 203.0.113.77, 192.0.2.5", "X-Forwarded-Proto": "https, https, https"}


def app_with(database_url: str, folder: Path, **settings: str) -> Flask:
    app = create_app(Settings.from_environment(server_environment(database_url, folder, **settings)))
    said = public("a test")(lambda: f"{request.remote_addr} {request.scheme} {request.host}")
    app.add_url_rule("/who", "who", said)
    return app


@pytest.mark.parametrize(
    ("proxies", "heard"),
    [("0", "127.0.0.1 http localhost"), ("1", "192.0.2.5 https localhost"), ("2", "203.0.113.77 https localhost")],
)
def test_as_many_fronts_are_believed_as_there_are(database_url: str, tmp_path: Path, proxies: str, heard: str) -> None:
    client = app_with(database_url, tmp_path, TRUSTED_PROXIES=proxies).test_client()
    headers = THROUGH_TWO | {"X-Forwarded-Host": "evil.example"}
    assert client.get("/who", headers=headers).text == heard


def test_browsers_are_told_to_come_by_https_only_where_they_can(database_url: str, tmp_path: Path) -> None:
    for base_url, told in (("https://audit.example.com", "max-age=31536000"), ("", None)):
        client = app_with(database_url, tmp_path, BASE_URL=base_url).test_client()
        for path in ("/healthz", "/no/such/page", "/phone/"):
            assert client.get(path).headers.get("Strict-Transport-Security") == told


def test_a_trusted_front_may_number_the_requests(database_url: str, tmp_path: Path) -> None:
    client = app_with(database_url, tmp_path, TRUSTED_PROXIES="1").test_client()
    for sent, kept in (("0123abcd-from-the-front", True), ("olga@example.com", False), ("x", False)):
        answer = client.get("/healthz", headers={"X-Request-Id": sent})
        assert (answer.headers["X-Request-Id"] == sent) is kept
