import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from orchestration.slack.api import SlackAuthError, SlackRefusedError
from orchestration.slack.handling import Counts
from orchestration.slack.socket import Heard, backoff, listen
from tests.support import slack_socket
from tests.support.slack_listening import Listening, listening, press
from tests.support.slack_socket import APP_TOKEN, SocketServer

CANARY = "canary-7f3a"


@pytest.fixture
def server() -> Iterator[SocketServer]:
    with slack_socket.running() as slack:
        yield slack


def ours(caplog: pytest.LogCaptureFixture) -> str:
    """What was logged, less what the test's own server logs of itself."""
    records = [r for r in caplog.records if not r.name.startswith("websockets.server")]
    return "\n".join(r.getMessage() + (r.exc_text or "") for r in records)


def test_a_connection_that_slack_replaces_is_heard_until_it_closes(server: SocketServer) -> None:
    handled: list[dict[str, Any]] = []
    with listening(server, handled.append) as listener:
        server.disconnect()
        server.wait_connections(2)
        server.wait_open(2)
        late, new = server.send(press(1), to=0), server.send(press(2), to=1)
        server.wait_acks(late, new)
        assert {ack.envelope_id: ack.connection for ack in server.acks} == {late: 0, new: 1}
        server.close(to=0)
        server.wait_open(1)
        server.wait_acks(server.send(press(3)))
        assert listener.finish().connections == 2
    assert len(handled) == 3


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "link_disabled", CANARY])
def test_every_reason_to_disconnect_makes_a_new_connection(
    server: SocketServer, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with listening(server, lambda _: None):
        server.disconnect(reason)
        server.wait_connections(2)
    assert "Slack replaces the connection" in ours(caplog)
    assert CANARY not in ours(caplog)


@pytest.mark.parametrize("how", ["close", "drop"])
def test_a_lost_connection_is_opened_again_later_and_later(server: SocketServer, how: str) -> None:
    handled: list[dict[str, Any]] = []
    with listening(server, handled.append) as listener:
        for count in (2, 3, 4):
            getattr(server, how)()
            server.wait_connections(count)
        server.wait_acks(server.send(press()))
        listener.finish()
    assert listener.attempts[:3] == [0, 1, 2]
    assert handled == [press()]


def test_a_slack_that_is_down_is_asked_again(server: SocketServer) -> None:
    server.answers = [
        (500, {}, {}),
        (429, {"Retry-After": "0"}, {"ok": False, "error": "ratelimited"}),
        (200, {}, {"ok": False, "error": "internal_error"}),
        (200, {}, {"ok": True}),
        (200, {}, {"ok": True, "url": "no address"}),
        (200, {}, {"ok": True, "url": "ws://127.0.0.1:1/"}),
    ]
    with listening(server, lambda _: None) as listener:
        server.wait_acks(server.send(press()))
        assert listener.finish().connections == 1
    assert listener.attempts[:6] == [0, 1, 2, 3, 4, 5]


def test_the_pause_that_slack_asks_for_is_kept(server: SocketServer) -> None:
    server.answers = [(429, {"Retry-After": "3600"}, {"ok": False, "error": "ratelimited"})]
    listener = Listening(server, lambda _: None)
    listener.thread.start()
    server.wait(lambda: server.asked == 1)
    assert listener.finish() == Heard(0, Counts())  # stopping does not wait for it
    assert server.asked == 1


@pytest.mark.parametrize(
    ("code", "kind"), [("invalid_auth", SlackAuthError), ("bad_request", SlackRefusedError)]
)
def test_a_token_that_does_not_work_ends_the_listener(
    server: SocketServer, code: str, kind: type[Exception]
) -> None:
    server.answers = [(200, {}, {"ok": False, "error": code})]
    with pytest.raises(kind, match=code):
        listen(APP_TOKEN, handle=lambda _: None, stop=threading.Event(), base_url=server.base_url)


def test_a_token_revoked_while_listening_ends_it_after_what_was_acknowledged(
    server: SocketServer,
) -> None:
    handled: list[dict[str, Any]] = []
    stop = threading.Event()

    def revoke() -> None:
        server.wait_connections(1)
        server.wait_acks(server.send(press()))
        server.answers = [(200, {}, {"ok": False, "error": "token_revoked"})]
        server.disconnect()

    thread = threading.Thread(target=revoke)
    thread.start()
    with pytest.raises(SlackAuthError, match="token_revoked"):
        listen(APP_TOKEN, handle=handled.append, stop=stop, base_url=server.base_url)
    thread.join()
    assert handled == [press()]


def test_a_connection_that_is_not_greeted_is_given_up(
    server: SocketServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.greets = False
    with listening(server, lambda _: None) as listener:
        server.greets = True
        server.say("{}")
        server.wait_connections(2)
        server.wait_acks(server.send(press()))
        assert listener.finish().connections == 1
    assert "no_greeting" in caplog.text


def test_logs_hold_neither_what_people_wrote_nor_what_lets_others_listen(
    server: SocketServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    def handle(payload: dict[str, Any]) -> None:
        raise RuntimeError(payload["text"])

    bad = {"ok": True, "url": "ws://127.0.0.1:1/?ticket=secret-ticket"}
    with listening(server, handle) as listener:
        server.wait_acks(server.send(press(text=CANARY)))
        server.say(f"{CANARY} is no JSON")
        server.answers = [(200, {}, bad), (200, {}, {**bad, "url": "secret-ticket"})]
        server.close()
        server.wait_connections(2)
        server.drop()
        server.wait_connections(3)
        listener.finish()
    assert "RuntimeError" in caplog.text
    assert CANARY not in ours(caplog)
    assert "secret-ticket" not in ours(caplog)
    assert APP_TOKEN not in ours(caplog)


def test_pauses_double_up_to_a_minute_and_are_drawn_evenly() -> None:
    assert [backoff(attempt, lambda: 1.0) for attempt in (0, 1, 2, 5, 6, 1000)] == [
        1.0,
        2.0,
        4.0,
        32.0,
        60.0,
        60.0,
    ]
    assert backoff(6, lambda: 0.25) == 15.0
    assert backoff(6, lambda: 0.0) == 0.0
