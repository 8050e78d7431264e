"""The parts of Block Kit that messages and dialogs are made of."""

from collections.abc import Iterable, Sequence
from typing import Any

from orchestration.slack.escape import checked_url
from orchestration.slack.message import Block

Part = dict[str, Any]


def plain(text: str) -> Part:
    """Text without any format."""
    return {"type": "plain_text", "text": text, "emoji": False}


def mrkdwn(text: str) -> Part:
    """Text in Slack's format; `verbatim` keeps Slack from making links of its own."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def header(text: str) -> Block:
    """The title of a message."""
    return {"type": "header", "text": plain(text)}


def section(text: str) -> Block:
    """One paragraph."""
    return {"type": "section", "text": mrkdwn(text)}


def fields(pairs: Iterable[tuple[str, str]]) -> Block:
    """Names and values in two columns."""
    return {"type": "section", "fields": [mrkdwn(f"*{name}*\n{value}") for name, value in pairs]}


def context(*texts: str) -> Block:
    """Small print."""
    return {"type": "context", "elements": [mrkdwn(text) for text in texts]}


def actions(elements: Sequence[Part], *, block_id: str) -> Block:
    """A row of buttons and menus."""
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def button(
    label: str,
    *,
    action: str,
    value: str,
    says: str,
    primary: bool = False,
    confirm: Part | None = None,
) -> Part:
    """A button; `says` is what a screen reader says instead of its label."""
    made = {
        "type": "button",
        "text": plain(label),
        "action_id": action,
        "value": value,
        "accessibility_label": says,
    }
    asks = {"confirm": confirm} if confirm else {}
    return {**made, **({"style": "primary"} if primary else {}), **asks}


def link_button(label: str, *, action: str, url: str, says: str) -> Part:
    """A button that opens a page. Slack sends its press to us as well."""
    return {
        "type": "button",
        "text": plain(label),
        "action_id": action,
        "url": checked_url(url),
        "accessibility_label": says,
    }


def option(label: str, value: str, *, note: str = "") -> Part:
    """One choice of a menu or of checkboxes."""
    made = {"text": plain(label), "value": value}
    return {**made, "description": plain(note)} if note else made


def menu(label: str, *, action: str, options: Sequence[Part], confirm: Part) -> Part:
    """A menu whose choice takes effect after a confirmation."""
    return {
        "type": "static_select",
        "placeholder": plain(label),
        "action_id": action,
        "options": list(options),
        "confirm": confirm,
    }


def confirmation(title: str, text: str, *, yes: str, no: str) -> Part:
    """A question that must be answered before something is done."""
    return {"title": plain(title), "text": plain(text), "confirm": plain(yes), "deny": plain(no)}
