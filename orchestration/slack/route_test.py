"""The message that shows whether a channel is read."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestration.slack import blocks
from orchestration.slack.escape import code
from orchestration.slack.layout import late_note
from orchestration.slack.limits import check
from orchestration.slack.message import ROUTE_TEST, Message, Metadata
from orchestration.slack.text import moment, person, utc


@dataclass(frozen=True, slots=True)
class RouteTestView:
    """A test of a channel: what brings it back, who sent it, and until when an answer counts."""

    receiver: str
    nonce: str
    by: str
    until: datetime
    delayed: timedelta | None = None


def route_test(view: RouteTestView, *, outbox_id: str) -> Message:
    """That nothing happened, and how somebody who reads it says so."""
    heading = "Watchfloor tests this channel"
    answer = f"watchfloor launch answer {view.nonce}"
    body = (
        blocks.header(heading),
        *late_note(view.delayed),
        blocks.section(
            f"Nothing happened: {person(view.by)} wants to know whether somebody reads what is "
            f"told here. If you do, say so until {moment(view.until)}: {code(answer)}"
        ),
        blocks.context("Unanswered, the launch checklist shows this channel as not working."),
    )
    text = f"{heading}; nothing happened. Answer until {utc(view.until)}: {answer}"
    return check(Message(view.receiver, text, body, Metadata(ROUTE_TEST, {"outbox_id": outbox_id})))
