"""What became of orders, written in one transaction with strikes and notices."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from orchestration.cases.terms import Terms
from orchestration.enforcement.notices import Kind, plain, queue, reasons, seen_of, undone
from orchestration.enforcement.pinned import pin_of, pinned
from orchestration.enforcement.strikes import strike, unstrike
from orchestration.executors.protocol import Receipt
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.enforcement_states import SENT, EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import write
from orchestration.policies.rules import Rules

State = EnforcementState
OURSELVES = Actor("enforcement", "system")
NO_STATEMENT = "no_statement"  # a flag: the user was told less than the law wants


def by_us(now: datetime, reason: str, *, on_behalf_of: str | None = None) -> Act:
    """An act of enforcement itself."""
    return Act(OURSELVES, now, reason, on_behalf_of)


def free(row: Enforcement) -> Enforcement:
    """A row that nobody holds."""
    return replace(row, leased_by=None, leased_until=None)


def applied(row: Enforcement, receipt: Receipt, at: datetime, rules: Rules) -> Enforcement:
    """A row that its target has. A one-off occupies nothing from now on."""
    action = rules.actions.get(row.action)
    return replace(
        free(row),
        state=State.APPLIED,
        standing=row.standing and not (action is not None and action.one_off),
        prior=receipt.prior,
        receipt=receipt.receipt,
        applied_at=at,
        code=None,
    )


def failed(row: Enforcement, code: str) -> Enforcement:
    """A row that will not be done; another may stand in its place."""
    return replace(free(row), state=State.FAILED, standing=False, code=code, ends_at=None)


def given_back(row: Enforcement, not_before: datetime) -> Enforcement:
    """A row that was not sent, to be sent again."""
    return replace(free(row), state=State.APPROVED, not_before=not_before, ends_at=None)


def unknown(row: Enforcement, sent_until: datetime) -> Enforcement:
    """A row of which nobody knows; `leased_until` says until when it may have been sent."""
    return replace(row, state=State.UNKNOWN, leased_by=None, leased_until=sent_until)


def settle(
    connection: Connection,
    *,
    before: Mapping[str, Enforcement],
    after: Sequence[Enforcement],
    terms: Terms,
    act: Act,
) -> None:
    """Write what became of rows that were sent.

    Those that are now applied get their strike and a notice in the queue. One of which no
    statement can be made, as its policy cannot be read any more or its dates are none, is flagged.
    """
    done = [
        row
        for row in after
        if row.state is State.APPLIED and before[row.enforcement_id].state in SENT
    ]
    seen = seen_of(connection, done)
    policies = pinned(connection, done, terms)
    fields = {
        row.enforcement_id: reasons(
            row, seen[row.enforcement_id], policies.get(pin_of(row)), terms.enforcement
        )
        for row in done
    }
    without = {name for name, found in fields.items() if found is None}
    flagged = [
        replace(row, flag=row.flag or NO_STATEMENT) if row.enforcement_id in without else row
        for row in after
    ]
    write(connection, ENFORCEMENTS, before=before, after=flagged, act=act)
    strike(connection, done, policies, act)
    told = {row.enforcement_id: fields[row.enforcement_id] or plain(row) for row in done}
    queue(connection, "applied", done, told, act)


def settle_undone(
    connection: Connection,
    *,
    before: Mapping[str, Enforcement],
    after: Sequence[Enforcement],
    restored: Collection[str],
    act: Act,
) -> None:
    """Write what became of rows that were to be undone; `restored` are ids of those that were.

    The strike goes whether or not the target could be restored: it was ours. A user is told of what
    was given back, and that what was over or done once was wrong.
    """
    write(connection, ENFORCEMENTS, before=before, after=after, act=act)
    ended = [row for row in after if row.state is not State.REVERSING]
    unstrike(connection, [row.enforcement_id for row in ended], act)
    gone = [row for row in ended if row.state is State.REVERSED]
    back = [row for row in gone if row.enforcement_id in restored]
    over = [row for row in gone if row.enforcement_id not in restored]
    told: tuple[tuple[Kind, list[Enforcement]], ...] = (("restored", back), ("retracted", over))
    for kind, rows in told:
        queue(connection, kind, rows, {row.enforcement_id: undone(row) for row in rows}, act)
