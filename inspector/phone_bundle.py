"""Puts the phone app's modules into one script, each in a scope of its own, without what only people read.

One file is fetched at once where modules are found one after the other, and it packs better. No build step: the
service does it when it starts. Of the libraries in vendor/ only comments and indentation go.

It knows the few forms of import and export that the app's modules use, at the beginning of a line, and refuses all
others. A module that is only imported by `import("…")` becomes a script of its own, with what only it needs.
"""

import posixpath
import re
from dataclasses import dataclass

from inspector.phone_script import Unreadable, tightened

VENDOR = "vendor/"
# A comment stands on lines of its own; lines within a template lose their indentation too, which HTML does not show.
UNREAD = re.compile(r"^[ \t]*/\*.*?\*/[ \t]*\n|^[ \t]*//[^\n]*\n|^[ \t]*\n|^[ \t]+", re.MULTILINE | re.DOTALL)
IMPORT = re.compile(r'^import (?:(\w+)|\{([^}]*)\}) from "(\.[^"]*)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:const|class|(?:async )?function\*?) (\w+))", re.MULTILINE)
EXPORT_LIST = re.compile(r"^export \{([\w, ]+)\};\n", re.MULTILINE)
LATER = re.compile(r'\bimport\("(\.[^"]*)"\)')
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
    later: tuple[str, ...] = ()


def bundle(sources: dict[str, str], entry: str) -> dict[str, str]:
    """The scripts to serve, by path: `entry` with all it imports, and one for each module that is fetched later.

    `sources` are the modules' texts by path, `entry` lies at the top. Raises Unbundled for an unknown form, a module
    or a name that is not there, and modules that import each other.
    """
    modules = {path: _read(path, source) for path, source in sources.items()}
    _check(modules)
    first = _with_imports(modules, [entry])
    starts = [path for module in modules.values() for path in module.later]
    apart = {path: [each for each in _with_imports(modules, [path]) if each not in first] for path in starts}
    # What two of them need belongs to the first script, or there would be two of it.
    several = [each for path, needed in apart.items() for each in needed if _is_in_others(each, path, apart)]
    first = _with_imports(modules, [entry, *several])
    whole = {entry: [modules[path] for path in first]}
    whole |= {path: [modules[each] for each in needed if each not in first] for path, needed in apart.items()}
    wanted = {path for each in apart for module in whole[each] for path, _taken in module.imports if path in first}
    return {path: _script(path, parts, entry, sorted(wanted)) for path, parts in whole.items()}


def _read(path: str, source: str) -> Module:
    text = UNREAD.sub("", source)
    if path.startswith(VENDOR):
        return _read_published(path, text)
    imports = []
    for default, names, place in IMPORT.findall(text):
        taken = f"default: {default}" if default else re.sub(r"\s+as\s+", ": ", " ".join(names.split()).rstrip(", "))
        imports.append((_beside(path, place), taken))
    listed = [name.strip() for names in EXPORT_LIST.findall(text) for name in names.split(",")]
    later = [_beside(path, place) for place in LATER.findall(text)]
    names = (*EXPORT.findall(text), *listed)
    body = EXPORT.sub("", EXPORT_LIST.sub("", IMPORT.sub("", text)))
    if unknown := UNKNOWN.search(LATER.sub("", body)):
        raise Unbundled(f"{path}: {unknown.group()}")
    body = LATER.sub(lambda found: f'import("./{_beside(path, found[1])}")', body)
    try:
        return Module(path, tightened(body), names, ", ".join(names), tuple(imports), tuple(later))
    except Unreadable as error:
        raise Unbundled(f"{path}: {error}") from None


def _read_published(path: str, text: str) -> Module:
    """A library: it imports nothing, and exports by one list at its end or one thing by default."""
    listed = PUBLISHED_LIST.search(text)
    pairs = [each.strip().partition(" as ") for each in listed[1].split(",")] if listed else []
    given = {name or own: own for own, _as, name in pairs}
    body = PUBLISHED_LIST.sub("", text)
    if PUBLISHED_DEFAULT.search(body):
        given["default"] = "$default"
        body = PUBLISHED_DEFAULT.sub("const $default = ", body)
    return Module(path, body, tuple(given), ", ".join(f"{name}: {own}" for name, own in given.items()))


def _check(modules: dict[str, Module]) -> None:
    for module in modules.values():
        for path, taken in module.imports:
            names = {each.split(":")[0].strip() for each in taken.split(",")}
            if path not in modules or not names <= set(modules[path].names):
                raise Unbundled(f"{module.path}: {taken} is not in {path}")


def _with_imports(modules: dict[str, Module], starts: list[str]) -> list[str]:
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

    for start in starts:
        add(start, ())
    return ordered


def _is_in_others(module: str, path: str, apart: dict[str, list[str]]) -> bool:
    return any(module in needed for other, needed in apart.items() if other != path)


def _script(path: str, modules: list[Module], entry: str, wanted: list[str]) -> str:
    """The text of one script. The first one gives the others what they need of it; they give their own module."""
    lines = []
    if path != entry:
        own = {module.path for module in modules}
        shared = sorted({each for module in modules for each, _taken in module.imports if each in wanted} - own)
        lines.append(f'import {{ {", ".join(map(_name, shared))} }} from "{_from(path, entry)}";')
    for module in modules:
        lines += [f"// {module.path}", f"const {_name(module.path)} = (() => {{"]
        lines += [f"const {{ {taken} }} = {_name(each)};" for each, taken in module.imports]
        lines += [module.body.rstrip("\n"), f"return {{ {module.given} }};", "})();"]
    if path == entry:
        lines.append(f"export {{ {', '.join(map(_name, wanted))} }};")
    else:
        lines.append(f"export const {{ {', '.join(modules[-1].names)} }} = {_name(path)};")
    return "\n".join(lines) + "\n"


def _name(path: str) -> str:
    return "$" + re.sub(r"\W", "_", path.removesuffix(".js"))


def _beside(path: str, place: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), place))


def _from(path: str, other: str) -> str:
    found = posixpath.relpath(other, posixpath.dirname(path) or ".")
    return found if found.startswith(".") else f"./{found}"
