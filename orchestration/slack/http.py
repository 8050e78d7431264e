"""Slack's interactions over HTTP, for who can be reached; each request's signature is checked.

Put it behind a proxy that ends TLS and passes the body on unchanged.
"""

import hashlib
import hmac
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any
from urllib.parse import parse_qs

from orchestration.slack.handling import (
    Acknowledge,
    Answer,
    Handle,
    Handling,
    Once,
    Payload,
    no_answer,
)

PATH = "/slack/interactions"
WINDOW = timedelta(minutes=5)
LARGEST = 1 << 20  # bytes of a body; Slack's own are far below
DIGITS = 11  # of a time in seconds; with more it could be beyond the last year there is
TIMEOUT = 10  # seconds in which a request has to arrive
Take = Callable[[Mapping[str, str], bytes, Acknowledge], bool]
log = logging.getLogger(__name__)


class SignatureError(ValueError):
    """A request that is not Slack's, or not from now; says what was wrong, never what was found."""


def verify(signing_secret: str, headers: Mapping[str, str], body: bytes, *, now: datetime) -> str:
    """The request's signature, if it is Slack's and at most five minutes from `now`.

    `body` is the body as it came, byte for byte. Raises SignatureError otherwise.
    """
    if not signing_secret:
        raise SignatureError("There is no signing secret; set the one of the Slack app.")
    given = {name.lower(): value for name, value in headers.items()}
    stamp = given.get("x-slack-request-timestamp", "")
    signature = given.get("x-slack-signature", "")
    if not stamp or not signature:
        raise SignatureError("The request is not signed; wanted Slack's two headers.")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= DIGITS):
        raise SignatureError("The request's time is no whole number of seconds.")
    if abs(now - datetime.fromtimestamp(int(stamp), UTC)) > WINDOW:
        raise SignatureError("The request is older or newer than five minutes; check the clock.")
    signed = b"v0:" + stamp.encode() + b":" + body
    wanted = "v0=" + hmac.new(signing_secret.encode(), signed, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), signature.encode()):
        raise SignatureError("The signature is wrong; check the app's signing secret.")
    return wanted


def payload_of(body: bytes) -> dict[str, Any]:
    """The interaction in a form's field `payload`; ValueError, which repeats nothing, if none."""
    try:
        fields = parse_qs(body.decode(), strict_parsing=True, max_num_fields=10)
        found = json.loads(fields["payload"][0])
    except (KeyError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise ValueError("The body has no field 'payload' with a JSON object.")  # noqa: TRY004 - a value
    return found


@contextmanager
def serve(
    address: tuple[str, int],
    *,
    signing_secret: str,
    handle: Handle,
    answer: Answer = no_answer,
    clock: Callable[[], datetime],
) -> Iterator[int]:
    """Serve `PATH` while in the context, which gives the port; port 0 takes a free one.

    A request is answered first, then handled once by `handle` on another thread; leaving the
    context handles all that was answered. Unsigned, stale and repeated ones get 401. `answer` is as
    for `socket.listen`.
    """
    seen = Once()

    with Handling(handle, answer=answer) as handling:

        def take(headers: Mapping[str, str], body: bytes, acknowledge: Acknowledge) -> bool:
            signature = verify(signing_secret, headers, body, now=clock())
            if not seen.first(signature):
                raise SignatureError("The request was sent before.")
            return handling.take(payload_of(body), acknowledge)

        with _Server(address, partial(_Endpoint, take)) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
            thread.start()
            try:
                yield server.server_port
            finally:
                server.shutdown()
                thread.join()


class _Server(ThreadingHTTPServer):
    """Closing it waits for requests under way, so that none is answered and then forgotten."""

    daemon_threads = False
    request_queue_size = 128  # the default of 5 resets connections when many press at once

    def handle_error(self, request: object, client_address: object) -> None:
        """Log what failed by its type: the default prints who asked, and a trace with any text."""
        del request, client_address
        log.error("A request at the Slack endpoint failed: %s.", type(sys.exception()).__name__)


class _Endpoint(BaseHTTPRequestHandler):
    """One request; `take` gets its headers and body, and is false where there is no room."""

    timeout = TIMEOUT
    server_version = "watchfloor"
    sys_version = ""

    def __init__(
        self, take: Take, request: socket, client: tuple[str, int], server: _Server
    ) -> None:
        self._take = take
        super().__init__(request, client, server)  # handles the request

    def do_POST(self) -> None:
        """Check, answer, hand on."""
        if self.path != PATH:
            self.answer(404)
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LARGEST:
            self.answer(413 if length.isdecimal() else 411)
            return
        try:
            body = self.rfile.read(int(length))
            taken = self._take(dict(self.headers.items()), body, partial(self.answer, 200))
        except SignatureError as error:
            log.warning("A request at the Slack endpoint was refused. %s", error)
            self.answer(401)
        except ValueError as error:
            log.warning("A request at the Slack endpoint cannot be read. %s", error)
            self.answer(400)
        else:
            if not taken:
                log.warning("Too many interactions wait; Slack tells the person that it failed.")
                self.answer(503)

    def answer(self, status: int, said: Payload | None = None) -> None:
        """An answer, sent at once; empty unless there is something to say."""
        body = b"" if said is None else json.dumps(said).encode()
        self.send_response(status)
        if body:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nothing: an address of the requested page may hold anything."""
