"""The planner: decisions become enforcements, once each, in one transaction with their gates."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, exists, select, update

from orchestration.cases.terms import Terms
from orchestration.enforcement.caps import Active, blocked
from orchestration.enforcement.drafts import VIOLATING, Cause, Draft, causes, drafts, undone
from orchestration.enforcement.gates import (
    ALREADY,
    KILL_SWITCH,
    Slot,
    facts,
    gate,
    goes_on,
    in_batches,
    is_spent,
    slot_of,
)
from orchestration.enforcement.given_back import given_back
from orchestration.enforcement.reverse import REVERSED, returns
from orchestration.enforcement.settle import PLANNER, new_batch
from orchestration.enforcement.targets import Targets, places_of
from orchestration.ledger.acts import Act
from orchestration.ledger.audit import Change, append_all
from orchestration.ledger.database import reading, writing
from orchestration.ledger.enforcement_states import PENDING, SENT, EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import where, write
from orchestration.ledger.tables import decisions, enforcements, outcomes, reversals
from orchestration.policies.rules import Acting, Rules

SUPERSEDED = "superseded"
DECIDED = "decided"  # people said otherwise of the alert
ONCE = "once"  # the same decision was carried out on the target already
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
        _contradicted(connection, {row["decision_id"] for row in left}, gone, now)
        taken = {row["decision_id"] for row in left} - gone
        mine = [cause for cause in found if cause.decision_id in taken]
        made = _left(connection, drafts(mine, aims, rules=rules, targets=targets, now=now))
        ids = batches_of(connection, made, "decisions", rules=rules, active=active, now=now)
        _take_up(connection, left, now)
    return ids


def _left(connection: Connection, made: Iterable[Draft]) -> list[Draft]:
    """The drafts, those blocked of which somebody gave the same back since it was decided."""
    every = list(made)
    back = given_back(connection, [draft.row for draft in every])
    return [
        Draft(draft.row, REVERSED) if draft.row.enforcement_id in back else draft for draft in every
    ]


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
    monitor's whose actions since a time were, need another decision. Nor what one decision has
    done to the target once, and what a machine would do to whom people gave something back.
    """
    rules = terms.enforcement
    with writing(engine) as connection:
        waiting = where(connection, ENFORCEMENTS, e.mode == "live", _may_return())
        ended = _ended_since(connection, waiting)
        act = Act(PLANNER, now, "what it waited for was done or undone for good")
        after = [replace(waiting[name], code=code) for name, code in ended.items()]
        write(connection, ENFORCEMENTS, before=waiting, after=after, act=act, verb="block")
        left = [row for name, row in waiting.items() if name not in ended]
        again = [
            Draft(replace(row, state=S.PLANNED, code=None))
            for row in _returning(connection, left, rules, now)
        ]
        before = {draft.row.enforcement_id: waiting[draft.row.enforcement_id] for draft in again}
        return batches_of(
            connection, again, "unblocked", rules=rules, active=active, now=now, before=before
        )


def returning(connection: Connection, terms: Terms, now: datetime) -> int:
    """How many rows `unblock` would plan again now."""
    waiting = where(connection, ENFORCEMENTS, e.mode == "live", _may_return())
    ended = _ended_since(connection, waiting)
    left = [row for name, row in waiting.items() if name not in ended]
    return len(_returning(connection, left, terms.enforcement, now))


def _returning(
    connection: Connection, waiting: Iterable[Enforcement], rules: Rules, now: datetime
) -> list[Enforcement]:
    candidates = [row for row in waiting if _in_time(row, rules, now)]
    if not candidates:
        return []
    known = facts(connection, candidates, now)
    again = []
    for row in sorted(candidates, key=lambda row: (row.planned_at, row.enforcement_id)):
        if gate(row, known, rules) is None and not is_spent(row, known):
            goes_on(row, known, rules)
            again.append(row)
    return again


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


def _ended_since(connection: Connection, rows: Mapping[str, Enforcement]) -> dict[str, str]:
    """Rows that must not come back, whoever holds their target now; why, by id."""
    r = reversals.c
    asked = connection.execute(select(reversals).where(r.kind == "monitor")).all()
    found = {
        name: REVERSED
        for name, row in rows.items()
        if any(
            one.monitor == row.monitor
            and one.version in {None, row.version}
            and (one.since is None or one.since <= row.planned_at)
            and row.planned_at <= one.asked_at
            for one in asked
        )
    }
    done: defaultdict[Slot, list[Enforcement]] = defaultdict(list)
    for some in in_batches(row.target for row in rows.values()):
        for other in where(connection, ENFORCEMENTS, *_was_done(some)).values():
            done[slot_of(other)].append(other)
    for name, row in rows.items():
        codes = {code for other in done[slot_of(row)] if (code := _ends(row, other))}
        found |= {name: min(codes)} if codes and name not in found else {}
    back = given_back(connection, rows.values())
    return {**dict.fromkeys(sorted(back), REVERSED), **found}


def _was_done(targets: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    done = e.state.in_([S.APPLIED, S.REVERSING, S.REVERSED])
    return e.mode == "live", e.target.in_(targets), done


def _ends(row: Enforcement, other: Enforcement) -> str | None:
    """Why a row is over, now that another was done to the same target; None if it is not."""
    if row.decision_id is not None:
        return ONCE if row.decision_id == other.decision_id else None
    undone_ = other.reversed_at is not None and other.reversed_at >= row.planned_at
    return REVERSED if undone_ else None


def _contradicted(
    connection: Connection, decided: Collection[str], gone: Collection[str], now: datetime
) -> None:
    """End what is not done yet for alerts of which people say otherwise; flag what was done."""
    o = outcomes.c
    said: dict[str, tuple[str, str | None]] = {}
    for some in in_batches(set(decided) - set(gone)):
        mine = select(o.alert_id, o.outcome, o.action).where(o.decision_id.in_(some))
        for alert_id, outcome, action in connection.execute(mine.where(o.alert_id.is_not(None))):
            said[alert_id] = (outcome, action)
    act = Act(PLANNER, now, "people decided otherwise")
    for some in in_batches(said):
        rows = where(connection, ENFORCEMENTS, e.alert_id.in_(some), e.mode == "live")
        others = [row for row in rows.values() if row.decision_id not in {*decided, *gone}]
        after = [
            _ended(row, DECIDED, again=_agrees(row, *said[row.alert_id or ""])) for row in others
        ]
        write(connection, ENFORCEMENTS, before=rows, after=after, act=act, verb="contradict")


def _agrees(row: Enforcement, outcome: str, action: str | None) -> bool:
    """Whether what people say lets a row be: what a machine began must be what they would do.

    Of what it has done they may say that it is violating, and that no more is to be done.
    """
    if outcome != VIOLATING or row.decision_id is not None:
        return outcome == VIOLATING
    return action == row.action or (action is None and row.state not in PENDING)


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
            _ended(
                row,
                SUPERSEDED,
                again=(row.alert_id or row.target, row.action) in kept,
                pending=True,
            )
            for row in rows.values()
        ]
        act = Act(PLANNER, now, "another decision stands in its place")
        write(connection, ENFORCEMENTS, before=rows, after=after, act=act, verb="supersede")
    return old


def _ended(row: Enforcement, code: str, *, again: bool, pending: bool = False) -> Enforcement:
    """A row that another decision stands against; `again` if that one has the same action.

    With `pending` what was not sent yet ends all the same: the other decision plans its own.
    """
    if again and not pending:
        return row
    if row.state in PENDING:
        return blocked(row, code)
    if row.state is S.BLOCKED and returns(row):
        return replace(row, code=code)
    acts = row.state in SENT or row.state is S.APPLIED
    return replace(row, flag=code) if acts and not again and not row.reversal_id else row


def _take_up(connection: Connection, decided: Sequence[RowMapping], now: datetime) -> None:
    ids = [row["decision_id"] for row in decided]
    changes = [Change("take_up", f"decision:{decision_id}") for decision_id in ids]
    append_all(connection, act=Act(PLANNER, now, "planned what it decides"), changes=changes)
    for some in in_batches(ids):
        same = update(decisions).where(decisions.c.decision_id.in_(some))
        connection.execute(same.values(acted=True))
