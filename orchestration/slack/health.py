"""Messages about Watchfloor itself: what failed, what is late, what waits."""

from collections.abc import Sequence

from orchestration.slack import blocks
from orchestration.slack.escape import code, escape, link
from orchestration.slack.layout import late_note, paragraphs
from orchestration.slack.limits import check
from orchestration.slack.message import HEALTH, Message, Metadata
from orchestration.slack.text import moment, spell
from orchestration.slack.views import HealthItem, HealthView

ROWS = 20
DOCTOR = "watchfloor doctor"
KINDS = {
    "check": "Check failed",
    "asset": "Asset late",
    "tick": "Tick failed",
    "outbox": "Notices waited",
    "intake": "Findings waited",
    "cap": "Cap breached",
    "sla": "Case overdue",
    "unknown": "Outcome unknown",
    "notices": "Users not told",
}


def health(view: HealthView, *, outbox_id: str) -> Message:
    """What is wrong with Watchfloor itself, and apart from that what is over, or that all is."""
    heading = "Watchfloor is well again" if view.fine else "Watchfloor needs attention"
    body = [
        blocks.header(heading),
        *late_note(view.delayed),
        *paragraphs(_lasting(view)),
        *paragraphs(_over(view)),
    ]
    if not view.fine:
        see = link(view.url, "Open in Dagster") if view.url else code(DOCTOR)
        body.append(
            blocks.section(f"Until this is mended, silence does not mean that all is quiet. {see}")
        )
    body.append(blocks.context(moment(view.at)))
    lasting = len(view.items) + view.others
    first = f": {lasting:,} failed or late" if lasting else ""
    text = f"{heading}{first}. {view.url or DOCTOR}"
    return check(
        Message(view.receiver, text, tuple(body), Metadata(HEALTH, {"outbox_id": outbox_id}))
    )


def _lasting(view: HealthView) -> list[str]:
    rows = _shown(view.items)
    if view.outbox_age:
        rows.append(f"*Notices wait.* The oldest for {spell(view.outbox_age)}.")
    if view.intake_age:
        rows.append(f"*Findings wait.* The last intake was {spell(view.intake_age)} ago.")
    if view.others:
        go = "goes" if view.others == 1 else "go"
        rows.append(f"{view.others:,} told before still {go} on.")
    if view.fine:
        rows.append("Everything runs, and nothing waits. Nothing to do.")
    return rows


def _over(view: HealthView) -> list[str]:
    if not view.over:
        return []
    return ["*All of it is over:*" if view.fine else "*Over:*", *_shown(view.over)]


def _shown(items: Sequence[HealthItem]) -> list[str]:
    """The first items, a line each, and how many more there are."""
    more = len(items) - ROWS
    return [*(_item(item) for item in items[:ROWS]), *([f"and {more:,} more"] if more > 0 else [])]


def _item(item: HealthItem) -> str:
    what = f" {escape(item.what, 200)}" if item.what else ""
    see = f" {link(item.url, 'Open in Dagster')}" if item.url else ""
    since = f"since {moment(item.since)}"
    when = f"from {moment(item.since)} to {moment(item.until)}" if item.until else since
    return f"• *{KINDS[item.kind]}:* {code(item.name)} {when}.{what}{see}"
