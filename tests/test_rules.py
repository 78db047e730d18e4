"""Each rule of the domain has a test that exists: the table in tests/README.md names them."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROW = re.compile(r"^\| (?P<rule>[^|]+) \| `(?P<test>[^`]+)` \|$", re.MULTILINE)
ROWS = ROW.findall((TESTS / "README.md").read_text())


def test_the_table_has_a_line_for_each_rule() -> None:
    rules = [rule for rule, _ in ROWS]
    assert len(rules) > 80
    assert all(rules)


@pytest.mark.parametrize(("rule", "named"), ROWS)
def test_the_test_of_a_rule_exists(rule: str, named: str) -> None:
    if "::" in named:
        file, function = named.split("::")
        assert re.search(rf"^def {function}\(", (TESTS / file).read_text(), re.MULTILINE), rule
    else:
        file, words = named.split(": ", 1)
        assert f'"{words}"' in (TESTS / file).read_text(), rule
