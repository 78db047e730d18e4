"""What only people read goes; what a browser reads stays what it was."""

import importlib.util
import json
import subprocess

import pytest

from inspector import phone_script
from inspector.phone_script import shortened

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
    short = shortened({"odd.js": ODD})["odd.js"]
    assert said_by(short) == said_by(ODD)
    assert len(short) < 0.85 * len(ODD)
    assert "comment" not in short


def test_what_is_named_within_a_function_gets_a_short_name() -> None:
    script = "const kept = (() => { const longName = Date.now(); return { property: longName }; })();"
    assert "longName" not in shortened({"named.js": script})["named.js"]
    assert "property" in shortened({"named.js": script})["named.js"]


def test_a_style_sheet_says_the_same_in_fewer_letters() -> None:
    style = """
/* A comment { of
   two lines } */
@media (min-width: 600px) and (color) {
  a :hover, a > b,
  c:not([x="y z"])::after { content: " , "; padding: calc(1px + 2px) 0; }
}
"""
    assert shortened({"style.css": style})["style.css"] == (
        "@media(min-width:600px) and (color)"
        '{a :hover,a>b,c:not([x="y z"])::after{content:" , ";padding:calc(1px + 2px)0}}'
    )


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        shortened({"broken.js": "const = ;"})


def test_where_the_library_is_missing_all_is_served_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phone_script, "LIBRARY", "a_library_that_is_not_there")
    assert importlib.util.find_spec(phone_script.LIBRARY) is None
    assert shortened({"odd.js": ODD}) == {"odd.js": ODD}


def said_by(script: str) -> object:
    done = subprocess.run(["node", "--input-type=module"], input=script, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
