"""What the ledger says is wrong with the work: caps, promises, and orders nobody knows of."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, or_, select

from monitors.contract import Severity
from orchestration.appeals.health import notices_state
from orchestration.cases.clocks import is_paused, next_due
from orchestration.enforcement.standing import stopped
from orchestration.ledger.case_states import OPEN
from orchestration.ledger.cases import CASES
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.machines import where
from orchestration.ledger.tables import cases, enforcements
from orchestration.selfwatch.faults import Fault

UNKNOWN = timedelta(minutes=15)
UNTOLD = timedelta(hours=1)
NEVER = timedelta(0)


def of_work(connection: Connection, *, now: datetime) -> list[Fault]:
    """What is wrong by now; caps and promises to S0 and S1 page, each batch and case for itself."""
    return [
        *(Fault("cap", f"batch {name[:12]}", page=True) for name in stopped(connection)),
        *(Fault("sla", name, page=True) for name in overdue(connection, now)),
        *_unknown(connection, now),
        *_untold(connection, now),
    ]


def overdue(connection: Connection, now: datetime) -> Iterator[str]:
    """Open cases of S0 and S1 whose next goal was due; those whose clock stands still are not."""
    due = or_(cases.c.first_action_due <= now, cases.c.resolve_due <= now)
    grave = (cases.c.severity <= Severity.S1, cases.c.state.in_(sorted(OPEN)), due)
    for name, case in where(connection, CASES, *grave).items():
        if not is_paused(case) and next_due(case) <= now:
            yield name


def _unknown(connection: Connection, now: datetime) -> Iterator[Fault]:
    e, state = enforcements.c, EnforcementState
    lost = (e.state == state.EXECUTING) & (e.leased_until <= now)
    since = select(func.min(e.executing_at)).where(or_(e.state == state.UNKNOWN, lost))
    oldest = connection.scalars(since).one()
    if oldest is not None and now - oldest > UNKNOWN:
        yield Fault("unknown", "enforcement")


def _untold(connection: Connection, now: datetime) -> Iterator[Fault]:
    found = notices_state(connection)
    age = now - found.oldest if found.oldest else NEVER
    if found.failed or age > UNTOLD:
        yield Fault("notices", "notices")
