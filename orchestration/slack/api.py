"""What the rest asks of Slack, and the ways in which Slack can fail.

No error's text holds a token or anything of a payload: they end up in logs and on pages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

Payload = Mapping[str, Any]
SKEW = timedelta(minutes=10)  # how far Slack's clock may be from ours


class SlackError(RuntimeError):
    """Slack did not do what was asked. `code` is Slack's word for it, or ours for a fault."""

    def __init__(self, text: str, *, code: str) -> None:
        super().__init__(text)
        self.code = code


class SlackBusyError(SlackError):
    """Slack did nothing and wants a pause of `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(
            f"Slack wants a pause of {retry_after:g} s; nothing was done. Wait, then send again.",
            code="ratelimited",
        )
        self.retry_after = retry_after


class SlackDownError(SlackError):
    """Slack could not be reached or gave no usable answer.

    `unknown` is true when the request may have arrived all the same, so that what it asked may be
    done: look with `find` before it is sent again.
    """

    def __init__(self, code: str, *, unknown: bool) -> None:
        outcome = (
            "it may have been done all the same. Look for it before sending again."
            if unknown
            else "nothing was done. Send again later."
        )
        super().__init__(f"Slack gave no usable answer ({code}); {outcome}", code=code)
        self.unknown = unknown


class SlackRefusedError(SlackError):
    """Slack understood and refused: the same request will be refused again."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"Slack refused with '{code}'; sending the same again is useless. "
            "Correct the route, the app's place in the channel, or the message.",
            code=code,
        )


class SlackAuthError(SlackError):
    """The token is wrong, revoked or may not do this; somebody has to set another."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"Slack does not accept the token ('{code}'); wanted a bot token with chat:write, "
            "channels:history and groups:history, or for Socket Mode an app token with "
            "connections:write. Install the app again and set its token.",
            code=code,
        )


class SlackGoneError(SlackError):
    """The message or its thread is not there any more: a person deleted it."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"The message is not in Slack any more ('{code}'); somebody deleted it. "
            "Post a new one in its place.",
            code=code,
        )


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message is. `ts` is its id in the channel, a time in seconds as Slack writes it."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are at Slack: ids of the workspace and of our bot's user."""

    team: str
    bot_user: str


class SlackApi(Protocol):
    """Slack, or what stands in for it. Every method raises the errors above and nothing else."""

    def post(self, payload: Payload) -> Posted:
        """Post a message as `chat.postMessage` takes it. Never retried by itself."""
        ...

    def update(self, channel: str, ts: str, payload: Payload) -> None:
        """Give a message of ours new content. SlackGoneError if it was deleted."""
        ...

    def ephemeral(self, channel: str, user: str, payload: Payload) -> None:
        """Show a message to one person only; it is not kept."""
        ...

    def open_view(self, trigger_id: str, view: Payload) -> None:
        """Open a dialogue. A trigger works once, for three seconds."""
        ...

    def find(
        self, channel: str, *, since: datetime, outbox_id: str, thread_ts: str | None
    ) -> str | None:
        """`ts` of our message whose metadata holds this outbox id; None if there is none.

        Looks in the channel, or in a thread's replies where `thread_ts` is given, from ten minutes
        before `since`. SlackGoneError if the thread was deleted.
        """
        ...

    def identity(self) -> Identity:
        """Who we are; SlackAuthError if the token does not work."""
        ...


def outbox_id_of(message: Payload) -> str | None:
    """The outbox id in a message's metadata; None if it has none."""
    metadata = message.get("metadata")
    payload = metadata.get("event_payload") if isinstance(metadata, Mapping) else None
    found = payload.get("outbox_id") if isinstance(payload, Mapping) else None
    return found if isinstance(found, str) else None


def slack_time(moment: datetime) -> str:
    """A moment as Slack writes it: seconds since 1970 with six decimals, exact."""
    micros = (moment - datetime(1970, 1, 1, tzinfo=moment.tzinfo)) // timedelta(microseconds=1)
    return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"
