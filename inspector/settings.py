"""Everything that can be set, read from the environment once, with defaults that need nothing but Python."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PHOTO_MAX_BYTES = 25 * 1024 * 1024
VISIT_MAX_BYTES = 6 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Settings:
    """`data_dir` holds the embedded database, the photos and the secret key; sizes are in bytes."""

    data_dir: Path
    database_url: str
    secret_key: str
    port: int = 8000
    host: str = "127.0.0.1"
    base_url: str = ""
    demo: bool = True
    threads: int = 8
    photo_max_bytes: int = PHOTO_MAX_BYTES
    visit_max_bytes: int = VISIT_MAX_BYTES

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        data_dir = Path(environment.get("DATA_DIR", "var")).resolve()
        data_dir.mkdir(parents=True, exist_ok=True)
        return cls(
            data_dir=data_dir,
            database_url=environment.get("DATABASE_URL") or f"sqlite:///{data_dir / 'service-audit.db'}",
            secret_key=environment.get("SECRET_KEY") or _kept_secret(data_dir / "secret-key"),
            port=int(environment.get("PORT", "8000")),
            host=environment.get("HOST", "127.0.0.1"),
            base_url=environment.get("BASE_URL", ""),
            demo=environment.get("DEMO", "1") != "0",
            threads=int(environment.get("THREADS", "8")),
            photo_max_bytes=int(environment.get("PHOTO_MAX_BYTES", PHOTO_MAX_BYTES)),
            visit_max_bytes=int(environment.get("VISIT_MAX_BYTES", VISIT_MAX_BYTES)),
        )

    @property
    def photo_dir(self) -> Path:
        return self.data_dir / "photos"

    @property
    def secure(self) -> bool:
        """Whether people reach the server by https, so that cookies may insist on it."""
        return self.base_url.startswith("https://")


def _kept_secret(path: Path) -> str:
    """A key made on the first start and kept, so that logins outlast a restart."""
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return path.read_text().strip()
