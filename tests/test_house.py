"""One test each for a whole class of mistakes: what may stand where, and what nothing may lack."""

import ast
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from flask import Flask
from jinja2 import nodes

from checklists.errors import DomainError
from checklists.orm import connect
from tests.databases import KINDS, Databases, alembic_config
from tests.servers import ROOT

PHONE = ROOT / "inspector" / "phone"
NOT_OURS = {".git", ".venv", "node_modules", "vendor", "var", "build", "__pycache__"}
LINES_OF_ONE_IDEA = 400
# Files that are longer and one idea all the same, each with what it is. A revision of the database may be longer too.
LONGER = {
    "tests/checklists/test_scoring.py": "a table of cases",
    "tests/inspector/test_background.py": "the worker and every way in which a job can end",
}

# What of the phone's work stands in which of its files only.
PHONE_PLACES = {
    r"\bindexedDB\b": {"store.js"},
    r"\bfetch\(": {"api.js", "service-worker.js"},
    r"\bdocument\.": {"app.js", "screens/"},
    r"\blocalStorage\b|\bsessionStorage\b": set(),
    r"\binnerHTML\b|\bdangerouslySetInnerHTML\b|\beval\(": set(),
}

# SQL that is not ORM, and why the file needs it. Migrations are SQL by nature and are not looked at.
RAW_SQL = {
    "checklists/orm.py": "tells row-level security the scope, and SQLite how to begin a transaction",
    "inspector/moving/stillness.py": "keeps everybody else out of a database while an installation moves",
}
RAW_SQL_NAMES = {"text", "DDL", "literal_column", "TextClause"}
EXECUTING = {"execute", "executemany", "executescript", "scalar", "scalars"}

# Who goes round the tenants' scope, and for what reason.
UNSCOPED = {
    ("inspector/api/health.py", "counts the jobs of all"),
    ("inspector/api/profile.py", "a person's own account"),
    ("inspector/auth/codes.py", "a person's own login"),
    ("inspector/auth/codes.py", "nobody is logged in yet"),
    ("inspector/auth/logins.py", "a person may be a member of several organizations"),
    ("inspector/auth/logins.py", "a person's own login"),
    ("inspector/auth/logins.py", "nobody is logged in yet"),
    ("inspector/auth/throttle.py", "nobody is logged in yet"),
    ("inspector/auth/tokens.py", "a token is known before its organization"),
    ("inspector/commands/end_logins.py", "a person's own login"),
    ("inspector/manager/links.py", "nobody is logged in yet"),
    ("inspector/manager/profile.py", "a person's own account"),
    ("inspector/background.py", "a worker serves every organization"),
    ("inspector/command_line.py", "a new organization begins"),
    ("inspector/command_line.py", "is this the first start?"),
    ("inspector/photo_storage/mover.py", "photos that wait, of all"),
    ("inspector/commands/check.py", "how long have jobs waited?"),
    ("inspector/metrics.py", "what waits, of all"),
    ("inspector/moving/empty.py", "is this an empty installation?"),
    ("inspector/moving/move.py", "an installation moves"),
    ("inspector/moving/restore.py", "a backup is restored"),
    ("inspector/moving/rows.py", "the whole installation is copied"),
    ("inspector/erasing.py", "each project has a retention of its own"),
    ("inspector/manager/erasures.py", "which other organizations know this person?"),
    ("inspector/manager/people.py", "which organization made this login?"),
}

MIGRATIONS_IMPORT = {"alembic", "sqlalchemy"}

_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", re.DOTALL)


def test_each_part_of_the_phone_touches_only_its_own_world() -> None:
    misplaced = [
        f"{name}:{number}: {line.strip()}"
        for name, number, line in _phone_lines()
        for pattern, places in PHONE_PLACES.items()
        if re.search(pattern, line) and not any(name == place or name.startswith(place) for place in places if place)
    ]
    assert not misplaced, "\n".join(misplaced)


def test_sql_that_is_not_orm_stands_in_named_files_only() -> None:
    assert {file for file, tree in _python_trees("checklists", "inspector") if _has_raw_sql(tree)} == set(RAW_SQL)


@pytest.mark.parametrize(
    ("source", "raw"),
    [
        ("from sqlalchemy import text", True),
        ("import sqlalchemy as sa\nsa.text('SELECT 1')", True),
        ("connection.exec_driver_sql('BEGIN')", True),
        ("connection.execute(f'DELETE FROM {table}')", True),
        ("session.execute(select(Visit))", False),
        ("draw.text(middle, words)", False),
    ],
)
def test_raw_sql_is_recognized(source: str, raw: bool) -> None:
    assert _has_raw_sql(ast.parse(source)) is raw


def test_the_scope_is_left_by_named_callers_only() -> None:
    callers = {(file, reason) for file, tree in _python_trees("checklists", "inspector") for reason in _unscoped(tree)}
    assert callers == UNSCOPED


def test_a_migration_imports_alembic_and_sqlalchemy_only() -> None:
    """One that imported the models would change its meaning with them."""
    versions = list(_python_trees("migrations/versions"))
    assert versions
    for file, tree in versions:
        imported = {name.split(".")[0] for name in _imports(tree)}
        assert imported - MIGRATIONS_IMPORT <= sys.stdlib_module_names, f"{file} imports {imported}"


def test_no_file_is_longer_than_one_idea() -> None:
    long = {
        file.relative_to(ROOT).as_posix(): lines
        for file in _our_files(".py", ".js", ".html", ".css", ".md")
        if "versions" not in file.parts and (lines := file.read_text().count("\n")) > LINES_OF_ONE_IDEA
    }
    assert set(long) <= set(LONGER), long


@pytest.mark.parametrize("folder", [".", "checklists", "inspector", "inspector/phone", "inspector/phone/vendor"])
def test_a_readme_says_what_may_live_in_the_folder(folder: str) -> None:
    assert (ROOT / folder / "README.md").read_text().startswith("# ")


@pytest.mark.parametrize("kind", KINDS)
def test_the_models_equal_the_migrations(kind: str, databases: Databases) -> None:
    engine = connect(databases.fresh(kind))
    with engine.connect() as connection:
        command.check(alembic_config(connection))
    engine.dispose()


def test_the_migrations_are_one_chain() -> None:
    scripts = ScriptDirectory.from_config(alembic_config())
    assert len(scripts.get_bases()) == 1
    assert len(scripts.get_heads()) == 1


def test_every_route_says_who_may_use_it(app: Flask) -> None:
    """`access` is what the decorators of inspector/auth leave behind: roles, or "public" with its reason."""
    silent = {
        endpoint
        for endpoint, view in app.view_functions.items()
        for handler in _handlers(view)
        if not getattr(handler, "access", None)
    }
    assert silent == set()


def test_nothing_is_translated_at_the_top_of_a_shared_template(app: Flask) -> None:
    """Jinja runs the top of an imported template once, in the language of the first reader, and keeps what it set."""
    macros = sorted((ROOT / "inspector" / "templates" / "macros").glob("*.html"))
    assert macros
    translated = [
        f"{file.name}:{node.lineno}"
        for file in macros
        for node in app.jinja_env.parse(file.read_text()).body
        if not isinstance(node, nodes.Macro)
        for call in node.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in ("_", "gettext", "ngettext")
    ]
    assert translated == []


def test_every_refusal_of_the_domain_has_a_status() -> None:
    from inspector.problems import STATUS

    refusals = set(_descendants(DomainError))
    assert refusals == set(STATUS) - {DomainError}
    assert all(400 <= status <= 599 for status in STATUS.values())


def _our_files(*endings: str) -> Iterator[Path]:
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in NOT_OURS]
        yield from (Path(folder, name) for name in files if name.endswith(endings))


def _python_trees(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text())


def _phone_lines() -> Iterator[tuple[str, int, str]]:
    """The lines of the phone's modules without their comments: name below inspector/phone, number, text."""
    for file in sorted(PHONE.rglob("*.js")):
        if NOT_OURS.isdisjoint(file.relative_to(PHONE).parts):
            code = _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), file.read_text())
            for number, line in enumerate(code.splitlines(), start=1):
                yield file.relative_to(PHONE).as_posix(), number, line


def _has_raw_sql(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=names) if module.startswith("sqlalchemy"):
                if any(name.name in RAW_SQL_NAMES for name in names):
                    return True
            case ast.Call(func=ast.Attribute(value=ast.Name(id="sa" | "sqlalchemy"), attr=attr)):
                if attr in RAW_SQL_NAMES:
                    return True
            case ast.Call(func=ast.Attribute(attr="exec_driver_sql")):
                return True
            case ast.Call(func=ast.Attribute(attr=attr), args=[ast.Constant(value=str()) | ast.JoinedStr(), *_]):
                if attr in EXECUTING:
                    return True
    return False


def _unscoped(tree: ast.Module) -> Iterator[str]:
    """The reasons that are given to `unscoped`, as they stand in the source."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="unscoped") | ast.Attribute(attr="unscoped"), args=[reason]):
                yield reason.value if isinstance(reason, ast.Constant) else ast.unparse(reason)


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


def _handlers(view: Any) -> list[Any]:
    """A view that is a class answers by its methods; each of them needs a rule unless the whole class has one."""
    if getattr(view, "access", None) or not hasattr(view, "view_class"):
        return [view]
    return [getattr(view.view_class, method.lower()) for method in view.methods]


def _descendants(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _descendants(child)
