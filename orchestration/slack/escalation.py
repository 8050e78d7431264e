"""The message of a ladder's step: nobody answered, so somebody else is asked."""

from orchestration.slack import blocks
from orchestration.slack.layout import group_metadata, group_row, late_note
from orchestration.slack.limits import check
from orchestration.slack.message import Message
from orchestration.slack.text import (
    counted,
    is_hidden,
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


def escalation(view: EscalationView, *, outbox_id: str) -> Message:
    """The next step of a ladder: nobody answered, so these people are asked now."""
    group = view.group
    who = listed([person(one) for one in view.to])
    said = f"Nobody acked for {spell(view.waited)}."
    due = f" Due {moment(group.due_at)} ({utc(group.due_at)})." if group.due_at else ""
    rows = [f"{who}: *{said}* Please ack, or say who can.{due}"]
    if not is_hidden(group):
        rows.append(f"{subjects(group, group.open)}, {counted(group.findings, 'finding')}.")
    if not group.case_url:
        rows.append(f"More: {pointer(group)}")
    made = [
        blocks.header(f"[{group.severity.name}] Unanswered: {title(group)}"),
        *late_note(group.delayed),
        blocks.section("\n".join(rows)),
        *group_row(group),
        blocks.context(f"Step {view.step} of {view.steps} of the escalation. {_then(view)}."),
    ]
    return check(
        Message(view.receiver, summary(group, said), tuple(made), group_metadata(group, outbox_id))
    )


def _then(view: EscalationView) -> str:
    if not view.next_to:
        return "Nobody is asked after this"
    at = f", {moment(view.next_at)} ({utc(view.next_at)})" if view.next_at else ""
    return f"Next: {listed([person(one) for one in view.next_to])}{at}"
