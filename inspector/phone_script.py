"""Scripts and styles without what only people read: comments, blanks and line ends that mean nothing.

A script is read token by token, as far as is needed to leave strings, templates and regular expressions alone. Names
stay as they are, and so do line ends that may end a statement. A division is written with a blank on each side: what
else begins with a slash after a value is refused.
"""

import re
from collections.abc import Iterable, Iterator

TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<blank>[^\S\n]+|//[^\n]*|/\*[^\n]*?\*/)
    |(?P<line>\n\s*|/\*.*?\*/)
    |(?P<pattern>/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/\w*)
    |(?P<word>[\w$#]+)
    |(?P<sign>.)""",
    re.DOTALL | re.VERBOSE,
)
TEMPLATE_TEXT = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*", re.DOTALL)
VALUE = re.compile(r"[\w$)\]}\"'`]\Z")
# After these a slash begins a pattern all the same.
BEFORE_VALUE = frozenset({"return", "typeof", "case", "of", "in", "await", "void", "delete", "throw", "else"})
WORD = re.compile(r"[\w$#]")
STYLE_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# A blank before a colon parts selectors, the one behind it does not.
STYLE_BLANK = re.compile(r" ?([{},]) ?|;? ?(\}) ?|([;:]) ")
GAPS = ("blank", "line")
Token = tuple[str, str, int]
"""Kind, text, and where in the script it ends."""


class Unreadable(ValueError):
    """A script has something that cannot be told apart here."""


def tightened(script: str) -> str:
    """The same script in fewer letters. Raises Unreadable."""
    return "".join(_tightened(_tokens(script, 0)))


def tightened_style(style: str) -> str:
    """The same style sheet in fewer letters. Its strings hold no blanks, braces or colons that this would change."""
    text = re.sub(r"\s+", " ", STYLE_COMMENT.sub("", style))
    return STYLE_BLANK.sub(lambda found: found[found.lastindex or 0], text).strip()


def _tightened(tokens: Iterable[Token]) -> Iterator[str]:
    before, between = "\n", ""
    for kind, text, _end in tokens:
        if kind in GAPS:
            between = "\n" if "\n" in between + text else " "
            continue
        if between:
            yield _kept(before[-1], between, text[0])
        yield text
        before, between = text, ""


def _kept(before: str, between: str, after: str) -> str:
    """What has to stay of a gap between these two letters."""
    if between == "\n":
        return "" if before in "{([,;\n" or after in "})]" else "\n"
    is_one = WORD.match(before) and WORD.match(after)
    return " " if is_one or (before == after and before in "+-/") else ""


def _tokens(script: str, start: int) -> Iterator[Token]:
    """The parts of a script from there to its end, or to a brace that ends what began before."""
    at, before, depth = start, "", 0
    while at < len(script):
        kind, text, end = _template(script, at) if script[at] == "`" else _token(script, at, before)
        depth += {"{": 1, "}": -1}.get(text, 0)
        if depth < 0:
            return
        yield kind, text, end
        at, before = end, before if kind in GAPS else text


def _token(script: str, at: int, before: str) -> Token:
    found = TOKEN.match(script, at)
    assert found is not None, "any sign is a token"
    kind, text = str(found.lastgroup), found[0]
    if kind == "pattern" and VALUE.search(before) and before not in BEFORE_VALUE:
        kind, text = "sign", "/"
    if text == "/" and script[at - 1 : at + 2] != " / ":
        raise Unreadable(f"a slash in {script[max(0, at - 20) : at + 20]!r}")
    return kind, text, at + len(text)


def _template(script: str, start: int) -> Token:
    """The template that begins there, as one part: its text as it is, the code within it tightened."""
    parts, at = ["`"], start + 1
    while (text := TEMPLATE_TEXT.match(script, at)) and script.startswith("${", text.end()):
        code = list(_tokens(script, text.end() + 2))
        parts += [text[0], "${", *_tightened(code), "}"]
        at = (code[-1][2] if code else text.end() + 2) + 1
    assert text is not None, "it may be empty"
    return "template", "".join([*parts, text[0], "`"]), text.end() + 1
