"""A real Redis on a free port, to be stopped, paused and killed."""

import shutil
import signal
import socket
import subprocess
import time

from tests.servers import STARTING_SECONDS, STOPPING_SECONDS, cannot_run, ending_with_us, free_port


class RedisServer:
    """Keeps nothing: what went through it is lost when it ends."""

    def __init__(self) -> None:
        if shutil.which("redis-server") is None:
            cannot_run("Redis is not installed: apt-get install redis-server")
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        assert self._process is None, "Redis is running already"
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            ending_with_us("redis-server", *options), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        give_up = time.monotonic() + STARTING_SECONDS
        while time.monotonic() < give_up:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as line:
                    line.sendall(b"PING\r\n")
                    if line.recv(16).startswith(b"+PONG"):
                        return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("Redis did not start")

    def pause(self) -> None:
        """Let it take connections and answer nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(STOPPING_SECONDS)
