"""Puts the phone app's modules into one script, each in a scope of its own, in as few letters as phone_script.py can.

One file is fetched at once where modules are found one after the other, and it packs better. No build step: the
service does it when it starts.

It knows the few forms of import and export that the app's modules use, at the beginning of a line, and refuses all
others. What it makes is no module itself: of such a script a browser keeps the compiled form with the file, from the
moment when the service worker takes it in, and starts from that.
"""

import posixpath
import re
from dataclasses import dataclass

from inspector.phone_script import Unreadable, tightened

VENDOR = "vendor/"
# A comment stands on lines of its own; lines within a template lose their indentation too, which HTML does not show.
UNREAD = re.compile(r"^[ \t]*/\*(?:(?!\*/).)*\*/[ \t]*\n|^[ \t]*//[^\n]*\n|^[ \t]*\n|^[ \t]+", re.MULTILINE | re.DOTALL)
IMPORT = re.compile(r'^import (?:(\w+)|\{([^}]*)\}) from "(\.[^"]*)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:const|class|(?:async )?function\*?) (\w+))", re.MULTILINE)
AS = re.compile(r"\s+as\s+")
EXPORT_LIST = re.compile(r"^export \{([\w, ]+)\};\n", re.MULTILINE)
PUBLISHED_LIST = re.compile(r"\bexport ?\{([^}]*)\};?\s*\Z")
PUBLISHED_DEFAULT = re.compile(r"\bexport default ")
UNKNOWN = re.compile(r"^(?:import|export)\b.*|\bimport(?:\.meta\b|\().*", re.MULTILINE)


class Unbundled(ValueError):
    """A module has something that this bundler does not understand."""


@dataclass(frozen=True, slots=True)
class Module:
    """One module, read: `names` are its exports, `given` the same as its scope gives them, in the form {a: b}, and
    `imports` the names that it takes by module, in the same form.
    """

    path: str
    body: str
    names: tuple[str, ...]
    given: str
    imports: tuple[tuple[str, str], ...] = ()


def bundle(sources: dict[str, str], entry: str, is_readable: bool = False) -> str:
    """The script to serve: `entry` with all it imports; readable, with the names that the modules' authors gave.

    `sources` are the modules' texts by path, `entry` lies at the top. Raises Unbundled for an unknown form, a module
    or a name that is not there, modules that import each other, and what is no script.
    """
    modules = {path: _read(path, source) for path, source in sources.items()}
    _check(modules)
    scopes = (_scope(modules[path]) for path in _with_imports(modules, entry))
    script = "\n".join(["(() => {", '"use strict";', *scopes, "})();\n"])
    try:
        return script if is_readable else tightened(script)
    except Unreadable as error:
        raise Unbundled(str(error)) from None


def _read(path: str, source: str) -> Module:
    text = UNREAD.sub("", source)
    if path.startswith(VENDOR):
        return _read_published(path, text)
    imports = []
    for default, names, place in IMPORT.findall(text):
        taken = f"default:{default}" if default else ",".join(sorted(AS.sub(":", each) for each in _listed(names)))
        imports.append((_beside(path, place), taken))
    listed = [name for names in EXPORT_LIST.findall(text) for name in _listed(names)]
    names = (*EXPORT.findall(text), *listed)
    body = EXPORT.sub("", EXPORT_LIST.sub("", IMPORT.sub("", text)))
    if unknown := UNKNOWN.search(body):
        raise Unbundled(f"{path}: {unknown.group()}")
    return Module(path, body, names, ",".join(sorted(names)), tuple(imports))


def _listed(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _read_published(path: str, text: str) -> Module:
    """A library: it imports nothing, and exports by one list at its end or one thing by default."""
    listed = PUBLISHED_LIST.search(text)
    pairs = [each.strip().partition(" as ") for each in listed[1].split(",")] if listed else []
    given = {name or own: own for own, _as, name in pairs}
    body = PUBLISHED_LIST.sub("", text)
    if PUBLISHED_DEFAULT.search(body):
        given["default"] = "$default"
        body = PUBLISHED_DEFAULT.sub("const $default = ", body)
    return Module(path, body, tuple(given), ",".join(f"{name}:{own}" for name, own in sorted(given.items())))


def _check(modules: dict[str, Module]) -> None:
    for module in modules.values():
        for path, taken in module.imports:
            names = {each.split(":")[0].strip() for each in taken.split(",")}
            if path not in modules or not names <= set(modules[path].names):
                raise Unbundled(f"{module.path}: {taken} is not in {path}")


def _with_imports(modules: dict[str, Module], entry: str) -> list[str]:
    """The modules in the order in which they can run: each after all that it imports."""
    ordered: list[str] = []

    def add(path: str, through: tuple[str, ...]) -> None:
        if path in through:
            raise Unbundled(f"modules import each other: {' '.join([*through, path])}")
        if path in ordered:
            return
        for needed, _taken in modules[path].imports:
            add(needed, (*through, path))
        ordered.append(path)

    add(entry, ())
    return ordered


def _scope(module: Module) -> str:
    """The module as a function that runs once. Names stand in the same order wherever they are: so they pack best."""
    taken = "".join(f"const{{{names}}}={_name(path)};" for path, names in module.imports)
    body = module.body.rstrip("\n")
    return f"const {_name(module.path)}=(()=>{{{taken}\n{body}\nreturn{{{module.given}}}}})();"


def _name(path: str) -> str:
    return "$" + re.sub(r"\W", "_", path.removesuffix(".js"))


def _beside(path: str, place: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), place))
