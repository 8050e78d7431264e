"""Writing what became of cases, enforcements and appeals: the one place where their rows change."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    bindparam,
    insert,
    select,
    update,
)

from orchestration.ledger.acts import Act
from orchestration.ledger.audit import Change, append_all
from orchestration.ledger.database import writer
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.ids import check_id, digest_record
from orchestration.ledger.rows import BATCH
from orchestration.ledger.states import Rule, permitted

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Machine(Generic[R]):
    """A state machine: its records, their table, and the changes that there are.

    `quiet` columns change without an audit row: leases, and what is computed anew.
    """

    name: str
    table: Table
    key: str
    record: Callable[..., R]
    states: type[StrEnum]
    begins: frozenset[Any]
    rules: Mapping[tuple[Any, Any], Rule]
    reads: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    quiet: frozenset[str] = frozenset()

    def id_of(self, record: R) -> str:
        """A record's id."""
        found: str = getattr(record, self.key)
        return found

    def object_id(self, record: R) -> str:
        """What the audit calls it."""
        return f"{self.name}:{self.id_of(record)}"

    def digest(self, record: R) -> str:
        """SHA-256 of what only an audited act may change."""
        row = as_row(record)
        return digest_record({name: row[name] for name in row if name not in self.quiet})

    def read(self, row: Mapping[Any, Any]) -> R:
        """The record that a row of the table holds."""
        values = dict(row)
        values["state"] = self.states(values["state"])
        values.update({name: read(values[name]) for name, read in self.reads.items()})
        return self.record(**values)


def as_row(record: object) -> dict[str, Any]:
    """A record as a row of its table."""
    return {name: getattr(record, name) for name in record.__dataclass_fields__}  # type: ignore[attr-defined]


def of_ids(connection: Connection, machine: Machine[R], ids: Iterable[str]) -> dict[str, R]:
    """The records of some ids, by id in their order; those that are not there are left out."""
    wanted = sorted(set(ids))
    found: dict[str, R] = {}
    column = machine.table.c[machine.key]
    for at in range(0, len(wanted), BATCH):
        found |= where(connection, machine, column.in_(wanted[at : at + BATCH]))
    return found


def one(connection: Connection, machine: Machine[R], record_id: str) -> R:
    """One record; LedgerError if there is none of that id."""
    found = of_ids(connection, machine, [record_id])
    if not found:
        raise LedgerError(
            f"There is no {machine.name} of the id given ({len(record_id)} characters); wanted one "
            f"of the ledger's. Copy it from where they are listed."
        )
    return found[record_id]


def where(
    connection: Connection,
    machine: Machine[R],
    *conditions: ColumnElement[bool],
    limit: int | None = None,
) -> dict[str, R]:
    """The records that fulfil every condition, by id in their order."""
    rows = select(machine.table).where(*conditions).order_by(machine.table.c[machine.key])
    found = connection.execute(rows.limit(limit) if limit else rows).mappings()
    return {row[machine.key]: machine.read(row) for row in found}


def write(
    connection: Connection,
    machine: Machine[R],
    *,
    before: Mapping[str, R],
    after: Iterable[R],
    act: Act,
    verb: str = "",
) -> int:
    """Write records as they have become, an audit row for each act; the number of the last one.

    `before` are the records as this transaction found them; one that is not among them is new.
    `verb` names a change that leaves the state; a new record is "open"ed. Raises LedgerError, and
    writes nothing, for a change that the state table does not have or gives to no such actor, and
    for one that leaves the state and has no name.
    """
    changed = [record for record in after if before.get(machine.id_of(record)) != record]
    changes = [
        change
        for record in changed
        if (change := _change(machine, before.get(machine.id_of(record)), record, act, verb))
    ]
    new = [as_row(record) for record in changed if machine.id_of(record) not in before]
    old = [as_row(record) for record in changed if machine.id_of(record) in before]
    connection = writer(connection)
    _update(connection, machine, before, old)
    for at in range(0, len(new), BATCH):
        connection.execute(insert(machine.table), new[at : at + BATCH])
    return append_all(connection, act=act, changes=changes)


def _update(
    connection: Connection,
    machine: Machine[R],
    before: Mapping[str, R],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Write rows that are there, those that give something up first: others may take it.

    Only columns that any of them changed: the others, and their indexes, cost more than the change.
    """
    same = machine.table.c[machine.key] == bindparam("found")
    written = update(machine.table).where(same)
    ordered = sorted(rows, key=lambda row: bool(row.get("standing")))
    columns = [
        name
        for name in (rows[0] if rows else ())
        if any(row[name] != getattr(before[row[machine.key]], name) for row in rows)
    ]
    for at in range(0, len(ordered), BATCH):
        some = [
            {"found": row[machine.key], **{name: row[name] for name in columns}}
            for row in ordered[at : at + BATCH]
        ]
        connection.execute(written, some)


def _change(machine: Machine[R], before: R | None, after: R, act: Act, verb: str) -> Change | None:
    """What the audit says of one change; None where only quiet columns are different."""
    object_id = check_id("id", machine.object_id(after))
    if before is None:
        if _state(after) not in machine.begins:
            begins = ", ".join(sorted(machine.begins))
            raise LedgerError(f"{object_id} would begin as {_state(after)}; wanted {begins}.")
        return Change(verb or "open", object_id, None, machine.digest(after))
    was, now = machine.digest(before), machine.digest(after)
    if was == now:
        return None
    if _state(before) != _state(after):
        rule = permitted(
            machine.rules, what=object_id, found=_state(before), to=_state(after), act=act
        )
        return Change(rule.verb, object_id, was, now)
    if not verb:
        raise LedgerError(f"{object_id} would be changed without a verb; wanted one. Name the act.")
    return Change(verb, object_id, was, now)


def _state(record: object) -> StrEnum:
    found: StrEnum = record.state  # type: ignore[attr-defined]
    return found
