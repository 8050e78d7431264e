"""Messages that page people, and what became of their alerts, as frames from the ledger."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, func, or_, select

from orchestration.cases.members import batches
from orchestration.ledger.enforcement_states import SENT, EnforcementState
from orchestration.ledger.outbox import URGENT
from orchestration.ledger.tables import (
    alert_findings,
    alerts,
    audit,
    case_alerts,
    decisions,
    enforcements,
    outbox,
    outcomes,
)
from orchestration.reporting.casework import APART, MOMENT, SYSTEM
from orchestration.reporting.window import Window

NOTICES, CALL = ("notice", "storm"), "escalation"
BY_ANOTHER = ("merged", "collapsed")
DONE = SENT | {EnforcementState.APPLIED}  # and not undone since
ACTED = "acted"  # by the monitor itself, without a decision
PREFIX = "alert:"
OF_PAGES: dict[str, Any] = {
    "page_id": pl.String,
    "at": MOMENT,
    "severity": pl.Int64,
    "alert_id": pl.String,  # null: it names none, as a storm's summary does
    "monitor": pl.String,
    "owner": pl.String,  # team that owns the monitor, empty if nobody knows
}
OF_CALLS: dict[str, Any] = {"at": MOMENT, "ladder": pl.String}
OF_ALERTS: dict[str, Any] = {
    "alert_id": pl.String,
    "monitor": pl.String,
    "state": pl.String,
    "verdict": pl.String,  # the last outcome that was decided, or `acted`; null: nobody judged it
    "answered_at": MOMENT,
    "over_at": MOMENT,
}
OF_FINDINGS: dict[str, Any] = {"monitor": pl.String, "new": pl.Int64, "duplicate": pl.Int64}


def pages_frame(
    connection: Connection,
    window: Window,
    apart: Collection[str],
    owners: Mapping[str, str],
) -> pl.DataFrame:
    """A row for each alert that a page of the window names, in the order of the page.

    A page is a message of S0 or S1 that left by itself, not with another. Of a long one the first
    twenty alerts are known.
    """
    o = outbox.c
    told = _of(window, o.outbox_id, o.created_at, o.lane, o.payload).where(
        o.kind.in_(NOTICES), or_(o.outcome.is_(None), o.outcome.not_in(BY_ANOTHER))
    )
    rows = [
        (row.outbox_id, row.created_at, row.lane, alert_id)
        for row in connection.execute(told)
        for alert_id in row.payload.get("alerts") or [None]
    ]
    monitors = _monitors(connection, {row[3] for row in rows if row[3]})
    named = []
    for row in rows:
        monitor = monitors.get(row[3] or "")
        owner = owners.get(monitor or "", "")
        named.append((*row, APART if row[3] in apart else monitor, owner))
    return pl.DataFrame(named, schema=OF_PAGES, orient="row")


def calls_frame(connection: Connection, window: Window) -> pl.DataFrame:
    """A row for each step of a ladder of S0 and S1 that called somebody in the window."""
    o = outbox.c
    told = _of(window, o.created_at, o.payload).where(o.kind == CALL)
    rows = [(row.created_at, row.payload.get("ladder")) for row in connection.execute(told)]
    return pl.DataFrame(rows, schema=OF_CALLS, orient="row")


def alerts_frame(
    connection: Connection, ids: Collection[str], apart: Collection[str]
) -> pl.DataFrame:
    """A row for each of these alerts: what was judged of it, and who was first, people or time.

    `answered_at` is the first ack or end by a person, `over_at` the first end by the system.
    """
    a = alerts.c
    rows: list[tuple[Any, ...]] = []
    for some in batches(sorted(ids)):
        verdicts, first = _verdicts(connection, some), _firsts(connection, some)
        found = select(a.alert_id, a.monitor, a.state).where(a.alert_id.in_(some))
        for one, monitor, state in connection.execute(found.order_by(a.alert_id)):
            ends = (first.get((one, False)), first.get((one, True)))
            name = APART if one in apart else monitor
            rows.append((one, name, state, verdicts.get(one), *ends))
    return pl.DataFrame(rows, schema=OF_ALERTS, orient="row")


def findings_frame(connection: Connection, window: Window) -> pl.DataFrame:
    """Findings of each monitor that were taken in: those that opened an alert, and the others."""
    f = alert_findings.c
    counted: Counter[tuple[str, str]] = Counter()
    taken = select(f.monitor, f.kind, func.count()).where(f.at >= window.start, f.at < window.end)
    for monitor, kind, n in connection.execute(taken.group_by(f.monitor, f.kind)):
        counted[(monitor, kind)] = n
    rows = [
        (monitor, counted[(monitor, "new")], counted[(monitor, "duplicate")])
        for monitor in sorted({monitor for monitor, _ in counted})
    ]
    return pl.DataFrame(rows, schema=OF_FINDINGS, orient="row")


def alerts_of(connection: Connection, case_ids: Collection[str]) -> frozenset[str]:
    """Ids of all alerts that these cases have or had."""
    c = case_alerts.c
    return frozenset(
        alert_id
        for some in batches(sorted(case_ids))
        for alert_id in connection.scalars(select(c.alert_id).where(c.case_id.in_(some)))
    )


def _of(window: Window, *wanted: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's own generics
    o = outbox.c
    inside = (o.created_at >= window.start, o.created_at < window.end, o.lane <= URGENT)
    return select(*wanted).where(*inside).order_by(o.created_at, o.outbox_id)


def _monitors(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    a = alerts.c
    found: dict[str, str] = {}
    for some in batches(sorted(ids)):
        rows = connection.execute(select(a.alert_id, a.monitor).where(a.alert_id.in_(some)))
        found |= {row.alert_id: row.monitor for row in rows}
    return found


def _verdicts(connection: Connection, some: Sequence[str]) -> dict[str, str]:
    d, o, e = decisions.c, outcomes.c, enforcements.c
    alone = select(e.alert_id).where(
        e.alert_id.in_(some), e.decision_id.is_(None), e.mode == "live", e.state.in_(sorted(DONE))
    )
    found = dict.fromkeys((str(one) for one in connection.scalars(alone)), ACTED)
    decided = (
        select(o.alert_id, o.outcome)
        .join(decisions, d.decision_id == o.decision_id)
        .where(o.alert_id.in_(some))
        .order_by(d.audit_seq)
    )
    return found | {row.alert_id: row.outcome for row in connection.execute(decided)}


def _firsts(connection: Connection, some: Sequence[str]) -> dict[tuple[str, bool], datetime]:
    """When each alert was first answered by a person, and when first ended by the system."""
    a = audit.c
    acts = select(a.object, a.verb, a.actor, a.at).where(
        a.object.in_([f"{PREFIX}{one}" for one in some]), a.verb.in_(("ack", "resolve"))
    )
    found: dict[tuple[str, bool], datetime] = {}
    for row in connection.execute(acts.order_by(a.seq)):
        by_system = row.actor.startswith(SYSTEM)
        found.setdefault((row.object.removeprefix(PREFIX), by_system), row.at)
    return found
