"""docs/security.md has each line of the standard's levels 1 and 2, and each test and file that it names is there."""

import re

import pytest

from tests.servers import ROOT

TESTS = ROOT / "tests"
TEXT = (ROOT / "docs" / "security.md").read_text()
ROWS = re.findall(r"^\| (\d+\.\d+\.\d+) \| ([^|]+) \| ([^|]+) \|$", TEXT, re.MULTILINE)

# How the requirements of levels 1 and 2 are numbered in version 5.0.0: by section, the last parts of their numbers.
REQUIRED = {
    "1.1": "1-2", "1.2": "1-9", "1.3": "1-11", "1.4": "1-3", "1.5": "1-2", "2.1": "1-3", "2.2": "1-3", "2.3": "1-4",
    "2.4": "1", "3.2": "1-2", "3.3": "1-4", "3.4": "1-6", "3.5": "1-5", "3.7": "1-2", "4.1": "1-3", "4.2": "1",
    "4.3": "1-2", "4.4": "1-4", "5.1": "1", "5.2": "1-3", "5.3": "1-2", "5.4": "1-3", "6.1": "1-3", "6.2": "1-12",
    "6.3": "1-4", "6.4": "1-4", "6.5": "1-5", "6.6": "1-3", "6.8": "1-4", "7.1": "1-3", "7.2": "1-4", "7.3": "1-2",
    "7.4": "1-5", "7.5": "1-2", "7.6": "1-2", "8.1": "1-2", "8.2": "1-3", "8.3": "1", "8.4": "1", "9.1": "1-3",
    "9.2": "1-4", "10.1": "1-2", "10.2": "1-2", "10.3": "1-4", "10.4": "1-11", "10.5": "1-5", "10.6": "1-2",
    "10.7": "1-3", "11.1": "1-2", "11.2": "1-3", "11.3": "1-3", "11.4": "1-4", "11.5": "1", "11.6": "1", "12.1": "1-3",
    "12.2": "1-2", "12.3": "1-4", "13.1": "1", "13.2": "1-5", "13.3": "1-2", "13.4": "1-5", "14.1": "1-2",
    "14.2": "1-4", "14.3": "1-3", "15.1": "1-3", "15.2": "1-3", "15.3": "1-7", "16.1": "1", "16.2": "1-5",
    "16.3": "1-4", "16.4": "1-3", "16.5": "1-3", "17.1": "1", "17.2": "1-4", "17.3": "1-2",
}  # fmt: skip


def test_each_requirement_has_its_line() -> None:
    wanted = []
    for section, parts in REQUIRED.items():
        first, _, last = parts.partition("-")
        wanted += [f"{section}.{part}" for part in range(int(first), int(last or first) + 1)]
    assert len(wanted) == 253
    assert sorted(number for number, _, _ in ROWS) == sorted(wanted)


@pytest.mark.parametrize(("number", "held"), [(number, held) for number, _, held in ROWS])
def test_what_holds_a_line_is_there(number: str, held: str) -> None:
    assert held.strip()
    for named in re.findall(r"`([^`]+)`", held):
        if "::" in named:
            file, function = named.split("::")
            assert re.search(rf"^def {function}\(", (TESTS / file).read_text(), re.MULTILINE), named
        elif ".test.js: " in named:
            file, words = named.split(": ", 1)
            assert f'"{words}"' in (TESTS / file).read_text(), named
        elif "/" in named and not named.startswith(("/", "DATA_DIR")):
            assert (ROOT / named).exists(), named


@pytest.mark.parametrize("setting", sorted(set(re.findall(r"`([A-Z0-9]+(?:_[A-Z0-9]+)+)`", TEXT))))
def test_each_setting_that_is_named_is_one(setting: str) -> None:
    others = {"SSL_CERT_FILE"}  # Read by Python's ssl.
    assert setting in others or f'"{setting}"' in (ROOT / "inspector" / "settings.py").read_text()
