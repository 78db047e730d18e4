"""Each of the field's hazards has a mitigation and a test that exist: the tables in docs/field-hazards.md name them."""

import re

import pytest

from tests.servers import ROOT

TESTS = ROOT / "tests"
TEXT = (ROOT / "docs" / "field-hazards.md").read_text()
HAZARDS = re.findall(r"^\| (\d+)\. ([^|]+) \| ([^|]+) \| ([^|]+) \|$", TEXT, re.MULTILINE)
PROMISES = re.findall(r"^\| ([a-z][^|]+) \| (`phone/machine/[^|]+) \|$", TEXT, re.MULTILINE)
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
    for named in NAMED.findall(tests):
        file, is_python, test = named.partition("::") if "::" in named else named.partition(": ")
        pattern = rf"^def {test}\(" if is_python == "::" else rf"\"{re.escape(test)}\""
        assert re.search(pattern, (TESTS / file).read_text(), re.MULTILINE), f"{number}: {named}"


def test_every_promise_of_the_machine_is_told_with_the_builds_that_break_it() -> None:
    source = (TESTS / "phone" / "machine" / "promises.js").read_text()
    promised = re.findall(r"^  \w+: \"(.+)\",$", source, re.MULTILINE)
    assert [promise for promise, _ in PROMISES] == promised
    assert all((TESTS / name).is_file() for _, files in PROMISES for name in NAMED.findall(files))
