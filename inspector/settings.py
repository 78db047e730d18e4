"""Everything that can be set, read from the environment once, with defaults that need nothing but Python."""

import os
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

PHOTO_MAX_BYTES = 25 * 1024 * 1024
VISIT_MAX_BYTES = 6 * 1024 * 1024
LARGEST_BODY_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Settings:
    """`data_dir` holds the embedded database, the photos and the secret key; sizes are in bytes."""

    data_dir: Path
    database_url: str
    secret_key: str
    port: int = 8000
    host: str = "127.0.0.1"
    base_url: str = ""
    mail_url: str = ""
    mail_from: str = ""
    demo: bool = True
    threads: int = 8
    processes: int = 1
    stopping_seconds: int = 15
    trusted_proxies: int = 0
    metrics_token: str = ""
    photo_max_bytes: int = PHOTO_MAX_BYTES
    visit_max_bytes: int = VISIT_MAX_BYTES
    photo_storage: str = ""
    s3_endpoint_url: str = ""
    s3_region: str = ""
    s3_access_key: str = ""
    s3_secret_key: str = ""
    s3_checksums: str = "when_required"
    jobs_url: str = ""
    node_name: str = ""
    vapid_private_key: str = ""
    vapid_contact: str = ""
    push_services_inside: tuple[str, ...] = ()
    """host:port of those whose addresses are not public."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        data_dir = Path(environment.get("DATA_DIR", "var")).resolve()
        data_dir.mkdir(parents=True, exist_ok=True)
        return cls(
            data_dir=data_dir,
            database_url=environment.get("DATABASE_URL") or f"sqlite:///{data_dir / 'service-audit.db'}",
            secret_key=environment.get("SECRET_KEY") or kept_secret(data_dir / "secret-key"),
            port=int(environment.get("PORT", "8000")),
            host=environment.get("HOST", "127.0.0.1"),
            base_url=environment.get("BASE_URL", ""),
            mail_url=environment.get("MAIL_URL", ""),
            mail_from=environment.get("MAIL_FROM", ""),
            demo=environment.get("DEMO", "1") != "0",
            threads=int(environment.get("THREADS", "8")),
            processes=int(environment.get("PROCESSES", "1")),
            stopping_seconds=int(environment.get("STOPPING_SECONDS", "15")),
            trusted_proxies=int(environment.get("TRUSTED_PROXIES", "0")),
            metrics_token=environment.get("METRICS_TOKEN", ""),
            photo_max_bytes=int(environment.get("PHOTO_MAX_BYTES", PHOTO_MAX_BYTES)),
            visit_max_bytes=int(environment.get("VISIT_MAX_BYTES", VISIT_MAX_BYTES)),
            photo_storage=environment.get("PHOTO_STORAGE", ""),
            s3_endpoint_url=environment.get("S3_ENDPOINT_URL", ""),
            s3_region=environment.get("S3_REGION", ""),
            s3_access_key=environment.get("S3_ACCESS_KEY", ""),
            s3_secret_key=environment.get("S3_SECRET_KEY", ""),
            s3_checksums=environment.get("S3_CHECKSUMS", "when_required"),
            jobs_url=environment.get("JOBS_URL", ""),
            node_name=environment.get("NODE_NAME") or socket.gethostname(),
            vapid_private_key=environment.get("VAPID_PRIVATE_KEY", ""),
            vapid_contact=environment.get("VAPID_CONTACT", ""),
            push_services_inside=tuple(environment.get("PUSH_SERVICES_INSIDE", "").replace(",", " ").split()),
        )

    @property
    def photo_dir(self) -> Path:
        return self.data_dir / "photos"

    @property
    def waiting_dir(self) -> Path:
        """Where photos wait for an object store that is away."""
        return self.data_dir / "waiting"

    @property
    def largest_body_bytes(self) -> int:
        """More than any view takes: what is larger is refused before it is read."""
        return max(LARGEST_BODY_BYTES, self.photo_max_bytes + 1, self.visit_max_bytes + 1)

    @property
    def secure(self) -> bool:
        """Whether people reach the server by https, so that cookies may insist on it."""
        return self.base_url.startswith("https://")


def kept_secret(path: Path, make: Callable[[], str] = lambda: secrets.token_hex(32)) -> str:
    """A key made on the first start and kept, so that what it stands for outlasts a restart."""
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(make())
    except FileExistsError:
        pass
    return path.read_text().strip()
