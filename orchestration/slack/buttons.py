"""What a person can press. Nothing here enforces: that needs the case and its evidence."""

from datetime import timedelta

from orchestration.slack import blocks
from orchestration.slack.blocks import Part
from orchestration.slack.errors import SlackMessageError
from orchestration.slack.text import spell, title
from orchestration.slack.views import GroupView

ACK, ASSIGN, FALSE_POSITIVE, SNOOZE = "ack", "assign", "false_positive", "snooze"
OPEN_DAGSTER = "open_dagster"
CASE, INCIDENT = "case", "incident"
SHIFT = "shift"
SNOOZES = {"15m": timedelta(minutes=15), "1h": timedelta(hours=1)}


def value_of(view: GroupView) -> str:
    """What a button sends back: the thread, and the state that its reader saw.

    Raises SlackMessageError for ids that could not be told apart again.
    """
    if "|" in view.thread + view.state_hash or not (view.thread and view.state_hash):
        raise SlackMessageError("The id of a thread or its state is empty or has a |; wanted ids.")
    return f"{view.thread}|{view.state_hash}"


def buttons(view: GroupView, *, restricted: bool) -> list[Part]:
    """The elements of a group's row, which may be none.

    A resolved group has its case and links only. A restricted one can be taken, declared an
    incident, and its case opened; the rest is done there.
    """
    row = []
    if view.interactive and view.state != "resolved":
        row += _taking(view)
        if not restricted:
            row += [_false_positive(view), _snooze(view)]
    if view.interactive:
        row += _working(view)
    if view.dagster_url and not restricted:
        says = "Open what found this, in Dagster"
        row.append(
            blocks.link_button(
                "Open in Dagster", action=OPEN_DAGSTER, url=view.dagster_url, says=says
            )
        )
    return row


def _taking(view: GroupView) -> list[Part]:
    about, value = f"{view.severity.name} alert, {title(view)}", value_of(view)
    ack = blocks.button("Ack", action=ACK, value=value, says=f"Acknowledge {about}", primary=True)
    assign = blocks.button(
        "Assign to me", action=ASSIGN, value=value, says=f"Assign to me: {about}"
    )
    return [assign] if view.state == "acked" else [ack, assign]


def _working(view: GroupView) -> list[Part]:
    value = value_of(view)
    says = "Open the case of this group, or see how it stands"
    case = blocks.button("Open case", action=CASE, value=value, says=says)
    if view.state == "resolved":
        return [case]
    incident = blocks.button(
        "Declare incident",
        action=INCIDENT,
        value=value,
        says=f"Declare an incident: {title(view)}",
        confirm=incident_confirm(view),
    )
    return [case, incident]


def incident_confirm(view: GroupView) -> Part:
    """Asks before a group becomes an incident."""
    return blocks.confirmation(
        "Declare an incident?",
        f"You become its commander, and the thread is told. The open cases of {title(view)} become "
        "part of it. Nothing is done to any account by this.",
        yes="Declare",
        no="Not now",
    )


def _false_positive(view: GroupView) -> Part:
    return blocks.button(
        "False positive",
        action=FALSE_POSITIVE,
        value=value_of(view),
        says="Choose which entities are false positives",
    )


def _snooze(view: GroupView) -> Part:
    value = value_of(view)
    options = [
        blocks.option(spell(span), f"{value}|{name}")
        for name, span in SNOOZES.items()
        if span <= view.snooze_max
    ]
    options.append(
        blocks.option(f"until the next shift, at most {spell(view.snooze_max)}", f"{value}|{SHIFT}")
    )
    return blocks.menu("Snooze…", action=SNOOZE, options=options, confirm=snooze_confirm(view))


def snooze_confirm(view: GroupView) -> Part:
    """Asks before a group falls silent."""
    return blocks.confirmation(
        "Snooze this group?",
        f"Nobody is told of {title(view)} until then. It is still watched and counted, and "
        "told again if it still fires when the snooze ends. "
        f"{view.severity.name} can be snoozed for {spell(view.snooze_max)} at most.",
        yes="Snooze",
        no="Keep telling us",
    )
