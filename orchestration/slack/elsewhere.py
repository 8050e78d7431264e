"""The message after an outage: how much went by the second notifier meanwhile."""

from datetime import datetime

from orchestration.slack import blocks
from orchestration.slack.limits import check
from orchestration.slack.message import HEALTH, Message, Metadata
from orchestration.slack.text import counted, moment, utc


def came_back(
    receiver: str, *, number: int, since: datetime, until: datetime, outbox_id: str
) -> Message:
    """Slack takes messages again; `number` of them went elsewhere since then."""
    messages = counted(number, "message")
    said = f"Slack can be reached again. {messages} went by the second notifier meanwhile"
    body = (
        blocks.section(
            f"*Slack can be reached again.* {messages} went by the second notifier between "
            f"{moment(since)} and {moment(until)}. Each is in the ledger; what still fires is told "
            "here as usual."
        ),
    )
    text = f"{said}, since {utc(since)}. watchfloor alerts list"
    return check(Message(receiver, text, body, Metadata(HEALTH, {"outbox_id": outbox_id})))
