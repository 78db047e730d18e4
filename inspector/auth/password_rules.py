"""What a new password must be: long enough, and not one of those that everybody tries first.

There are no rules on kinds of signs: they lead to "Password1!". What counts is what is left of a password without
common words, rows of keys, digits and the person's own names.
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from flask_babel import gettext as _

from inspector.auth.passwords import LONGEST, takes

SHORTEST = 10
LEAST_REST = 4
"""So many signs must be left that no list of words explains."""
SHORTEST_WORD = 3
SHORTEST_ROW = 4

COMMON_WORDS = Path(__file__).with_name("common_words.txt")
ROWS = (
    "qwertyuiop", "asdfghjkl", "zxcvbnm", "qazwsxedcrfvtgbyhnujmikolp", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю",
    "йфяцычувскамепинртгоьшлбщдю", "abcdefghijklmnopqrstuvwxyz", "абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "01234567890",
)  # fmt: skip
DISGUISES = str.maketrans("013457@$!", "oieastasi")


def fault_of(password: str, about: Iterable[str] = ()) -> str | None:
    """What is wrong with a new password, in the reader's language, or None. `about`: the person's names and address."""
    if len(password) < SHORTEST:
        return str(_("A password has at least %(count)s characters.", count=SHORTEST))
    if len(password) > LONGEST:
        return str(_("A password has at most %(count)s characters.", count=LONGEST))
    if not takes(password):
        return str(_("This password has signs that cannot be kept. Choose others."))
    if is_guessable(password, about):
        return str(
            _(
                "This password would soon be guessed: common words, rows of keys, digits or your own name."
                " Several words that nobody connects with you are better."
            )
        )
    return None


def is_guessable(password: str, about: Iterable[str] = ()) -> bool:
    """Whether less than `LEAST_REST` signs remain without what everybody tries: as typed, with 0 for o and the like
    read back, or with digits in between left out.
    """
    own = {word for text in about for word in re.split(r"[\W_]+", text.casefold()) if len(word) >= SHORTEST_WORD}
    words = sorted(_common_words() | own, key=len, reverse=True)
    folded = password.casefold()
    readings = (folded, folded.translate(DISGUISES), re.sub(r"\d", "", folded))
    return any(len(_rest(each, words)) < LEAST_REST for each in readings)


def _rest(password: str, words: Iterable[str]) -> str:
    for word in words:
        password = password.replace(word, " ")
    for row in _pieces_of_rows():
        password = password.replace(row, " ")
    password = re.sub(r"(\w+?)\1+", r"\1", password)
    return re.sub(r"[\W\d_]+", "", password)


@cache
def _common_words() -> frozenset[str]:
    lines = COMMON_WORDS.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.casefold().split())


@cache
def _pieces_of_rows() -> tuple[str, ...]:
    """Neighbouring keys in both directions, the longest first."""
    both = [each for row in ROWS for each in (row, row[::-1])]
    return tuple(
        row[start : start + length]
        for length in range(max(map(len, both)), SHORTEST_ROW - 1, -1)
        for row in both
        for start in range(len(row) - length + 1)
    )
