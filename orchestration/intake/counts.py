"""How the watch goes, in numbers: what is open, how noisy it is, how soon somebody answers."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import Connection, func, literal, select

from monitors.contract import Severity
from orchestration.alerts.records import AlertState
from orchestration.ledger.tables import alerts, audit, intake, outbox

SHIFT = timedelta(hours=8)
PAGES = (int(Severity.S0), int(Severity.S1))
TOLD = ("notice", "storm")


@dataclass(frozen=True, slots=True)
class Counts:
    """Alerts by severity and state, without closed ones, those in shadow apart.

    `pages` are notices of S0 and S1 in each of the last 21 shifts of eight hours, the newest last.
    `ack_minutes` is the median from the opening of an alert to its ack in the last week; None
    while nobody acked one. `taken_at` is when the last evaluation was taken in, `due_since` when
    the oldest message that waits should have left; None where none waits.
    """

    told: dict[tuple[Severity, AlertState], int]
    shadow: int
    pages: tuple[int, ...]
    acks: int
    ack_minutes: float | None
    taken_at: datetime | None
    due_since: datetime | None


def counts(connection: Connection, *, now: datetime, shifts: int = 21) -> Counts:
    """Count as of now."""
    going = select(alerts.c.severity, alerts.c.state, alerts.c.shadow).where(
        alerts.c.state != AlertState.CLOSED
    )
    told: Counter[tuple[Severity, AlertState]] = Counter()
    shadow = 0
    for severity, state, is_shadow in connection.execute(going):
        shadow += is_shadow
        told[Severity(severity), AlertState(state)] += not is_shadow
    waits = _ack_minutes(connection, since=now - 7 * timedelta(days=1))
    newest = select(intake.c.at).order_by(intake.c.at.desc()).limit(1)
    return Counts(
        told={key: n for key, n in sorted(told.items()) if n},
        shadow=shadow,
        pages=_pages(connection, now=now, shifts=shifts),
        acks=len(waits),
        ack_minutes=median(waits) if waits else None,
        taken_at=connection.execute(newest).scalar_one_or_none(),
        due_since=_due_since(connection, now),
    )


def _due_since(connection: Connection, now: datetime) -> datetime | None:
    waiting = select(func.min(outbox.c.not_before, type_=outbox.c.not_before.type)).where(
        outbox.c.done_at.is_(None), outbox.c.not_before <= now
    )
    found: datetime | None = connection.execute(waiting).scalar_one()
    return found


def _pages(connection: Connection, *, now: datetime, shifts: int) -> tuple[int, ...]:
    first = now - shifts * SHIFT
    told = select(outbox.c.created_at).where(
        outbox.c.kind.in_(TOLD), outbox.c.lane.in_(PAGES), outbox.c.created_at > first
    )
    found = Counter((at - first) // SHIFT for (at,) in connection.execute(told))
    return tuple(found[number] for number in range(shifts))


def _ack_minutes(connection: Connection, *, since: datetime) -> list[float]:
    of_alert = audit.c.object == literal("alert:") + alerts.c.alert_id
    acks = select(audit.c.at, alerts.c.opened_at).join(alerts, of_alert)
    rows = connection.execute(acks.where(audit.c.verb == "ack", audit.c.at >= since))
    return [(at - opened) / timedelta(minutes=1) for at, opened in rows]
