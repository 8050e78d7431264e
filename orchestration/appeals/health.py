"""How appeals and notices stand: what is due, what nobody may review, what does not get through."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from monitors.contract import Severity
from orchestration.appeals.receive import OPEN
from orchestration.appeals.reviewers import Authors, authors_of, bars_of, may_review
from orchestration.cases.terms import Terms
from orchestration.ledger.appeals import APPEALS, Appeal
from orchestration.ledger.enforcement_states import AppealState
from orchestration.ledger.enforcements import ENFORCEMENTS
from orchestration.ledger.machines import of_ids, where
from orchestration.ledger.tables import appeals, notices
from orchestration.triage.clock import Goal, due
from orchestration.triage.sla_json import of_json

ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class Standing:
    """An open appeal. `left` is until it is due, below zero for so long overdue.

    `first_late`: nobody has it, though somebody should have taken it by `first_due`. `reviewers`
    counts people who may review it; with none it stays queued until the roster has one.
    """

    appeal: Appeal
    age: timedelta
    left: timedelta
    breached: bool
    first_due: datetime
    first_late: bool
    reviewers: int


@dataclass(frozen=True, slots=True)
class Telling:
    """Notices: how many wait, since when the oldest does, how often one was tried, given up."""

    queued: int
    oldest: datetime | None
    most_attempts: int
    failed: int


def sla_state(
    connection: Connection, terms: Terms, now: datetime, *, authors: Authors = authors_of
) -> list[Standing]:
    """Every open appeal, what is due first before the rest."""
    found = where(connection, APPEALS, appeals.c.state.in_(OPEN))
    rows = of_ids(connection, ENFORCEMENTS, (one.enforcement_id for one in found.values()))
    bars = bars_of(connection, rows, desks=terms.desks, authors=authors)
    people = terms.roster.people
    every = []
    for appeal in found.values():
        some = [who for who in people if may_review(who, bars[appeal.enforcement_id])]
        every.append(_standing(appeal, len(some), now))
    return sorted(every, key=lambda each: (each.appeal.due_at, each.appeal.appeal_id))


def notices_state(connection: Connection) -> Telling:
    """How the notices stand."""
    n = notices.c
    waiting = select(func.count(), func.min(n.queued_at), func.max(n.attempts))
    queued, oldest, most = connection.execute(waiting.where(n.state == "queued")).one()
    failed = select(func.count()).select_from(notices).where(n.state == "failed")
    return Telling(queued, oldest, most or 0, connection.execute(failed).scalar_one())


def _standing(appeal: Appeal, reviewers: int, now: datetime) -> Standing:
    left = appeal.due_at - now
    started = datetime.fromisoformat(appeal.sla["started"])
    first = due(of_json(appeal.sla), Severity.S2, started, goal=Goal.FIRST_ACTION)
    return Standing(
        appeal=appeal,
        age=now - appeal.received_at,
        left=left,
        breached=left <= ZERO,
        first_due=first,
        first_late=appeal.state is not AppealState.IN_REVIEW and first <= now,
        reviewers=reviewers,
    )
