"""What a person pressed or filled in, read from Slack's payloads. Pure.

An error names the field and what was wanted, never what was found: values may be anybody's text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ACTION = re.compile(r"[a-z][a-z0-9_]{0,40}")
BUTTON = re.compile(r"([^|\s]{1,200})\|([^|\s]{1,200})")
MENU = re.compile(BUTTON.pattern + r"\|([a-z0-9_]{1,20})")
ID = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
AN_ID = "an id"
TS = re.compile(r"[0-9]{1,12}\.[0-9]{6}")
ADDRESS = re.compile(r"https://[!-~]{1,2000}")
LONGEST_METADATA = 3000  # Slack's own limit
LINKS = "open_"  # buttons that only open a page send a payload too


class RequestError(ValueError):
    """A payload that is none of ours or is malformed; the message names the field."""

    def __init__(self, field: str, wanted: str) -> None:
        super().__init__(
            f"The field '{field}' of a Slack interaction is not as wanted: {wanted}. "
            "Nothing was done; press the button of a current message."
        )
        self.field = field


@dataclass(frozen=True, slots=True)
class Click:
    """A button, or a choice of a menu, under a message.

    `action` is ack, assign, false_positive, or with a menu's choice snooze:15m. `thread` and
    `state_hash` are what the button was made for. `trigger_id` opens a dialogue within three
    seconds; `response_url` is None where Slack gave none.
    """

    user: str
    action: str
    thread: str
    state_hash: str
    channel: str
    ts: str
    trigger_id: str
    response_url: str | None


@dataclass(frozen=True, slots=True)
class Submission:
    """A dialogue that was sent. `values` holds each input's state by block and action id.

    `private_metadata` and `callback_id` are as we gave them when it was opened.
    """

    user: str
    private_metadata: str
    values: Mapping[str, Mapping[str, Any]]
    callback_id: str


Interaction = Click | Submission


def parse(payload: Mapping[str, Any]) -> Interaction | None:
    """What the payload asks; None where it asks nothing, as a button that only opens a page.

    Raises RequestError.
    """
    kind = payload.get("type")
    if kind == "block_actions":
        return _click(payload)
    if kind == "view_submission":
        return _submission(payload)
    raise RequestError("type", "block_actions or view_submission")


def _click(payload: Mapping[str, Any]) -> Click | None:
    container = _part(payload, "container")
    if container.get("type") == "view":
        return None  # a choice in a dialogue counts when the dialogue is sent
    action = _only_action(payload)
    name = _matching(action.get("action_id"), ACTION, "actions.action_id", "an action of ours")
    if name.startswith(LINKS):
        return None
    if action.get("type") == "button":
        target = _matched(action.get("value"), BUTTON, "actions.value", "<thread>|<state hash>")
    else:
        option = _part(action, "selected_option", "actions.selected_option")
        where, wanted = "actions.selected_option.value", "<thread>|<state hash>|<choice>"
        target = _matched(option.get("value"), MENU, where, wanted)
        name = f"{name}:{target[3]}"
    return Click(
        user=_matching(_part(payload, "user").get("id"), ID, "user.id", AN_ID),
        action=name,
        thread=target[1],
        state_hash=target[2],
        channel=_matching(_part(payload, "channel").get("id"), ID, "channel.id", AN_ID),
        ts=_matching(container.get("message_ts"), TS, "container.message_ts", "a time of Slack's"),
        trigger_id=_matching(payload.get("trigger_id"), ID, "trigger_id", AN_ID),
        response_url=_address(payload),
    )


def _submission(payload: Mapping[str, Any]) -> Submission:
    view = _part(payload, "view")
    metadata = view.get("private_metadata")
    if not isinstance(metadata, str) or len(metadata) > LONGEST_METADATA:
        raise RequestError("view.private_metadata", "a text of at most 3000 characters")
    values = _part(_part(view, "state", "view.state"), "values", "view.state.values")
    if not all(
        isinstance(block, dict) and all(isinstance(state, dict) for state in block.values())
        for block in values.values()
    ):
        raise RequestError("view.state.values", "each input's state by block and action")
    return Submission(
        user=_matching(_part(payload, "user").get("id"), ID, "user.id", AN_ID),
        private_metadata=metadata,
        values=values,
        callback_id=_matching(view.get("callback_id"), ID, "view.callback_id", AN_ID),
    )


def _only_action(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    actions = payload.get("actions")
    if not isinstance(actions, list) or len(actions) != 1 or not isinstance(actions[0], dict):
        raise RequestError("actions", "a list of one action")
    return actions[0]


def _part(parent: Mapping[str, Any], name: str, where: str = "") -> Mapping[str, Any]:
    found = parent.get(name)
    if not isinstance(found, dict):
        raise RequestError(where or name, "an object")
    return found


def _matched(value: object, pattern: re.Pattern[str], where: str, wanted: str) -> re.Match[str]:
    found = pattern.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise RequestError(where, wanted)
    return found


def _matching(value: object, pattern: re.Pattern[str], where: str, wanted: str) -> str:
    return _matched(value, pattern, where, wanted)[0]


def _address(payload: Mapping[str, Any]) -> str | None:
    """Where an answer to this click may be sent; Slack leaves it out at times."""
    found = payload.get("response_url")
    if found is None or found == "":
        return None
    return _matching(found, ADDRESS, "response_url", "an https address")
