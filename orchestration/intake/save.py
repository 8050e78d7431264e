"""Writes what a step changed: alerts, findings, the cursor, what receivers know, and the outbox."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from orchestration.alerts.records import (
    Evaluation,
    Kept,
    OutcomeKind,
    Place,
    Step,
    Taken,
    TakenKey,
)
from orchestration.intake.state import Loaded, revisions_of
from orchestration.intake.threads import Timing, write_told
from orchestration.ledger.acts import Act
from orchestration.ledger.alert_changes import write_alerts
from orchestration.ledger.audit import append
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.rows import BATCH, upsert
from orchestration.ledger.tables import alert_findings, intake


def save(
    connection: Connection,
    *,
    before: Loaded,
    step: Step,
    evaluations: Sequence[Evaluation],
    act: Act,
    timing: Timing,
) -> None:
    """Write a step's result in the caller's transaction.

    The alerts come first, as findings refer to them. Nothing is written, not even to the audit,
    where the step changed nothing.
    """
    after = (*step.state.alerts.values(), *step.closed)
    touched = write_alerts(connection, before=before.by_id, after=after, act=act)
    changed = {
        key: known
        for key, known in step.state.taken.items()
        if known != before.state.taken.get(key)
    }
    if not (touched or changed or step.intents or step.state.told != before.state.told):
        return
    verb = "intake" if changed else "settle"
    seq = append(connection, act=act, verb=verb, object_id="intake", after=_digest(changed))
    of_key = {(e.monitor, e.partition, e.partition_end): e for e in evaluations}
    _write_intake(connection, changed, of_key, act.at, seq)
    joined = {o.finding_id for o in step.outcomes if o.kind is OutcomeKind.DUPLICATE}
    rows = list(_changes(before, changed, joined=joined))
    written = revisions_of(connection, [row["finding_id"] for row in rows])
    for row in rows:
        written[row["finding_id"]] = written.get(row["finding_id"], 0) + 1
        row.update(revision=written[row["finding_id"]], at=act.at, audit_seq=seq)
    for at in range(0, len(rows), BATCH):
        connection.execute(insert(alert_findings), rows[at : at + BATCH])
    write_told(connection, before=before, step=step, act=act, audit_seq=seq, timing=timing)


def _digest(changed: Mapping[TakenKey, Taken]) -> str:
    parts = []
    for (monitor, start, end), known in sorted(changed.items(), key=lambda item: item[0]):
        parts += [monitor, start.isoformat(), end.isoformat(), str(known.version)]
        parts += [known.as_of.isoformat(), known.status, known.digest]
    return digest_parts(*parts)


def _write_intake(
    connection: Connection,
    changed: Mapping[TakenKey, Taken],
    of_key: Mapping[TakenKey, Evaluation],
    now: datetime,
    seq: int,
) -> None:
    rows = [
        {
            "monitor": key[0],
            "partition": key[1],
            "partition_end": key[2],
            "version": known.version,
            "as_of": known.as_of,
            "status": known.status,
            "intent": of_key[key].intent,
            "digest": known.digest,
            "findings": len(known.findings),
            "at": now,
            "audit_seq": seq,
        }
        for key, known in changed.items()
    ]
    upsert(connection, intake, rows, by=("monitor", "partition", "partition_end"))


def _changes(
    before: Loaded, changed: Mapping[TakenKey, Taken], *, joined: set[str]
) -> Iterator[dict[str, Any]]:
    """A row for each finding that is new, amended or retracted, without its revision."""
    for key, known in changed.items():
        old = before.state.taken[key].findings if key in before.state.taken else {}
        for place, row, kind in _differences(old, known.findings, joined):
            yield {
                "finding_id": row.finding_id,
                "alert_id": row.alert_id,
                "monitor": key[0],
                "partition": key[1],
                "partition_end": key[2],
                "entity": place[0],
                "window_start": place[1],
                "window_end": place[2],
                "subkey": place[3],
                "kind": kind,
                "digest": row.digest,
            }


def _differences(
    old: Mapping[Place, Kept], new: Mapping[Place, Kept], joined: set[str]
) -> list[tuple[Place, Kept, str]]:
    found = []
    for place, row in new.items():
        known = old.get(place)
        if known is None:
            found.append((place, row, "duplicate" if row.finding_id in joined else "new"))
        elif (known.finding_id, known.digest) != (row.finding_id, row.digest):
            found.append((place, row, "amended"))
    found += [(place, row, "retracted") for place, row in old.items() if place not in new]
    return found
