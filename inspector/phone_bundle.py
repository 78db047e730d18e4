"""Puts the phone app's modules into one script, each in a scope of its own, without comments and indentation.

One file is fetched at once where modules are found one after the other, and it packs better. No build step: the
service does it when it starts. The libraries in vendor/ stay files of their own, as they were published.

It knows the few forms of import and export that the app's modules use, at the beginning of a line, and refuses all
others. A module that is only imported by `import("…")` becomes a script of its own, with what only it needs.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

VENDOR = "vendor/"
# A comment stands on lines of its own; lines within a template lose their indentation too, which HTML does not show.
UNREAD = re.compile(r"^[ \t]*/\*.*?\*/[ \t]*\n|^[ \t]*//[^\n]*\n|^[ \t]*\n|^[ \t]+", re.MULTILINE | re.DOTALL)
IMPORT = re.compile(r'^import (?:(\w+)|\{([^}]*)\}) from "(\.[^"]*)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:const|class|(?:async )?function\*?) (\w+))", re.MULTILINE)
EXPORT_LIST = re.compile(r"^export \{([\w, ]+)\};\n", re.MULTILINE)
LATER = re.compile(r'\bimport\("(\.[^"]*)"\)')
UNKNOWN = re.compile(r"^(?:import|export)\b.*|\bimport(?:\.meta\b|\().*", re.MULTILINE)


class Unbundled(ValueError):
    """A module has something that this bundler does not understand."""


@dataclass(frozen=True, slots=True)
class Module:
    """One module, read: `names` are its exports, `imports` the names that it takes by module, in the form {a: b}."""

    path: str
    body: str
    names: tuple[str, ...]
    imports: tuple[tuple[str, str], ...]
    later: tuple[str, ...]


def bundle(sources: dict[str, str], entry: str) -> dict[str, str]:
    """The scripts to serve, by path: `entry` with all it imports, and one for each module that is fetched later.

    `sources` are the modules' texts by path, `entry` lies at the top. Raises Unbundled for an unknown form, a module
    or a name that is not there, and modules that import each other.
    """
    modules = {path: _read(path, source) for path, source in sources.items() if not path.startswith(VENDOR)}
    _check(modules, sources)
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
    imports = []
    for default, names, place in IMPORT.findall(text):
        taken = f"default: {default}" if default else re.sub(r"\s+as\s+", ": ", " ".join(names.split()).rstrip(", "))
        imports.append((_beside(path, place), taken))
    listed = [name.strip() for names in EXPORT_LIST.findall(text) for name in names.split(",")]
    later = [_beside(path, place) for place in LATER.findall(text)]
    names = [*EXPORT.findall(text), *listed]
    body = EXPORT.sub("", EXPORT_LIST.sub("", IMPORT.sub("", text)))
    if unknown := UNKNOWN.search(LATER.sub("", body)):
        raise Unbundled(f"{path}: {unknown.group()}")
    body = LATER.sub(lambda found: f'import("./{_beside(path, found[1])}")', body)
    return Module(path, body, tuple(names), tuple(imports), tuple(later))


def _check(modules: dict[str, Module], sources: dict[str, str]) -> None:
    for module in modules.values():
        for path, taken in module.imports:
            names = {each.split(":")[0].strip() for each in taken.split(",")}
            if path not in sources or (path in modules and not names <= set(modules[path].names)):
                raise Unbundled(f"{module.path}: {taken} is not in {path}")


def _with_imports(modules: dict[str, Module], starts: list[str]) -> list[str]:
    """The modules in the order in which they can run: each after all that it imports."""
    ordered: list[str] = []

    def add(path: str, through: tuple[str, ...]) -> None:
        if path in through:
            raise Unbundled(f"modules import each other: {' '.join([*through, path])}")
        if path in ordered or path not in modules:
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
    lines = [f'import * as {_name(each)} from "{_from(path, each)}";' for each in _libraries(modules)]
    if path != entry:
        own = {module.path for module in modules}
        shared = sorted({each for module in modules for each, _taken in module.imports if each in wanted} - own)
        lines.append(f'import {{ {", ".join(map(_name, shared))} }} from "{_from(path, entry)}";')
    for module in modules:
        lines += [f"// {module.path}", f"const {_name(module.path)} = (() => {{"]
        lines += [f"const {{ {taken} }} = {_name(each)};" for each, taken in module.imports]
        lines += [module.body.rstrip("\n"), f"return {{ {', '.join(module.names)} }};", "})();"]
    if path == entry:
        lines.append(f"export {{ {', '.join(map(_name, wanted))} }};")
    else:
        lines.append(f"export const {{ {', '.join(modules[-1].names)} }} = {_name(path)};")
    return "\n".join(lines) + "\n"


def _libraries(modules: list[Module]) -> Iterator[str]:
    yield from sorted({path for module in modules for path, _taken in module.imports if path.startswith(VENDOR)})


def _name(path: str) -> str:
    return "$" + re.sub(r"\W", "_", path.removesuffix(".js"))


def _beside(path: str, place: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), place))


def _from(path: str, other: str) -> str:
    found = posixpath.relpath(other, posixpath.dirname(path) or ".")
    return found if found.startswith(".") else f"./{found}"
