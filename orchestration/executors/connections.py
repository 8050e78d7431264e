"""Connections to one service, kept open and used again; safe for several threads."""

import http.client
import ssl
import threading
import weakref
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from orchestration.executors.errors import ConfigurationError, Unclear, Unreachable
from orchestration.executors.wire import Answer

NEAR = ("127.0.0.1", "::1", "localhost")
LARGEST = 1 << 16  # bytes of an answer
WANTED = "Wanted https://host/path, or http:// on this machine."


@dataclass(frozen=True, slots=True)
class Place:
    """Where a service is: host, port, what its paths begin with, and how it is encrypted."""

    host: str
    port: int | None
    prefix: str
    tls: ssl.SSLContext | None


def place_of(url: str) -> Place:
    """The place at an address. Raises ConfigurationError, which does not repeat it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(f"The service's address cannot be read. {WANTED}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(f"The service's address is none of the web. {WANTED}")
    if parts.scheme == "http" and parts.hostname not in NEAR:
        raise ConfigurationError(f"The service's address is not encrypted. {WANTED}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationError(f"The service's address has a user, query or fragment. {WANTED}")
    tls = ssl.create_default_context() if parts.scheme == "https" else None
    return Place(parts.hostname, port, parts.path.rstrip("/"), tls)


@dataclass(slots=True, weakref_slot=True)
class Connections:
    """Those that are open and idle; `timeout` is for each wait on the network.

    They are closed when nobody has these any more, whoever forgot to.
    """

    place: Place
    timeout: timedelta
    _idle: list[http.client.HTTPConnection] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        weakref.finalize(self, _close, self._idle)

    def exchange(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """One request and its answer; redirects are not followed.

        Raises Unreachable where nothing was sent, and Unclear where it is not known what came of
        what was sent.
        """
        connection = self._take()
        try:
            if connection.sock is None:
                _connect(connection)
            answer = _exchange(connection, method, path, body, headers)
        except BaseException:  # an interrupt too may leave half an answer on it
            connection.close()
            self.close()  # where one broke, the others that were idle are no better
            raise
        with self._lock:
            self._idle.append(connection)
        return answer

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            _close(self._idle)

    def _take(self) -> http.client.HTTPConnection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        place, seconds = self.place, self.timeout.total_seconds()
        if place.tls:
            return http.client.HTTPSConnection(
                place.host, place.port, timeout=seconds, context=place.tls
            )
        return http.client.HTTPConnection(place.host, place.port, timeout=seconds)


def _close(idle: list[http.client.HTTPConnection]) -> None:
    while idle:
        idle.pop().close()


def _connect(connection: http.client.HTTPConnection) -> None:
    try:
        connection.connect()
    except OSError as error:
        raise Unreachable(
            f"The service cannot be reached ({type(error).__name__}); nothing was sent. Check its "
            "address, its certificate, and that it runs."
        ) from error


def _exchange(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes,
    headers: dict[str, str],
) -> Answer:
    try:
        connection.request(method, path, body or None, headers)
        with connection.getresponse() as response:
            content = response.read(LARGEST + 1)
    except (OSError, http.client.HTTPException) as error:
        raise Unclear(
            f"The service gave no answer ({type(error).__name__}). It may have acted: ask, or send "
            "the order again under the same key."
        ) from error
    if len(content) > LARGEST:
        raise Unclear("The service's answer is longer than 64 KiB. Mend the service, then ask.")
    given = response.headers
    return Answer(response.status, content, given.get("Retry-After", ""), given.get("Date", ""))
