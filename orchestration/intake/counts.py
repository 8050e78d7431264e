"""How the watch goes, in numbers: what is open, how noisy it is, how soon somebody answers."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

from sqlalchemy import Connection, func, literal, or_, select

from monitors.contract import Severity
from orchestration.alerts.records import AlertState
from orchestration.ledger.tables import alerts, audit, intake, outbox

SHIFT, NOTHING = timedelta(hours=8), timedelta(0)
PAGES = (int(Severity.S0), int(Severity.S1))
TOLD = ("notice", "storm")


@dataclass(frozen=True, slots=True)
class Counts:
    """Alerts by severity and state, without closed ones, those in shadow apart.

    `pages` are messages of S0 and S1 in each of the last 21 shifts of eight hours, the newest last;
    notices that another message told are none of their own. `ack_minutes` is the median from the
    opening of an alert to its first ack, of those first acked in the last week; None where none
    was, `acks` how many they are. `taken_at` is when the last evaluation was taken in, `due_since`
    when the oldest message that waits should have left; None where none waits.
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
    """Of what was tried, since when it was first due: each failure puts `not_before` off."""
    untried = outbox.c.attempts == 0
    waiting = outbox.c.done_at.is_(None)
    first = select(func.min(outbox.c.not_before, type_=outbox.c.not_before.type))
    due: datetime | None = connection.execute(
        first.where(waiting, untried, outbox.c.not_before <= now)
    ).scalar_one()
    since = select(func.min(outbox.c.progress["due"].as_integer())).where(waiting, ~untried)
    tried: int | None = connection.execute(since).scalar_one()
    found = [due] if due else []
    if tried is not None:
        found.append(datetime.fromtimestamp(tried, UTC))
    return min(found, default=None)


def _pages(connection: Connection, *, now: datetime, shifts: int) -> tuple[int, ...]:
    first = now - shifts * SHIFT
    by_another = outbox.c.outcome.in_(("merged", "collapsed"))
    told = select(outbox.c.created_at).where(
        outbox.c.kind.in_(TOLD),
        outbox.c.lane.in_(PAGES),
        outbox.c.created_at > first,
        or_(outbox.c.outcome.is_(None), ~by_another),
    )
    ago = Counter(max(now - at, NOTHING) // SHIFT for (at,) in connection.execute(told))
    return tuple(ago[number] for number in reversed(range(shifts)))


def _ack_minutes(connection: Connection, *, since: datetime) -> list[float]:
    of_alert = audit.c.object == literal("alert:") + alerts.c.alert_id
    at = func.min(audit.c.at, type_=audit.c.at.type)
    acks = select(at, alerts.c.opened_at).join(alerts, of_alert).where(audit.c.verb == "ack")
    each = acks.group_by(alerts.c.alert_id, alerts.c.opened_at).having(at >= since)
    rows = connection.execute(each)
    return [(first - opened) / timedelta(minutes=1) for first, opened in rows]
