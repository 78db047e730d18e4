"""`make test`: installs what Debian has for it, runs every step, and says how each went and how long it took.

`--soak` runs instead the tests marked as soak, and every Hypothesis test with many more examples; SEED repeats a run.
"""

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PHONE_TESTS = ROOT / "tests" / "phone"
IN_CI = os.environ.get("CI") == "true"
PYTEST = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal"]


@dataclass
class Step:
    name: str
    run: Callable[[], bool]


def main() -> int:
    os.chdir(ROOT)
    if IN_CI:
        # What passes for one change must not fail for the next by chance; developers and `make soak` look elsewhere.
        os.environ.setdefault("SEED", "20261122")
    steps = SOAK if "--soak" in sys.argv[1:] else EVERYTHING
    results = [_timed(step) for step in steps]
    print()
    print(", ".join(f"{name} {'ok' if passed else 'FAILED'} {seconds:.0f} s" for name, passed, seconds in results))
    return 0 if all(passed for _name, passed, _seconds in results) else 1


def _timed(step: Step) -> tuple[str, bool, float]:
    print(f"\n== {step.name}", flush=True)
    began = time.monotonic()
    passed = step.run()
    return step.name, passed, time.monotonic() - began


def install_tools() -> bool:
    """Browsers, PostgreSQL and Node from Debian where they are missing; False where CI has to do without one."""
    missing = [package for package, there in _debian_packages().items() if not there]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        print("installing from Debian:", *missing, flush=True)
        subprocess.run(["apt-get", "update", "-qq"], env=quiet, check=False)
        # A new machine often installs its updates at this very moment; that is waited for.
        patient = ("-o", "DPkg::Lock::Timeout=300")
        command = ["apt-get", *patient, "install", "-y", "-qq", "--no-install-recommends", *missing]
        subprocess.run(command, env=quiet, check=False, stdout=subprocess.DEVNULL)
        missing = [package for package, there in _debian_packages().items() if not there]
    for package in missing:
        print(f"MISSING: {package}; its tests are skipped. On Debian: sudo apt-get install {package}")
    return not (missing and IN_CI) and _install_node_packages()


def _debian_packages() -> dict[str, bool]:
    return {
        "chromium": bool(shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")),
        "fonts-dejavu-core": bool(list(Path("/usr/share/fonts").rglob("*.ttf"))) or sys.platform != "linux",
        "postgresql": bool(shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))),
        "redis-server": bool(shutil.which("redis-server")),
        "nodejs": bool(shutil.which("node")),
        "npm": bool(shutil.which("npm")),
        "firefox-esr": bool(shutil.which("firefox-esr") or shutil.which("firefox")),
        "webkit2gtk-driver": bool(shutil.which("WebKitWebDriver")),
        "gir1.2-webkit2-4.1": bool(list(Path("/usr/lib").glob("*/girepository-1.0/WebKit2-4.1.typelib"))),
        "python3-gi": Path("/usr/lib/python3/dist-packages/gi").is_dir(),
        "xvfb": bool(shutil.which("Xvfb")),
    }


def _install_node_packages() -> bool:
    """What the phone's tests need from npm, in the versions of its package.json; again only when that file changed."""
    wanted = PHONE_TESTS / "package.json"
    stamp = PHONE_TESTS / "node_modules" / ".installed"
    if not shutil.which("npm") or (stamp.exists() and stamp.read_bytes() == wanted.read_bytes()):
        return True
    command = ["npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    if subprocess.run(command, cwd=PHONE_TESTS, stdin=subprocess.DEVNULL, check=False).returncode:
        print("npm could not install what tests/phone/package.json asks for")
        return not IN_CI
    stamp.write_bytes(wanted.read_bytes())
    return True


def phone_tests() -> bool:
    """The phone's modules under Node's own test runner."""
    if not shutil.which("node"):
        print("skipped: Node is missing")
        return not IN_CI
    found = [path.relative_to(ROOT) for path in PHONE_TESTS.rglob("*.test.*js")]
    files = sorted(str(path) for path in found if "node_modules" not in path.parts)
    return bool(files) and _command("node", *_node_options(), "--test", *files)()


def _node_options() -> list[str]:
    """Debian 12 brings Node 18, where the `crypto` that browsers have must be asked for. A later one leaves one
    processor alone unless it is told not to.
    """
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    version = tuple(int(each) for each in said.lstrip("v").split(".")[:2])
    if version < (20, 10):
        return ["--experimental-global-webcrypto"] if version < (20,) else []
    return [f"--test-concurrency={os.cpu_count() or 1}"]


def soak_tests() -> bool:
    """Long runs with random faults, from a seed that is printed first."""
    seed = os.environ.get("SEED") or str(secrets.randbelow(2**32))
    print(f"SEED={seed}", flush=True)
    arguments = ["-m", "soak or hypothesis", "--hypothesis-profile=soak", f"--hypothesis-seed={seed}", "--timeout=3600"]
    both = {"SEED": seed, "BOTH_DATABASES": "1"}
    return subprocess.run([*PYTEST, *arguments], env={**os.environ, **both}, check=False).returncode == 0


def phone_machine() -> bool:
    """Thousands of random sequences on the phone's own modules."""
    if not shutil.which("node"):
        print("skipped: Node is missing")
        return not IN_CI
    command = ["node", *_node_options(), "--test", str(PHONE_TESTS / "machine" / "machine.test.js")]
    return subprocess.run(command, env={"RUNS": "5000", **os.environ}, check=False).returncode == 0


def both_databases() -> bool:
    """What `make test` runs, with those tests on both databases that it runs on one."""
    return subprocess.run(PYTEST, env={**os.environ, "BOTH_DATABASES": "1"}, check=False).returncode == 0


def _command(*words: str) -> Callable[[], bool]:
    return lambda: subprocess.run(words, stdin=subprocess.DEVNULL, check=False).returncode == 0


def _python(*words: str) -> Callable[[], bool]:
    return _command(sys.executable, *words)


EVERYTHING = [
    Step("tools", install_tools),
    Step("lint", _python("-m", "ruff", "check", ".")),
    Step("layout", _python("-m", "ruff", "format", "--check", "--quiet", ".")),
    Step("types", _python("-m", "mypy")),
    Step("contracts", _python("-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-logo")),
    Step("phone", phone_tests),
    Step("tests", _command(*PYTEST)),
]
SOAK = [
    Step("tools", install_tools),
    Step("phone", phone_machine),
    Step("soak", soak_tests),
    Step("everything on both databases", both_databases),
]

if __name__ == "__main__":
    sys.exit(main())
