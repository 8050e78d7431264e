"""Messages about many groups, and about Watchfloor itself."""

from orchestration.slack import blocks
from orchestration.slack.escape import code, link
from orchestration.slack.layout import late_note, paragraphs
from orchestration.slack.limits import check
from orchestration.slack.message import (
    DIGEST,
    HANDOVER,
    STORM,
    Block,
    Message,
    Metadata,
)
from orchestration.slack.text import (
    ID,
    SEVERITIES,
    category,
    counted,
    hidden,
    listed,
    moment,
    person,
    words_of,
)
from orchestration.slack.views import (
    DigestRow,
    DigestView,
    StormView,
)

ROWS = 20
PER_BLOCK = 5  # rows of a digest in one section, far below its limit
LIST, LIST_S3 = "watchfloor alerts list", "watchfloor alerts list --severity S3"


def storm(view: StormView, *, outbox_id: str) -> Message:
    """One summary instead of a flood; says how many groups it stands for, and where they are."""
    groups = counted(view.groups, "group")
    split = listed(
        [f"{n:,} at {level.name}" for level, n in sorted(view.by_severity.items())], most=4
    )
    where = link(view.url, f"{view.groups:,} more in the list") if view.url else code(LIST)
    worst = min(view.by_severity, default=None)
    lead = f"{SEVERITIES[worst]}. " if worst is not None else ""
    return _made(
        view.receiver,
        f"{lead}Storm: {groups} at once ({split}). Start with the gravest. {view.url or LIST}",
        [
            blocks.header(f"Storm: {groups} at once"),
            *late_note(view.delayed),
            blocks.section(
                f"*{split}.* They are told in this one message, so that the channel can still be "
                f"read. None is lost and all are counted: {where}.\n"
                "Start with the gravest. Many at once often have one cause: a launch, an outage, "
                "a log that came late."
            ),
            blocks.context(moment(view.at)),
        ],
        Metadata(STORM, {"outbox_id": outbox_id, "state_hash": view.state_hash}),
    )


def digest(view: DigestView, *, outbox_id: str) -> Message:
    """The day's summary of what may wait; says so where all is quiet."""
    heading = "Daily digest" if view.rows else "Daily digest: all quiet"
    return _digest(view, heading, Metadata(DIGEST, {"outbox_id": outbox_id}))


def handover(view: DigestView, *, outbox_id: str) -> Message:
    """What the next person on call takes over; says so where there is nothing."""
    heading = "Hand-over" if view.rows else "Hand-over: all quiet"
    return _digest(view, heading, Metadata(HANDOVER, {"outbox_id": outbox_id}))


def _digest(view: DigestView, heading: str, metadata: Metadata) -> Message:
    rows = [_row(row) for row in view.rows[:ROWS]]
    handing = metadata.event_type == HANDOVER
    everything = LIST if handing else LIST_S3
    where = link(view.url, "the whole list") if view.url else code(everything)
    rest = len(view.rows) - ROWS
    body = [
        blocks.header(heading),
        *late_note(view.delayed),
        blocks.section(f"{_who(view)}{_deltas(view)}"),
        *paragraphs(rows),
    ]
    if rest > 0:
        body.append(blocks.section(f"*{rest:,} more* in {where}."))
    if any(row.url is None for row in view.rows):
        body.append(blocks.context(f"To look at one: {code('watchfloor alerts show ID')}"))
    following = f" Next: {moment(view.next_at)}." if view.next_at else ""
    body.append(blocks.context(f"From {moment(view.since)} to {moment(view.until)}.{following}"))
    quiet = "Nothing waits" if not view.rows else f"{counted(len(view.rows), 'group')} open"
    text = f"{heading}. {quiet}: {view.opened:,} new, {view.resolved:,} resolved."
    return _made(view.receiver, f"{text} {view.url or everything}", body, metadata)


def _who(view: DigestView) -> str:
    if not (view.outgoing and view.incoming):
        return ""
    pages = f" {counted(view.pages, 'page')} in the shift." if view.pages is not None else ""
    return f"{person(view.outgoing)} hands over to {person(view.incoming)}.{pages}\n"


def _deltas(view: DigestView) -> str:
    lead = "" if view.rows else "*All quiet.* Nothing needs you. "
    return (
        f"{lead}{view.opened:,} new and {view.resolved:,} resolved since the last one; "
        f"*{view.open:,} open now.*"
    )


def _row(row: DigestRow) -> str:
    change = f" ({row.delta:+,})" if row.delta else " (as before)"
    if hidden([row.harm], restricted=row.restricted):
        said, url = f"{category([row.harm])}, restricted", None
    else:
        counts = f"{row.open:,} open{change}, {counted(row.findings, 'finding')}"
        said, url = f"{code(row.monitor)} {_elsewhere(row)}{counts}", row.url
    where = link(url, "Open the thread") if url else code(row.alert_id[:ID])
    state = "" if row.state == "firing" else f", {row.state}"
    holder = f" by {person(row.holder)}" if row.holder and row.state == "acked" else ""
    due = f", due {moment(row.due_at)}" if row.due_at else ""
    return f"• *{row.severity.name}* {said}{state}{holder}{due}. {where}"


def _elsewhere(row: DigestRow) -> str:
    """The product, where the monitor's id does not say it."""
    return "" if row.monitor.startswith(f"{row.product}/") else f"on {words_of(row.product)}, "


def _made(channel: str, text: str, body: list[Block], metadata: Metadata) -> Message:
    return check(Message(channel, text, tuple(body), metadata))
