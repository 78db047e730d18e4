"""Scripts and styles in fewer letters: without comments, blanks and line ends that mean nothing, and with short names
for what a script names for itself.

A script is read by tree-sitter's grammar of the language. Line ends that may end a statement stay, and so does every
name that somebody else can see: those of properties, of what the browser brings, and of what stands at the top.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count, product
from string import ascii_letters, digits

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

SCRIPT = Language(tree_sitter_javascript.language())
FUNCTIONS = frozenset({
    "arrow_function", "class_static_block", "function_declaration", "function_expression", "generator_function",
    "generator_function_declaration", "method_definition",
})  # fmt: skip
BLOCKS = frozenset({
    "catch_clause", "class", "class_declaration", "for_in_statement", "for_statement",
    "statement_block", "switch_body",
})  # fmt: skip
NAMED_OUTSIDE = frozenset({"class_declaration", "function_declaration", "generator_function_declaration"})
NAMED_INSIDE = frozenset({"class", "function_expression", "generator_function"})
SHORTHANDS = frozenset({"shorthand_property_identifier", "shorthand_property_identifier_pattern"})
NAMES = SHORTHANDS | {"identifier"}
SCOPES = FUNCTIONS | BLOCKS
BODIES = FUNCTIONS | {"catch_clause"}
DECLARING = SCOPES | {"variable_declarator"}
RESERVED = frozenset({"do", "for", "if", "in", "let", "new", "try", "var"})
WORD = re.compile(rb"[\w$#\\\x80-\xff]")
STYLE_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# A blank before a colon parts selectors, the one behind it does not.
STYLE_BLANK = re.compile(r" ?([{},]) ?|;? ?(\}) ?|([;:]) ")


class Unreadable(ValueError):
    """What is to be a script is none."""


@dataclass(eq=False)
class Scope:
    """Where names are declared. `seen` are all that are used here or further in, and `names` those declared here. A
    body declares nothing anew that its function or its `catch` takes.
    """

    outer: "Scope | None"
    is_function: bool
    is_body: bool
    names: dict[bytes, "Name"] = field(default_factory=dict)
    seen: "set[Name]" = field(default_factory=set)


@dataclass(eq=False)
class Name:
    """One thing that has a name. `scope` is None where others can see it; `uses` counts the places."""

    text: bytes
    scope: Scope | None
    uses: int = 0


def tightened(script: str) -> str:
    """The same script in fewer letters. Raises Unreadable."""
    source = script.encode()
    tree = Parser(SCRIPT).parse(source)
    if tree.root_node.has_error:
        line = _first_error(tree.root_node).start_point.row
        raise Unreadable(f"no script in this line: {script.splitlines()[line]!r}")
    parts, scopes, places = _read(tree.root_node)
    _shorten(scopes)
    return b"".join(_tightened(source, parts, places)).decode()


def tightened_style(style: str) -> str:
    """The same style sheet in fewer letters. Its strings hold no blanks, braces or colons that this would change."""
    text = re.sub(r"\s+", " ", STYLE_COMMENT.sub("", style))
    return STYLE_BLANK.sub(lambda found: found[found.lastindex or 0], text).strip()


def _first_error(node: Node) -> Node:
    while broken := next((each for each in node.children if each.has_error or each.is_missing), None):
        node = broken
    return node


def _read(root: Node) -> tuple[list[Node], list[Scope], dict[int, Name]]:
    """All that has no parts itself, in its order; the scopes, each after the one around it; what is meant by each name,
    by where it begins.
    """
    parts: list[Node] = []
    scopes: list[Scope] = []
    declared: dict[int, Scope | None] = {}
    used: list[tuple[Node, Scope | None]] = []
    waiting: list[tuple[Node, Scope | None]] = [(root, None)]
    while waiting:
        node, outer = waiting.pop()
        kind, scope, children = node.type, outer, node.children
        if kind in SCOPES:
            scope = Scope(outer, kind in FUNCTIONS, _is_body(node))
            scopes.append(scope)
        if kind in DECLARING:
            for name, where in _declared(node, scope, outer):
                if where is not None:
                    where.names.setdefault(_text(name), Name(_text(name), where))
                if kind in NAMED_OUTSIDE:
                    declared[name.start_byte] = where
        if children:
            waiting.extend(
                (child, outer if kind == "method_definition" and child.type == "computed_property_name" else scope)
                for child in reversed(children)
            )
        else:
            parts.append(node)
            if kind in NAMES:
                used.append((node, declared.get(node.start_byte, scope)))
    others: dict[bytes, Name] = {}
    return parts, scopes, {node.start_byte: _meant(_text(node), scope, others) for node, scope in used}


def _is_body(node: Node) -> bool:
    return node.type == "statement_block" and node.parent is not None and node.parent.type in BODIES


def _text(node: Node) -> bytes:
    return node.text or b""


def _declared(node: Node, scope: Scope | None, outer: Scope | None) -> Iterator[tuple[Node, Scope | None]]:
    """The names that this part of a script declares, and where."""
    own = node.child_by_field_name("name")
    if node.type in NAMED_OUTSIDE and own:
        yield own, outer
    elif node.type in NAMED_INSIDE and own:
        yield own, scope
    elif node.type == "variable_declarator" and own:
        is_var = node.parent is not None and node.parent.type == "variable_declaration"
        yield from ((name, _home_of_var(scope, _text(name)) if is_var else scope) for name in _names_in(own))
    elif node.type == "for_in_statement" and (kind := node.child_by_field_name("kind")):
        left = node.child_by_field_name("left")
        yield from (
            (name, _home_of_var(scope, _text(name)) if kind.type == "var" else scope) for name in _names_in(left)
        )
    for place in ("parameters", "parameter"):
        if (node.type in FUNCTIONS or node.type == "catch_clause") and (taken := node.child_by_field_name(place)):
            yield from ((name, scope) for name in _names_in(taken))


def _home_of_var(scope: Scope | None, name: bytes) -> Scope | None:
    """The body of the function around it, or the function where that takes something of this name."""
    body = scope
    while scope is not None and not scope.is_function:
        body, scope = scope, scope.outer
    return scope if scope is None or body is None or name in scope.names else body


def _names_in(pattern: Node | None) -> Iterator[Node]:
    """Those that a pattern of a declaration gives values to."""
    if pattern is None:
        return
    if pattern.type == "identifier" or pattern.type in SHORTHANDS:
        yield pattern
    elif pattern.type == "pair_pattern":
        yield from _names_in(pattern.child_by_field_name("value"))
    elif pattern.type in ("assignment_pattern", "object_assignment_pattern"):
        yield from _names_in(pattern.child_by_field_name("left"))
    else:
        for child in pattern.named_children:
            yield from _names_in(child)


def _meant(text: bytes, scope: Scope | None, others: dict[bytes, Name]) -> Name:
    """What has that name in that scope; each from there to where it is declared sees it."""
    passed: list[Scope] = []
    while scope is not None:
        passed.append(scope)
        if name := scope.names.get(text):
            break
        scope = scope.outer
    else:
        name = others.setdefault(text, Name(text, None))
    name.uses += 1
    for each in passed:
        each.seen.add(name)
    return name


def _shorten(scopes: list[Scope]) -> None:
    """Give all that is declared in them the shortest names that nothing has that is seen from there."""
    for scope in scopes:
        taken = {name.text for name in scope.seen if name.scope is not scope}
        if scope.outer and scope.is_body:
            taken |= {name.text for name in scope.outer.names.values()}
        free = (text for text in _shortest() if text not in taken)
        for name in sorted(scope.names.values(), key=lambda name: -name.uses):
            name.text = next(free)


def _shortest() -> Iterator[bytes]:
    for length in count(1):
        for letters in product(ascii_letters, *[ascii_letters + digits] * (length - 1)):
            if (text := "".join(letters)) not in RESERVED:
                yield text.encode()


def _tightened(source: bytes, parts: Iterable[Node], places: dict[int, Name]) -> Iterator[bytes]:
    before, end, is_line = b"\n", 0, False
    for part in parts:
        start = part.start_byte
        is_line |= end < start and b"\n" in source[end:start]
        if part.type == "comment":
            is_line |= b"\n" in _text(part)
        else:
            text = source[start : part.end_byte]
            if (name := places.get(start)) and name.text != text:
                text = text + b":" + name.text if part.type in SHORTHANDS else name.text
            if end < start:
                yield _kept(before[-1:], is_line, text[:1])
            yield text
            before, is_line, end = text, False, part.end_byte


def _kept(before: bytes, is_line: bool, after: bytes) -> bytes:
    """What has to stay of a gap between these two letters."""
    if is_line:
        return b"" if before in b"{([,;\n" or after in b"})]" else b"\n"
    # Two words; a number before a dot; a pattern before a word, which would be its flags.
    is_word = WORD.match(before) and (WORD.match(after) or after == b".")
    is_pattern = before == b"/" and WORD.match(after)
    # Two signs that are another one together, one of them the beginning of a comment.
    is_sign = before + after in (b"++", b"--", b"//", b"<!")
    return b" " if is_word or is_pattern or is_sign else b""
