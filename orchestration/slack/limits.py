"""Slack's documented limits: texts of ours are cut to them, everything else is refused.

https://docs.slack.dev/reference/block-kit. A message beyond a limit would be refused as a whole.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from orchestration.slack.errors import SlackMessageError
from orchestration.slack.escape import ELLIPSIS
from orchestration.slack.message import Block, Message, Payload

TEXT = 300  # of our own: what a notification on a phone shows
BLOCKS, VIEW_BLOCKS = 50, 100
Limits = Mapping[str, Mapping[str, int]]
CUT: Limits = {
    "header": {"text": 150},
    "section": {"text": 2800},  # Slack allows 3000; what it adds to a text counts too
    "field": {"text": 2000},
    "mrkdwn": {"text": 2800},
    "button": {"text": 75, "accessibility_label": 75},
    "static_select": {"placeholder": 150},
    "option": {"text": 75, "description": 75},
    "confirm": {"title": 100, "text": 300, "confirm": 30, "deny": 30},
    "input": {"label": 2000, "hint": 2000},
    "modal": {"title": 24, "submit": 24, "close": 24},
}
LONG: Limits = {
    "button": {"value": 2000, "action_id": 255, "url": 3000},
    "static_select": {"action_id": 255},
    "checkboxes": {"action_id": 255},
    "option": {"value": 150},
    "modal": {"private_metadata": 3000, "callback_id": 255},
}
MANY: Limits = {
    "section": {"fields": 10},
    "context": {"elements": 10},
    "actions": {"elements": 25},
    "static_select": {"options": 100},
    "checkboxes": {"options": 10},
    "modal": {"blocks": VIEW_BLOCKS},
}
PARTS = {"fields": "field", "options": "option", "confirm": "confirm"}
KINDS = frozenset({*CUT, *LONG, *MANY, "divider"})
BLOCK_ID = 255
OPEN_MARK = re.compile(r"<[^>]*$|&[a-z]*$")


def check(message: Message) -> Message:
    """The message within Slack's limits; SlackMessageError where cutting a text is not enough."""
    if not message.channel or not message.text.strip():
        raise SlackMessageError(
            "A message lacks its channel or its text, which screen readers say; give both."
        )
    _count("message", "blocks", len(message.blocks), BLOCKS)
    blocks = tuple(_fitted(block["type"], block) for block in message.blocks)
    _unique(blocks)
    return replace(message, text=cut(message.text, TEXT), blocks=blocks)


def check_view(view: Payload) -> Payload:
    """A dialog within Slack's limits; raises as `check` does."""
    fitted = _fitted("modal", view)
    fitted["blocks"] = [_fitted(block["type"], block) for block in view["blocks"]]
    _unique(tuple(fitted["blocks"]))
    return fitted


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, never ending inside a link, a date, an entity or code."""
    if len(text) <= limit:
        return text
    kept = OPEN_MARK.sub("", text[: limit - len(ELLIPSIS)])
    if kept.count("`") % 2:
        kept = kept[: kept.rindex("`")]
    return kept.rstrip() + ELLIPSIS


def _fitted(kind: str, part: Block) -> Block:
    if kind not in KINDS:
        raise SlackMessageError(f"A part is of kind '{kind}', whose limits are not known here.")
    if len(part.get("block_id", "")) > BLOCK_ID:
        raise SlackMessageError(f"The block_id of a {kind} is over {BLOCK_ID} characters.")
    for name, most in MANY.get(kind, {}).items():
        _count(kind, name, len(part.get(name, ())), most)
    for name, most in LONG.get(kind, {}).items():
        _count(kind, name, len(part.get(name, "")), most)
    fitted = dict(part)
    for name, most in CUT.get(kind, {}).items():
        if name in part:
            fitted[name] = _text(kind, name, part[name], most)
    return fitted | dict(_children(part))


def _children(part: Block) -> Iterator[tuple[str, Any]]:
    for name in ("fields", "elements", "options"):
        if name in part:
            yield name, [_fitted(PARTS.get(name) or child["type"], child) for child in part[name]]
    for name in ("confirm", "element"):
        # Within a confirmation, `confirm` is the text of its button.
        if name in part and "title" not in part:
            yield name, _fitted(PARTS.get(name) or part[name]["type"], part[name])


def _text(kind: str, name: str, text: Any, limit: int) -> Any:  # noqa: ANN401 - text or its object
    words = text if isinstance(text, str) else text["text"]
    if not words.strip():
        raise SlackMessageError(f"The {name} of a {kind} is empty, which Slack refuses.")
    short = cut(words, limit)
    return short if isinstance(text, str) else {**text, "text": short}


def _count(kind: str, name: str, found: int, limit: int) -> None:
    if found > limit:
        raise SlackMessageError(
            f"The {name} of a {kind}: {found}; Slack takes {limit}. Show fewer, or a shorter one."
        )


def _unique(blocks: tuple[Block, ...]) -> None:
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    for block in blocks:
        actions = [part["action_id"] for part in block.get("elements", ()) if "action_id" in part]
        if len(set(actions)) < len(actions):
            raise SlackMessageError("Two elements of one block have the same action_id.")
    if len(set(ids)) < len(ids):
        raise SlackMessageError("Two blocks have the same block_id.")
