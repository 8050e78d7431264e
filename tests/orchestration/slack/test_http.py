import hashlib
import hmac
import http.client
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from orchestration.slack.handling import Handle
from orchestration.slack.http import PATH, SignatureError, serve, verify

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"  # noqa: S105 - of Slack's own documentation
NOW = datetime(2018, 11, 10, 20, 42, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
PRESSED = {"type": "block_actions", "trigger_id": "1.2", "user": {"id": "U0ANA"}}
CANARY = "canary-7f3a"


def form(payload: object) -> bytes:
    return urlencode({"payload": json.dumps(payload)}).encode()


def signed(body: bytes, *, stamp: str = STAMP, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256)
    return {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest.hexdigest()}",
        "Content-Type": "application/x-www-form-urlencoded",
    }


@contextmanager
def endpoint(handle: Handle) -> Iterator[int]:
    with serve(("127.0.0.1", 0), signing_secret=SECRET, handle=handle, clock=lambda: NOW) as port:
        yield port


def send(
    port: int, body: bytes, headers: dict[str, str], *, path: str = PATH, method: str = "POST"
) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        assert answer.read() == b"" or method != "POST"
        return answer.status
    finally:
        connection.close()


def test_the_signature_of_slacks_own_documentation_is_right() -> None:
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
        b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
        b"&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
        b"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    headers = {
        "x-slack-request-timestamp": "1531420618",
        "X-SLACK-SIGNATURE": signature,
    }
    now = datetime(2018, 7, 12, 18, 38, tzinfo=UTC)
    assert verify(SECRET, headers, body, now=now) == signature


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_a_request_of_the_last_or_next_five_minutes_is_taken(minutes: int) -> None:
    body = form(PRESSED)
    headers = signed(body)
    now = NOW + timedelta(minutes=minutes)
    assert verify(SECRET, headers, body, now=now) == headers["X-Slack-Signature"]


@pytest.mark.parametrize("seconds", [-301, 301])
def test_an_older_or_newer_one_is_stale(seconds: int) -> None:
    body = form(PRESSED)
    with pytest.raises(SignatureError, match="five minutes"):
        verify(SECRET, signed(body), body, now=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"X-Slack-Signature": ""}, "not signed"),
        ({"X-Slack-Request-Timestamp": ""}, "not signed"),
        ({"X-Slack-Request-Timestamp": CANARY}, "no whole number"),
        ({"X-Slack-Request-Timestamp": "9" * 30}, "no whole number"),
        ({"X-Slack-Signature": "v0=" + "0" * 64}, "signature is wrong"),
        ({"X-Slack-Signature": CANARY + "é"}, "signature is wrong"),
    ],
)
def test_what_is_not_signed_by_slack_is_refused_without_being_repeated(
    change: dict[str, str], says: str
) -> None:
    body = form(PRESSED)
    with pytest.raises(SignatureError, match=says) as error:
        verify(SECRET, {**signed(body), **change}, body, now=NOW)
    assert CANARY not in str(error.value)


def test_a_changed_body_another_secret_and_no_secret_are_refused() -> None:
    body = form(PRESSED)
    with pytest.raises(SignatureError, match="signature is wrong"):
        verify(SECRET, signed(body), body + b"&more=1", now=NOW)
    with pytest.raises(SignatureError, match="signature is wrong"):
        verify(SECRET, signed(body, secret=SECRET[::-1]), body, now=NOW)
    with pytest.raises(SignatureError, match="no signing secret"):
        verify("", signed(body, secret=""), body, now=NOW)


def test_a_press_is_answered_before_it_is_handled_and_handled_before_the_end() -> None:
    answered = threading.Event()
    handled = []

    def handle(payload: dict[str, object]) -> None:
        assert answered.wait(30)
        handled.append(payload)

    body = form(PRESSED)
    with endpoint(handle) as port:
        assert send(port, body, signed(body)) == 200
        answered.set()
    assert handled == [PRESSED]


def test_a_request_that_is_sent_again_is_refused_and_handled_once() -> None:
    handled: list[dict[str, object]] = []
    body = form(PRESSED)
    with endpoint(handled.append) as port:
        assert [send(port, body, signed(body)) for _ in range(3)] == [200, 401, 401]
        again = signed(body, stamp=str(int(STAMP) + 1))  # the same press, sent by Slack anew
        assert send(port, body, again) == 200
    assert handled == [PRESSED]


def test_what_is_unsigned_stale_or_no_interaction_is_not_handled(
    caplog: pytest.LogCaptureFixture,
) -> None:
    handled: list[dict[str, object]] = []
    body = form({**PRESSED, "text": CANARY})
    stale = signed(body, stamp=str(int(STAMP) - 301))
    texts = [b"payload=", b"payload=[1]", b"nothing", b"\xff\xfe", b"payload=" + CANARY.encode()]
    with endpoint(handled.append) as port:
        assert send(port, body, {}) == 401
        assert send(port, body, stale) == 401
        assert send(port, body, signed(b"other")) == 401
        assert [send(port, text, signed(text)) for text in texts] == [400] * 5
        assert send(port, body, signed(body), path="/other") == 404
        assert send(port, b"", {}, method="GET") == 501
        assert send(port, b"", {**signed(body), "Content-Length": "9999999"}) == 413
        assert send(port, b"", {**signed(body), "Content-Length": "many"}) == 411
    assert handled == []
    assert CANARY not in caplog.text


def test_what_is_answered_at_once_is_said_and_not_handled() -> None:
    handled: list[dict[str, object]] = []
    errors = {"response_action": "errors", "errors": {"entities_0": "Choose at least one."}}
    body = form(PRESSED)
    with (
        serve(
            ("127.0.0.1", 0),
            signing_secret=SECRET,
            handle=handled.append,
            answer=lambda _: errors,
            clock=lambda: NOW,
        ) as port,
        closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection,
    ):
        connection.request("POST", PATH, body=body, headers=signed(body))
        assert json.load(connection.getresponse()) == errors
    assert handled == []


def test_a_handler_that_fails_is_logged_by_type_and_the_next_press_is_handled(
    caplog: pytest.LogCaptureFixture,
) -> None:
    handled = []

    def handle(payload: dict[str, object]) -> None:
        if payload["trigger_id"] == "1.1":
            raise RuntimeError(CANARY)
        handled.append(payload["trigger_id"])

    caplog.set_level(logging.DEBUG)
    with endpoint(handle) as port:
        for trigger in ("1.1", "1.2"):
            body = form({**PRESSED, "trigger_id": trigger})
            assert send(port, body, signed(body)) == 200
    assert handled == ["1.2"]
    assert "could not be handled: RuntimeError." in caplog.text
    assert CANARY not in caplog.text


def test_presses_at_once_are_each_handled_once() -> None:
    handled = []
    statuses = []

    def press(port: int, trigger: int) -> None:
        body = form({**PRESSED, "trigger_id": str(trigger)})
        statuses.append(send(port, body, signed(body)))

    with endpoint(lambda payload: handled.append(payload["trigger_id"])) as port:
        threads = [threading.Thread(target=press, args=(port, n % 10)) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(handled) == [str(n) for n in range(10)]
    assert sorted(statuses) == [200] * 10 + [401] * 10
