"""The message of a ladder's step: who is on call is asked, then others while nobody answers."""

from datetime import timedelta

from orchestration.slack import blocks
from orchestration.slack.layout import group_metadata, group_row, late_note
from orchestration.slack.limits import check
from orchestration.slack.message import Message
from orchestration.slack.text import (
    MINUTE,
    counted,
    is_hidden,
    is_user,
    listed,
    moment,
    person,
    pointer,
    spell,
    subjects,
    summary,
    title,
    utc,
)
from orchestration.slack.views import EscalationView

SOON = 2 * MINUTE  # ladders are looked at every half minute


def escalation(view: EscalationView, *, outbox_id: str) -> Message:
    """A step of a ladder: these people are asked now, as they are on call or nobody answered."""
    group = view.group
    who = listed([person(one) for one in view.to])
    begins = _begins(view)
    said = _first(view) if begins else f"Nobody acked for {spell(view.waited)}."
    due = f" Due {moment(group.due_at)} ({utc(group.due_at)})." if group.due_at else ""
    rows = [f"{who}: *{said}* Please ack, or say who can.{due}"]
    if not is_hidden(group):
        rows.append(f"{subjects(group, group.open)}, {counted(group.findings, 'finding')}.")
    rows.append(f"More: {pointer(group)}")
    made = [
        blocks.header(f"[{group.severity.name}] {'' if begins else 'Unanswered: '}{title(group)}"),
        *late_note(group.delayed),
        blocks.section("\n".join(rows)),
        *group_row(group),
        blocks.context(f"Step {view.step} of {view.steps} of the escalation. {_then(view)}."),
    ]
    return check(
        Message(view.receiver, summary(group, said), tuple(made), group_metadata(group, outbox_id))
    )


def _begins(view: EscalationView) -> bool:
    """Whether nobody can have been expected to answer: the first step, due from the beginning."""
    return view.step == 1 and view.waited - (view.group.delayed or timedelta()) < SOON


def _first(view: EscalationView) -> str:
    began = "has just begun" if view.waited < SOON else f"began {spell(view.waited)} ago"
    if all(is_user(one) for one in view.to):
        return f"You are on call for this. It {began}."
    return f"This {began}."


def _then(view: EscalationView) -> str:
    if not view.next_to:
        return "Nobody is asked after this"
    at = f", {moment(view.next_at)} ({utc(view.next_at)})" if view.next_at else ""
    return f"Next: {listed([person(one) for one in view.next_to])}{at}"
