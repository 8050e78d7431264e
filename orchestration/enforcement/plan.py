"""The planner: decisions become enforcements, once each, in one transaction with their gates."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, exists, select, update

from orchestration.cases.terms import Terms
from orchestration.enforcement.caps import PREFIX, Active, blocked
from orchestration.enforcement.drafts import Cause, Draft, causes, drafts, undone
from orchestration.enforcement.gates import (
    ALREADY,
    KILL_SWITCH,
    facts,
    gate,
    goes_on,
    in_batches,
    is_spent,
)
from orchestration.enforcement.settle import PLANNER, new_batch
from orchestration.enforcement.targets import Targets, places_of
from orchestration.ledger.acts import Act
from orchestration.ledger.audit import Change, append_all
from orchestration.ledger.database import reading, writing
from orchestration.ledger.enforcement_states import PENDING, SENT, EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import where, write
from orchestration.ledger.tables import decisions, enforcements, reversals
from orchestration.policies.rules import Acting, Rules

SUPERSEDED, REVERSED = "superseded", "reversed"
S = EnforcementState
e = enforcements.c


def plan(
    engine: Engine, *, terms: Terms, targets: Targets, active: Active, now: datetime
) -> list[str]:
    """Plan what was decided and not taken up yet; ids of the new batches, one for each product.

    A decision is taken up in the transaction that plans it: of two planners one does. A decision
    that another supersedes is not carried out any more: what is pending of it is blocked, what was
    done and is not decided again is flagged for people.
    """
    with reading(engine) as connection:
        decided = undone(connection)
        found = causes(connection, decided, terms)
        places = places_of(connection, (c.unit.alert_id for c in found if c.unit.alert_id))
    if not decided:
        return []
    rules = terms.enforcement
    aims = targets.aims((cause.unit for cause in found), rules, places)
    with writing(engine) as connection:
        ours = {row["decision_id"] for row in decided}
        left = [row for row in undone(connection) if row["decision_id"] in ours]
        gone = _superseded(connection, left, found, now)
        taken = {row["decision_id"] for row in left} - gone
        mine = [cause for cause in found if cause.decision_id in taken]
        made = drafts(mine, aims, rules=rules, targets=targets, now=now)
        ids = batches_of(connection, made, "decisions", rules=rules, active=active, now=now)
        _take_up(connection, left, now)
    return ids


def batches_of(
    connection: Connection,
    made: Iterable[Draft],
    source: str,
    *,
    rules: Rules,
    active: Active,
    now: datetime,
    before: Mapping[str, Enforcement] | None = None,
) -> list[str]:
    """Plan drafts, those of each product together; ids of the batches."""
    by_product: defaultdict[str, list[Draft]] = defaultdict(list)
    for draft in made:
        by_product[draft.row.product].append(draft)
    return [
        new_batch(
            connection, some, source=source, rules=rules, active=active, now=now, before=before
        )
        for _, some in sorted(by_product.items())
    ]


def unblock(engine: Engine, *, terms: Terms, active: Active, now: datetime) -> list[str]:
    """Plan again what nothing blocks any more; ids of the new batches.

    Rows that were blocked because another had their target and class, once that one was reversed
    or has lapsed; and those that a kill switch blocked, if it is lifted while an approval would
    still hold. Not what was undone itself: a unit whose own action was reversed, and all of a
    monitor's whose actions since a time were, need another decision.
    """
    rules = terms.enforcement
    with writing(engine) as connection:
        waiting = where(connection, ENFORCEMENTS, e.mode == "live", _may_return())
        undone_ = _undone_since(connection, waiting, now)
        candidates = [
            row
            for row in waiting.values()
            if row.enforcement_id not in undone_ and _in_time(row, rules, now)
        ]
        if not candidates:
            return []
        known = facts(connection, candidates, now)
        again = []
        for row in sorted(candidates, key=lambda row: (row.planned_at, row.enforcement_id)):
            if gate(row, known, rules) is None and not is_spent(row, known):
                goes_on(row, known, rules)
                again.append(Draft(replace(row, state=S.PLANNED, code=None)))
        before = {draft.row.enforcement_id: waiting[draft.row.enforcement_id] for draft in again}
        return batches_of(
            connection, again, "unblocked", rules=rules, active=active, now=now, before=before
        )


def _in_time(row: Enforcement, rules: Rules, now: datetime) -> bool:
    """Whether a row may come back under the rules of now."""
    if row.action not in rules.actions or rules.acting(row.product) is not Acting.LIVE:
        return False
    return row.code == ALREADY or now < row.not_before + rules.waits(row.action)


def _may_return() -> ColumnElement[bool]:
    """Rows blocked by a switch, and by a slot that nobody holds now."""
    other = enforcements.alias("other")
    held = exists().where(
        other.c.standing,
        other.c.target_type == e.target_type,
        other.c.target == e.target,
        other.c.action_class == e.action_class,
    )
    blocked_ = e.state == S.BLOCKED
    return blocked_ & ((e.code == KILL_SWITCH) | ((e.code == ALREADY) & ~held))


def _undone_since(
    connection: Connection, rows: Mapping[str, Enforcement], now: datetime
) -> set[str]:
    """Rows of a monitor whose actions were all reversed after they were planned; so are they."""
    r = reversals.c
    asked = connection.execute(select(reversals).where(r.kind == "monitor")).all()
    found = [
        row
        for row in rows.values()
        if any(
            one.monitor == row.monitor
            and one.version in {None, row.version}
            and (one.since is None or one.since <= row.planned_at)
            and row.planned_at <= one.asked_at
            for one in asked
        )
    ]
    act = Act(PLANNER, now, "all that the monitor did was reversed")
    after = [replace(row, code=REVERSED) for row in found]
    write(connection, ENFORCEMENTS, before=rows, after=after, act=act, verb="block")
    return {row.enforcement_id for row in found}


def _superseded(
    connection: Connection,
    decided: Sequence[RowMapping],
    found: Sequence[Cause],
    now: datetime,
) -> set[str]:
    """Decisions that another supersedes, with what is left of them ended."""
    d = decisions.c
    mine = [row["decision_id"] for row in decided]
    old = {row["supersedes"] for row in decided if row["supersedes"]}
    for some in in_batches(mine):
        old |= set(connection.scalars(select(d.supersedes).where(d.supersedes.in_(some))))
    units = [cause.unit for cause in found if cause.decision_id not in old]
    kept = {(unit.alert_id or unit.entity, unit.action) for unit in units}
    for some in in_batches(old):
        rows = where(connection, ENFORCEMENTS, e.decision_id.in_(some), e.mode == "live")
        after = [
            _ended(row, again=(row.alert_id or row.target, row.action) in kept)
            for row in rows.values()
        ]
        act = Act(PLANNER, now, "another decision stands in its place")
        write(connection, ENFORCEMENTS, before=rows, after=after, act=act, verb="supersede")
    return old


def _ended(row: Enforcement, *, again: bool) -> Enforcement:
    """A row of a decision that no longer stands; `again` if the new one has the same action."""
    returns = row.code in {ALREADY, KILL_SWITCH} or (row.code or "").startswith(PREFIX)
    if row.state in PENDING:
        return blocked(row, SUPERSEDED)
    if row.state is S.BLOCKED and returns:
        return replace(row, code=SUPERSEDED)
    acts = row.state in SENT or row.state is S.APPLIED
    return replace(row, flag=SUPERSEDED) if acts and not again and not row.reversal_id else row


def _take_up(connection: Connection, decided: Sequence[RowMapping], now: datetime) -> None:
    ids = [row["decision_id"] for row in decided]
    changes = [Change("take_up", f"decision:{decision_id}") for decision_id in ids]
    append_all(connection, act=Act(PLANNER, now, "planned what it decides"), changes=changes)
    for some in in_batches(ids):
        same = update(decisions).where(decisions.c.decision_id.in_(some))
        connection.execute(same.values(acted=True))
