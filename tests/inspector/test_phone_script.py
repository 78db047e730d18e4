"""What people only read goes; what a browser reads stays what it was."""

import json
import re
import subprocess

import pytest

from inspector.phone_app import PHONE
from inspector.phone_script import Unreadable, tightened, tightened_style

ODD = r"""
const strings = ["// none", 'a  "b"  c', "it\"s  /* none */"]; // A comment.
const patterns = [/[/"'`]  \/ /g, / {2}/.source]
const quotient = 12 / 3 / 2; /* Another
one. */
const said = `  a // b  ${ [1, 2].map((each) => `<${ each + +1 }>  {`).join("  ") }  /* none */
  ${ { a: "}" }.a }`;
let i = 1
const sum = i + ++i - -i
class Way {
  #own = 1;
  static is(way) { return #own in way }
}
const ended = (() => {
  return
  1
})()
if (sum) i = 5
else i = 7
const kept = [typeof "x", typeof /x/, quotient, i, sum, ended ?? null, Way.is(new Way()), ...patterns.map(String)];
console.log(JSON.stringify([strings, said, ...kept]));
"""


def test_a_script_does_the_same_in_fewer_letters() -> None:
    assert said_by(tightened(ODD)) == said_by(ODD)
    assert len(tightened(ODD)) < 0.85 * len(ODD)
    assert "comment" not in tightened(ODD)


def test_every_module_of_the_phone_has_the_same_words_in_the_same_order() -> None:
    for path in sorted(PHONE.rglob("*.js")):
        if "vendor" not in path.parts:
            source = without_comments(path.read_text())
            assert re.findall(r"[^\s]", tightened(source)) == re.findall(r"[^\s]", source), path


@pytest.mark.parametrize("script", ["const half = whole/2;", "if (found) /x/.test(found);"])
def test_a_slash_that_may_be_either_is_refused(script: str) -> None:
    with pytest.raises(Unreadable, match="a slash"):
        tightened(script)


def test_a_style_sheet_says_the_same_in_fewer_letters() -> None:
    style = """
/* A comment { of
   two lines } */
@media (min-width: 600px) and (color) {
  a :hover, a > b,
  c:not([x="y"])::after { content: ""; padding: calc(1px + 2px) 0; }
}
"""
    assert tightened_style(style) == (
        "@media (min-width:600px) and (color)"
        '{a :hover,a > b,c:not([x="y"])::after{content:"";padding:calc(1px + 2px) 0}}'
    )


def test_the_style_of_the_phone_has_no_string_that_this_would_change() -> None:
    style = re.sub(r"/\*.*?\*/", "", (PHONE / "style.css").read_text(), flags=re.DOTALL)
    strings = re.findall(r""""[^"]*"|'[^']*'|url\([^)]*\)""", style)
    assert strings
    assert not [each for each in strings if re.search(r"[\s{},;:]", each)]


def without_comments(source: str) -> str:
    """Ours stand on lines of their own."""
    return re.sub(r"^[ \t]*(?:/\*.*?\*/|//[^\n]*)$", "", source, flags=re.MULTILINE | re.DOTALL)


def said_by(script: str) -> object:
    done = subprocess.run(["node", "--input-type=module"], input=script, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
