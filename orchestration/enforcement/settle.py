"""From planned to where a row goes: dry-run, awaiting approval, approved or blocked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, insert

from orchestration.enforcement.caps import Active, Breach, Usage, exceeded, mark, usage
from orchestration.enforcement.drafts import Draft
from orchestration.enforcement.gates import (
    PROTECTED,
    Facts,
    by_machine,
    facts,
    gate,
    goes_on,
    is_protected,
    key_of,
)
from orchestration.enforcement.preview import preview
from orchestration.enforcement.verdicts import approvals_of
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.ids import digest_parts, digest_record
from orchestration.ledger.machines import write
from orchestration.ledger.tables import batches
from orchestration.policies.actions import MOST_APPROVALS
from orchestration.policies.rules import Rules

PLANNER = Actor("planner", "system")
S = EnforcementState


@dataclass(frozen=True, slots=True)
class Settled:
    """Rows as they are planned and as they go on from there, in one order.

    `breaches` are the caps that its rows would breach; live ones are blocked by the first.
    """

    planned: tuple[Enforcement, ...]
    gone_on: tuple[Enforcement, ...]
    breaches: tuple[Breach, ...]

    @property
    def breach(self) -> Breach | None:
        """What blocked the batch; None for one that goes on, as in dry-run."""
        stopped = any(row.code == one.code for row in self.gone_on for one in self.breaches[:1])
        return self.breaches[0] if stopped else None


def settle(
    connection: Connection, drafts: Sequence[Draft], *, rules: Rules, active: Active, now: datetime
) -> Settled:
    """Ask every gate and cap. Writes nothing."""
    rows = [draft.row for draft in drafts]
    known = facts(connection, rows, now)
    granted = approvals_of(connection, [row.enforcement_id for row in rows])
    return settled(
        drafts, known, rules=rules, granted=granted, used=usage(connection, now), active=active
    )


def settled(
    drafts: Sequence[Draft],
    known: Facts,
    *,
    rules: Rules,
    granted: Mapping[str, int],
    used: Usage,
    active: Active,
) -> Settled:
    """Where each draft goes, in their order: who comes first has the slot."""
    planned, gone_on, keys = [], [], set[str]()
    for draft in drafts:
        row = _keyed(draft.row, known, keys)
        planned.append(row)
        code = draft.code or gate(row, known, rules)
        gone_on.append(_blocked(row, code) if code else _goes(row, known, rules, granted))
    going = [row for row in gone_on if row.state is not S.BLOCKED]
    breaches = exceeded(used, going, limits=rules.caps, active=active)
    if breaches:
        gone_on = [
            row if row.state in {S.BLOCKED, S.DRY_RUN} else _blocked(row, breaches[0].code)
            for row in gone_on
        ]
    return Settled(tuple(planned), tuple(gone_on), tuple(breaches))


def new_batch(
    connection: Connection,
    drafts: Sequence[Draft],
    *,
    source: str,
    rules: Rules,
    active: Active,
    now: datetime,
    before: Mapping[str, Enforcement] | None = None,
) -> str:
    """Plan drafts of one product together; the id of their batch.

    `before` are rows that were blocked and are planned again.
    """
    product = drafts[0].row.product
    ids = sorted(draft.row.enforcement_id for draft in drafts)
    batch_id = digest_parts("batch", source, product, now.isoformat(), *ids)
    mine = [replace(draft, row=replace(draft.row, batch_id=batch_id)) for draft in drafts]
    found = settle(connection, mine, rules=rules, active=active, now=now)
    act = Act(PLANNER, now, f"{source} planned")
    row = {
        "batch_id": batch_id,
        "source": source,
        "mode": rules.acting(product).value,
        "planned_at": now,
        "size": len(drafts),
        "preview": preview(found.gone_on, found.breaches, active=active).as_dict(),
    }
    after = digest_record(row)
    seq = append(connection, act=act, verb="plan", object_id=f"batch:{batch_id}", after=after)
    connection.execute(insert(batches), {**row, "audit_seq": seq})
    record(connection, found, before=before or {}, act=act)
    if found.breach:
        mark(connection, [batch_id], found.breach, now=now)
    return batch_id


def record(
    connection: Connection,
    found: Settled,
    *,
    before: Mapping[str, Enforcement],
    act: Act,
) -> None:
    """Write rows as planned, and then as they go on. `act` is whoever plans, or has it resumed."""
    planned = {row.enforcement_id: row for row in found.planned}
    write(connection, ENFORCEMENTS, before=before, after=planned.values(), act=act)
    itself = Act(PLANNER, act.at, "gates and caps were asked")
    write(connection, ENFORCEMENTS, before=planned, after=found.gone_on, act=itself)


def _keyed(row: Enforcement, known: Facts, keys: set[str]) -> Enforcement:
    """The row with the key it would be carried out under; of two for one key, one has its own."""
    key = key_of(row, known)
    if key in keys:
        key = digest_parts("again", row.enforcement_id)
    keys.add(key)
    return replace(row, idempotency_key=key)


def _blocked(row: Enforcement, code: str) -> Enforcement:
    return replace(
        row, state=S.BLOCKED, code=code, standing=False, approved_at=None, expires_at=None
    )


def _goes(row: Enforcement, known: Facts, rules: Rules, granted: Mapping[str, int]) -> Enforcement:
    """The row as no gate stops it; it has its slot from now on, in dry-run for this batch."""
    shielded = is_protected(row, known, rules)
    needs = max(row.needs, MOST_APPROVALS) if shielded else row.needs
    measured = known.quality.get((row.monitor or "", row.version or 0))
    row = replace(row, needs=needs, flag=PROTECTED if shielded else row.flag)
    if by_machine(row) and measured is not None:
        row = replace(row, lower=measured.lower, n=measured.n)
    goes_on(row, known, rules)
    if row.mode == "dry_run":
        return replace(row, state=S.DRY_RUN)
    enough = granted.get(row.enforcement_id, 0) >= needs
    return replace(
        row,
        state=S.APPROVED if enough else S.AWAITING,
        approved_at=known.now if enough else None,
        expires_at=max(row.not_before, known.now) + rules.waits(row.action),
        standing=not rules.actions[row.action].one_off,
    )
