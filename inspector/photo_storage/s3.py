"""Photos in an object store that speaks S3: Amazon's or any compatible one. boto3 stands here only."""

import base64
import hashlib
import io
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any, BinaryIO, cast
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from checklists.errors import StorageUnavailable
from inspector.photo_storage.folder import LEFTOVER_AGE
from inspector.photo_storage.interface import CHUNK_BYTES, Readable, promised_bytes
from inspector.photo_storage.keys import checked_key, is_key

CONNECT_SECONDS = 2
ANSWER_SECONDS = 5
IN_MEMORY_BYTES = 1 << 20
_MISSING = ("NoSuchKey", "404", "NotFound")
_CHECKS = "checks/"


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where the objects lie, and who we are there.

    Without `access_key` boto3 looks for credentials in its own places. `checksums` is "when_required", or
    "when_supported" for stores that know the newer checksums too: older ones refuse those.
    """

    name: str
    prefix: str = ""
    endpoint_url: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""
    checksums: str = "when_required"


class S3Storage:
    """Each photo is one object. It is sent with its MD5, which every store compares, and carries its SHA-256, which we
    compare when it comes back: what stores make of other checksums differs too much.
    """

    store_is_away = False

    def __init__(self, bucket: Bucket, connections: int = 10) -> None:
        self.bucket = bucket
        self._connections = connections
        self._making = threading.Lock()
        self._made: tuple[int, Any] = (0, None)

    def write(self, key: str, stream: Readable, *, size: int, sha256: str) -> None:
        checked_key(key)
        with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as file:
            for chunk in promised_bytes(stream, size, sha256):
                file.write(chunk)
            self.put(key, file, sha256)

    def put(self, key: str, file: IO[bytes], sha256: str) -> None:
        """Send a file whose bytes are known to have this SHA-256. Raises StorageUnavailable, also where other bytes
        arrived.
        """
        md5 = _md5_of(file)
        with _faults_as_unavailable():
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            answer = self._client().put_object(
                Bucket=self.bucket.name,
                Key=self._name(key),
                Body=file if size else b"",
                ContentLength=size,
                ContentMD5=base64.b64encode(md5).decode(),
                Metadata={"sha256": sha256.lower()},
            )
        tag = answer["ETag"].strip('"')
        # A store that encrypts may answer another tag than the MD5; one that looks like an MD5 has to be ours.
        if len(tag) == 2 * len(md5) and answer.get("ServerSideEncryption") is None and tag != md5.hex():
            raise StorageUnavailable

    def open(self, key: str) -> BinaryIO:
        with _faults_as_unavailable():
            answer = self._client().get_object(Bucket=self.bucket.name, Key=self._name(key))
            size, digest = answer["ContentLength"], hashlib.sha256()
            # Photos are small, and a file on disk costs more than their bytes in memory.
            file = io.BytesIO() if size <= IN_MEMORY_BYTES else _temporary_file()
            with answer["Body"] as body:
                while chunk := body.read(CHUNK_BYTES):
                    digest.update(chunk)
                    file.write(chunk)
        if file.tell() != size or answer["Metadata"].get("sha256", digest.hexdigest()) != digest.hexdigest():
            raise StorageUnavailable
        file.seek(0)
        return file

    def size_of(self, key: str) -> int | None:
        """How many bytes lie under the key; None where there is nothing. Raises StorageUnavailable."""
        try:
            with _faults_as_unavailable():
                answer = self._client().head_object(Bucket=self.bucket.name, Key=self._name(key))
                return int(answer["ContentLength"])
        except FileNotFoundError:
            return None

    def exists(self, key: str) -> bool:
        return self.size_of(key) is not None

    def delete(self, key: str) -> None:
        self._delete(self._name(key))

    def keys(self) -> Iterator[tuple[str, int]]:
        for name, size, _changed in self._objects(""):
            if is_key(name):
                yield name, size

    def check(self) -> None:
        name, probe = f"{self.bucket.prefix}{_CHECKS}{uuid4()}", os.urandom(32)
        with _faults_as_unavailable():
            self._client().put_object(Bucket=self.bucket.name, Key=name, Body=probe)
            answer = self._client().get_object(Bucket=self.bucket.name, Key=name)
            if answer["Body"].read() != probe:
                raise StorageUnavailable
        self._delete(name)

    def check_intake(self) -> None:
        """See quickly whether the store answers and knows us and the bucket. Raises StorageUnavailable."""
        with _faults_as_unavailable():
            try:
                self._client().head_bucket(Bucket=self.bucket.name)
            except ClientError as missing:
                raise StorageUnavailable from missing

    def sweep(self) -> int:
        """What a check that was interrupted left behind; an interrupted write leaves nothing."""
        oldest_kept, swept = datetime.now(UTC) - LEFTOVER_AGE, 0
        for name, _size, changed in list(self._objects(_CHECKS)):
            if changed < oldest_kept:
                self._delete(self.bucket.prefix + name)
                swept += 1
        return swept

    def _objects(self, prefix: str) -> Iterator[tuple[str, int, datetime]]:
        """Names without the bucket's prefix, sizes in bytes, and when each was written last."""
        with _faults_as_unavailable():
            pages = self._client().get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket.name, Prefix=self.bucket.prefix + prefix):
                for each in page.get("Contents", ()):
                    yield each["Key"].removeprefix(self.bucket.prefix), each["Size"], each["LastModified"]

    def _delete(self, name: str) -> None:
        try:
            with _faults_as_unavailable():
                self._client().delete_object(Bucket=self.bucket.name, Key=name)
        except FileNotFoundError:
            pass  # Some stores say so, most do not.

    def _name(self, key: str) -> str:
        return self.bucket.prefix + checked_key(key)

    def _client(self) -> Any:
        """One client for all threads of a process: its connections must not be shared over a fork."""
        process, client = self._made
        if process != os.getpid():
            with self._making:
                if self._made[0] != os.getpid():
                    self._made = os.getpid(), self._new_client()
                client = self._made[1]
        return client

    def _new_client(self) -> Any:
        bucket = self.bucket
        return boto3.session.Session().client(
            "s3",
            endpoint_url=bucket.endpoint_url or None,
            region_name=bucket.region or None,
            aws_access_key_id=bucket.access_key or None,
            aws_secret_access_key=bucket.secret_key or None,
            config=Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=ANSWER_SECONDS,
                # Whoever asks again is the phone, the job or the mover, each in its own time.
                retries={"total_max_attempts": 1, "mode": "standard"},
                max_pool_connections=self._connections,
                request_checksum_calculation=bucket.checksums,
                response_checksum_validation=bucket.checksums,
                # A store of one's own rarely answers to the bucket's name as a host.
                s3={"addressing_style": "path" if bucket.endpoint_url else "auto"},
            ),
        )


def _temporary_file() -> BinaryIO:
    return cast(BinaryIO, tempfile.TemporaryFile())


def _md5_of(file: IO[bytes]) -> bytes:
    digest = hashlib.md5(usedforsecurity=False)
    file.seek(0)
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
    return digest.digest()


@contextmanager
def _faults_as_unavailable() -> Iterator[None]:
    """Only that an object is not there is said as such; after anything else the caller can only try again later."""
    try:
        yield
    except ClientError as refusal:
        if refusal.response.get("Error", {}).get("Code") in _MISSING:
            raise FileNotFoundError from refusal
        raise StorageUnavailable from refusal
    except (BotoCoreError, OSError) as fault:
        raise StorageUnavailable from fault
