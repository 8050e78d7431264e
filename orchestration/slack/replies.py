"""What is added to a thread: what changed by itself, and what people did."""

from collections.abc import Callable, Mapping
from datetime import datetime

from orchestration.alerts.records import Reason
from orchestration.slack import blocks
from orchestration.slack.errors import SlackMessageError
from orchestration.slack.escape import code, escape
from orchestration.slack.layout import group_metadata, late_note
from orchestration.slack.limits import check
from orchestration.slack.message import Message
from orchestration.slack.text import (
    SEVERITIES,
    counted,
    is_hidden,
    listed,
    moment,
    person,
    pointer,
    subjects,
    summary,
    title,
    utc,
)
from orchestration.slack.views import ActView, GroupState, GroupView, NoticeView, Verb

ALSO: Mapping[Reason, str] = {
    Reason.ESCALATED: "got worse",
    Reason.FLAPPING: "fired again",
    Reason.FIRST: "new",
    Reason.NEW_IN_GROUP: "new",
    Reason.SILENCE_EXPIRED: "no longer silenced",
    Reason.ACK_EXPIRED: "no longer acked",
    Reason.RETRACTED: "taken back",
    Reason.RESOLVED: "resolved",
    Reason.AMENDED: "changed by late rows",
    Reason.REPEAT: "still firing",
}
# Of a restricted group: what happened, without how much, and so that it is true of a part as well.
PARTLY: Mapping[Reason, str] = {
    Reason.ESCALATED: "It got worse.",
    Reason.FLAPPING: "Part of it fired again soon after being resolved.",
    Reason.FIRST: "It began.",
    Reason.NEW_IN_GROUP: "There is more of it.",
    Reason.SILENCE_EXPIRED: "A snooze or silence ended.",
    Reason.ACK_EXPIRED: "An ack ended.",
    Reason.RETRACTED: "Part of it was taken back",
    Reason.RESOLVED: "Part of it is resolved",
    Reason.AMENDED: "Late rows changed part of it.",
    Reason.REPEAT: "It went on unanswered.",
}
STANDS: Mapping[GroupState, tuple[str, str]] = {  # as a sentence, and after what ended
    "firing": ("It still fires.", "the rest still fires."),
    "acked": ("What still fires is acked.", "the rest is acked."),
    "resolved": ("All of it is resolved.", ""),
}


def reply(view: GroupView, notice: NoticeView, *, outbox_id: str, thread_ts: str) -> Message:
    """One notice in its group's thread; shown to the whole channel only if the severity rose."""
    if notice.reason not in ALSO:
        raise SlackMessageError(
            f"A notice of '{notice.reason}' has no thread; write it with storm()."
        )
    said = _said(view, notice)
    risen = notice.reason is Reason.ESCALATED
    lead = f"*{title(view)}. {said}*" if risen else f"*{said}*"  # the channel lacks the thread
    rows = [lead if is_hidden(view) else f"{lead} {_more(view, notice)}".rstrip()]
    if notice.note and not is_hidden(view):
        rows.append(escape(notice.note, 300))
    return _message(
        view,
        said,
        "\n".join(rows),
        f"{moment(notice.at)} · {pointer(view)}",
        outbox_id=outbox_id,
        thread_ts=thread_ts,
        broadcast=risen,
    )


def act_reply(view: GroupView, act: ActView, *, outbox_id: str, thread_ts: str) -> Message:
    """What a person did, in the group's thread; the reason they gave is below it."""
    note = f"\nReason: {escape(act.note, 300)}" if act.note and not is_hidden(view) else ""
    return _message(
        view,
        act_text(view, act, shown=utc),
        f"{act_text(view, act)}{note}",
        "",
        outbox_id=outbox_id,
        thread_ts=thread_ts,
        broadcast=False,
    )


def act_text(view: GroupView, act: ActView, *, shown: Callable[[datetime], str] = moment) -> str:
    """Who did what to how much, until when; a sentence. `shown` words the time."""
    who = person(act.actor)
    count = "this" if is_hidden(view) else counted(act.count, "alert")
    until = f" until {shown(act.until)}" if act.until else ""
    return {
        Verb.ACK: f"{who} acked {count}{until}.",
        Verb.ASSIGN: f"{who} takes {count}.",
        Verb.SNOOZE: f"{who} snoozed {count}{until}.",
        Verb.UNSNOOZE: f"{who} ended the snooze of {count}.",
        Verb.FALSE_POSITIVE: (
            f"{who} proposed {count} as false positive, to be reviewed. Nothing is retuned by it."
        ),
        Verb.LOWER_SEVERITY: f"{who} lowered {count} to {SEVERITIES[view.severity]}.",
        Verb.INCIDENT: (
            f"{who} declared an incident, {code(act.about or 'unknown')}, with "
            f"{counted(act.count, 'case')}."
        ),
    }[act.verb]


def _message(
    view: GroupView,
    said: str,
    body: str,
    small: str,
    *,
    outbox_id: str,
    thread_ts: str,
    broadcast: bool,
) -> Message:
    made = [
        *late_note(view.delayed),
        blocks.section(body),
        *([blocks.context(small)] if small else []),
    ]
    return check(
        Message(
            view.receiver,
            summary(view, said),
            tuple(made),
            group_metadata(view, outbox_id),
            thread_ts,
            broadcast,
        )
    )


def _said(view: GroupView, notice: NoticeView) -> str:
    """What happened, in a sentence; of a restricted group not how much, but whether it is all."""
    if is_hidden(view):
        return _partly(view.state, notice.reason)
    count = notice.changes.get(notice.reason, 0)
    alerts = counted(count, "alert")
    whose = f"{person(notice.actor)}’s ack" if notice.actor else "The ack"  # noqa: RUF001
    return {
        Reason.ESCALATED: f"Severity rose to {SEVERITIES[view.severity]}.",
        Reason.FLAPPING: f"{alerts} fired again soon after being resolved.",
        Reason.FIRST: f"{alerts} to begin with.",
        Reason.NEW_IN_GROUP: f"{count:,} more {'alert' if count == 1 else 'alerts'}.",
        Reason.SILENCE_EXPIRED: f"A snooze or silence ended; {alerts} still firing.",
        Reason.ACK_EXPIRED: f"{whose} ended; {alerts} still firing. Who takes over?",
        Reason.RETRACTED: f"Findings of {alerts} were taken back.",
        Reason.RESOLVED: (
            "Over: everything here is resolved."
            if view.state == "resolved"
            else f"{alerts} resolved."
        ),
        Reason.AMENDED: f"Late rows changed {alerts}.",
        Reason.REPEAT: f"{alerts} still firing, and nobody has acked.",
    }[notice.reason]


def _partly(state: GroupState, reason: Reason) -> str:
    """What happened to a part, and how the rest stands."""
    stands, rest = STANDS[state]
    if reason not in (Reason.RESOLVED, Reason.RETRACTED):
        return f"{PARTLY[reason]} {stands}"
    if state != "resolved":
        return f"{PARTLY[reason]}; {rest}"
    return stands if reason is Reason.RESOLVED else "All of it was taken back or is resolved."


def _more(view: GroupView, notice: NoticeView) -> str:
    """What stands now, what the reason means where that is not plain, and what else changed."""
    others = [
        f"{count:,} {ALSO[reason]}"
        for reason, count in notice.changes.items()
        if reason is not notice.reason and count and reason in ALSO
    ]
    also = [f"Also: {listed(others)}."] if others else []
    now = {
        Reason.RETRACTED: "A later run no longer finds them. The message above is current.",
        Reason.AMENDED: "The message above is current.",
        Reason.FLAPPING: "It comes and goes: look for what keeps bringing it back.",
    }.get(notice.reason, "")
    if view.state == "resolved":
        standing = ""
    else:
        standing = f"Now {subjects(view, view.open)} open, {counted(view.findings, 'finding')}."
    return " ".join(part for part in [now, standing, *also] if part)
