"""Lighthouse's marks for a page: an npm package of its own, which only `make bench` installs."""

import json
import os
import shutil
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure
from tests.browsers import FLAGS, chromium_path

FOLDER = Path(__file__).parent
PROGRAM = FOLDER / "node_modules" / ".bin" / "lighthouse"
INSTALL = ["npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
GOALS = {"performance": (95, 81), "accessibility": (100, 94), "best-practices": (100, 100)}
SECONDS = 180
ATTEMPTS = 3


def lighthouse_scores(url: str, cookies: str, runs: int) -> Iterator[Figure]:
    """Medians of so many runs at its own slow phone and line, of who is logged in by these cookies.

    None, and a word why, where it cannot be had.
    """
    if not _is_installed():
        print("Lighthouse: SKIPPED, npm could not install what tests/bench/package.json asks for")
        return
    reports = [_run(url, cookies) for _run_number in range(runs)]
    for category, (goal, known) in GOALS.items():
        marks = [100 * report["categories"][category]["score"] for report in reports]
        yield Figure(f"phone: Lighthouse 12.8, {category}", statistics.median(marks), "", goal, known)
    for line in sorted({line for report in reports for line in _lost(report)}):
        print(f"  {line}")


def _is_installed() -> bool:
    if not PROGRAM.exists() and shutil.which("npm"):
        subprocess.run(INSTALL, cwd=FOLDER, stdin=subprocess.DEVNULL, check=False)
    return PROGRAM.exists()


def _run(url: str, cookies: str) -> dict[str, Any]:
    """One report. A run that Lighthouse itself could not bring to its end says why, and is made again."""
    flags = " ".join(["--headless=new", *FLAGS])
    words = [str(PROGRAM), url, "--output=json", "--quiet", f"--only-categories={','.join(GOALS)}"]
    words += ["--extra-headers", json.dumps({"Cookie": cookies})]
    for _attempt in range(ATTEMPTS):
        done = subprocess.run(
            [*words, f"--chrome-flags={flags}"],
            env={**os.environ, "CHROME_PATH": chromium_path()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        if done.returncode == 0:
            report: dict[str, Any] = json.loads(done.stdout)
            return report
        print(f"Lighthouse: {done.stderr.decode(errors='replace')[-500:]}")
    raise RuntimeError(f"Lighthouse has failed {ATTEMPTS} times")


def _lost(report: dict[str, Any]) -> Iterator[str]:
    """What keeps a category from its full marks."""
    for category in report["categories"].values():
        for part in category["auditRefs"]:
            audit = report["audits"][part["id"]]
            if part["weight"] and audit["score"] is not None and audit["score"] < 0.9:
                yield f"{category['id']}: {audit['title']} {audit.get('displayValue', '')}"
