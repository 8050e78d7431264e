"""Socket Mode: Slack's interactions over a WebSocket that we open, so nothing of ours is public.

Our own client on `websockets`, not the SDK's: that one repeats at a fixed pace, leaves the
connection Slack is about to close before another is open, and logs frames it does not know whole.
"""

import json
import logging
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from signal import SIGINT, SIGTERM, signal
from time import monotonic
from types import FrameType
from typing import Any

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from orchestration.slack.api import SlackBusyError, SlackDownError
from orchestration.slack.handling import Answer, Counts, Handle, Handling, Payload, no_answer
from orchestration.slack.web import BASE_URL, call, client

SHORTEST, LONGEST = 1.0, 60.0  # seconds between attempts to connect
STEADY = LONGEST  # seconds after which a connection was good, and the next attempt is a first one
LEAVING = 30.0  # seconds for which a connection that Slack replaces is still read
TIMEOUT = 10  # seconds for opening, and for the greeting
LOOK = 0.25  # seconds between looks at whether to stop
REASONS = ("warning", "refresh_requested", "link_disabled")
log = logging.getLogger(__name__)
frames = logging.getLogger(f"{__name__}.frames")  # the library's own log holds what people wrote


@dataclass(frozen=True, slots=True)
class Heard:
    """What a listener did: connections it had, and what became of interactions."""

    connections: int
    interactions: Counts


def listen(
    app_token: str,
    *,
    handle: Handle,
    stop: threading.Event,
    answer: Answer = no_answer,
    base_url: str = BASE_URL,
    pause: Callable[[int], float] | None = None,
) -> Heard:
    """Hear interactions until `stop` is set; each is acknowledged, then given to `handle` once.

    `handle` gets the payload and runs on other threads, several at a time; its waits need ends of
    their own, for this returns when all that was acknowledged has been handled. A lost connection
    is opened again after `pause(attempt)` seconds. Several listeners may run: Slack sends each
    interaction to one of them.

    `answer` sees each interaction before it is acknowledged, must be quick, and gives what Slack
    is to be answered, as errors beside a dialogue's inputs; what it answers is not handled.

    Raises SlackError where trying again is useless: SlackAuthError for a token that does not work.
    """
    frames.setLevel(logging.WARNING)
    with Handling(handle, answer=answer) as handling:
        listener = _Listener(app_token, base_url, handling, stop)
        try:
            listener.run(pause or backoff)
        finally:
            listener.close()
    return Heard(listener.connections, handling.counts())


def backoff(attempt: int, draw: Callable[[], float] = random.random) -> float:
    """Seconds before an attempt: drawn evenly up to a bound that doubles, from 1 s to 60 s.

    Drawn, so that listeners which lost Slack together do not come back together.
    """
    return min(LONGEST, SHORTEST * 2.0 ** min(attempt, 16)) * draw()


@contextmanager
def until_signal() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set; for the main thread."""
    stop = threading.Event()

    def stopping(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    before = {number: signal(number, stopping) for number in (SIGTERM, SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal(number, handler)


class _Listener:
    """Keeps one connection open, and goes on reading one that Slack replaces until it is closed."""

    def __init__(
        self, app_token: str, base_url: str, handling: Handling, stop: threading.Event
    ) -> None:
        self._sdk = client(app_token, base_url=base_url, timeout=TIMEOUT)
        self._handling = handling
        self._stop = stop
        self._closed = threading.Event()
        self._leaving: list[threading.Thread] = []
        self.connections = 0

    def run(self, pause: Callable[[int], float]) -> None:
        """Connect, hear, and connect again until told to stop."""
        attempt = 0
        while not self._stop.is_set():
            least = 0.0
            try:
                connection = self._open()
            except SlackBusyError as error:
                least = error.retry_after
            except SlackDownError as error:
                log.warning("Socket Mode cannot connect (%s); it tries again.", error.code)
            else:
                began = monotonic()
                replaced = self._hear(connection)
                if monotonic() - began > STEADY:
                    attempt = 0
                    if replaced:
                        continue
            self._stop.wait(max(least, pause(attempt)))
            attempt += 1

    def close(self) -> None:
        """Stop reading connections that Slack replaces."""
        self._closed.set()
        for thread in self._leaving:
            thread.join()

    def _open(self) -> ClientConnection:
        """A connection that Slack has greeted."""
        url = call(self._sdk, "apps.connections.open", json={}).get("url")
        if not isinstance(url, str):
            raise SlackDownError("bad_answer", unknown=False)
        with ExitStack() as opening:
            try:
                connection = opening.enter_context(
                    connect(url, logger=frames, open_timeout=TIMEOUT, close_timeout=1)
                )
                greeting = _message(connection.recv(timeout=TIMEOUT))
            except (OSError, WebSocketException):
                # Not from the cause: its text may hold the address, which lets anybody listen.
                raise SlackDownError("no_websocket", unknown=False) from None
            if greeting.get("type") != "hello":
                raise SlackDownError("no_greeting", unknown=False)
            opening.pop_all()  # who reads it closes it
        self.connections += 1
        log.info("Socket Mode is connected.")
        return connection

    def _hear(self, connection: ClientConnection) -> bool:
        """Hear until stopped or lost, or, which is true, until Slack replaces the connection."""
        replaced = self._read(connection, None)
        if replaced:
            self._leaving = [thread for thread in self._leaving if thread.is_alive()]
            thread = threading.Thread(target=self._leave, args=(connection,), daemon=True)
            self._leaving.append(thread)
            thread.start()
        else:
            connection.close()
        return replaced

    def _leave(self, connection: ClientConnection) -> None:
        """Hear what still comes over a connection that is being replaced."""
        until = monotonic() + LEAVING
        while self._read(connection, until):
            pass
        connection.close()

    def _read(self, connection: ClientConnection, until: float | None) -> bool:
        """Read until stopped, lost or late; true as soon as Slack says that it replaces it."""
        while until is None or monotonic() < until:
            if self._stop.is_set() or self._closed.is_set():
                return False
            try:
                message = _message(connection.recv(timeout=LOOK))
                if message.get("type") == "disconnect":
                    log.info("Slack replaces the connection (%s).", _reason(message))
                    return True
                self._take(connection, message)
            except TimeoutError:
                continue
            except ConnectionClosed:
                log.warning("Socket Mode lost its connection; it opens another.")
                return False
        return False

    def _take(self, connection: ClientConnection, message: dict[str, Any]) -> None:
        envelope, payload = message.get("envelope_id"), message.get("payload")
        if not isinstance(envelope, str):
            return  # a greeting, or nothing that wants an answer

        def acknowledge(answer: Payload | None) -> None:
            said = {} if answer is None else {"payload": answer}
            connection.send(json.dumps({"envelope_id": envelope, **said}))

        if message.get("type") != "interactive" or not isinstance(payload, dict):
            log.warning("Slack sends what nothing here hears; subscribe to interactivity only.")
            acknowledge(None)
        elif not self._handling.take(payload, acknowledge):
            log.warning("Too many interactions wait; Slack tells the person that it failed.")


def _message(text: str | bytes) -> dict[str, Any]:
    """A message of Slack's; empty if it is not one, for there is nothing to answer then."""
    try:
        found = json.loads(text)
    except ValueError:
        log.warning("Socket Mode got a frame of %d bytes that is no JSON.", len(text))
        return {}
    return found if isinstance(found, dict) else {}


def _reason(message: dict[str, Any]) -> str:
    reason = message.get("reason")
    return reason if reason in REASONS else "for a reason that is not known"
