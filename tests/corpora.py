"""The pictures with which Pillow, piexif and pi-heif are tested themselves: real cameras' and telephones' photos, every
format, damaged files.

Their source packages carry them. pip fetches those from wherever it is set up to; each must have the hash that stands
here, and is kept in build/corpora.
"""

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tests.servers import ROOT, cannot_run

FOLDER = ROOT / "build" / "corpora"
PATIENCE_SECONDS = 150


@dataclass(frozen=True, slots=True)
class Source:
    package: str
    version: str
    file: str
    sha256: str


SOURCES = (
    Source("piexif", "1.1.3", "piexif-1.1.3.zip", "83cb35c606bf3a1ea1a8f0a25cb42cf17e24353fd82e87ae3884e74a302a5f1b"),
    Source(
        "pillow", "13.0.0", "pillow-13.0.0.tar.gz", "cdcd1ba258178f7356d74170c9a81ba4eab6a5d55748bc402a5a2a6fe6be3510"
    ),
    Source(
        "pi-heif", "1.4.0", "pi_heif-1.4.0.tar.gz", "e1199d9d41d9ecc877cf3ae7322ff099f6404574f2e62da47590cd4ecb9ec554"
    ),
)


@dataclass(frozen=True, slots=True)
class Picture:
    """One file of a corpus: its name within the package, "jpg" for a name without case, and its bytes."""

    name: str
    content: bytes

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix[1:].casefold()


def pictures() -> Iterator[Picture]:
    """Every file of the packages' folders of test images, in the order of their names.

    Ends the test as `cannot_run` does where a package is neither kept here nor to be had.
    """
    for source in SOURCES:
        found = dict(_files(_archive(source)))
        for name in sorted(found):
            if "images" in PurePosixPath(name).parts[:-1]:
                yield Picture(name, found[name])


def _archive(source: Source) -> Path:
    kept = FOLDER / source.file
    if not kept.exists() or hashlib.sha256(kept.read_bytes()).hexdigest() != source.sha256:
        _fetch(source, kept)
    return kept


def _fetch(source: Source, kept: Path) -> None:
    """Let pip find the source package and check its hash; two processes may do it at once."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        wanted = Path(folder, "wanted.txt")
        wanted.write_text(f"{source.package}=={source.version} --hash=sha256:{source.sha256}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
        # What the package needs for being built comes ready-made: only its name may not stand for a wheel.
        chosen = ["--no-deps", "--no-binary", source.package, "--require-hashes", "--requirement", str(wanted)]
        try:
            subprocess.run(
                [*command, *chosen, "--dest", folder],
                check=True,
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                timeout=PATIENCE_SECONDS,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as fault:
            said = str(fault.stderr or fault).strip()
            cannot_run(f"pip cannot fetch the source of {source.package} {source.version}: {said[-500:]}")
        Path(folder, source.file).replace(kept)


def _files(archive: Path) -> Iterator[tuple[str, bytes]]:
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as packed:
            yield from ((name, packed.read(name)) for name in packed.namelist() if not name.endswith("/"))
        return
    with tarfile.open(archive) as tape:
        for member in tape:
            content = tape.extractfile(member) if member.isfile() else None
            if content is not None:
                yield member.name, content.read()
