"""Appeals over HTTP, for a product's support path. `docs/appeals.md` is the product's side of it.

Put it behind a proxy that ends TLS, and passes path and body on unchanged.
"""

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any

from sqlalchemy import Engine

from orchestration.appeals.asks import AskError, parse, verify
from orchestration.appeals.codes import GOES_ON, Code
from orchestration.appeals.errors import AppealError
from orchestration.appeals.receive import Received, receive
from orchestration.cases.terms import Terms
from orchestration.executors.signing import checked
from orchestration.ledger.errors import LedgerError

HOST = "127.0.0.1"
PATH = "/appeals"
LARGEST = 4096  # bytes of a body: four short fields
DIGITS = 6  # of a length that is read to its end
TIMEOUT = 10  # seconds in which a request has to arrive
AGAIN = "30"  # seconds after which a request may come again that the ledger had no time for
ACCEPTED, REPEATED = 202, 200
STATUS = {Code.UNKNOWN_ENFORCEMENT: 404, Code.ALREADY_OPEN: 409, Code.REFERENCE_REUSED: 409}
NOT_HEARD = 422
log = logging.getLogger(__name__)
Said = tuple[int, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Office:
    """What requests are answered with. `terms` are those of the moment."""

    engine: Engine
    secret: bytes = field(repr=False)
    terms: Callable[[], Terms]
    clock: Callable[[], datetime]

    def take(self, headers: dict[str, str], body: bytes) -> Said:
        """Status and answer to a POST. Raises AskError, and LedgerError where there is no time."""
        now = self.clock()
        verify(self.secret, headers, body, path=PATH, now=now)
        asked = parse(body)
        try:
            found = receive(
                self.engine,
                self.terms(),
                product=asked.product,
                reference=asked.reference,
                about=asked.enforcement_id,
                reason=asked.reason,
                now=now,
            )
        except AppealError as error:
            raise AskError(400, "malformed", str(error)) from error
        return _answer(found)


@contextmanager
def serve(
    engine: Engine,
    *,
    secret: bytes,
    terms: Callable[[], Terms],
    clock: Callable[[], datetime],
    port: int = 0,
    host: str = HOST,
) -> Iterator[str]:
    """Serve `PATH` while in the context, which gives the address; port 0 takes a free one.

    `secret` is the one that executors sign with. Leaving the context answers what is under way.
    Raises ConfigurationError for a short secret, AppealError for a port that cannot be had.
    """
    office = Office(engine, checked(secret), terms, clock)
    try:
        server = _Server((host, port), partial(_Endpoint, office))
    except OSError as error:
        raise AppealError(
            f"Port {port} cannot be had ({error.strerror}). Choose another, or 0 for a free one."
        ) from error
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield f"http://{host}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _answer(found: Received) -> Said:
    appeal = found.appeal
    about: dict[str, Any] = {}
    if appeal is not None:
        about = {"appeal": appeal.appeal_id, "state": appeal.state.value}
        if found.code in GOES_ON or found.code is Code.ALREADY_OPEN:
            about["due"] = appeal.due_at.isoformat()
    if found.code in GOES_ON:
        status = REPEATED if found.repeated else ACCEPTED
        return status, {**about, "code": found.code.value, "message": found.said}
    status = STATUS.get(found.code, NOT_HEARD)
    return status, {"error": found.code.value, "message": found.said, **about}


class _Server(ThreadingHTTPServer):
    """Closing it waits for requests under way, so that none is taken in and not answered."""

    daemon_threads = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Log what failed by its type: the default prints who asked, and a trace with any text."""
        del request, client_address
        log.error("A request at the appeals endpoint failed: %s.", type(sys.exception()).__name__)


class _Endpoint(BaseHTTPRequestHandler):
    """One request."""

    timeout = TIMEOUT
    server_version = "watchfloor"
    sys_version = ""

    def __init__(
        self, office: Office, request: socket, client: tuple[str, int], server: _Server
    ) -> None:
        self._office = office
        super().__init__(request, client, server)  # handles the request

    def do_POST(self) -> None:
        """Check, take in, answer."""
        try:
            status, said = self._taken()
        except AskError as error:
            log.warning("A request at the appeals endpoint was refused: %s.", error.code)
            self._send(error.status, {"error": error.code, "message": str(error)})
        except LedgerError as error:
            log.warning("The ledger could not take an appeal in. %s", error)
            busy = {"error": "busy", "message": "Nothing was taken in; send it again."}
            self._send(503, busy, **{"Retry-After": AGAIN})
        except Exception:  # whatever it is, the product is answered; handle_error logs it
            failed = {"error": "internal", "message": "It may have been taken in; send it again."}
            self._send(500, failed)
            raise
        else:
            self._send(status, said)

    def do_GET(self) -> None:
        """Say what is there."""
        known = self.path == PATH
        code = "wrong_method" if known else "unknown_path"
        self._send(405 if known else 404, {"error": code, "message": f"There is POST {PATH} only."})

    do_PUT = do_DELETE = do_PATCH = do_HEAD = do_GET  # noqa: N815 - http.server's names

    def _taken(self) -> Said:
        body = self._body()
        if self.path != PATH:
            raise AskError(404, "unknown_path", f"There is POST {PATH} only.")
        return self._office.take(dict(self.headers.items()), body)

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()):
            raise AskError(411, "no_length", "Wanted a Content-Length.")
        if len(length) > DIGITS or int(length) > LARGEST:
            if len(length) <= DIGITS:
                self.rfile.read(int(length))  # or the answer is lost with the rest of the request
            raise AskError(413, "too_large", f"Wanted at most {LARGEST} bytes, codes and ids only.")
        try:
            body = self.rfile.read(int(length))
        except TimeoutError as error:
            raise AskError(408, "too_slow", "The body did not arrive in time.") from error
        if len(body) < int(length):
            raise AskError(400, "cut_off", "The body is shorter than its Content-Length.")
        return body

    def _send(self, status: int, said: dict[str, Any], **headers: str) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nothing: an address of the requested page may hold anything."""
