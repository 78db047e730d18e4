"""The way between a phone and the service, counting every byte that comes down it, headers and all."""

import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

PIECE_BYTES = 65_536


class CountingLine:
    """The service as it is reached over this line, at `url`; `received` is what phones have got, in bytes."""

    def __init__(self, server_url: str) -> None:
        self.received = 0
        parts = urlsplit(server_url)
        self._server = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, name="counting line", daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                phone, _address = self._listener.accept()
                server = socket.create_connection(self._server)
                for side in (phone, server):
                    side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for way in ((phone, server), (server, phone)):
                    threading.Thread(target=self._carry, args=(*way, way[0] is server), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(PIECE_BYTES):
                target.sendall(piece)
                self.received += len(piece) if counts else 0
        for side in (source, target):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
