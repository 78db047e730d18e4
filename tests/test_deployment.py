"""The files for production: they set what the service knows, and leave nothing looser than it needs to be."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from inspector import logs
from inspector.settings import Settings
from tests.servers import ROOT

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
OURS = ("app", "worker", "migrate", "bucket")
ONCE = ("migrate", "bucket")
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
EXAMPLE = ROOT / "deploy" / "systemd" / "environment.example"
# Read where no settings are yet: by the log, and by the language itself.
ELSEWHERE = {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PROMETHEUS_MULTIPROC_DIR"}


class Asked(dict[str, str]):
    """An environment that notes which names were looked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


@pytest.fixture
def known(tmp_path: Path) -> set[str]:
    """The names of all settings that the service looks for."""
    environment = Asked({"DATA_DIR": str(tmp_path), "LOG_FORMAT": "json"})
    Settings.from_environment(environment)
    logs.configure(environment)
    return environment.names


def test_compose_sets_only_what_the_service_knows(known: set[str], tmp_path: Path) -> None:
    for name in OURS:
        environment = COMPOSE["services"][name]["environment"]
        assert set(environment) <= known, name
        Settings.from_environment(environment | {"DATA_DIR": str(tmp_path)})


def test_the_image_and_the_units_set_only_what_the_service_knows(known: set[str]) -> None:
    image = re.findall(r"([A-Z_]+)=\S", " ".join(re.findall(r"^ENV (.*)$", (ROOT / "Dockerfile").read_text(), re.M)))
    example = re.findall(r"^#?([A-Z][A-Z0-9_]+)=", EXAMPLE.read_text(), re.M)
    assert "DATA_DIR" in image
    assert "S3_REGION" in example
    assert set(image) <= known | ELSEWHERE
    assert set(example) <= known


def test_what_compose_asks_for_stands_in_the_example_and_nothing_else() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text()))
    offered = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))
    assert asked == offered


def test_no_secret_stands_in_the_examples() -> None:
    for file in (ROOT / ".env.example", EXAMPLE):
        for name, value in re.findall(r"^#?([A-Z_]+)=(.*)$", file.read_text(), re.M):
            if re.search("SECRET|PASSWORD|TOKEN", name):
                assert value == "", f"{file.name}: {name}"


def test_every_service_that_stays_has_a_health_check_or_says_why_not() -> None:
    without = {
        name
        for name, service in COMPOSE["services"].items()
        if service.get("healthcheck", {}).get("disable") or not (service.get("healthcheck") or "build" in service)
    }
    assert without == {*ONCE, "worker"}
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text()


def test_each_waits_for_what_it_needs() -> None:
    waits = {name: set(service.get("depends_on", {})) for name, service in COMPOSE["services"].items()}
    assert waits["app"] == {"migrate", "bucket", "bell"}
    assert waits["migrate"] == {"database"}
    for service in COMPOSE["services"].values():
        for other, condition in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if other in ONCE else "service_healthy"
            assert condition == {"condition": wanted}


def test_ours_run_with_few_rights_and_only_the_front_is_reached_from_outside() -> None:
    for name in OURS:
        service = COMPOSE["services"][name]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert [name for name, service in COMPOSE["services"].items() if "ports" in service] == ["front"]
    stages = (ROOT / "Dockerfile").read_text().split("\nFROM ")
    assert "\nUSER audit\n" in stages[-1]
    assert not re.search(r"apt-get install.*(venv|make|gcc)", stages[-1]), "no build tools in what runs"


def test_the_fronts_take_each_request_in_whole_before_the_service_sees_it(tmp_path: Path) -> None:
    """The service has eight threads: a dozen senders who trickled past what Caddy kept for them held it wholly."""
    largest = Settings.from_environment({"DATA_DIR": str(tmp_path)}).largest_body_bytes
    caddy = (ROOT / "deploy" / "caddy" / "Caddyfile").read_text()
    (most,), (kept,) = re.findall(r"max_size (\d+)MB\n", caddy), re.findall(r"request_buffers (\d+)MB\n", caddy)
    assert int(kept) == int(most)
    assert int(most) * 10**6 > largest, "what is too large is refused in the service's own words"
    assert re.search(r"read_body \d+m\n", caddy), "what lies in memory does not lie there for ever"
    nginx = (ROOT / "deploy" / "nginx" / "service-audit.conf").read_text()
    (most,) = re.findall(r"client_max_body_size (\d+)m;", nginx)
    assert int(most) * 2**20 > largest
    assert "proxy_request_buffering on;" in nginx


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_the_units_run_commands_that_there_are_as_the_services_own_user(unit: Path) -> None:
    settings = dict(_settings_of(unit))
    program, command = shlex.split(settings["ExecStart"])
    assert program == "/srv/service-audit/.venv/bin/inspector"
    from inspector.command_line import main

    assert command in main.commands
    assert (settings["User"], settings["NoNewPrivileges"], settings["ProtectSystem"]) == ("audit", "yes", "strict")
    assert int(settings["TimeoutStopSec"]) > 15 + 20, "longer than requests and a job may take to end"


def test_files_that_the_handbook_names_are_there() -> None:
    words = (ROOT / "docs" / "operations.md").read_text()
    named = set(re.findall(r"(?:/srv/service-audit/)?((?:deploy|tests)/[\w./-]*\w)", words))
    assert {"deploy/inspector.sh", "deploy/caddy/Caddyfile", "deploy/nginx/service-audit.conf"} <= named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_handbook_names_only_numbers_that_there_are() -> None:
    source = (ROOT / "inspector" / "metrics.py").read_text()
    for name in set(re.findall(r"\baudit_([a-z_]+)", (ROOT / "docs" / "operations.md").read_text())):
        counted = name.removesuffix("_total")
        assert f'"{counted}"' in source or f'"audit_{counted}"' in source, name


def test_every_setting_is_in_the_readme(known: set[str]) -> None:
    table = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", (ROOT / "README.md").read_text()))
    assert known - table == set()


def _settings_of(unit: Path) -> Iterator[tuple[str, str]]:
    for line in unit.read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            yield name, value
