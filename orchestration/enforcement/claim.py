"""Taking approved rows to execute: what holds, stops or ends them is looked at once more."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, or_, select

from orchestration.cases.terms import Terms
from orchestration.enforcement.caps import Active, admit, blocked
from orchestration.enforcement.record import by_us
from orchestration.enforcement.switches import covering, on
from orchestration.ledger.database import writing
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import of_ids, write
from orchestration.ledger.tables import (
    alerts,
    batches,
    decisions,
    enforcements,
    outcomes,
    protections,
)
from orchestration.policies.rules import Acting

LEASE = timedelta(minutes=10)
EXPIRED = "expired"
State = EnforcementState


@dataclass(frozen=True, slots=True)
class Claimed:
    """Rows that are executing now under one's lease, by id, and what became of others.

    `held` are due, and stay approved under a kill switch or while their product is in dry-run.
    `stopped` are blocked or expired, by code. `looked_at` is 0 once nothing is left to claim.
    """

    rows: Mapping[str, Enforcement]
    held: int
    stopped: Mapping[str, str] = field(default_factory=dict)
    breached: tuple[str, ...] = ()
    looked_at: int = 0


def claim(
    engine: Engine, *, terms: Terms, active: Active, by: str, now: datetime, limit: int
) -> Claimed:
    """Lease up to so many approved rows whose time has come, the longest due first.

    Live rows only. The first row of a batch takes the whole batch through the day's caps; a breach
    blocks all of it.
    """
    with writing(engine) as connection:
        free, held = _due(connection, terms, now)
        ids = _first(connection, free, now, limit)
        before = of_ids(connection, ENFORCEMENTS, ids)
        stopped = _stop(connection, before, terms, now)
        going = [row for row in before.values() if row.enforcement_id not in stopped]
        breached = _admit(connection, going, terms, active, now)
        before = of_ids(connection, ENFORCEMENTS, [row.enforcement_id for row in going])
        after = {
            name: _executing(row, terms, by, now)
            for name, row in before.items()
            if row.state is State.APPROVED and row.admitted_at is not None
        }
        act = by_us(now, "its time has come")
        write(connection, ENFORCEMENTS, before=before, after=after.values(), act=act)
    return Claimed(after, held, stopped, breached, len(ids))


def due(now: datetime) -> ColumnElement[bool]:
    """Which rows are to be executed by now."""
    row = enforcements.c
    return and_(row.state == State.APPROVED, row.mode == "live", row.not_before <= now)


def _due(
    connection: Connection, terms: Terms, now: datetime
) -> tuple[list[tuple[str, str | None]], int]:
    """Products and monitors that have rows to execute, and how many rows are held."""
    row = enforcements.c
    grouped = select(row.product, row.monitor, func.count()).where(due(now))
    names, free, held = on(connection), [], 0
    for product, monitor, n in connection.execute(grouped.group_by(row.product, row.monitor)):
        live = terms.enforcement.acting(product) is Acting.LIVE
        if live and covering(names, product, monitor) is None:
            free.append((product, monitor))
        else:
            held += n
    return free, held


def _first(
    connection: Connection, free: Sequence[tuple[str, str | None]], now: datetime, limit: int
) -> Sequence[str]:
    if not free:
        return []
    row = enforcements.c
    theirs = [
        and_(row.product == product, row.monitor.is_not_distinct_from(monitor))
        for product, monitor in free
    ]
    ordered = select(row.enforcement_id).where(due(now), or_(*theirs))
    ordered = ordered.order_by(row.not_before, row.enforcement_id)
    return connection.scalars(ordered.limit(limit)).all()


def _stop(
    connection: Connection, before: Mapping[str, Enforcement], terms: Terms, now: datetime
) -> dict[str, str]:
    """End rows that must not be executed any more; why, by id."""
    protected = _protected(connection, before.values(), now)
    gone = _retracted(connection, before.values())
    found = {
        name: code
        for name, row in before.items()
        if (code := _code(row, terms, now, protected=protected, gone=gone))
    }
    found = dict.fromkeys(_decided_since(connection, before), "decided") | found
    after = [
        replace(blocked(before[name], code), state=State.EXPIRED)
        if code == EXPIRED
        else blocked(before[name], code)
        for name, code in found.items()
    ]
    act = by_us(now, "what was approved does not hold any more")
    write(connection, ENFORCEMENTS, before=before, after=after, act=act)
    return found


def _code(
    row: Enforcement,
    terms: Terms,
    now: datetime,
    *,
    protected: Mapping[tuple[str, str], datetime],
    gone: Collection[str],
) -> str | None:
    """Why a row must not be executed any more; None if it may."""
    since = protected.get((row.target_type, row.target))
    policy = terms.policies.by_id.get(row.policy_id)
    allowed = policy is not None and row.action in policy.actions
    reasons = {
        "reversed": row.reversal_id is not None,
        EXPIRED: row.expires_at is not None and row.expires_at <= now,
        "retracted": row.alert_id in gone,
        "protected": since is not None and since >= (row.approved_at or row.planned_at),
        "policy_changed": not allowed or row.action not in terms.enforcement.actions,
    }
    return next((code for code, holds in reasons.items() if holds), None)


def _protected(
    connection: Connection, rows: Iterable[Enforcement], now: datetime
) -> dict[tuple[str, str], datetime]:
    """Since when targets are protected. People who approved after that knew it."""
    shield = protections.c
    lasting = or_(shield.ends_at.is_(None), shield.ends_at > now)
    names = {row.target for row in rows}
    query = select(shield.entity_type, shield.entity, shield.at)
    found = connection.execute(query.where(lasting, shield.entity.in_(names)))
    return {(kind, entity): at for kind, entity, at in found}


def _retracted(connection: Connection, rows: Iterable[Enforcement]) -> set[str]:
    """Alerts of which nothing stands any more."""
    ids = {row.alert_id for row in rows if row.alert_id}
    query = select(alerts.c.alert_id).where(alerts.c.count <= alerts.c.retracted)
    return set(connection.scalars(query.where(alerts.c.alert_id.in_(ids))))


def _decided_since(connection: Connection, rows: Mapping[str, Enforcement]) -> list[str]:
    """Rows of which people have said something since that the planner has not taken up yet.

    It plans what they say anew; until then nobody can tell whether it is the same.
    """
    d, o = decisions.c, outcomes.c
    new = d.acted.is_(False)
    old = set(connection.scalars(select(d.supersedes).where(new, d.supersedes.is_not(None))))
    ids = {row.alert_id for row in rows.values() if row.alert_id}
    about = select(o.alert_id, d.decision_id).join(decisions, d.decision_id == o.decision_id)
    said = connection.execute(about.where(new, o.alert_id.in_(ids))).all()
    return [
        name
        for name, row in rows.items()
        if row.decision_id in old
        or any(row.alert_id == on and row.decision_id != by for on, by in said)
    ]


def _admit(
    connection: Connection,
    rows: Iterable[Enforcement],
    terms: Terms,
    active: Active,
    now: datetime,
) -> tuple[str, ...]:
    """Take batches through the day's caps; those that would breach one."""
    ids = {row.batch_id for row in rows if row.admitted_at is None}
    waiting = select(batches.c.batch_id).where(
        batches.c.batch_id.in_(ids), batches.c.admitted_at.is_(None)
    )
    caps = terms.enforcement.caps
    return tuple(
        batch_id
        for batch_id in connection.scalars(waiting.order_by(batches.c.batch_id)).all()
        if admit(connection, batch_id, limits=caps, active=active, now=now)
    )


def _executing(row: Enforcement, terms: Terms, by: str, now: datetime) -> Enforcement:
    """A row under our lease. Its end is settled now, as an order keeps it however often sent."""
    lasts = terms.enforcement.get(row.action).duration
    return replace(
        row,
        state=State.EXECUTING,
        executing_at=now,
        ends_at=now + lasts if lasts else None,
        leased_by=by,
        leased_until=now + LEASE,
        attempts=row.attempts + 1,
    )
