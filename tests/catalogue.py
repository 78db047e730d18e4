"""Collects every message of code, templates and phone into one .pot file; `make translations` and its test use it."""

import contextlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages.catalog import Catalog
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
KEYWORDS = ("lazy_gettext", "lazy_ngettext:1,2", "t", "tn:1,2")

_CALL = re.compile(r"(?<![\w.$])(?P<function>tn?)\(\s*(?=[\"'`])")
_STRING = r'"(?:[^"\\\n]|\\.)*"'
_ARGUMENTS = {
    "t": re.compile(rf"({_STRING})\s*,?\s*[,)]"),
    "tn": re.compile(rf"({_STRING})\s*,\s*({_STRING})\s*,"),
}


def extract(target: Path) -> Catalog:
    """Write the messages that the sources use to `target` (a .pot file) and return them."""
    keywords = [word for keyword in KEYWORDS for word in ("--keyword", keyword)]
    arguments = [
        *("pybabel", "--quiet", "extract", "--mapping-file", "pyproject.toml", *keywords),
        *("--add-location", "file", "--sort-by-file", "--width", "120"),
        *("--project", "service-audit", "--version", "", "--copyright-holder", "The service-audit authors"),
        *("--output-file", str(target.resolve()), "."),
    ]
    with contextlib.chdir(ROOT):  # so that places are noted from the root of the checkout on
        CommandLineInterface().run(arguments)  # type: ignore[no-untyped-call]
    with target.open("rb") as file:
        return read_po(file)


def extract_javascript(source: BinaryIO, _keywords: Any, _comments: Any, options: Any) -> Iterator[tuple[Any, ...]]:
    """The messages of one of the phone's files: (line, function, texts, comments), as Babel wants them.

    Babel's own extractor loses calls in template strings whose arguments hold a brace, and the phone's screens are made
    of such strings. ValueError for a text that is not a plain "…" literal, because it would never be translated.
    """
    text = source.read().decode()
    for call in _CALL.finditer(text):
        line = text.count("\n", 0, call.start()) + 1
        arguments = _ARGUMENTS[call["function"]].match(text, call.end())
        if arguments is None:
            raise ValueError(f"line {line}: {call['function']}() wants its texts as plain literals in double quotes")
        texts = tuple(json.loads(literal) for literal in arguments.groups())
        yield line, call["function"], texts if len(texts) > 1 else texts[0], []


if __name__ == "__main__":
    extract(Path(sys.argv[1]))
