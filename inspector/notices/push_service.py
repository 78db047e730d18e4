"""Hands a message to a browser's push service (RFC 8030). The address comes from a phone, so it may be anybody's:
nothing inside our own network is asked, nobody is followed elsewhere, and no answer is waited for or read for long.
"""

import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from checklists.jobs import NotYet, RefusedForGood

PATIENCE_SECONDS = 10
WHOLE_PATIENCE_SECONDS = 20
LONGEST_ADDRESS = 2000
GLOBAL_UNICAST = IPv6Network("2000::/3")


class AddressGone(Exception):
    """The push service knows the address no more, or it is none that we would ask."""


class PushServiceAway(NotYet):
    """It cannot be reached, is busy, or is broken."""


class PushRefused(RefusedForGood):
    """It does not take what we send: our key, our contact, or the message."""


def parts_of(endpoint: str, inside: tuple[str, ...]) -> SplitResult:
    """The address in its parts. Raises ValueError unless it is https on what may be public, or one of `inside`."""
    if len(endpoint) > LONGEST_ADDRESS or not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
        raise ValueError("no address of a push service")
    parts = urlsplit(endpoint)
    if not parts.hostname or parts.username is not None or parts.password is not None:
        raise ValueError("no address of a push service")
    if parts.netloc in inside and parts.scheme in ("http", "https"):
        return parts
    if parts.scheme != "https" or parts.port not in (None, 443):
        raise ValueError("a push service is asked by https")
    if _is_number(parts.hostname) and not _is_public(parts.hostname):
        raise ValueError("a push service is not inside a network")
    return parts


def hand_over(endpoint: str, body: bytes, headers: Mapping[str, str], inside: tuple[str, ...] = ()) -> None:
    """Raises AddressGone, PushServiceAway, PushRefused."""
    try:
        parts = parts_of(endpoint, inside)
    except ValueError as fault:
        raise AddressGone(str(fault)) from None
    try:
        status = _ask(parts, body, headers, is_inside=parts.netloc in inside)
    except (OSError, HTTPException) as fault:
        raise PushServiceAway(f"{parts.hostname}: {type(fault).__name__}") from None
    if status in (404, 410):
        raise AddressGone(f"{parts.hostname} answered {status}")
    if status == 429 or status >= 500:
        raise PushServiceAway(f"{parts.hostname} answered {status}")
    if status // 100 != 2:
        raise PushRefused(f"{parts.hostname} answered {status}")


def _ask(parts: SplitResult, body: bytes, headers: Mapping[str, str], *, is_inside: bool) -> int:
    """Only the status of the answer is read; a redirection is an answer like any other."""
    assert parts.hostname is not None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    asking = HTTPConnection(parts.hostname, port, timeout=PATIENCE_SECONDS)
    line = socket.create_connection((_address_of(parts.hostname, port, is_inside), port), PATIENCE_SECONDS)
    if parts.scheme == "https":
        line = ssl.create_default_context().wrap_socket(line, server_hostname=parts.hostname)
    asking.sock = line
    # Each read has its limit of time; this one is for an answer that comes in drops.
    ends = threading.Timer(WHOLE_PATIENCE_SECONDS, _end, [line])
    ends.start()
    try:
        place = parts._replace(scheme="", netloc="", path=parts.path or "/", fragment="").geturl()
        asking.request("POST", place, body, {"Host": parts.netloc, **headers})
        return asking.getresponse().status
    finally:
        ends.cancel()
        asking.close()
        line.close()


def _end(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _address_of(host: str, port: int, is_inside: bool) -> str:
    """Where the host is. It is asked for once, and what was looked at is what is connected to: a name may be public at
    one moment and inside our network at the next.
    """
    found = [str(place[0]) for *_kind, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not is_inside and not all(map(_is_public, found)):
        raise AddressGone(f"{host} is inside a network")
    return found[0]


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_public(address: str) -> bool:
    """Of IPv6 only what leads to one place: not the ranges in which an IPv4 address is wrapped."""
    found = ip_address(address)
    if isinstance(found, IPv6Address):
        return found in GLOBAL_UNICAST and found.is_global and found.sixtofour is None and found.teredo is None
    return found.is_global and not found.is_multicast
