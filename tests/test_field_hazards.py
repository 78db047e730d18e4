"""Each of the field's hazards has a mitigation and a test that exist, each fault a way to make it, each promise of the
machine a build that breaks it: the tables in docs/field-hazards.md name them.
"""

import re
from collections.abc import Iterable

import pytest

from tests.servers import ROOT
from tests.soak.broken_servers import BROKEN_SERVERS, BrokenServer
from tests.stories.broken_apps import BROKEN_APPS

TESTS = ROOT / "tests"
TEXT = (ROOT / "docs" / "field-hazards.md").read_text()
HAZARDS = re.findall(r"^\| (\d+)\. ([^|]+) \| ([^|]+) \| ([^|]+) \|$", TEXT, re.MULTILINE)
PROMISES = re.findall(r"^\| ([a-z][^|]+) \| (`phone/machine/[^|]+) \|$", TEXT, re.MULTILINE)
FAULTS = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", TEXT.partition("## Faults")[2], re.MULTILINE)[1:]
EVERY_FAULT = (
    "offline, service worker included", "answer lost after the commit", "captive portal", "slow line", "full storage",
    "storage evicted", "service worker stopped", "page killed", "browser killed", "wrong clock",
    "server killed, disk full, database away",
)  # fmt: skip
NAMED = re.compile(r"`([^`]+)`")
NOT_HERE = "not testable here (iOS)"


def test_every_hazard_has_a_row() -> None:
    assert [int(number) for number, *_ in HAZARDS] == list(range(1, 36))


@pytest.mark.parametrize(("number", "hazard", "against", "tests"), HAZARDS)
def test_what_stands_against_a_hazard_exists(number: str, hazard: str, against: str, tests: str) -> None:
    files = [name for name in NAMED.findall(against) if "/" in name]
    assert files, hazard
    assert all((ROOT / name).is_file() for name in files), files
    assert NAMED.search(tests) or NOT_HERE in tests
    all_exist(tests)


def test_every_fault_has_a_row() -> None:
    assert tuple(fault for fault, *_ in FAULTS) == EVERY_FAULT


@pytest.mark.parametrize(("fault", "how", "tests"), FAULTS)
def test_the_way_to_make_a_fault_exists(fault: str, how: str, tests: str) -> None:
    named = NAMED.findall(how)
    files = [TESTS / name for name in named if name.endswith((".py", ".js"))]
    source = "\n".join(file.read_text() for file in files)
    assert files, fault
    assert [name for name in named if TESTS / name not in files and name not in source] == []
    assert NAMED.search(tests)
    all_exist(tests)


def all_exist(cell: str) -> None:
    """Each test that a cell names, by a Python test's function or a JavaScript test's words."""
    for named in NAMED.findall(cell):
        file, is_python, test = named.partition("::") if "::" in named else named.partition(": ")
        pattern = rf"^def {test}\(" if is_python == "::" else rf"\"{re.escape(test)}\""
        assert re.search(pattern, (TESTS / file).read_text(), re.MULTILINE), named


def test_every_promise_of_the_machine_is_told_with_the_builds_that_break_it() -> None:
    source = (TESTS / "phone" / "machine" / "promises.js").read_text()
    promised = dict(re.findall(r"^  (\w+): \"(.+)\",$", source, re.MULTILINE))
    assert [promise for promise, _ in PROMISES] == list(promised.values())
    builds = (TESTS / "phone" / "machine" / "broken_builds.js").read_text()
    broken = {
        "phone/machine/broken_builds.js": set(re.findall(r"^    promise: \"(\w+)\"", builds, re.MULTILINE)),
        "soak/broken_servers.py": promises_of(BROKEN_SERVERS),
        "stories/broken_apps.py": promises_of(BROKEN_APPS),
    }
    told = [NAMED.findall(files) for _, files in PROMISES]
    assert told == [[file for file, broken_there in broken.items() if promise in broken_there] for promise in promised]
    assert set.union(*broken.values()) <= promised.keys()


def promises_of(builds: Iterable[BrokenServer]) -> set[str]:
    return {build.promise for build in builds}
