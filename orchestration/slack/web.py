"""Slack's Web API over HTTP.

The SDK's retries are off: a post that is repeated blindly would be a second message. Its log is
off too, for at DEBUG it writes whole payloads; every fault comes back as an error of `api`.
"""

import errno
import logging
import re
import socket
import ssl
from collections.abc import Mapping
from datetime import datetime
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web.slack_response import SlackResponse

from orchestration.settings import SettingsError
from orchestration.slack.api import (
    SKEW,
    Identity,
    Payload,
    Posted,
    SlackAuthError,
    SlackBusyError,
    SlackDownError,
    SlackError,
    SlackGoneError,
    SlackRefusedError,
    outbox_id_of,
    slack_time,
)

BASE_URL = "https://slack.com/api/"
PAGE = 200
PAUSE = 5.0  # seconds, where Slack is busy and does not say for how long
CODE = re.compile(r"[a-z][a-z0-9_]{0,60}")
BUSY = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
DOWN = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
GONE = frozenset({"message_not_found", "thread_not_found", "cannot_reply_to_message"})
AUTH = frozenset(
    {
        "access_denied",
        "account_inactive",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "invalid_auth",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
NOT_SENT = frozenset({errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH})
PEOPLE = ("U", "W")  # how the ids of Slack's users begin
ONLY_WHEN_POSTED = frozenset({"thread_ts", "reply_broadcast", "unfurl_links", "unfurl_media"})
SERVER_ERROR = 500
TOO_MANY = 429
OK = 200


class WebSlack:
    """Slack's Web API with one bot token. Safe to use from several threads."""

    def __init__(self, token: str, *, base_url: str = BASE_URL, timeout: int = 10) -> None:
        self._client = client(token, base_url=base_url, timeout=timeout)
        self._ours: tuple[Identity, str | None] | None = None
        self._direct: dict[str, str] = {}

    def post(self, payload: Payload) -> Posted:
        """See SlackApi."""
        answer = call(self._client, "chat.postMessage", json=payload)
        return Posted(_text(answer, "channel"), _text(answer, "ts"))

    def update(self, channel: str, ts: str, payload: Payload) -> None:
        """See SlackApi."""
        kept = {key: value for key, value in payload.items() if key not in ONLY_WHEN_POSTED}
        where = self._conversation(channel)
        call(self._client, "chat.update", json={**kept, "channel": where, "ts": ts})

    def ephemeral(self, channel: str, user: str, payload: Payload) -> None:
        """See SlackApi."""
        body = {**payload, "channel": channel, "user": user}
        call(self._client, "chat.postEphemeral", json=body)

    def open_view(self, trigger_id: str, view: Payload) -> None:
        """See SlackApi."""
        call(self._client, "views.open", json={"trigger_id": trigger_id, "view": view})

    def find(
        self, channel: str, *, since: datetime, outbox_id: str, thread_ts: str | None
    ) -> str | None:
        """See SlackApi."""
        method = "conversations.history" if thread_ts is None else "conversations.replies"
        asked = {
            "channel": self._conversation(channel),
            "ts": thread_ts,
            "oldest": slack_time(since - SKEW),
            "include_all_metadata": True,
            "limit": PAGE,
        }
        cursor: str | None = None
        while True:
            answer = call(self._client, method, params={**asked, "cursor": cursor})
            for message in _messages(answer):
                if outbox_id_of(message) == outbox_id and self._is_ours(message):
                    return _text(message, "ts")
            following = _cursor(answer)
            if following is None:
                return None
            if following == cursor:  # the same page for ever
                raise SlackDownError("bad_answer", unknown=False)
            cursor = following

    def identity(self) -> Identity:
        """See SlackApi. Asks Slack each time."""
        answer = call(self._client, "auth.test", json={})
        bot = answer.get("bot_id")
        found = Identity(_text(answer, "team_id"), _text(answer, "user_id"))
        self._ours = (found, bot if isinstance(bot, str) else None)
        return found

    def _conversation(self, receiver: str) -> str:
        """The conversation with a receiver: a person can be posted to, but not be looked in."""
        if not receiver.startswith(PEOPLE):
            return receiver
        if receiver not in self._direct:
            answer = call(self._client, "conversations.open", json={"users": receiver})
            found = answer.get("channel")
            self._direct[receiver] = _text(found if isinstance(found, dict) else {}, "id")
        return self._direct[receiver]

    def _is_ours(self, message: Payload) -> bool:
        """Whether we wrote it: another app can write the same metadata."""
        if self._ours is None:
            self.identity()
        assert self._ours is not None  # noqa: S101 - set by identity()
        user, bot = self._ours[0].bot_user, self._ours[1]
        return message.get("user") == user or (bot is not None and message.get("bot_id") == bot)


def client(token: str | None, *, base_url: str, timeout: int) -> WebClient:
    """A client of the SDK that neither retries nor logs. `timeout` in seconds.

    Raises SettingsError where the address is none.
    """
    if not base_url.startswith(("https://", "http://")):
        raise SettingsError(f"Slack's address is '{base_url}'; wanted one as {BASE_URL}")
    quiet = logging.getLogger(f"{__name__}.sdk")
    quiet.setLevel(logging.CRITICAL)
    made = WebClient(token, base_url, timeout, retry_handlers=[], logger=quiet)
    made.proxy = None  # the SDK would ignore NO_PROXY; urllib, which is then asked, does not
    return made


def call(
    sdk: WebClient,
    method: str,
    *,
    json: Payload | None = None,
    params: Payload | None = None,
) -> Mapping[str, Any]:
    """Ask once; the answer, which says ok. Raises the errors of `api` and nothing else."""
    try:
        answer = sdk.api_call(
            method,
            json=None if json is None else dict(json),
            params=None if params is None else dict(params),
        )
    except SlackApiError as error:
        raise _refusal(error.response) from None  # its text repeats what Slack said of the payload
    except URLError as error:
        raise SlackDownError("unreachable", unknown=not _never_sent(error.reason)) from None
    except TimeoutError:
        raise SlackDownError("timeout", unknown=True) from None
    except (OSError, HTTPException):
        raise SlackDownError("connection_lost", unknown=True) from None
    except (AttributeError, ValueError):  # an answer that is no JSON object, or not even text
        raise SlackDownError("bad_answer", unknown=True) from None
    if not isinstance(answer.data, dict):
        raise SlackDownError("bad_answer", unknown=True)
    return answer.data


def _refusal(answer: SlackResponse) -> SlackError:
    """What an answer that does not say ok means."""
    found = answer.data.get("error") if isinstance(answer.data, dict) else None
    code = found if isinstance(found, str) and CODE.fullmatch(found) else None
    if answer.status_code == TOO_MANY or code in BUSY:
        return SlackBusyError(_pause(answer.headers))
    if code is None or answer.status_code >= SERVER_ERROR:
        return _not_slack(answer.status_code)
    if code in DOWN:
        return SlackDownError(code, unknown=True)
    if code in GONE:
        return SlackGoneError(code)
    return SlackAuthError(code) if code in AUTH else SlackRefusedError(code)


def _not_slack(status: int) -> SlackError:
    """An answer without a word of Slack's: a fault there, or a proxy's or another's page."""
    if status == OK:
        return SlackDownError("bad_answer", unknown=True)
    return SlackDownError(f"http_{status}", unknown=status >= SERVER_ERROR)


def _pause(headers: Mapping[str, Any]) -> float:
    """Seconds of `Retry-After`; a short pause where it is missing or cannot be read."""
    for name, value in headers.items():
        if name.lower() == "retry-after" and str(value).strip().isdecimal():
            return float(str(value).strip())
    return PAUSE


def _never_sent(reason: object) -> bool:
    if isinstance(reason, socket.gaierror | ssl.SSLCertVerificationError):
        return True
    return isinstance(reason, OSError) and reason.errno in NOT_SENT


def _text(answer: Payload, name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise SlackDownError("bad_answer", unknown=True)
    return value


def _messages(answer: Payload) -> list[Payload]:
    found = answer.get("messages")
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise SlackDownError("bad_answer", unknown=False)
    return found


def _cursor(answer: Payload) -> str | None:
    """Where the next page begins; None after the last."""
    more = answer.get("response_metadata")
    found = more.get("next_cursor") if isinstance(more, dict) else None
    return found if isinstance(found, str) and found else None
