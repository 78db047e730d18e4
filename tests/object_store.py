"""A real object store that speaks S3: OpenStack Swift, one copy on one disk, to be stopped, paused and killed."""

import getpass
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.servers import STARTING_SECONDS, STOPPING_SECONDS, cannot_run, ending_with_us, free_port

ACCESS_KEY = "test:tester"
SECRET_KEY = "testing"
REGION = "us-east-1"
KINDS = ("account", "container", "object")
"""The servers that keep things, behind the proxy that speaks S3."""

SWIFT_CONF = """
[swift-hash]
swift_hash_path_prefix = tests
swift_hash_path_suffix = tests
[storage-policy:0]
name = Policy-0
default = yes
"""
COMMON_CONF = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}/etc
devices = {folder}/srv
mount_check = false
disable_fallocate = true
log_level = ERROR
log_address = {folder}/no-syslog
"""
KEEPER_CONF = """
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""
PROXY_CONF = """
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck listing_formats s3api tempauth bulk slo proxy-server
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
dns_compliant_bucket_names = true
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
"""
MAKE_RINGS = """
import sys
from swift.common.ring import RingBuilder
for file, port in (place.split("=") for place in sys.argv[1:]):
    builder = RingBuilder(2, 1, 0)
    builder.add_dev(dict(id=0, region=1, zone=1, ip="127.0.0.1", port=int(port), device="disk", weight=1.0))
    builder.rebalance()
    builder.get_ring().save(file)
"""


class ObjectStore:
    """Swift on free ports of the loopback address; what it keeps outlasts its being killed, and goes with close()."""

    def __init__(self) -> None:
        if importlib.util.find_spec("swift") is None:
            cannot_run("Swift is not installed: make test installs it on Linux")
        self.folder = Path(tempfile.mkdtemp(prefix="audit-swift-"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._ports = {kind: free_port() for kind in KINDS}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._write_settings()

    def start(self) -> None:
        """Start all four servers and wait until the store answers. RuntimeError with their words where it does not."""
        assert not self._processes, "the store is running already"
        for kind in (*KINDS, "proxy"):
            command = [sys.executable, "-W", "ignore", str(Path(sys.executable).parent / f"swift-{kind}-server")]
            with self._log(kind).open("ab") as log:
                started = subprocess.Popen(
                    ending_with_us(*command, str(self._settings(kind))),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            self._processes.append(started)
        self._wait_until_ready()

    def stop(self) -> None:
        """End it as a service manager would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, whatever it is writing."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Let it take connections and answer nothing, as a machine that hangs."""
        for process in self._processes:
            process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        for process in self._processes:
            process.send_signal(signal.SIGCONT)

    @property
    def running(self) -> bool:
        return bool(self._processes)

    def close(self) -> None:
        if self._processes:
            self.go_on()
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @cached_property
    def client(self) -> Any:
        """boto3's client, as an administrator of the store has it."""
        import boto3
        from botocore.config import Config

        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"),
        )

    def new_bucket(self) -> str:
        """The name of an empty bucket."""
        name = f"photos-{os.urandom(6).hex()}"
        self.client.create_bucket(Bucket=name)
        return name

    def settings(self, bucket: str) -> dict[str, str]:
        """What a service needs in its environment to keep photos in the bucket."""
        return {
            "PHOTO_STORAGE": f"s3://{bucket}",
            "S3_ENDPOINT_URL": self.url,
            "S3_REGION": REGION,
            "S3_ACCESS_KEY": ACCESS_KEY,
            "S3_SECRET_KEY": SECRET_KEY,
        }

    def contents(self, bucket: str) -> dict[str, int]:
        """The names and sizes of all objects in the bucket."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return {each["Key"]: each["Size"] for page in pages for each in page.get("Contents", ())}

    def _write_settings(self) -> None:
        (self.folder / "etc").mkdir()
        (self.folder / "srv" / "disk").mkdir(parents=True)
        (self.folder / "etc" / "swift.conf").write_text(SWIFT_CONF)
        for kind, port in self._ports.items():
            self._settings(kind).write_text(self._filled(COMMON_CONF + KEEPER_CONF, port, kind))
        # In a process of its own: Swift's library puts its own threads in the place of Python's.
        places = [f"{self.folder}/etc/{kind}.ring.gz={port}" for kind, port in self._ports.items()]
        subprocess.run([sys.executable, "-W", "ignore", "-c", MAKE_RINGS, *places], check=True)
        self._settings("proxy").write_text(self._filled(COMMON_CONF + PROXY_CONF, self.port, "proxy"))

    def _filled(self, settings: str, port: int, kind: str) -> str:
        return settings.format(port=port, kind=kind, user=getpass.getuser(), folder=self.folder)

    def _settings(self, kind: str) -> Path:
        return self.folder / "etc" / f"{kind}-server.conf"

    def _log(self, kind: str) -> Path:
        return self.folder / f"{kind}.log"

    def _wait_until_ready(self) -> None:
        give_up = time.monotonic() + STARTING_SECONDS
        while time.monotonic() < give_up and all(process.poll() is None for process in self._processes):
            try:
                # Each keeper by itself: what is asked of the whole store next may need any of them.
                for port in self._ports.values():
                    socket.create_connection(("127.0.0.1", port), timeout=5).close()
                with urllib.request.urlopen(f"{self.url}/healthcheck", timeout=5):
                    self.client.list_buckets()
                    return
            except OSError:
                time.sleep(0.1)
            except Exception:  # boto3 names its errors by themselves: a keeper is not there yet.
                time.sleep(0.1)
        words = "\n".join(self._log(kind).read_text(errors="replace") for kind in (*KINDS, "proxy"))
        self.kill()
        raise RuntimeError(f"Swift did not start:\n{words}")

    def _end(self, number: signal.Signals) -> None:
        processes, self._processes = self._processes, []
        for process in processes:
            process.send_signal(number)
        for process in processes:
            process.wait(STOPPING_SECONDS)
