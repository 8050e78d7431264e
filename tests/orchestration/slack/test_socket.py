import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration.slack.handling import Counts
from orchestration.slack.socket import Heard
from tests.support import slack_socket
from tests.support.slack_listening import listening, press
from tests.support.slack_socket import APP_TOKEN, SocketServer

ROOT = Path(__file__).parents[3]


@pytest.fixture
def server() -> Iterator[SocketServer]:
    with slack_socket.running() as slack:
        yield slack


def test_presses_and_dialogues_are_acknowledged_and_handled(server: SocketServer) -> None:
    handled: list[dict[str, Any]] = []
    sent = {"type": "view_submission", "trigger_id": "1.2", "view": {"id": "V0"}}
    with listening(server, handled.append) as listener:
        server.wait_acks(server.send(press()), server.send(sent))
        heard = listener.finish()
    assert sorted(handled, key=lambda payload: payload["trigger_id"]) == [press(), sent]
    assert heard == Heard(connections=1, interactions=Counts(taken=2, handled=2))


def test_an_envelope_is_acknowledged_before_it_is_handled(server: SocketServer) -> None:
    acknowledged = threading.Event()
    handled = []

    def handle(payload: dict[str, Any]) -> None:
        assert acknowledged.wait(30)
        handled.append(payload["trigger_id"])

    with listening(server, handle) as listener:
        envelopes = [server.send(press(number)) for number in range(20)]  # more than threads
        server.wait_acks(*envelopes)
        assert handled == []
        acknowledged.set()
        listener.finish()
    assert sorted(handled) == sorted(f"1.{number}" for number in range(20))


def test_what_was_acknowledged_is_handled_before_the_listener_ends(server: SocketServer) -> None:
    release = threading.Event()
    handled = []

    def handle(payload: dict[str, Any]) -> None:
        assert release.wait(30)
        handled.append(payload["trigger_id"])

    with listening(server, handle) as listener:
        server.wait_acks(*[server.send(press(number)) for number in range(9)])
        listener.stop.set()
        server.wait_open(0)  # it hears nothing more
        assert listener.thread.is_alive()
        release.set()
        assert listener.finish().interactions == Counts(taken=9, handled=9)
    assert len(handled) == 9


def test_the_same_envelope_and_the_same_press_are_handled_once(server: SocketServer) -> None:
    handled: list[dict[str, Any]] = []
    with listening(server, handled.append) as listener:
        first = server.send(press())
        server.send(press(), envelope_id=first)
        again = server.send(press(), envelope_id="another")
        other = server.send(press(2))
        server.wait(lambda: len(server.acks) == 4)
        heard = listener.finish()
    assert sorted(payload["trigger_id"] for payload in handled) == ["1.1", "1.2"]
    assert [ack.envelope_id for ack in server.acks] == [first, first, again, other]
    assert heard.interactions == Counts(taken=2, handled=2, repeated=2)


def test_what_is_answered_at_once_goes_with_the_acknowledgement_and_is_not_handled(
    server: SocketServer,
) -> None:
    handled: list[dict[str, Any]] = []
    errors = {"response_action": "errors", "errors": {"entities_0": "Choose at least one."}}

    def answer(payload: dict[str, Any]) -> dict[str, Any] | None:
        return errors if payload["trigger_id"] == "1.1" else None

    with listening(server, handled.append, answer=answer) as listener:
        wrong, right = server.send(press(1)), server.send(press(2))
        server.wait_acks(wrong, right)
        heard = listener.finish()
    assert {ack.envelope_id: ack.payload for ack in server.acks} == {wrong: errors, right: None}
    assert handled == [press(2)]
    assert heard.interactions == Counts(taken=1, handled=1, answered=1)


def test_a_handler_that_fails_does_not_stop_the_listener(server: SocketServer) -> None:
    def handle(payload: dict[str, Any]) -> None:
        raise RuntimeError(payload["user"]["id"])

    with listening(server, handle) as listener:
        server.wait_acks(*[server.send(press(number)) for number in range(6)])
        assert listener.finish().interactions == Counts(taken=6, failed=6)


def test_what_is_no_interaction_is_acknowledged_or_passed_over(server: SocketServer) -> None:
    handled: list[dict[str, Any]] = []
    with listening(server, handled.append) as listener:
        for text in ("no JSON", "[1]", '{"type": "hello"}', '{"type": "interactive"}'):
            server.say(text)
        event = server.send({"type": "event_callback"}, kind="events_api")
        server.say(json.dumps({"type": "interactive", "envelope_id": "odd", "payload": "text"}))
        server.wait_acks(event, "odd", server.send(press()))
        listener.finish()
    assert handled == [press()]


def test_two_listeners_handle_each_press_once_between_them(server: SocketServer) -> None:
    handled: list[str] = []

    def handle(payload: dict[str, Any]) -> None:
        handled.append(payload["trigger_id"])

    with listening(server, handle), listening(server, handle, connections=2):
        envelopes = [server.send(press(number), to=number % 2) for number in range(10)]
        server.wait_acks(*envelopes)
    assert sorted(handled) == sorted(f"1.{number}" for number in range(10))
    assert {ack.connection for ack in server.acks} == {0, 1}


def test_a_large_dialogue_is_heard_whole(server: SocketServer) -> None:
    handled: list[dict[str, Any]] = []
    large = press(text="x" * 500_000)
    with listening(server, handled.append) as listener:
        server.wait_acks(server.send(large))
        listener.finish()
    assert handled == [large]


PROGRAM = """
import sys
from orchestration.slack.socket import listen, until_signal

def handle(payload):
    sys.stdin.readline()
    print("handled", payload["trigger_id"], flush=True)

with until_signal() as stop:
    heard = listen(sys.argv[1], handle=handle, stop=stop, base_url=sys.argv[2])
print("ended", heard.interactions.handled, flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_listener_after_what_it_acknowledged(
    server: SocketServer, number: signal.Signals
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, APP_TOKEN, server.base_url],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        server.wait_connections(1)
        server.wait_acks(server.send(press(1)), server.send(press(2)))
        process.send_signal(number)
        server.wait_open(0)
        out, _ = process.communicate("\n\n", timeout=60)
    finally:
        process.kill()
        process.wait()
    assert sorted(out.splitlines()) == ["ended 2", "handled 1.1", "handled 1.2"]
    assert process.returncode == 0
