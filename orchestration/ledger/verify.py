"""Is the ledger what its acts made it? Recomputes the audit and holds rows and seals against it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, Label, literal, select

from orchestration.ledger.alerts import alert_digest, read_alert
from orchestration.ledger.appeals import APPEALS
from orchestration.ledger.approvals import approval_digest, last_approval
from orchestration.ledger.audit import NOTHING_BEFORE, Entry, Head, entries, entry_hash, ledger_id
from orchestration.ledger.cases import CASES
from orchestration.ledger.enforcements import ENFORCEMENTS
from orchestration.ledger.machines import Machine
from orchestration.ledger.review_tasks import REVIEW_TASKS
from orchestration.ledger.rollouts import rollouts_of
from orchestration.ledger.seals import Seal
from orchestration.ledger.tables import alerts, approvals, audit, rollouts

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found. `wrong` is empty for a ledger that is as its acts made it."""

    ledger_id: str | None
    rows: int
    head: Head | None
    seals: int
    wrong: str


def verify(connection: Connection, *, seals: Sequence[Seal], sealed_end: bool = False) -> Verdict:
    """Recompute the audit from its first row and say what is wrong first.

    Seals tell a cut tail and a rewritten past; those of another ledger do not count,
    unless there are no others. With
    `sealed_end`, for backups, the last row must be a sealed one.
    """
    own = ledger_id(connection)
    counting = [seal for seal in seals if seal.ledger_id == own]
    at_seq = {seal.seq: seal for seal in reversed(counting)}  # the first one counts
    last, wrong = _walk(connection, at_seq)
    if not wrong and last is None:
        wrong = "The audit has no row; wanted at least the first. Restore a backup."
    if not wrong and seals and not counting:
        wrong = "Every seal is of another ledger: this one replaced it. If it is meant to, seal it."
    if not wrong and last:
        wrong = _end(last, counting, sealed_end=sealed_end) or next(_strays(connection), "")
    return Verdict(own, last.seq if last else 0, last, len(counting), wrong)


def _walk(connection: Connection, at_seq: dict[int, Seal]) -> tuple[Head | None, str]:
    """The last sound row, and what is wrong with the row after it."""
    last: Head | None = None
    for entry in entries(connection):
        wrong = _broken(entry, last) or _against(entry, at_seq.get(entry.seq))
        if wrong:
            return last, wrong
        last = Head(entry.seq, entry.hash, entry.at)
    return last, ""


def _broken(entry: Entry, last: Head | None) -> str:
    seq, before = (last.seq, last.hash) if last else (0, NOTHING_BEFORE)
    if entry.seq != seq + 1:
        return f"After row {seq} of the audit comes row {entry.seq}; wanted {seq + 1}: removed."
    if entry.prev_hash != before:
        return f"Row {entry.seq} of the audit does not follow row {seq}: one of them was replaced."
    if entry.hash != entry_hash(entry):
        return f"Row {entry.seq} of the audit is not what was hashed: it was edited."
    return ""


def _against(entry: Entry, seal: Seal | None) -> str:
    if seal is None or seal.hash == entry.hash:
        return ""
    return f"Row {entry.seq} of the audit is not what was sealed at {seal.at}: it was rewritten."


def _end(last: Head, seals: Sequence[Seal], *, sealed_end: bool) -> str:
    if sealed_end:
        if any(seal.of(last) for seal in seals):
            return ""
        return f"The backup's audit ends with row {last.seq}, which no seal has: rows were cut."
    newest = max((seal.seq for seal in seals), default=0)
    if newest > last.seq:
        return f"The audit ends with row {last.seq}; row {newest} was sealed: rows were cut."
    return ""


def _strays(connection: Connection) -> Iterator[str]:
    """Rows that are not as their last act left them."""
    left = _left("alert:" + alerts.c.alert_id)
    for row in connection.execute(select(alerts, left).order_by(alerts.c.alert_id)).mappings():
        alert = read_alert(row)
        if row["left"] != alert_digest(alert):
            yield f"Row alert:{alert.alert_id} is not as its last act left it: it was edited."
    versions = select(approvals.c.monitor, approvals.c.version).distinct()
    for monitor, version in connection.execute(versions.order_by(*versions.selected_columns)):
        approval = last_approval(connection, monitor=monitor, version=version)
        if approval is None:
            continue
        after = connection.execute(select(_left(literal(approval.object_id)))).scalar_one()
        if after != approval_digest(approval):
            yield f"Row {approval.object_id} is not as its last act left it: it was edited."
    every = select(rollouts.c.monitor, rollouts.c.version).distinct()
    shares = rollouts_of(
        connection, [(row.monitor, row.version) for row in connection.execute(every)]
    )
    for rows in shares.values():
        after = connection.execute(select(_left(literal(rows[-1].object_id)))).scalar_one()
        if after != rows[-1].digest:
            yield f"Row {rows[-1].object_id} is not as its last act left it: it was edited."
    yield from _moved(connection, CASES)
    yield from _moved(connection, ENFORCEMENTS)
    yield from _moved(connection, APPEALS)
    yield from _moved(connection, REVIEW_TASKS)


def _moved(connection: Connection, machine: Machine[R]) -> Iterator[str]:
    """Rows of a state machine that are not as their last act left them."""
    column = machine.table.c[machine.key]
    rows = select(machine.table, _left(f"{machine.name}:" + column)).order_by(column)
    for row in connection.execute(rows).mappings():
        record = machine.read({name: row[name] for name in row if name != "left"})
        if row["left"] != machine.digest(record):
            yield f"Row {machine.object_id(record)} is not as its last act left it: it was edited."


def _left(object_id: ColumnElement[str]) -> Label[str | None]:
    """The digest that the last act on an object left."""
    acts = select(audit.c.after).where(audit.c.object == object_id)
    return acts.order_by(audit.c.seq.desc()).limit(1).scalar_subquery().label("left")
