"""Fresh databases of both kinds, quickly: SQLite files, and databases of a throw-away PostgreSQL."""

import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import Connection

from checklists.orm import ScopedSession, connect
from tests.servers import ROOT, STARTING_SECONDS, STOPPING_SECONDS, cannot_run, ending_with_us, free_port

Sessions = Callable[..., ScopedSession]
"""What the fixture `sessions` is."""

KINDS = ("sqlite", "postgresql")
APPLICATION = "audit"
LARGE_BYTES = 24_000_000
"""A database of so much is dropped: what was deleted still lies in it."""


class Databases:
    """Fresh, migrated databases. The migrations run once for each kind; each database is a copy of their result.

    What a test leaves behind on PostgreSQL is emptied and handed out again under another name: to copy a database there
    costs a hundred times as much.
    PostgreSQL cuts corners for the tests' sake, unless it is to be `durable`, as in production and when it is measured.
    """

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self._folder = folder
        self._durable = durable
        self._cluster: PostgreSQL | None = None
        self._templates: dict[str, str] = {}
        self._emptied: list[str] = []
        self._shape: Shape | None = None

    def fresh(self, kind: str) -> str:
        """The address of a new database of `kind` ("sqlite" or "postgresql") with all tables and no rows."""
        if kind not in self._templates:
            url = self.empty(kind)
            migrate(url)
            self._templates[kind] = _name(url)
            if kind == "postgresql":
                self._shape = self.cluster.shape(_name(url))
        name = f"t{secrets.token_hex(6)}"
        if kind == "postgresql":
            if self._emptied:
                self.cluster.rename(self._emptied.pop(), name)
            else:
                self.cluster.create(name, template=self._templates[kind])
            return self.cluster.url(name)
        shutil.copyfile(self._folder / self._templates[kind], self._folder / name)
        return self._sqlite_url(name)

    def empty(self, kind: str) -> str:
        """The address of a new database on which no migration has run yet."""
        name = f"e{secrets.token_hex(6)}"
        if kind == "postgresql":
            self.cluster.create(name)
            return self.cluster.url(name)
        return self._sqlite_url(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected to it."""
        if url.startswith("postgresql"):
            name = _name(url)
            if self._shape and self.cluster.empty(name, self._shape):
                self._emptied.append(name)
            else:
                self.cluster.drop(name)
            return
        for file in self._folder.glob(f"{_name(url)}*"):
            file.unlink()

    @property
    def cluster(self) -> "PostgreSQL":
        """The PostgreSQL behind the databases, started when it is first asked for."""
        if self._cluster is None:
            self._cluster = PostgreSQL(durable=self._durable)
        return self._cluster

    def close(self) -> None:
        if self._cluster is not None:
            self._cluster.stop()

    def _sqlite_url(self, name: str) -> str:
        return f"sqlite:///{self._folder / name}"


def migrate(url: str) -> None:
    """Bring a database to the newest revision."""
    engine = connect(url)
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "head")
    engine.dispose()


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's settings out of pyproject.toml, for work on this connection."""
    return Config(toml_file=ROOT / "pyproject.toml", attributes={"connection": connection})


def _name(url: str) -> str:
    return url.rsplit("/", 1)[1]


Shape = tuple[list[tuple[str, str, int]], list[tuple[str]]]
"""Table, column and the number of its type for every column; the revision."""


def _shape(connection: psycopg.Connection) -> Shape:
    columns = connection.execute(
        "SELECT c.relname::text, a.attname::text, a.atttypid::int"
        " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 ORDER BY 1, 2"
    ).fetchall()
    return columns, connection.execute("SELECT version_num::text FROM alembic_version").fetchall() if columns else []


def _size(connection: psycopg.Connection) -> int:
    found = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(found[0]) if found else 0


class PostgreSQL:
    """A cluster on a free port of the loopback address, gone with the process that started it.

    The application's role owns its databases and is neither a superuser nor above row-level security: both walls are
    tested through it.
    """

    def __init__(self, *, durable: bool = False) -> None:
        binaries = _find_binaries()
        # PostgreSQL refuses to run as root, and the Debian package brings the user who may.
        user = "postgres" if os.geteuid() == 0 else None
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="audit-postgresql-"))
        if user:
            shutil.chown(self.folder, user)
        self._run_to_end(
            *ending_with_us(str(binaries / "initdb"), "--no-sync", "--auth=trust", "--username=postgres", user=user),
            *("--encoding=UTF8", "--locale=C.UTF-8", f"--pgdata={self.folder / 'data'}"),
        )
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "max_connections": "200",
            "shared_buffers": "64MB",
        }
        if not durable:
            settings |= dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes", "autovacuum"), "off")
        self._command = ending_with_us(
            *(str(binaries / "postgres"), "-D", str(self.folder / "data")),
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
            user=user,
        )
        self.start()
        self._execute(f"CREATE ROLE {APPLICATION} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE")

    def start(self) -> None:
        """Start it, also after kill(), and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait_until_ready()

    def kill(self) -> None:
        """End all its processes at once, as a power cut would."""
        number = self._process.pid
        children = Path(f"/proc/{number}/task/{number}/children").read_text().split()
        self._process.kill()
        for child in map(int, children):
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self._process.wait(STOPPING_SECONDS)

    @property
    def pid(self) -> int:
        """The number of the process whose children serve the connections."""
        return self._process.pid

    def url(self, database: str, role: str = APPLICATION) -> str:
        return f"postgresql+psycopg://{role}@127.0.0.1:{self.port}/{database}"

    def create(self, name: str, template: str = "template0") -> None:
        """A database that belongs to the application's role, with what `template` holds."""
        command = "CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY"
        self._execute(command, name, template, APPLICATION)

    def rename(self, name: str, new_name: str) -> None:
        """So that whoever still means the database by its old name does not find it."""
        self._execute("ALTER DATABASE {} RENAME TO {}", name, new_name)

    def empty(self, name: str, shape: Shape) -> bool:
        """Delete all rows of a database, whoever is still connected to it; False where it has not this shape any more,
        or has grown large.
        """
        with self._connect(name) as connection:
            if _shape(connection) != shape or _size(connection) > LARGE_BYTES:
                return False
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            emptied = sql.SQL("; ").join(
                sql.SQL("DELETE FROM {}").format(sql.Identifier(table))
                for table in sorted({table for table, *_column in shape[0]} - {"alembic_version"})
            )
            with connection.transaction():
                connection.execute(
                    "SET LOCAL session_replication_role = replica"
                )  # In any order, whatever refers to it.
                connection.execute(emptied)
        return True

    def shape(self, name: str) -> Shape:
        """The columns and the revision of a database."""
        with self._connect(name) as connection:
            return _shape(connection)

    def drop(self, name: str) -> None:
        self._execute("DROP DATABASE {} WITH (FORCE)", name)

    def stop(self) -> None:
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(STOPPING_SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _execute(self, command: str, *names: str) -> None:
        with self._connect("postgres") as connection:
            connection.execute(sql.SQL(command).format(*map(sql.Identifier, names)))

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(host="127.0.0.1", port=self.port, user="postgres", dbname=database, autocommit=True)

    def _wait_until_ready(self) -> None:
        give_up = time.monotonic() + STARTING_SECONDS
        while time.monotonic() < give_up and self._process.poll() is None:
            try:
                self._execute("SELECT 1")
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text(errors='replace')}")

    def _run_to_end(self, *command: str) -> None:
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=STARTING_SECONDS)
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def _find_binaries() -> Path:
    """The folder with `initdb` and `postgres`: Debian keeps it off the PATH, one for each major version."""
    versions = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    if versions:
        return max(versions, key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0))
    on_path = shutil.which("initdb")
    if on_path is None:
        cannot_run("PostgreSQL is not installed: apt-get install postgresql")
    assert on_path is not None
    return Path(on_path).resolve().parent
