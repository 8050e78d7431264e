import json
import logging
import socket

import pytest

from orchestration.settings import SettingsError
from orchestration.slack.api import (
    SlackApi,
    SlackAuthError,
    SlackDownError,
    SlackError,
    SlackGoneError,
    SlackRefusedError,
)
from orchestration.slack.web import WebSlack
from tests.support.slack_posts import CANARY, find, message
from tests.support.slack_server import (
    TOKEN,
    Fault,
    SlackServer,
    refused,
)


@pytest.mark.parametrize(
    ("fault", "code", "unknown"),
    [
        (Fault(status=500, body="oops"), "http_500", True),
        (Fault(status=503, body='{"ok": false, "error": "over"}'), "http_503", True),
        (Fault(status=404, body="<html>"), "http_404", False),
        (Fault(body="<html>canary-7f3a</html>"), "bad_answer", True),
        (Fault(body="[1]"), "bad_answer", True),
        (Fault(body="null"), "bad_answer", True),
        (Fault(body='{"ok": true}'), "bad_answer", True),
        (Fault(body='{"ok": false, "error": "It was canary-7f3a"}'), "bad_answer", True),
        (Fault(body="{}", headers={"Content-Length": "9"}), "connection_lost", True),
        (Fault(drop=True), "connection_lost", True),
        (refused("fatal_error"), "fatal_error", True),
        (refused("internal_error"), "internal_error", True),
    ],
)
def test_an_answer_that_is_none_is_a_slack_that_is_down(
    slack: SlackApi, slack_server: SlackServer, fault: Fault, code: str, *, unknown: bool
) -> None:
    slack_server.fail("chat.postMessage", fault)
    with pytest.raises(SlackDownError) as error:
        slack.post(message())
    assert (error.value.code, error.value.unknown) == (code, unknown)
    assert [method for method, _ in slack_server.calls] == ["chat.postMessage"]  # never sent twice


def test_a_post_whose_answer_never_came_is_found_and_not_doubled(
    slack: SlackApi, slack_server: SlackServer
) -> None:
    for fault, code in (
        (Fault(done=True, hang=True), "timeout"),
        (Fault(done=True, drop=True), "connection_lost"),
        (Fault(done=True, status=502), "http_502"),
    ):
        slack_server.fail("chat.postMessage", fault)
        with pytest.raises(SlackDownError) as error:
            slack.post(message(code))
        assert (error.value.code, error.value.unknown) == (code, True)
        assert find(slack, code) == slack_server.messages["C0ALERTS"][-1]["ts"]
    assert len(slack_server.messages["C0ALERTS"]) == 3


def test_a_slack_that_cannot_be_reached_has_done_nothing() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for address in (f"http://127.0.0.1:{port}/api/", "http://no-such-host.invalid/api/"):
        with pytest.raises(SlackDownError) as error:
            WebSlack(TOKEN, base_url=address, timeout=5).post(message())
        assert (error.value.code, error.value.unknown) == ("unreachable", False)


def test_an_address_that_is_none_is_a_wrong_setting() -> None:
    with pytest.raises(SettingsError, match=r"'slack\.example/api/'; wanted one"):
        WebSlack(TOKEN, base_url="slack.example/api/")


@pytest.mark.parametrize(
    "code", ["channel_not_found", "is_archived", "not_in_channel", "msg_too_long", "invalid_blocks"]
)
def test_what_slack_refuses_is_said_with_its_word(
    slack: SlackApi, slack_server: SlackServer, code: str
) -> None:
    slack_server.fail("chat.postMessage", refused(code))
    with pytest.raises(SlackRefusedError, match=f"'{code}'"):
        slack.post(message())


def test_an_unknown_channel_is_refused(slack: SlackApi) -> None:
    with pytest.raises(SlackRefusedError, match="channel_not_found"):
        slack.post(message(channel="C0NONE"))


@pytest.mark.parametrize("code", ["invalid_auth", "token_revoked", "missing_scope"])
def test_a_token_that_does_not_work_is_its_own_error(
    slack: SlackApi, slack_server: SlackServer, code: str
) -> None:
    slack_server.fail("chat.update", refused(code))
    with pytest.raises(SlackAuthError) as error:
        slack.update("C0ALERTS", "1.000000", message())
    assert error.value.code == code


def test_another_token_is_not_accepted(slack_server: SlackServer) -> None:
    with pytest.raises(SlackAuthError, match="invalid_auth"):
        WebSlack("xoxb-wrong", base_url=slack_server.base_url).identity()


def test_what_a_person_deleted_is_gone(slack: SlackApi, slack_server: SlackServer) -> None:
    posted = slack.post(message())
    slack_server.delete("C0ALERTS", posted.ts)
    with pytest.raises(SlackGoneError, match="message_not_found"):
        slack.update("C0ALERTS", posted.ts, message())
    with pytest.raises(SlackGoneError, match="thread_not_found"):
        slack.post(message(thread_ts=posted.ts))
    with pytest.raises(SlackGoneError, match="thread_not_found"):
        find(slack, "o1", thread_ts=posted.ts)


def test_a_history_that_never_ends_is_no_answer(slack: SlackApi, slack_server: SlackServer) -> None:
    page = {"ok": True, "messages": [], "response_metadata": {"next_cursor": "same"}}
    slack_server.fail("conversations.history", *[Fault(body=json.dumps(page))] * 3)
    with pytest.raises(SlackDownError, match="bad_answer"):
        find(slack, "o1")


def test_neither_errors_nor_logs_hold_the_token_or_the_payload(
    slack: SlackApi, slack_server: SlackServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    slack.post(message())
    echo = Fault(body=json.dumps({"ok": False, "error": "invalid_blocks", "text": CANARY}))
    faults = [echo, Fault(status=500, body=CANARY), Fault(body=CANARY), Fault(drop=True)]
    for fault in faults:
        slack_server.fail("chat.postMessage", fault)
        with pytest.raises(SlackError) as error:
            slack.post(message())
        assert error.value.__suppress_context__
        told = f"{error.value} {error.value.__cause__} {error.value!r}"
        assert CANARY not in told
        assert TOKEN not in told
    assert CANARY not in caplog.text
    assert TOKEN not in caplog.text
