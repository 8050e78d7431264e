"""Looks up what the message of a ladder's step shows: the group as it is when it is sent."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from orchestration.acts.threads import thread_of
from orchestration.outbox.work import Work
from orchestration.slack import blocks
from orchestration.slack.escalation import escalation
from orchestration.slack.escape import code
from orchestration.slack.layout import group_metadata, late_note
from orchestration.slack.limits import check
from orchestration.slack.look import Scene, group_view
from orchestration.slack.message import Message
from orchestration.slack.text import counted, person, pointer, summary, title
from orchestration.slack.views import EscalationView, GroupView

EVERYBODY = "Everybody here"
LIST = "watchfloor alerts list"
PEOPLE = ("U", "W")  # how the ids of Slack's users begin


def message(connection: Connection, scene: Scene, work: Work, now: datetime) -> Message:
    """The step's message; where somebody answered while it waited, that it is over."""
    row, payload = work.head, work.head.payload
    thread = thread_of(connection, payload["thread"])
    group = group_view(connection, scene, thread, now=now, is_rated=False)
    group = replace(group, delayed=now - work.since)
    if group.state != "firing":
        return _answered(group, row.receiver, work.outbox_id)
    view = EscalationView(
        group=group,
        receiver=row.receiver,
        step=payload["step"],
        steps=payload["steps"],
        to=(row.receiver if row.receiver.startswith(PEOPLE) else EVERYBODY,),
        waited=now - _moment(payload["since"]),
        next_to=(_named(scene, payload["next"]),) if "next" in payload else (),
        next_at=_moment(payload["next_at"]) if "next_at" in payload else None,
    )
    return _with_others(escalation(view, outbox_id=work.outbox_id), payload)


def _with_others(made: Message, payload: Mapping[str, Any]) -> Message:
    """The message, with how many other groups it stands for."""
    if "n_also" not in payload:
        return made
    text = f"*{counted(payload['n_also'], 'more group')} wait unanswered:* {code(LIST)}"
    return check(replace(made, blocks=(*made.blocks, blocks.section(text))))


def _answered(group: GroupView, receiver: str, outbox_id: str) -> Message:
    """Instead of a page that came too late."""
    by = f"{person(group.acked_by)} has acked it" if group.acked_by else "it is resolved"
    said = f"Answered meanwhile: {by}. Nothing to do."
    made = (
        blocks.header(f"[{group.severity.name}] Answered: {title(group)}"),
        *late_note(group.delayed),
        blocks.section(f"{said} {pointer(group)}"),
    )
    return check(Message(receiver, summary(group, said), made, group_metadata(group, outbox_id)))


def _named(scene: Scene, who: str) -> str:
    """Somebody as Slack mentions them; a channel by its id."""
    known = scene.rules.roster.by_id.get(who)
    return known.slack if known else f"the channel {who}"


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
