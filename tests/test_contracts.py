"""The import contracts hold, and each one breaks when somebody sabotages it."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.servers import ROOT

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
CONTRACTS = {contract["id"]: contract["name"] for contract in SETTINGS["contracts"]}

# Per sabotage: the contract that it must break, the file that gets a line more, and the line.
SABOTAGES = [
    ("web-above-domain", "checklists/readers", "import inspector"),
    ("domain-without-web", "checklists/people.py", "from flask import g"),
    ("domain-without-web", "checklists/visits", "import marshmallow"),
    ("domain-without-web", "checklists/visits", "from PIL import Image"),
    ("domain-without-web", "checklists/visits", "import boto3"),
    ("domain-in-order", "checklists/waves", "from checklists import visits"),
    ("domain-in-order", "checklists/errors.py", "from checklists import scoring"),
    ("domain-in-order", "checklists/utils.py", "WITHOUT_A_PLACE = True"),
    ("formulas-without-database", "checklists/scoring", "from sqlalchemy import func"),
    ("schemas-in-the-api", "inspector/auth/guard.py", "from marshmallow import Schema"),
    ("pictures-in-one-file", "inspector/phone_app.py", "from PIL import Image"),
    ("object-store-in-one-file", "inspector/photo_images", "import boto3"),
]


def test_every_contract_is_sabotaged_below() -> None:
    assert {contract for contract, _file, _line in SABOTAGES} == set(CONTRACTS)


def test_the_contracts_hold(tmp_path: Path) -> None:
    assert _broken_contracts(_copy_of_the_house(tmp_path)) == set()


@pytest.mark.parametrize(("contract", "file", "line"), SABOTAGES)
def test_a_sabotaged_contract_breaks(contract: str, file: str, line: str, tmp_path: Path) -> None:
    house = _copy_of_the_house(tmp_path)
    target = house / file
    if not target.suffix:  # a file that may have become a folder of the same name
        target = target / "__init__.py" if target.is_dir() else target.with_suffix(".py")
    with target.open("a") as opened:
        opened.write(f"\n{line}\n")
    assert _broken_contracts(house) == {contract}


def _copy_of_the_house(folder: Path) -> Path:
    shutil.copyfile(ROOT / "pyproject.toml", folder / "pyproject.toml")
    for package in SETTINGS["root_packages"]:
        for source in (ROOT / package).rglob("*.py"):
            copy = folder / source.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
    return folder


def _broken_contracts(house: Path) -> set[str]:
    """The ids of the contracts that the linter calls broken in this copy."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"],
        cwd=house,
        env={"PYTHONPATH": str(house), "COLUMNS": "200"},
        capture_output=True,
        text=True,
    )
    broken = {contract for contract, name in CONTRACTS.items() if f"{name} BROKEN" in done.stdout}
    assert done.returncode == bool(broken), done.stdout + done.stderr
    return broken
