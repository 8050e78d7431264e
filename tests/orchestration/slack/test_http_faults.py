"""The endpoint while something fails in it: nothing of who asked, or of what, is told."""

import http.client
import logging
from datetime import UTC, datetime

import pytest

from orchestration.slack.http import SignatureError, serve, verify
from tests.orchestration.slack.test_http import NOW, PRESSED, SECRET, form, send, signed

CANARY = "canary-7f3a"


@pytest.mark.parametrize("digits", [11, 12])
def test_a_time_beyond_all_years_is_a_wrong_signature_and_no_other_error(digits: int) -> None:
    body = form(PRESSED)
    with pytest.raises(SignatureError):
        verify(SECRET, signed(body, stamp="9" * digits), body, now=NOW)


def test_what_fails_in_a_request_is_logged_by_its_type_and_the_next_is_served(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    handled: list[object] = []
    broken = [True]

    def clock() -> datetime:
        if broken.pop() if broken else False:
            raise RuntimeError(CANARY)
        return NOW.astimezone(UTC)

    body = form(PRESSED)
    with serve(("127.0.0.1", 0), signing_secret=SECRET, handle=handled.append, clock=clock) as port:
        with pytest.raises(http.client.RemoteDisconnected):
            send(port, body, signed(body))
        assert send(port, body, signed(body)) == 200
    assert handled == [PRESSED]
    assert "A request at the Slack endpoint failed: RuntimeError." in caplog.text
    said = caplog.text + "".join(capsys.readouterr())
    assert CANARY not in said
    assert "127.0.0.1" not in said
