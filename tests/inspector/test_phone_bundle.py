"""The phone app's modules in one script: what they do, they do there; what the bundler does not know, it refuses."""

import json
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route

from inspector.phone_app import app_files
from inspector.phone_bundle import Unbundled, bundle

SMALL = {
    "app.js": (
        "/** The start. */\n"
        'import { ask } from "./parts/asking.js";\n'
        'import { name as called, Way } from "./parts/way.js";\n'
        'import whole from "./vendor/whole.js";\n'
        'import { two } from "./vendor/parts.js";\n\n'
        "export const said = () => `${called(new Way())}, ${whole() + two}`;\n"
        "globalThis.heard = [said(), ask(), ask()];\n"
    ),
    "parts/way.js": (
        "// Not to be read.\n"
        "const secret = 1;\n"
        "export class Way {\n  length = secret;\n}\n"
        "export function name(way) {\n  return `a way of ${way.length}`;\n}\n"
    ),
    "parts/asking.js": (
        'import { name, Way } from "./way.js";\n'
        "let asked = 0;\n"
        'import { answer } from "./alone.js";\n'
        "const secret = 2;\n"
        "export function ask() {\n  return [name(new Way()), answer, secret, (asked += 1)].join();\n}\n"
    ),
    "parts/alone.js": "/* a */ const half = 21;\nexport const answer = 2 * half; /* b */\n",
    "vendor/whole.js": "var n=1;export default function(){return n}\n//# sourceMappingURL=whole.js.map\n",
    "vendor/parts.js": "const a = 2;\n// Nobody reads this.\nexport{a as two, a as deux};",
}


def test_each_module_keeps_its_scope_and_gives_what_it_gave(tmp_path: Path) -> None:
    assert run(tmp_path, "heard") == ["a way of 1, 3", "a way of 1,42,2,1", "a way of 1,42,2,2"]


def test_what_nothing_imports_is_not_served() -> None:
    assert "nobody's" not in bundle({**SMALL, "parts/other.js": 'export const alone = "nobody\'s";\n'}, "app.js")


def test_nothing_is_served_that_only_people_read() -> None:
    script = bundle(SMALL, "app.js")
    for unread in ("The start", "Not to be read", "Nobody reads this", "secret", "$parts", "\n ", "= "):
        assert unread not in script


@pytest.mark.parametrize(
    "line",
    [
        'import * as way from "./parts/way.js";',
        'import "./parts/way.js";',
        'import { gone } from "./parts/way.js";',
        'import { name } from "./parts/gone.js";',
        "export default 1;",
        "export let changing = 1;",
        'export { name } from "./parts/way.js";',
        "const address = import.meta.url;",
        "const found = import(address);",
        'const found = import("./parts/way.js");',
    ],
)
def test_a_form_that_it_does_not_know_is_refused_with_the_modules_name(line: str) -> None:
    with pytest.raises(Unbundled, match=r"^app\.js: "):
        bundle({**SMALL, "app.js": f"{line}\n"}, "app.js")


def test_who_looks_for_a_fault_reads_the_names_as_they_were_given() -> None:
    script = bundle(SMALL, "app.js", is_readable=True)
    assert "const $parts_way=(()=>{\n" in script
    assert "const secret = 1;" in script


def test_what_is_no_script_is_refused_with_its_line() -> None:
    with pytest.raises(Unbundled, match="no script in this line: 'const whole"):
        bundle({"app.js": "const whole = (1 +);\n"}, "app.js")


def test_modules_that_import_each_other_are_refused() -> None:
    back = {"parts/way.js": 'import { said } from "../app.js";\n' + SMALL["parts/way.js"]}
    with pytest.raises(Unbundled, match=r"app\.js parts/asking\.js parts/way\.js app\.js"):
        bundle({**SMALL, **back}, "app.js")


def test_the_app_as_it_is_served_starts_without_an_error(browser: Browser) -> None:
    files = app_files()
    page = browser.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))

    def answer(route: Route) -> None:
        found = files.get(route.request.url.split("/phone/")[-1]) if "/phone/" in route.request.url else None
        if found is None:
            return route.fulfill(status=404)
        return route.fulfill(body=found.content, content_type=found.media_type)

    page.route("**/*", answer)
    page.goto("http://127.0.0.1/phone/")
    page.locator("html[data-app-ready]").wait_for()
    page.get_by_role("textbox").first.wait_for()
    assert wrong == []
    page.close()


def run(folder: Path, expression: str) -> object:
    """What the expression is after the script has run, as a browser runs it: not as a module."""
    (folder / "app.js").write_text(bundle(SMALL, "app.js"))
    program = (
        'import { readFileSync } from "node:fs";\n'
        'import { runInThisContext } from "node:vm";\n'
        f'runInThisContext(readFileSync("{folder}/app.js", "utf8"));\n'
        f"console.log(JSON.stringify({expression}));\n"
    )
    done = subprocess.run(["node", "--input-type=module"], input=program, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
