"""A local server with Slack's Socket Mode: `apps.connections.open`, then envelopes to and fro."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

APP_TOKEN = "xapp-of-the-tests"  # noqa: S105 - opens nothing
SECONDS = 30
Payload = dict[str, Any]


@dataclass(frozen=True)
class Ack:
    """An envelope that a listener acknowledged, when (monotonic), and with what answer."""

    envelope_id: str
    connection: int
    at: float
    payload: Payload | None = None


class SocketServer:
    """The state of it. Connections are numbered from 0 as they come."""

    def __init__(self) -> None:
        self.base_url = ""
        self.socket_url = ""
        self.acks: list[Ack] = []
        self.asked = 0
        self.answers: list[tuple[int, dict[str, str], Payload]] = []
        self.greets = True
        self._connections: list[ServerConnection] = []
        self._open: set[int] = set()
        self._sent = 0
        self._changed = threading.Condition()

    def send(
        self, payload: Payload, *, to: int = -1, envelope_id: str = "", kind: str = "interactive"
    ) -> str:
        """Send an envelope over one connection, the last unless told; its id."""
        with self._changed:
            self._sent += 1
            known = envelope_id or f"envelope-{self._sent}"
            connection = self._connections[to]
        envelope = {
            "type": kind,
            "envelope_id": known,
            "accepts_response_payload": True,
            "payload": payload,
        }
        connection.send(json.dumps(envelope))
        return known

    def say(self, text: str, *, to: int = -1) -> None:
        """Send any text."""
        self._connections[to].send(text)

    def disconnect(self, reason: str = "refresh_requested", *, to: int = -1) -> None:
        """Announce the end of a connection, as Slack does; it stays open for the while."""
        note = {"type": "disconnect", "reason": reason, "debug_info": {"host": "test"}}
        self.say(json.dumps(note), to=to)

    def close(self, *, to: int = -1) -> None:
        """Close a connection."""
        self._connections[to].close()

    def drop(self, *, to: int = -1) -> None:
        """Cut a connection without a word."""
        self._connections[to].socket.close()

    def wait(self, true: Callable[[], bool]) -> None:
        """Wait until something of this server is so."""
        with self._changed:
            assert self._changed.wait_for(true, timeout=SECONDS), "it never came"

    def wait_connections(self, count: int) -> None:
        """Wait until so many connections have come, ever."""
        self.wait(lambda: len(self._connections) >= count)

    def wait_open(self, count: int) -> None:
        """Wait until exactly so many connections are open."""
        self.wait(lambda: len(self._open) == count)

    def wait_acks(self, *envelope_ids: str) -> None:
        """Wait until all these were acknowledged."""
        self.wait(lambda: set(envelope_ids) <= {ack.envelope_id for ack in self.acks})

    def answer(self, token: str) -> tuple[int, dict[str, str], Payload]:
        """Status, headers and body for who asks for a connection."""
        with self._changed:
            self.asked += 1
            self._changed.notify_all()
            if self.answers:
                return self.answers.pop(0)
        if token != f"Bearer {APP_TOKEN}":
            return 200, {}, {"ok": False, "error": "invalid_auth"}
        return 200, {}, {"ok": True, "url": f"{self.socket_url}/link/?ticket=secret-ticket"}

    def hear(self, connection: ServerConnection) -> None:
        """Serve one connection until it ends."""
        if self.greets:
            connection.send(json.dumps({"type": "hello", "num_connections": 1}))
        with self._changed:
            number = len(self._connections)
            self._connections.append(connection)
            self._open.add(number)
            self._changed.notify_all()
        try:
            for text in connection:
                said = json.loads(text)
                at = time.monotonic()
                ack = Ack(said["envelope_id"], number, at, said.get("payload"))
                with self._changed:
                    self.acks.append(ack)
                    self._changed.notify_all()
        except ConnectionClosed:
            pass
        finally:
            with self._changed:
                self._open.discard(number)
                self._changed.notify_all()


@contextmanager
def running() -> Iterator[SocketServer]:
    """A server on two free ports, one for HTTP and one for WebSockets."""
    slack = SocketServer()

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            assert self.path == "/api/apps.connections.open"
            status, headers, body = slack.answer(self.headers.get("Authorization", ""))
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    with (
        ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as http,
        serve(slack.hear, "127.0.0.1", 0) as sockets,
    ):
        slack.base_url = f"http://127.0.0.1:{http.server_port}/api/"
        slack.socket_url = f"ws://127.0.0.1:{sockets.socket.getsockname()[1]}"
        threads = [
            threading.Thread(target=http.serve_forever, args=(0.005,)),
            threading.Thread(target=sockets.serve_forever),
        ]
        for thread in threads:
            thread.start()
        try:
            yield slack
        finally:
            http.shutdown()
            sockets.shutdown()
            for thread in threads:
                thread.join()
