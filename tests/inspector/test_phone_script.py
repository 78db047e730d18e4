"""What people only read goes; what a browser reads stays what it was."""

import json
import re
import subprocess
from itertools import zip_longest

import pytest

from inspector.phone_app import PHONE, modules_on_disk
from inspector.phone_bundle import bundle
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


# Each line says something else where a name is taken for another one.
SCOPES = r"""
globalThis.answers = [];
const keep = (...told) => answers.push(...told);
function atTop() { return typeof atTop }
keep(globalThis.atTop?.name ?? null);
(() => {
  "use strict";
  const now = 1, name = "own", event = 2;
  const later = (given = now) => { const now = 7; return [given, now] };
  keep(later(), later(3));
  const unused = (none, index) => {
    let rest = index;
    for (let bit = 0; bit < 2; bit += 1) rest = rest * 2 + bit;
    return rest;
  };
  keep(unused(1, 2));
  const taken = ({ now: past, name = now, ...others }, [first, , { deep = past } = {}] = []) => (
    { past, name, others, first, deep });
  keep(taken({ now: 5, other: 6 }, [8, 9]), taken({ now: 5, name: "given" }));
  let one, two;
  [one, two] = [two ?? 1, 2];
  ({ name: one, length: two = one } = { name });
  keep(one, two);
  for (const { now } of [{ now: 10 }]) for (let at = 0; at < 1; at++) { const name = now + at; keep(name) }
  for (const key in { first: 1 }) keep(key);
  for (one of [4]) keep(one);
  keep(hoisted(3));
  function hoisted(count) { return count ? count + hoisted(count - 1) : now }
  const called = function again(count) { return count ? again(count - 1) + 1 : typeof again };
  keep(called(2));
  class Way {
    #own = now;
    static made = 0;
    now = name;
    constructor() { Way.made += 1 }
    get own() { return this.#own }
    set own(now) { this.#own = now }
    name({ now } = this) { return [now, name, event, #own in this] }
    *[`${name}s`]() { yield* [now, this.now] }
    async later() { try { throw new Error(name) } catch ({ message }) { return message } finally { keep("ended") } }
    static { keep(typeof Way, this.made) }
  }
  const way = new Way();
  way.own = 12;
  keep(way.own, way.name(), [...way.owns()], Way.made, way?.name?.({ now }));
  const Named = class Inner { is() { return new Inner() instanceof Named } };
  keep(new Named().is());
  outer: for (let a = 0; ; a += 1) { for (;;) { if (a) break outer; continue outer } }
  switch (now) { case 1: { const name = 3; keep(name); break } default: const never = 1; keep(never) }
  const closures = [];
  for (let at = 0; at < 3; at += 1) closures.push(() => at);
  keep(closures.map((each) => each()));
  function counted() { return arguments.length + event }
  keep(counted(1, 2), typeof missing, typeof a, typeof b);
  const said = (parts, ...values) => parts.raw.join("|") + values.map((value) => `${value}`).join();
  keep(said`a ${now} b ${`${name}  ${{ name }.name}`} `);
  { var wide = 5 } keep(wide);
  try { keep(inside); const inside = 1 } catch (error) { const now = error.name; keep(now) }
  const key = 1, ключ = "name";
  keep({ [key](key) { return [key, name] } }[1](8), class { static [name](name) { return name } }.own(9));
  { let q = 1; { var vast = q + 1 } keep(q) } keep(vast);
  try { throw 1 } catch (thrown) { var caught = thrown + 1 } keep(caught);
  const early = (given = () => now) => { var now = 2; return [given(), now] };
  const again = (given) => { var given; return given };
  keep(early(), again(6), class { static made = 5; static { var made = this.made } }.made);
  class Öffnung { static async öffnen() { return überall } static über = ключ } const überall = 1;
  Öffnung.öffnen().then(keep);
  let less = 3;
  keep(Öffnung.über, less < ! --less, less, /x/ instanceof RegExp, [] /* none */ + /* none */ + 1);
  const half = 9 /3/ 3, isOne = /[/]1\/ 2/g.test("/1/ 2"), big = 1_0n, far = 1 .toFixed(1);
  keep(half, isOne, String(big), far);
  return way.later().then(keep);
})().then(() => console.log(JSON.stringify(answers)));
"""


@pytest.mark.parametrize("script", [ODD, SCOPES], ids=["gaps", "names"])
def test_a_script_does_the_same_in_fewer_letters(script: str) -> None:
    assert said_by(tightened(script)) == said_by(script)
    assert_same_meaning(f"(async () => {{{script}}})()", tightened(f"(async () => {{{script}}})()"))
    assert len(tightened(script)) < 0.9 * len(script)
    assert "comment" not in tightened(script)


def test_what_others_can_see_keeps_its_name() -> None:
    assert tightened("async function open(open) { return open } self.x = open") == (
        "async function open(a){return a}self.x=open"
    )
    script = tightened("const atTop = 1; ((given) => { window.far = { given, near: atTop, ...location } })();")
    assert script == "const atTop=1;((a)=>{window.far={given:a,near:atTop,...location}})();"


def test_the_served_app_and_its_worker_mean_what_was_written() -> None:
    worker = (PHONE / "service-worker.js").read_text()
    assert_same_meaning(worker, tightened(worker))
    written = bundle(modules_on_disk(), "app.js", is_readable=True)
    assert_same_meaning(written, tightened(written))


@pytest.mark.parametrize(
    ("script", "other"),
    [
        ("(() => { const one = 1; return { one }; })();", "(() => { const a = 1; return { a }; })();"),
        ("(one => two => one)();", "(a => a => a)();"),
        ("(one => [one, missing])();", "(missing => [missing, missing])();"),
        ("(() => { return\n1 })();", "(() => { return 1 })();"),
    ],
)
def test_another_meaning_is_seen(script: str, other: str) -> None:
    with pytest.raises(AssertionError):
        assert_same_meaning(script, other)


@pytest.mark.parametrize("script", ["const half = ;", "if (found {", "`${`", "class { #own = }"])
def test_what_is_no_script_is_refused(script: str) -> None:
    with pytest.raises(Unreadable, match="no script in this line"):
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


def assert_same_meaning(script: str, other: str) -> None:
    """That both are one syntax tree in which each name means the same thing, as libraries read it that know neither."""
    one, two = (meaning_of(each).splitlines() for each in (script, other))
    differing = next((at for at, (left, right) in enumerate(zip_longest(one, two)) if left != right), None)
    assert differing is None, (one[max(0, differing - 9) : differing + 3], two[max(0, differing - 9) : differing + 3])


def meaning_of(script: str) -> str:
    command = ["node", "tests/phone/canonical.js"]
    return subprocess.run(command, input=script, capture_output=True, text=True, check=True).stdout


def said_by(script: str) -> object:
    done = subprocess.run(["node", "--input-type=module"], input=script, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
