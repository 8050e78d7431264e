"""Whether somebody gave back what a decision asks for, after it was made: the later word holds."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Connection, select

from orchestration.enforcement.gates import Slot, in_batches, slot_of
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import where
from orchestration.ledger.tables import decisions, enforcements, reversals

e = enforcements.c


def given_back(connection: Connection, rows: Iterable[Enforcement]) -> set[str]:
    """Ids of the rows whose unit had the same reversed since they were decided.

    A decision that supersedes another repeats what that one did. If a person, an appeal or the
    reversal of a monitor takes that back before the planner takes the decision up, it must not be
    done again; whoever wants it decides once more. What nobody decided is not asked about here.
    """
    asked = [row for row in rows if row.decision_id is not None]
    taken = _taken_back(connection, {row.target for row in asked}) if asked else {}
    if not taken:
        return set()
    made = _made(connection, {row.decision_id for row in asked if row.decision_id})
    return {
        row.enforcement_id
        for row in asked
        if any(
            seq > made.get(row.decision_id or "", seq) and other.alert_id == row.alert_id
            for other, seq in taken.get(slot_of(row), [])
        )
    }


def _taken_back(
    connection: Connection, targets: Iterable[str]
) -> dict[Slot, list[tuple[Enforcement, int]]]:
    """Live rows on these targets that are, or are to be, reversed, with the order of the asking."""
    found: defaultdict[Slot, list[tuple[Enforcement, int]]] = defaultdict(list)
    for some in in_batches(targets):
        mine = (e.mode == "live", e.target.in_(some), e.reversal_id.is_not(None))
        rows = list(where(connection, ENFORCEMENTS, *mine).values())
        r = reversals.c
        ids = {row.reversal_id for row in rows}
        query = select(r.reversal_id, r.audit_seq).where(r.reversal_id.in_(ids))
        seqs = {row.reversal_id: row.audit_seq for row in connection.execute(query)}
        for row in rows:
            found[slot_of(row)].append((row, seqs[row.reversal_id or ""]))
    return found


def _made(connection: Connection, ids: Iterable[str]) -> dict[str, int]:
    """The order in which decisions were made."""
    d = decisions.c
    return {
        decision_id: seq
        for some in in_batches(ids)
        for decision_id, seq in connection.execute(
            select(d.decision_id, d.audit_seq).where(d.decision_id.in_(some))
        )
    }
