"""One connection to the service: reads requests, checks who sent them, and answers."""

import json
import logging
import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar
from urllib.parse import unquote

from orchestration.reference_service import asks
from orchestration.reference_service.errors import RefusedError, malformed
from orchestration.reference_service.faults import Faults, Kind
from orchestration.reference_service.journal import Journal, Line
from orchestration.reference_service.signatures import verify
from orchestration.reference_service.store import Json, Store

LARGEST = 1 << 24  # bytes of a body: setting up many targets at once
SIZE = re.compile(r"[0-9]{1,9}")
IDLE = 60  # seconds after which a connection without a request is closed
KEY = asks.KEY.pattern
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Service:
    """What all connections share."""

    store: Store
    secret: bytes = field(repr=False)
    clock: Callable[[], datetime]
    faults: Faults
    journal: Journal = field(default_factory=Journal)
    stopping: threading.Event = field(default_factory=threading.Event)
    _open: set[socket.socket] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def enter(self, connection: socket.socket) -> None:
        """A connection begins."""
        with self._lock:
            self._open.add(connection)
            if self.stopping.is_set():
                _read_no_more(connection)

    def leave(self, connection: socket.socket) -> None:
        """A connection ends."""
        with self._lock:
            self._open.discard(connection)

    def hang_up(self) -> None:
        """Read no more from anybody: who has asked nothing goes, who has asked is answered."""
        with self._lock:
            self.stopping.set()
            for connection in self._open:
                _read_no_more(connection)


@dataclass(frozen=True, slots=True)
class Route:
    """A method and path, the name under which faults know it, and what it does with its body."""

    method: str
    path: re.Pattern[str]
    on: str
    act: Callable[["Service", re.Match[str], str, bytes], Json]


ROUTES = (
    Route(
        "POST",
        re.compile("/v1/actions"),
        "apply",
        lambda service, _, key, body: service.store.apply(asks.application(body, key)),
    ),
    Route(
        "POST",
        re.compile(f"/v1/actions/({KEY})/restore"),
        "restore",
        lambda service, path, key, body: service.store.restore(
            asks.restoration(body, key, path[1])
        ),
    ),
    Route(
        "GET",
        re.compile(f"/v1/actions/({KEY})"),
        "find",
        lambda service, path, _, __: service.store.find(path[1]),
    ),
    Route(
        "POST",
        re.compile("/v1/notices"),
        "notice",
        lambda service, _, key, body: service.store.tell(*asks.notice(body, key)),
    ),
    Route(
        "GET",
        re.compile("/v1/targets/([^/?]+)/([^/?]+)"),
        "",
        lambda service, path, _, __: service.store.target(unquote(path[1]), unquote(path[2])),
    ),
    Route(
        "PUT",
        re.compile("/v1/targets"),
        "",
        lambda service, _, __, body: service.store.put(asks.targets(body)),
    ),
    Route(
        "GET",
        re.compile(r"/v1/log(?:\?after=([0-9]{1,18}))?"),
        "",
        lambda service, path, _, __: service.store.log(int(path[1] or 0)),
    ),
    Route(
        "GET",
        re.compile(r"/v1/requests(?:\?after=([0-9]{1,18}))?"),
        "",
        lambda service, path, _, __: {"requests": service.journal.after(int(path[1] or 0))},
    ),
)


class Endpoint(BaseHTTPRequestHandler):
    """Requests of one connection, one after the other."""

    service: ClassVar[Service]
    protocol_version = "HTTP/1.1"
    server_version = "watchfloor-reference"
    sys_version = ""
    timeout = IDLE
    wbufsize = -1  # an answer leaves in one piece
    disable_nagle_algorithm = True
    _line: Line | None = None  # the request that is being answered

    def setup(self) -> None:
        """Begin."""
        super().setup()
        self.service.enter(self.connection)

    def finish(self) -> None:
        """End."""
        self.service.leave(self.connection)
        super().finish()

    def do_GET(self) -> None:
        """Ask."""
        self._handle()

    def do_POST(self) -> None:
        """Act."""
        self._handle()

    def do_PUT(self) -> None:
        """Set up."""
        self._handle()

    def _handle(self) -> None:
        self._line = None
        length = self.headers.get("Content-Length", "0")
        if not SIZE.fullmatch(length) or int(length) > LARGEST:
            self.close_connection = True
            self._refuse(malformed("Content-Length", f"a number of bytes up to {LARGEST}"))
            return
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True  # cut off: nobody waits for an answer
            return
        try:
            self._routed(body)
        except RefusedError as error:
            self._refuse(error)

    def _routed(self, body: bytes) -> None:
        verify(
            self.service.secret,
            dict(self.headers.items()),
            method=self.command,
            path=self.path,
            body=body,
            now=self.service.clock(),
        )
        for route in ROUTES:
            path = route.path.fullmatch(self.path)
            if path and route.method == self.command:
                self._met(route, path, body)
                return
        raise RefusedError(404, "unknown_path", "There is no such method and path.")

    def _met(self, route: Route, path: re.Match[str], body: bytes) -> None:
        key = self.headers.get("Idempotency-Key", "")

        def act() -> Json:
            return route.act(self.service, path, key, body)

        fault = self.service.faults.meet(route.on, key) if route.on else None
        if route.on:
            self._line = self._noted(route.on, path, key, fault)
        if fault is None:
            self._answer(200, act())
        else:
            self._fail(fault, act)

    def _noted(self, on: str, path: re.Match[str], key: str, fault: Kind | None) -> Line:
        asked = path[1] if on == "find" else key
        of = path[1] if on == "restore" else None
        return self.service.journal.note(self.service.clock(), on, asked, of=of, fault=fault)

    def _fail(self, fault: Kind, act: Callable[[], Json]) -> None:
        """Carry out a request as a fault has it."""
        seconds = self.service.faults.seconds
        if fault == "duplicate":
            second = threading.Thread(target=_quietly, args=(act,))
            second.start()
            done = _quietly(act)
            second.join()
            self._answer(200, done or act())
        elif fault == "slow":
            self.service.stopping.wait(seconds)
            self._answer(200, act())
        elif fault == "busy":
            self._answer(429, {"error": "busy"}, **{"Retry-After": str(round(seconds))})
        elif fault == "garbled":
            _quietly(act)
            self._send(200, b"<html>It works!</html>", {})
        else:
            if fault.endswith("_after"):
                _quietly(act)
            if fault == "hang_after":
                self.service.stopping.wait(seconds)
            if fault.startswith("error"):
                self._answer(500, {"error": "internal"})
            else:
                self.close_connection = True

    def _refuse(self, error: RefusedError) -> None:
        self._answer(error.status, {"error": error.code, "message": str(error)})

    def _answer(self, status: int, said: Json, **headers: str) -> None:
        self._send(status, json.dumps(said).encode(), headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        if self._line is not None:
            self._line.status = status
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The service's own clock."""
        del timestamp
        return format_datetime(self.service.clock(), usegmt=True)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - http.server's
        """Nothing: a path names a target."""


def _quietly(act: Callable[[], Json]) -> Json | None:
    """Act, where nobody hears whether it was refused."""
    try:
        return act()
    except RefusedError as error:
        log.debug("Refused, and nobody was told: %s", error.code)
        return None


def _read_no_more(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RD)
    except OSError as error:
        log.debug("A connection was gone already: %s", error)
