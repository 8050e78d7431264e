"""Messages about Watchfloor itself: what failed, what is late, what waits."""

from orchestration.slack import blocks
from orchestration.slack.escape import code, escape, link
from orchestration.slack.layout import late_note, paragraphs
from orchestration.slack.limits import check
from orchestration.slack.message import HEALTH, Message, Metadata
from orchestration.slack.text import moment, spell
from orchestration.slack.views import HealthItem, HealthView

ROWS = 20
DOCTOR = "watchfloor doctor"
KINDS = {"check": "Check failed", "asset": "Asset late", "tick": "Tick failed"}


def health(view: HealthView, *, outbox_id: str) -> Message:
    """What is wrong with Watchfloor itself, or that all of it is well again."""
    heading = "Watchfloor is well again" if view.fine else "Watchfloor needs attention"
    rows = [_item(item) for item in view.items[:ROWS]]
    if len(view.items) > ROWS:
        rows.append(f"and {len(view.items) - ROWS:,} more")
    if view.outbox_age:
        rows.append(f"*Notices wait.* The oldest for {spell(view.outbox_age)}.")
    if view.intake_age:
        rows.append(f"*Findings wait.* The last intake was {spell(view.intake_age)} ago.")
    if view.fine:
        rows.append("Everything runs, and nothing waits. Nothing to do.")
    where = view.url or DOCTOR
    first = f"{len(view.items):,} failed or late" if view.items else heading
    body = [blocks.header(heading), *late_note(view.delayed), *paragraphs(rows)]
    if not view.fine:
        see = link(view.url, "Open in Dagster") if view.url else code(DOCTOR)
        body.append(
            blocks.section(f"Until this is mended, silence does not mean that all is quiet. {see}")
        )
    body.append(blocks.context(moment(view.at)))
    text = f"{heading}: {first}. {where}" if view.items else f"{heading}. {where}"
    return check(
        Message(view.receiver, text, tuple(body), Metadata(HEALTH, {"outbox_id": outbox_id}))
    )


def _item(item: HealthItem) -> str:
    what = f" {escape(item.what, 200)}" if item.what else ""
    see = f" {link(item.url, 'Open in Dagster')}" if item.url else ""
    return f"• *{KINDS[item.kind]}:* {code(item.name)} since {moment(item.since)}.{what}{see}"
