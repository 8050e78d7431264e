"""Blocks that several messages have in common, and what all messages of a group are found by."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from orchestration.slack import blocks
from orchestration.slack.buttons import buttons
from orchestration.slack.escape import code
from orchestration.slack.message import GROUP, Block, Metadata
from orchestration.slack.text import command, is_hidden, late
from orchestration.slack.views import GroupView

PER_BLOCK = 5  # rows in one section, far below its limit


def late_note(delayed: timedelta | None) -> Iterator[Block]:
    """How late the message is, if it is."""
    if late(delayed):
        yield blocks.context(late(delayed))


def paragraphs(rows: Sequence[str]) -> Iterator[Block]:
    """Rows below each other, a few to a section."""
    for i in range(0, len(rows), PER_BLOCK):
        yield blocks.section("\n".join(rows[i : i + PER_BLOCK]))


def group_row(view: GroupView) -> Iterator[Block]:
    """What a person can press; where nobody listens to buttons, the command that acks."""
    elements = buttons(view, restricted=is_hidden(view))
    if elements:
        yield blocks.actions(elements, block_id="group")
    if not view.interactive and view.state == "firing":
        ack = command(view).replace(" show ", " ack ")
        yield blocks.context(f"Buttons are off here. To ack: {code(ack)}")


def group_metadata(view: GroupView, outbox_id: str) -> Metadata:
    """By what a message of this group is found again."""
    return Metadata(
        GROUP,
        {
            "thread": view.thread,
            "group": view.group,
            "state_hash": view.state_hash,
            "outbox_id": outbox_id,
        },
    )
