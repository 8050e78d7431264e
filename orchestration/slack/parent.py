"""The first message of a thread: one group as it is now, made anew whenever that changes."""

from collections.abc import Iterator

from orchestration.slack import blocks
from orchestration.slack.escape import code, escape, link
from orchestration.slack.layout import group_metadata, group_row, late_note
from orchestration.slack.limits import check
from orchestration.slack.message import Block, Message
from orchestration.slack.text import (
    SEVERITIES,
    category,
    counted,
    expectation,
    is_hidden,
    lines,
    listed,
    look_at,
    moment,
    person,
    precision,
    subjects,
    summary,
    title,
    utc,
    words_of,
)
from orchestration.slack.views import EntityView, GroupView, MonitorView

ENTITIES = 5  # what a person takes in at a glance; the dialog and the command have the rest
MONITORS = 3
CASES = 2


def parent(view: GroupView, *, outbox_id: str) -> Message:
    """The message of a group. Of a restricted one it says category, handling and where to look."""
    body = _restricted(view) if is_hidden(view) else _open(view)
    return check(
        Message(
            view.receiver, summary(view, status(view)), tuple(body), group_metadata(view, outbox_id)
        )
    )


def status(view: GroupView) -> str:
    """Who has it, in a sentence."""
    if view.state == "resolved":
        return "Resolved."
    if view.state == "acked" and view.acked_by:
        return f"Acked by {person(view.acked_by)}."
    if view.assigned_to:
        return f"Assigned to {person(view.assigned_to)}."
    return "Nobody has it yet."


def _open(view: GroupView) -> Iterator[Block]:
    yield from _top(view)
    yield blocks.section(lines([_what(view), *_behaviour(view), _handling(view)]))
    yield blocks.fields(_facts(view))
    if len(view.monitors) > 1:
        yield blocks.section(lines(_monitor(monitor) for monitor in view.monitors[:MONITORS]))
    if len(view.entities) > 1 and view.state != "resolved":
        yield blocks.section(_others(view))
    yield from group_row(view)
    yield blocks.context(*_people(view))
    yield blocks.context(_why(view), _ids(view))


def _restricted(view: GroupView) -> Iterator[Block]:
    yield from _top(view)
    yield blocks.section(
        f"*{category(view.harms)}.* Nothing else is shown here, to protect the people concerned.\n"
        f"{_handling(view)}"
    )
    yield blocks.section(f"Look at it with {code(look_at(view))}.")
    yield from group_row(view)
    if view.on_call and view.state == "firing":
        yield blocks.context(f"On call: {person(view.on_call)}")


def _top(view: GroupView) -> Iterator[Block]:
    state = "" if view.state == "firing" else f", {view.state}"
    yield blocks.header(f"[{view.severity.name}{state}] {title(view)}")
    yield from late_note(view.delayed)


def _what(view: GroupView) -> str:
    findings = counted(view.findings, "finding")
    if view.state == "resolved":
        return (
            f"*{subjects(view, view.total)}*, {findings}, from {moment(view.since)} "
            f"to {moment(view.last_seen)}."
        )
    newest = ""
    if view.newest is not None:
        newest = (
            f" Newest {escape(view.window, 20)}: {counted(view.newest, 'finding')}; "
            f"{expectation(view.expected)}."
        )
    return (
        f"*{subjects(view, view.open)}*, {findings} since {moment(view.since)}, "
        f"last seen {moment(view.last_seen)}.{newest}"
    )


def _behaviour(view: GroupView) -> Iterator[str]:
    if len(view.monitors) == 1:
        yield escape(view.monitors[0].behaviour, 240)


def _handling(view: GroupView) -> str:
    if view.state == "resolved":
        return "*Resolved.* Nothing to do."
    due = f" Due {moment(view.due_at)} ({utc(view.due_at)})." if view.due_at else ""
    if view.state == "acked" and view.ack_until:
        due = f" Quiet until {moment(view.ack_until)}, then it is told again."
    also = view.state == "acked" and view.assigned_to and view.assigned_to != view.acked_by
    assigned = f" Assigned to {person(view.assigned_to or '')}." if also else ""
    muted = "".join(f"\nMuted: {escape(why, 120)}." for why in view.muted[:3])
    return f"*{status(view)}*{assigned}{due}{muted}"


def _facts(view: GroupView) -> Iterator[tuple[str, str]]:
    if view.entities:
        top = view.entities[0]
        yield "Top signal", f"{code(top.entity)}, {counted(top.count, 'finding')}"
    yield "Entities", f"{view.open:,} open of {view.total:,}"
    if len(view.monitors) == 1:
        monitor = view.monitors[0]
        if view.state != "resolved":
            yield "What to do", runbook(monitor)
        yield "Monitor", f"{code(monitor.id)} v{monitor.version}, {escape(monitor.mode, 20)} mode"
        yield "Precision", precision(monitor)
    yield "Severity", SEVERITIES[view.severity]
    yield "Product", listed([words_of(product) for product in view.products])
    yield "Harm", category(view.harms)


def runbook(monitor: MonitorView) -> str:
    """Where its runbook is: a link, or its path in the project."""
    if monitor.runbook.startswith("https://"):
        return link(monitor.runbook, "Runbook")
    return code(monitor.runbook)


def _monitor(monitor: MonitorView) -> str:
    return (
        f"{code(monitor.id)} v{monitor.version}, {escape(monitor.mode, 20)} mode, precision "
        f"{precision(monitor)}. What to do: {runbook(monitor)}"
    )


def _others(view: GroupView) -> str:
    rows = [_entity(view, entity) for entity in view.entities[1:ENTITIES]]
    more = view.total - len(rows) - 1
    return lines(["*Also*", *rows, *([f"and {more:,} more"] if more > 0 else [])])


def _entity(view: GroupView, entity: EntityView) -> str:
    """One line; severity and state only where they are not the group's."""
    severity = "" if entity.severity is view.severity else f" {entity.severity.name},"
    state = "" if entity.state == view.state else f" {entity.state},"
    return (
        f"{code(entity.entity)}{severity}{state} {counted(entity.count, 'finding')}, "
        f"last seen {moment(entity.last_seen)}"
    )


def _people(view: GroupView) -> Iterator[str]:
    if view.on_call and view.state != "resolved":
        yield f"On call: {person(view.on_call)}"
    owners = list(dict.fromkeys(monitor.owner for monitor in view.monitors))
    yield f"Owner: {listed([escape(owner, 40) for owner in owners])}"
    if view.next_notice_at and view.state == "firing":
        yield f"Told again {moment(view.next_notice_at)} unless somebody acks"
    if not view.dagster_url and not view.cases:
        yield f"More: {code(look_at(view))}"


def _why(view: GroupView) -> str:
    return f"Why am I seeing this? {escape(view.why, 240)} Route {code(view.route, 40)}."


def _ids(view: GroupView) -> str:
    found = [code(case_id) for case_id in view.cases[:CASES]]
    more = len(view.cases) - len(found)
    also = f" and {more:,} more" if more > 0 else ""
    cases = f" · Case {listed(found)}{also}" if found else ""
    return f"Group {code(view.group[:12])}{cases}"
