"""A line as a phone has it in a cellar: it carries so many bytes a second towards the service, and breaks off again and
again. Bytes are counted where the phone puts them in.
"""

import socket
import struct
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

CHUNK_BYTES = 1024
ANSWER_BYTES = 1 << 16
RESET_WHEN_CLOSED = struct.pack("ii", 1, 0)


class SlowLine:
    """The service as it is reached over this line, at `url`; quick and whole until `worsen` is called."""

    def __init__(self, server_url: str) -> None:
        place = urlsplit(server_url)
        self._server = (str(place.hostname), int(place.port or 0))
        self._listener = socket.create_server(("127.0.0.1", 0))
        # What lies in a buffer before the line has not been sent yet: a small one, so that hardly anything does.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.sent = 0
        """How many bytes the phone has sent since the line became worse, heads and what was lost included."""
        self.breaks = 0
        self._rate: float | None = None
        self._free_at = 0.0
        self._lines: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self._over = threading.Event()

    def __enter__(self) -> "SlowLine":
        threading.Thread(target=self._accept, name="slow line", daemon=True).start()
        return self

    def __exit__(self, *_fault: object) -> None:
        self._over.set()
        self._listener.close()
        self._break_all()

    def worsen(self, bytes_per_second: float, breaks_each_seconds: float) -> None:
        """From now on it is slow, and all connections break off each so many seconds; both ends notice that at once."""
        self._rate, self.sent, self.breaks = bytes_per_second, 0, 0
        threading.Thread(target=self._break_again, args=(breaks_each_seconds,), name="breaks", daemon=True).start()

    def _break_again(self, seconds: float) -> None:
        while not self._over.wait(seconds):
            self.breaks += 1
            self._break_all()

    def _break_all(self) -> None:
        with self._lock:
            broken, self._lines = self._lines, []
        for phone, _server in broken:
            with suppress(OSError):
                phone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_WHEN_CLOSED)
                phone.shutdown(socket.SHUT_RDWR)
                phone.close()

    def _accept(self) -> None:
        while True:
            try:
                phone, _address = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            with self._lock:
                self._lines.append((phone, server))
            for work in (self._carry_there, self._carry_back):
                threading.Thread(target=work, args=(phone, server), daemon=True).start()

    def _carry_there(self, phone: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while chunk := phone.recv(CHUNK_BYTES):
                self.sent += len(chunk)
                self._wait_for_room(len(chunk))
                server.sendall(chunk)
        with suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _carry_back(self, phone: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while chunk := server.recv(ANSWER_BYTES):
                phone.sendall(chunk)
        with suppress(OSError):
            phone.shutdown(socket.SHUT_WR)

    def _wait_for_room(self, size: int) -> None:
        """All connections share the line, one after the other."""
        if self._rate is None:
            return
        with self._lock:
            start = max(time.monotonic(), self._free_at)
            self._free_at = start + size / self._rate
        time.sleep(max(0.0, self._free_at - time.monotonic()))
