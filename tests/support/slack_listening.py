"""A Socket Mode listener on a thread of its own, against the local server."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from orchestration.slack.handling import Answer, Handle, no_answer
from orchestration.slack.socket import Heard, listen
from tests.support.slack_socket import APP_TOKEN, SocketServer


class Listening:
    """One listener; `attempts` are those for which it paused, `heard` what it returned."""

    def __init__(self, server: SocketServer, handle: Handle, answer: Answer = no_answer) -> None:
        self.stop = threading.Event()
        self.attempts: list[int] = []
        self.heard: Heard | None = None
        self.thread = threading.Thread(target=self._run, args=(server, handle, answer))

    def _run(self, server: SocketServer, handle: Handle, answer: Answer) -> None:
        self.heard = listen(
            APP_TOKEN,
            handle=handle,
            answer=answer,
            stop=self.stop,
            base_url=server.base_url,
            pause=self._pause,
        )

    def _pause(self, attempt: int) -> float:
        self.attempts.append(attempt)
        return 0.01

    def finish(self) -> Heard:
        """Stop it; what it heard."""
        self.stop.set()
        self.thread.join(30)
        assert self.heard is not None
        return self.heard


@contextmanager
def listening(
    server: SocketServer, handle: Handle, *, answer: Answer = no_answer, connections: int = 1
) -> Iterator[Listening]:
    """A listener, once the server has had so many connections."""
    made = Listening(server, handle, answer)
    made.thread.start()
    try:
        server.wait_connections(connections)
        yield made
    finally:
        made.stop.set()
        made.thread.join(30)


def press(number: int = 1, **more: object) -> dict[str, Any]:
    """What Slack sends when a person presses Ack."""
    return {
        "type": "block_actions",
        "trigger_id": f"1.{number}",
        "user": {"id": "U0ANA"},
        "actions": [{"action_id": "ack", "value": "t1|ab12"}],
        **more,
    }
