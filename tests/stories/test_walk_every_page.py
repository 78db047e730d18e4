"""The script that walks every page, as each role against the service with its demo: it must meet nothing.

What a client met on the way is searched for the inspectors, too.
"""

import sqlite3
import subprocess
import sys

import pytest

from inspector.demo import PASSWORD
from tests.servers import ROOT, LiveServer
from tests.walk_every_page import Answer, Walker


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("person", "most", "kinds"),
    [("owner", 1, 100), ("manager", 1, 90), ("reviewer", 1, 30), ("client", 3, 25), ("anna", 3, 5)],
)
def test_nobody_meets_a_fault(demo: LiveServer, person: str, most: int, kinds: int) -> None:
    """Of each kind of page `most` are looked at: the three hundred visits of the demo are much alike."""
    walker = Walker(demo.url)
    walker.log_in(f"{person}@example.com", PASSWORD)
    report = walker.walk(most)
    assert report.faults == []
    assert len(report.kinds) >= kinds
    assert all(".example/" in link for link in report.out), "links out are those of the demo's outlets"


@pytest.mark.timeout(600)
def test_a_client_of_the_demo_meets_no_inspector(demo: LiveServer) -> None:
    secrets = _secrets_of(demo)
    assert len(secrets) > 100
    found: dict[str, list[str]] = {}

    def look(answer: Answer) -> None:
        body = answer.body.decode(errors="replace")
        if given_away := [secret for secret in secrets if secret in body]:
            found[answer.address] = given_away

    walker = Walker(demo.url)
    walker.log_in("client@example.com", PASSWORD)
    report = walker.walk(8, look)
    assert sum(report.kinds.values()) > 60
    assert found == {}


def _secrets_of(demo: LiveServer) -> list[str]:
    """Names, addresses and ids of all but the client, phones, and positions as pages and programs would write them."""
    with sqlite3.connect(demo.database_url.removeprefix("sqlite:///")) as database:
        people = database.execute("SELECT id, name, email FROM users WHERE email <> 'client@example.com'").fetchall()
        devices = database.execute("SELECT DISTINCT device_id FROM visits WHERE device_id <> ''").fetchall()
        places = database.execute(
            "SELECT DISTINCT json_extract(value, '$.lat') FROM visits, json_each(visits.positions)"
        ).fetchall()
    positions = [f"{latitude:.5f}" for (latitude,) in places]
    return [
        *(str(column) for person in people for column in person[1:]),
        *(device for (device,) in devices),
        *positions,
        *(position.replace(".", ",") for position in positions),
    ]


def test_the_script_runs_by_itself_and_says_what_it_met(demo: LiveServer) -> None:
    script = str(ROOT / "tests" / "walk_every_page.py")
    command = [sys.executable, "-I", script, demo.url, "client@example.com", PASSWORD, "--most", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 faults" in done.stdout
    assert "/results/" in done.stdout


def test_a_fault_is_reported_with_the_page_that_leads_there(demo: LiveServer) -> None:
    """The walker of a reviewer, who is sent to a manager's page, must say so: or it could find nothing at all."""
    walker = Walker(demo.url)
    walker.log_in("reviewer@example.com", PASSWORD)
    fetch = walker.fetch

    def with_a_bad_link(address: str, form: dict[str, str] | None = None) -> Answer:
        answer = fetch(address, form)
        if address == f"{demo.url}/":
            # In the place of its own links: where those lead is walked above.
            answer.body = b'<a href="/o/north-audit/noon-coffee/waves/new">x</a><a href="/nowhere">y</a>'
            answer.body += b'<a href="https://elsewhere.example/">z</a><a href="/profile#nothing">w</a>'
        return answer

    walker.fetch = with_a_bad_link  # type: ignore[method-assign]  # The page is ours, the links are the test's.
    report = walker.walk(1)
    assert [each[:4] for each in report.refused] == ["403 ", "404 "]
    assert all("(link on" in each for each in report.refused)
    assert "https://elsewhere.example/" in report.out
    assert [each for each in report.nowhere if each.startswith("#nothing is not on")]
