"""What enforcement has to do, counted in the ledger: what a run would take up, and what waits."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, or_, select

from orchestration.cases.terms import Terms
from orchestration.enforcement.auto import unsettled
from orchestration.enforcement.claim import due
from orchestration.enforcement.plan import returning
from orchestration.enforcement.reverse import CHANGED_SINCE, RESTORE
from orchestration.enforcement.switches import covering, on
from orchestration.ledger.enforcement_states import PENDING, EnforcementState
from orchestration.ledger.tables import alerts, decisions, enforcements
from orchestration.policies.rules import Acting

S = EnforcementState
e = enforcements.c


@dataclass(frozen=True, slots=True)
class Backlog:
    """Rows, decisions and alerts that enforcement has to do with.

    `decided` are decisions and `automatic` alerts that were not planned yet. `due` may be sent now,
    `held` would be but for a kill switch or dry-run. `undo` are to be reversed and nobody's.
    `settled` need an end written, expired, over or retracted, or are blocked by nothing any more.
    `unknown` are rows of which nobody knows, those too whose worker did not come back, the oldest
    since `since`.
    """

    decided: int = 0
    automatic: int = 0
    due: int = 0
    held: int = 0
    undo: int = 0
    settled: int = 0
    unknown: int = 0
    since: datetime | None = None

    @property
    def pressing(self) -> int:
        """What a run brings to an end, or nearer to it."""
        return self.decided + self.automatic + self.due + self.undo + self.settled

    def unknown_for(self, now: datetime) -> timedelta:
        """How long the oldest has been unknown."""
        return now - self.since if self.since else timedelta(0)


def backlog(
    connection: Connection, *, terms: Terms, auto: Collection[str], now: datetime
) -> Backlog:
    """Count everything. `auto` are ids of the monitors whose effective mode is auto."""
    free, held = _due(connection, terms, now)
    unknown, since = _unknown(connection, now)
    return Backlog(
        decided=_count(connection, decisions.c.acted.is_(False), decisions.c.decision_id),
        automatic=_automatic(connection, auto),
        due=free,
        held=held,
        undo=_count(connection, _to_undo(now), e.enforcement_id),
        settled=_count(connection, _to_settle(now), e.enforcement_id)
        + returning(connection, terms, now),
        unknown=unknown,
        since=since,
    )


def _count(connection: Connection, condition: ColumnElement[bool], key: ColumnElement[str]) -> int:
    return connection.scalars(select(func.count(key)).where(condition)).one()


def _due(connection: Connection, terms: Terms, now: datetime) -> tuple[int, int]:
    """Rows whose time has come: those that may be sent, and those that are held."""
    names, free, held = on(connection), 0, 0
    grouped = select(e.product, e.monitor, func.count()).where(due(now))
    for product, monitor, n in connection.execute(grouped.group_by(e.product, e.monitor)):
        live = terms.enforcement.acting(product) is Acting.LIVE
        if live and covering(names, product, monitor) is None:
            free += n
        else:
            held += n
    return free, held


def _automatic(connection: Connection, auto: Collection[str]) -> int:
    """Alerts of monitors in auto that nobody decided and the planner has not seen."""
    if not auto:
        return 0
    found = select(func.count(alerts.c.alert_id)).where(unsettled(auto))
    return connection.scalars(found).one()


def _unknown(connection: Connection, now: datetime) -> tuple[int, datetime | None]:
    lost = (e.state == S.EXECUTING) & (e.leased_until <= now)
    found = select(func.count(), func.min(e.executing_at)).where(or_(e.state == S.UNKNOWN, lost))
    number, since = connection.execute(found).one()
    return number, since


def _to_undo(now: datetime) -> ColumnElement[bool]:
    kept = or_(e.flag == CHANGED_SINCE, e.flag.startswith(RESTORE, autoescape=True))
    asked = e.reversal_id.is_not(None) & or_(e.flag.is_(None), ~kept)
    mine = (e.state == S.APPROVED) | ((e.state == S.APPLIED) & asked) | (e.state == S.REVERSING)
    free = or_(e.leased_until.is_(None), e.leased_until <= now)
    return e.reversal_id.is_not(None) & mine & free


def _to_settle(now: datetime) -> ColumnElement[bool]:
    """Rows that have expired, have lapsed, or rest on nothing any more."""
    gone = select(alerts.c.alert_id).where(alerts.c.count <= alerts.c.retracted)
    expired = e.state.in_([S.AWAITING, S.APPROVED]) & (e.expires_at <= now)
    lapsed = (e.state == S.APPLIED) & e.standing & (e.ends_at <= now)
    retracted = e.state.in_(sorted(PENDING)) & (e.mode == "live") & e.alert_id.in_(gone)
    return or_(expired, lapsed, retracted)
